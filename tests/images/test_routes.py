"""The front doors with images: which class, which plan, which outputs, and what is left when something fails."""

import copy
import pickle

import numpy as np
import pytest
from tests.images import oracle

import ferroshap as shap
from ferroshap import Explanation, maskers
from ferroshap.explainers.images.partition import ImagePartitionExplainer
from ferroshap.explainers.images.permutation import ImagePermutationExplainer

SHAPE = (8, 8, 3)


def images_of(seed, count=2):
    return np.random.default_rng([seed, 5]).random((count, *SHAPE))


def total(X):
    return X.sum(axis=(1, 2, 3))


@pytest.mark.parametrize(
    "name,segments",
    [
        ("Partition", "bpt"),
        ("Partition", (2, 2)),
        ("Exact", (2, 2)),
        ("Permutation", (2, 2)),
        ("Permutation", "axis"),
        ("Kernel", "slic"),
    ],
    ids=str,
)
def test_classes_for_tables_make_instances_of_their_own(name, segments):
    named = getattr(shap.explainers, name)
    masker = maskers.Image("mean", SHAPE, segments=segments)
    for explainer in (named(total, masker), shap.Explainer(total, masker, algorithm=name.lower())):
        assert isinstance(explainer, named)
        assert isinstance(explainer, shap.Explainer)
        assert name + "Explainer" in type(explainer).__name__
        assert explainer.plan.route == name.lower()
        assert "mean colour" in str(explainer.plan)
        assert "regions" in str(explainer.plan) or "players" in str(explainer.plan)
        assert "Image('mean'" in repr(explainer)
    assert named.supports_model_with_masker(total, masker)


def test_explainer_takes_the_tree_where_there_is_one():
    assert type(shap.Explainer(total, maskers.Image())) is ImagePartitionExplainer
    assert type(shap.Explainer(total, maskers.Image(segments=(3, 3), tree=True))) is ImagePartitionExplainer
    flat = shap.Explainer(total, maskers.Image(segments=(3, 3)))
    assert type(flat) is ImagePermutationExplainer
    assert "2^9 coalitions" in str(flat.plan)
    many = shap.Explainer(total, maskers.Image(segments="slic"))
    assert "too many coalitions" in str(many.plan)
    assert "500 evaluations" in str(many.plan)


def test_up_to_twelve_regions_are_exact_unless_fewer_evaluations_are_granted(seed):
    explainer = shap.Explainer(oracle.curved(1, seed, SHAPE), maskers.Image(0.0, segments=(3, 4)))
    images = images_of(seed, 1)
    assert explainer(images).status == "EXACT"
    assert explainer(images).n_evaluations[0] == 2**12
    few = explainer(images, max_evals=100)
    assert few.status == "BUDGET_SPENT"
    assert few.n_evaluations[0] <= 100


@pytest.mark.parametrize("segments", ["bpt", "axis", (3, 4), "slic(9)"], ids=str)
@pytest.mark.parametrize("fills", [1, 3])
@pytest.mark.parametrize("budget", [70, 100, 333])
def test_the_model_is_never_asked_for_more_than_was_granted(seed, segments, fills, budget):
    images, model = images_of(seed), oracle.Recorder(oracle.curved(2, seed, SHAPE))
    fill = images_of(seed + 1, fills) if fills > 1 else "blur"
    explanation = shap.Explainer(model, maskers.Image(fill, segments=segments))(images, max_evals=budget)
    assert (explanation.n_evaluations <= budget).all()
    assert sum(model.calls) == explanation.forward_rows.sum() <= len(images) * (1 + fills * (budget - 1))


def test_shap_values_are_the_values_of_a_call(seed):
    images = images_of(seed)
    explainer = shap.PartitionExplainer(total, maskers.Image("blur", SHAPE))
    assert np.array_equal(explainer.shap_values(images, max_evals=50), explainer(images, max_evals=50).values)


def test_outputs_are_chosen_before_anything_is_evaluated(seed):
    images, model = images_of(seed), oracle.curved(7, seed, SHAPE)
    names = [f"class {k}" for k in range(7)]
    explainer = shap.Explainer(model, maskers.Image("blur", SHAPE), output_names=names)
    top = explainer(images, max_evals=60, outputs=Explanation.argsort.flip[:2])
    order = np.argsort(model(images), axis=1)[:, ::-1][:, :2]
    assert np.array_equal(top.output_indexes, order)
    assert top.output_names.tolist() == [[names[k] for k in row] for row in order]
    adds_up = top.base_values + top.values.sum(axis=(1, 2, 3))
    assert np.allclose(adds_up, np.take_along_axis(model(images), order, axis=1), rtol=0, atol=2.0**-45)
    alone = explainer(images, max_evals=60, outputs=["class 3", 0])
    assert alone.values.shape == (2, *SHAPE, 2)
    assert list(alone.output_names) == ["class 3", "class 0"]
    one = shap.Explainer(lambda X: model(X)[:, [3, 0]], maskers.Image("blur", SHAPE))(images, max_evals=60)
    assert one.values.tobytes() == alone.values.tobytes()


def test_names_of_outputs_come_from_the_model_too():
    class Detector:
        output_names = ("cat 0.93", "dog 0.50")

        def __call__(self, X):
            return np.stack([total(X), -total(X)], axis=1)

    explanation = shap.Explainer(Detector(), maskers.Image())(images_of(0), max_evals=10)
    assert list(explanation.output_names) == ["cat 0.93", "dog 0.50"]


@pytest.mark.parametrize("linearize_link", [False, True])
@pytest.mark.parametrize("fills", [1, 3])
@pytest.mark.parametrize("segments", ["bpt", (2, 2)], ids=str)
def test_values_add_up_on_the_scale_of_the_link(seed, linearize_link, fills, segments):
    images = images_of(seed)
    model = lambda X: 1 / (1 + np.exp(-oracle.curved(2, seed, SHAPE)(X)))  # noqa: E731 - a model in one line
    background = images_of(seed + 1, fills)
    masker = maskers.Image(background if fills > 1 else background[0], segments=segments)
    explainer = shap.Explainer(model, masker, link="logit", linearize_link=linearize_link)
    explanation = explainer(images, max_evals=100)
    log_odds = shap.links.logit
    total_found = explanation.base_values + explanation.values.sum(axis=(1, 2, 3))
    assert np.allclose(total_found, log_odds(model(images)), rtol=0, atol=2.0**-44)
    assert np.allclose(explanation.base_values, log_odds(model(background).mean(axis=0)), rtol=0, atol=2.0**-44)


def test_explainers_travel_in_pickles_and_copies(seed):
    images = images_of(seed)
    for segments in ("bpt", (2, 3), np.arange(64).reshape(8, 8) // 9):
        explainer = shap.Explainer(total, maskers.Image(images_of(3, 2), segments=segments), n_jobs=2)
        expected = explainer(images, max_evals=60)
        for twin in (pickle.loads(pickle.dumps(explainer)), copy.deepcopy(explainer)):
            assert type(twin) is type(explainer)
            assert twin(images, max_evals=60).values.tobytes() == expected.values.tobytes()
        back = pickle.loads(pickle.dumps(expected))
        assert np.array_equal(back.segments, expected.segments)


class StopError(Exception):
    """The user's own."""


@pytest.mark.parametrize("error", [StopError, KeyboardInterrupt])
@pytest.mark.parametrize("segments", ["bpt", (4, 4)], ids=str)
def test_what_was_reached_is_kept_when_the_model_fails(seed, error, segments):
    images, raised, left = images_of(seed, 3), error("mine"), [5]

    def model(X):
        left[0] -= 1
        if left[0] == 0:
            raise raised
        return total(X)

    explainer = shap.Explainer(model, maskers.Image("blur", segments=segments))
    with pytest.raises(error) as caught:
        explainer(images, max_evals=200, batch_size=25)
    assert caught.value is raised
    partial = explainer.partial
    assert partial is not None
    assert partial.status == "INTERRUPTED"
    assert 1 <= len(partial.values) <= 3
    known = partial.base_values + partial.values.sum(axis=(1, 2, 3))
    expected = total(images[: len(known)])
    assert (np.isclose(known, expected) | np.isnan(known)).all()
    assert segments != "bpt" or not np.isnan(known).any()
    left[0] = 10**9
    assert explainer(images, max_evals=50).status == "BUDGET_SPENT"
    assert explainer.partial is None


def test_a_deadline_ends_a_call_with_what_was_reached(seed):
    explanation = shap.Explainer(total, maskers.Image("blur"))(images_of(seed), max_evals=500, deadline_seconds=0.0)
    assert explanation.status == "INTERRUPTED"
    assert np.allclose(explanation.base_values + explanation.values.sum(axis=(1, 2, 3)), total(images_of(seed)))


def test_errors_are_unknown_where_nodes_are_split_and_zero_where_values_are_exact(seed):
    images = images_of(seed, 1)
    split = shap.Explainer(total, maskers.Image("blur"))(images, max_evals=50)
    assert np.isnan(split.error_std).all()
    assert split.error_std.shape == split.values.shape
    exact = shap.ExactExplainer(total, maskers.Image("blur", segments=(2, 2)))(images, error_bounds=True)
    assert not exact.error_std.any()


def test_a_tolerance_lets_images_stop_early(seed):
    images = images_of(seed, 3)
    explainer = shap.PermutationExplainer(oracle.curved(1, seed, SHAPE), maskers.Image(0.0, segments=(4, 5)))
    explanation = explainer(images, max_evals=20_000, tol=0.05)
    assert explanation.status == "CONVERGED"
    assert (explanation.n_evaluations < 20_000).all()


@pytest.mark.parametrize("segments", ["bpt", (2, 2)], ids=str)
def test_no_images_have_an_empty_explanation(segments):
    model = lambda X: np.stack([total(X), -total(X)], axis=1)  # noqa: E731 - a model in one line
    explainer = shap.Explainer(model, maskers.Image("blur", segments=segments))
    explanation = explainer(np.empty((0, *SHAPE)))
    assert explanation.values.shape == (0, *SHAPE, 2)
    assert explanation.base_values.shape == (0, 2)
    flat = shap.Explainer(lambda X: X.sum(axis=1), maskers.Image("blur", SHAPE, segments=segments))
    assert flat(np.empty((0, 192))).values.shape == (0, *SHAPE)


@pytest.mark.filterwarnings("default")
def test_errors_that_too_few_evaluations_cannot_tell_are_said(seed):
    explainer = shap.PermutationExplainer(oracle.curved(1, seed, SHAPE), maskers.Image(0.0, segments=(4, 5)))
    with pytest.warns(shap.errors.ConvergenceWarning, match="too few evaluations"):
        explanation = explainer(images_of(seed, 2), max_evals=42)
    assert np.isnan(explanation.error_std).all()


def test_a_spent_tolerance_warns(seed):
    model = lambda X: total(X) + np.prod(X[:, ::3, ::3] + 0.5, axis=(1, 2, 3)) * 1e6  # noqa: E731 - a model in one line
    explainer = shap.PermutationExplainer(model, maskers.Image(0.0, segments=(4, 5)))
    with pytest.warns(shap.errors.ConvergenceWarning, match="tol"):
        explainer(images_of(seed, 2), max_evals=100, tol=1e-9)


def test_progress_is_told_in_evaluations(seed):
    told = []
    explainer = shap.PartitionExplainer(total, maskers.Image("blur"), progress=lambda done, of: told.append((done, of)))
    explainer(images_of(seed), max_evals=64)
    assert told[-1] == (128, 128)


def test_a_call_keeps_no_image_and_no_model_is_called_when_made():
    calls = []
    explainer = shap.Explainer(lambda X: calls.append(1) or total(X), maskers.Image("blur"))
    assert calls == []
    assert explainer.expected_value is None


@pytest.mark.parametrize("route", [shap.PermutationExplainer, shap.KernelExplainer])
def test_semivalues_that_do_not_add_up_are_refused(route):
    with pytest.raises(shap.errors.OptionError, match="do not add up"):
        route(total, maskers.Image(segments=(3, 3)), method=shap.estimators.Unbiased(semivalue="banzhaf"))


class Mean:
    """A surrogate of the user's: every region is worth the same."""

    def fit(self, coalitions, half_differences):
        everybody = coalitions.all(axis=1)
        self.each = 2.0 * half_differences[everybody].mean() / coalitions.shape[1]
        self.n_players = coalitions.shape[1]

    def predict(self, coalitions):
        return self.each * (coalitions.sum(axis=1) - self.n_players / 2)

    def values(self):
        return np.full(self.n_players, self.each)


def test_any_estimator_of_players_without_a_tree_will_do(seed):
    """Also one that asks a surrogate of the user's, which is fitted to coalitions of regions."""
    images, weights = images_of(seed), np.random.default_rng(seed).normal(size=SHAPE)
    model = lambda X: (X * weights).sum(axis=(1, 2, 3))  # noqa: E731 - a model in one line
    masker = maskers.Image(0.0, segments=(3, 4))
    expected = shap.ExactExplainer(model, masker)(images).values
    for method in ("leverage", "odd_gp", "permutation", shap.estimators.Unbiased(surrogate=Mean())):
        found = shap.KernelExplainer(model, masker, method=method)(images, nsamples=200)
        assert (found.n_evaluations <= 202).all()
        total_found = found.base_values + found.values.sum(axis=(1, 2, 3))
        assert np.allclose(total_found, model(images), rtol=0, atol=1e-9)
        off = np.abs(found.values - expected) > 1e-6 * np.abs(expected).max()
        assert not (off & ~(np.abs(found.values - expected) < 8 * found.error_std)).any()
