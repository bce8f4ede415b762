"""What every conditional masker obeys: a new one adds its line to the list."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest

import ferroshap as shap
from ferroshap import maskers

MASKERS = {
    "gaussian": lambda data, model: maskers.Gaussian(data, n_samples=20),
    "odd gaussian": lambda data, model: maskers.Gaussian(data, n_samples=7, seed=5),
    "copula": lambda data, model: maskers.Copula(data, n_samples=20),
    "impute": lambda data, model: maskers.Impute(data),
    "empirical": lambda data, model: maskers.Empirical(data, n_samples=20),
    "empirical aicc": lambda data, model: maskers.Empirical(data, n_samples=20, bandwidth="aicc"),
    "forest": lambda data, model: maskers.Forest(data, n_samples=20, n_trees=5),
    "surrogate": lambda data, model: maskers.Surrogate(data, model, n_samples=500, regressor=stump()),
}
N_FEATURES = 5


def stump():
    from sklearn.tree import DecisionTreeRegressor

    return DecisionTreeRegressor(max_depth=4, random_state=0)


def model(rows):
    # Elementwise, so that an output has the same bits in every batch.
    rows = np.asarray(rows)
    return np.tanh(rows[:, 0] * rows[:, 1]) + rows[:, 2] * np.sin(rows[:, 3]) + 0.5 * rows[:, 4]


def two_outputs(rows):
    rows = np.asarray(rows)
    p = 1.0 / (1.0 + np.exp(-model(rows)))
    return np.stack([p, 1.0 - p], axis=1)


def drawn(seed, n_background=60, n_rows=3):
    rng = np.random.default_rng([seed, 11])
    table = rng.normal(size=(n_background + n_rows, N_FEATURES)) @ rng.normal(size=(N_FEATURES, N_FEATURES))
    return table[:n_background], table[n_background:]


@pytest.fixture(params=MASKERS)
def make(request):
    return MASKERS[request.param]


def test_values_add_up_from_the_plain_mean_to_the_prediction(make, seed):
    background, rows = drawn(seed)
    for explainer in (
        shap.ExactExplainer(two_outputs, make(background, two_outputs)),
        shap.PermutationExplainer(two_outputs, make(background, two_outputs), max_evals=40),
        shap.KernelExplainer(two_outputs, make(background, two_outputs), nsamples=20),
        shap.Explainer(two_outputs, make(background, two_outputs)),
    ):
        explained = explainer(rows)
        assert np.abs(explained.base_values - two_outputs(background).mean(axis=0)).max() < 1e-14
        total = explained.base_values + explained.values.sum(axis=1)
        assert np.abs(total - two_outputs(rows)).max() < 1e-13


def test_a_link_is_applied_to_the_conditional_mean(make, seed):
    background, rows = drawn(seed)
    explained = shap.ExactExplainer(two_outputs, make(background, two_outputs), link="logit")(rows)
    mean, outputs = two_outputs(background).mean(axis=0), two_outputs(rows)
    assert np.abs(explained.base_values - np.log(mean / (1.0 - mean))).max() < 1e-12
    total = explained.base_values + explained.values.sum(axis=1)
    assert np.abs(total - np.log(outputs / (1.0 - outputs))).max() < 1e-10
    game = shap.Game(two_outputs, make(background, two_outputs), rows[0], link="logit")
    plain = shap.Game(two_outputs, make(background, two_outputs), rows[0])
    some = np.random.default_rng(seed).random((6, N_FEATURES)) < 0.5
    worths = plain(some)
    assert np.abs(game(some) - np.log(worths / (1.0 - worths))).max() < 1e-10


def test_threads_and_batches_change_no_bit(make, seed):
    background, rows = drawn(seed)
    known = None
    for n_jobs, batch_size in [(1, "auto"), (2, "auto"), (7, 1), (1, 13), (2, 64)]:
        explainer = shap.ExactExplainer(model, make(background, model), n_jobs=n_jobs)
        values = explainer(rows, batch_size=batch_size).values
        known = values if known is None else known
        assert np.array_equal(values, known)


def test_a_row_is_explained_alone_as_among_others(make, seed):
    background, rows = drawn(seed)
    explainer = shap.ExactExplainer(model, make(background, model))
    together = explainer(rows).values
    for row, values in zip(rows, together, strict=True):
        assert np.array_equal(explainer(row[None, :]).values[0], values)
    sampled = shap.PermutationExplainer(model, make(background, model), max_evals=22)
    together = sampled(rows).values
    assert np.array_equal(np.concatenate([sampled(row[None, :]).values for row in rows]), together)


def test_a_model_that_says_the_same_of_all_rows_leaves_nothing_to_share(make, seed):
    background, rows = drawn(seed)
    explained = shap.ExactExplainer(lambda X: np.full(len(X), 3.0), make(background, lambda X: np.full(len(X), 3.0)))
    assert np.abs(explained(rows).values).max() < 1e-13


def test_a_coalition_of_groups_is_that_of_their_columns(make, seed):
    background, rows = drawn(seed)
    inner = make(background, model)
    groups = maskers.Groups(inner, {"first": [0, 3], "last": [2, 4]})
    alone, grouped = shap.Game(model, inner, rows[0]), shap.Game(model, groups, rows[0])
    present = np.array([[True, False, False], [False, True, True], [False, False, True]])
    columns = present[:, groups.units.owners]
    assert np.array_equal(grouped(present), alone(columns))
    explained = shap.ExactExplainer(model, groups)(rows)
    assert explained.feature_names == ["first", "Feature 1", "last"]
    assert np.abs(explained.base_values + explained.values.sum(axis=1) - model(rows)).max() < 1e-13


def test_a_pickle_and_a_copy_explain_the_same(make, seed):
    background, rows = drawn(seed)
    explainer = shap.ExactExplainer(model, make(background, model))
    values = explainer(rows).values
    for twin in (pickle.loads(pickle.dumps(explainer)), copy.deepcopy(explainer)):
        assert np.array_equal(twin(rows).values, values)


def test_a_frame_in_another_order_is_the_same_table(make, seed):
    background, rows = drawn(seed)
    names = list("abcde")

    class Named:
        feature_names_in_ = np.array(names)

        def predict(self, X):
            assert list(X.columns) == names
            return model(X)

    want = shap.ExactExplainer(model, make(background, model))(rows).values
    frame = pd.DataFrame(background, columns=names)
    for order in (names, names[::-1]):
        if order != names and type(make(background, model)).__name__ == "Surrogate":
            continue  # it is trained before anybody knows the model's order
        masker = make(frame[order], Named() if order == names else model)
        found = shap.ExactExplainer(Named(), masker)(pd.DataFrame(rows, columns=names)[["c", "a", "e", "b", "d"]])
        assert found.feature_names == ["c", "a", "e", "b", "d"]
        assert np.array_equal(found.values[:, [1, 3, 0, 4, 2]], want)


class Stop(Exception):  # noqa: N818 - the user's own
    pass


def test_what_the_model_raises_arrives_as_it_is(make, seed):
    background, rows = drawn(seed)
    error, n_rows = Stop("enough"), [0]

    def failing(X):
        n_rows[0] += len(X)
        if n_rows[0] > 200:
            raise error
        return model(X)

    masker = make(background, model)
    if type(masker).__name__ == "Surrogate":
        pytest.skip("the model is not asked about masked rows")
    with pytest.raises(Stop) as caught:
        shap.ExactExplainer(failing, masker)(rows, batch_size=16)
    assert caught.value is error


def test_one_explained_row_and_none_are_tables_too(make, seed):
    background, rows = drawn(seed)
    explainer = shap.ExactExplainer(model, make(background, model))
    assert explainer(rows[0]).values.shape == (N_FEATURES,)
    assert explainer(rows[:0]).values.shape == (0, N_FEATURES)


@pytest.mark.parametrize("n_samples", [0, -1, 2.5, True, "many", 2**31, 2**70])
def test_numbers_of_samples_are_checked(n_samples):
    for masker in (maskers.Gaussian, maskers.Copula, maskers.Empirical, maskers.Forest):
        with pytest.raises(shap.errors.OptionError, match="n_samples"):
            masker(np.eye(3), n_samples=n_samples)


def test_routes_of_marginal_filling_refuse_conditional_maskers(make, seed):
    background, _ = drawn(seed)
    masker = make(background, model)
    with pytest.raises(shap.errors.InvalidMaskerError, match="TreeExplainer"):
        shap.TreeExplainer(stump().fit(background, model(background)), masker)
    with pytest.raises(shap.errors.InvalidMaskerError, match="conditional"):
        shap.SamplingExplainer(model, masker)
    chosen = shap.Explainer(stump().fit(background, model(background)), masker)
    assert isinstance(chosen, shap.ExactExplainer)
    assert type(masker).__name__ in str(chosen.plan)


def test_what_is_drawn_at_once_fits_into_the_memory_granted(make, seed):
    background, rows = drawn(seed)
    sizes = []

    def counted(X):
        sizes.append(len(X))
        return model(X)

    explainer = shap.ExactExplainer(counted, make(background, model), memory_limit=100_000)
    sizes.clear()
    explainer(rows)
    # Five columns and an output of 8 bytes, and rows of as many as eight more batches behind the one that is asked about.
    assert max(sizes) <= 100_000 // (9 * 48)
    assert np.array_equal(explainer(rows).values, shap.ExactExplainer(model, make(background, model))(rows).values)
