"""Where we differ from shap on purpose, one short test a number of the migration page; rooms have the long ones."""

import inspect
import io
import subprocess
import sys
import warnings

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.ensemble import AdaBoostClassifier, RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import ferroshap as shap
from ferroshap.errors import BudgetError, DimensionError, OptionError, UnknownOptionError
from ferroshap.estimators import Auto, Permutation

RNG = np.random.default_rng(0)
BACKGROUND = RNG.normal(size=(150, 20))
ROWS = RNG.normal(size=(2, 20))
SMALL, FEW = BACKGROUND[:30, :4], ROWS[:, :4]
TARGET = SMALL[:, 0] + SMALL[:, 1] * SMALL[:, 2]
FOREST = RandomForestRegressor(5, random_state=0).fit(SMALL, TARGET)
CLASSES = RandomForestClassifier(5, random_state=0).fit(SMALL, np.digitize(TARGET, [-0.5, 0.5]))


def product(rows):
    return rows[:, 0] * rows[:, 1] + rows.sum(axis=1)


ROUTES = {
    "exact": shap.ExactExplainer,
    "permutation": shap.PermutationExplainer,
    "kernel": shap.KernelExplainer,
    "sampling": shap.SamplingExplainer,
    "partition": shap.PartitionExplainer,
}
every_route = pytest.mark.parametrize("route", ROUTES.values(), ids=ROUTES)


@every_route
def test_d01_unknown_options_are_refused(route):
    with pytest.raises(UnknownOptionError, match="unexpected option 'linkk'"):
        route(product, SMALL, linkk="logit")
    with pytest.raises(TypeError, match="'silnt'.* did you mean 'silent'"):
        route(product, SMALL)(FEW, silnt=True)
    with pytest.raises(TypeError, match="did you mean 'nsamples'"):
        shap.KernelExplainer(product, SMALL).shap_values(FEW, nsample=5)


@every_route
def test_d02_two_explainers_agree_and_global_generators_stay(route):
    before = np.random.get_state()[1].copy()  # noqa: NPY002 - the global one is what is watched
    first, second = (route(product, SMALL).shap_values(FEW) for _ in range(2))
    assert first.tobytes() == second.tobytes()
    assert np.array_equal(np.random.get_state()[1], before)  # noqa: NPY002


def test_d03_fifteen_features_that_act_get_fifteen_values():
    model = lambda rows: rows[:, :15] @ np.arange(1.0, 16.0)  # noqa: E731
    values = shap.KernelExplainer(model, BACKGROUND[:10]).shap_values(ROWS)
    assert (np.abs(values) > 1e-6).sum(axis=1).tolist() == [15, 15]
    few = shap.KernelExplainer(model, BACKGROUND[:10], l1_reg="num_features(10)").shap_values(ROWS)
    assert ((np.abs(few) > 1e-9).sum(axis=1) <= 10).all()


def test_d04_all_150_background_rows_count():
    for explainer in (
        shap.Explainer(product, BACKGROUND),
        shap.KernelExplainer(product, BACKGROUND),
        shap.LinearExplainer((np.ones(20), 0.0), BACKGROUND),
    ):
        wanted = (BACKGROUND.sum(axis=1) if isinstance(explainer, shap.LinearExplainer) else product(BACKGROUND)).mean()
        assert explainer.expected_value == pytest.approx(wanted, rel=1e-12)
    assert shap.maskers.Independent(BACKGROUND).n_background == 150


def test_d05_a_timestamp_that_differs_by_a_second_gets_a_value():
    background = np.array([[1_700_000_000.0, 1.0]])
    values = shap.ExactExplainer(lambda rows: rows[:, 0] - 1.7e9, background).shap_values(
        background + np.array([[1.0, 0.0]])
    )
    assert values.tolist() == [[1.0, 0.0]]


@every_route
def test_d06_an_output_axis_exists_if_the_function_has_two_dimensions(route):
    assert route(product, SMALL).shap_values(FEW).shape == (2, 4)
    assert route(lambda rows: product(rows)[:, None], SMALL).shap_values(FEW).shape == (2, 4, 1)
    assert route(CLASSES.predict_proba, SMALL)(FEW).base_values.shape == (2, 3)


@every_route
def test_d07_the_expected_value_is_there_before_the_first_call_and_stays(route):
    explainer = route(product, SMALL)
    before = explainer.expected_value
    assert isinstance(before, float)
    explainer(FEW)
    assert explainer.expected_value is before
    assert before[0] == before
    assert route(CLASSES.predict_proba, SMALL).expected_value.shape == (3,)


def test_d08_outputs_are_named_after_the_classes_of_the_model():
    explanation = shap.Explainer(CLASSES.predict_proba, SMALL, algorithm="exact")(FEW)
    assert list(explanation.output_names) == ["0", "1", "2"]
    assert np.array_equal(explanation[..., "Output 1"].values, explanation[..., 1].values)
    named = shap.ExactExplainer(CLASSES.predict_proba, SMALL, output_names=["a", "b", "c"])(FEW)
    assert np.array_equal(named[..., "b"].values, explanation[..., 1].values)


@pytest.mark.parametrize("make", [*ROUTES.values(), lambda _, data: shap.TreeExplainer(FOREST, data)])
def test_d09_features_of_arrays_have_names(make):
    explainer = make(product, SMALL)
    assert explainer.feature_names == [f"Feature {number}" for number in range(4)]
    assert explainer(FEW).feature_names == explainer.feature_names


class Louder(RandomForestRegressor):
    """A forest whose predictions are not those of its trees."""

    def predict(self, X):
        return super().predict(X) + 1.0


def test_d12_trees_are_held_against_the_predictions_of_their_library():
    forest = Louder(5, random_state=0).fit(SMALL, TARGET)
    with pytest.raises(ValueError, match="Louder has a `predict` of its own, which is not the sum of its trees"):
        shap.TreeExplainer(forest, SMALL)
    flowers = load_iris().data  # in single precision many values are thresholds
    classes = RandomForestClassifier(20, random_state=0).fit(flowers.astype(np.float32), load_iris().target)
    explanation = shap.TreeExplainer(classes, flowers)(flowers)
    sums = explanation.base_values + explanation.values.sum(axis=1)
    assert np.abs(sums - classes.predict_proba(flowers)).max() <= 1e-10


def test_d13_a_link_for_trees_is_refused_with_what_to_use_instead():
    with pytest.raises(ValueError, match="model_output='probability'"):
        shap.TreeExplainer(FOREST, link="logit")
    shap.TreeExplainer(FOREST, link=shap.links.identity)


@every_route
def test_d14_errors_are_standard_errors_and_main_effects_are_filled(route):
    explainer = route(product, SMALL)
    if "main_effects" in inspect.signature(type(explainer).__call__).parameters:
        effects = explainer(FEW, main_effects=True).main_effects
        alone = np.where(np.eye(4, dtype=bool)[:, None], FEW[0], SMALL)  # (player, background row, column)
        wanted = [product(rows).mean() - product(SMALL).mean() for rows in alone]
        assert np.abs(effects[0] - wanted).max() <= 1e-12
    errors = explainer(FEW).error_std
    assert errors is None or errors.shape == (2, 4)


@pytest.mark.parametrize("size", [64, "auto"])
def test_d15_batches_keep_to_their_size(size):
    asked = []

    def counted(rows):
        asked.append(rows.nbytes)
        return product(rows)

    explainer = shap.PermutationExplainer(counted, BACKGROUND)
    asked.clear()
    explainer(ROWS, batch_size=size)
    assert max(asked) <= (64 * 20 * 8 if size == 64 else 32 << 20)


@every_route
def test_d19_nothing_is_written_where_nobody_looks(route, capfd):
    route(product, SMALL)(FEW, silent=True)
    shap.TreeExplainer(FOREST, SMALL)(FEW, silent=True)
    assert capfd.readouterr() == ("", "")


def test_d19_one_line_appears_after_two_seconds_on_a_terminal_alone(monkeypatch):
    from ferroshap import progress

    clock, written = [0.0], io.StringIO()
    monkeypatch.setattr(progress.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(progress, "_bar", progress._Line)
    monkeypatch.setattr(sys, "stderr", written)
    for is_terminal, silent, said in ((False, False, False), (True, False, True), (True, True, False)):
        monkeypatch.setattr(written, "isatty", lambda answer=is_terminal: answer, raising=False)
        bar = progress.Progress(10, silent=silent)
        bar.add(1)
        assert not written.getvalue()
        clock[0] += 2.5
        bar.add(1)
        assert bool(written.getvalue()) is said
        written.seek(0), written.truncate()


@pytest.mark.parametrize("make", [*ROUTES.values(), lambda _, data: shap.TreeExplainer(FOREST, data)])
def test_d20_no_rows_give_none_and_wrong_columns_are_refused(make):
    explainer = make(product, SMALL)
    assert explainer(FEW[:0]).shape == (0, 4)
    assert explainer.shap_values(FEW[0]).shape == (4,)
    with pytest.raises(DimensionError, match="3 columns"):
        explainer(FEW[:, :3])


def test_d21_pipelines_and_ensembles_without_a_call_are_explained():
    labels = TARGET > 0
    for model in (
        make_pipeline(StandardScaler(), LinearRegression()).fit(SMALL, TARGET),
        AdaBoostClassifier(n_estimators=5, random_state=0).fit(SMALL, labels),
    ):
        explanation = shap.Explainer(model, SMALL)(FEW)
        assert explanation.shape[:2] == (2, 4)


def test_d22_three_hundred_features_need_no_option():
    wide = np.zeros((1, 300))
    explanation = shap.PermutationExplainer(lambda rows: rows.sum(axis=1), wide)(wide + 1.0)
    assert np.allclose(explanation.values, 1.0, rtol=0, atol=1e-12)
    with pytest.raises(BudgetError, match="300 features that vary need at least 601"):
        shap.PermutationExplainer(lambda rows: rows.sum(axis=1), wide)(wide + 1.0, max_evals=500)
    assert "= 500" in str(inspect.signature(shap.PermutationExplainer.__call__))


def test_d23_everything_can_be_imported_where_shap_is_absent():
    code = "import sys; sys.modules['shap'] = None; from ferroshap import *; TreeExplainer, GPUTreeExplainer, sample"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_d23_the_gpu_s_explainer_runs_on_the_cpu_and_warns_once():
    with pytest.warns(UserWarning, match="needs no GPU here: it is TreeExplainer") as caught:
        explainer = shap.GPUTreeExplainer(FOREST, SMALL)
    assert (len(caught), caught[0].filename) == (1, __file__)
    assert isinstance(explainer, shap.TreeExplainer)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        values = explainer.shap_values(FEW)
    assert values.tobytes() == shap.TreeExplainer(FOREST, SMALL).shap_values(FEW).tobytes()


def test_d23_the_gpu_s_explainer_takes_whatever_the_cpu_s_takes():
    assert inspect.signature(shap.GPUTreeExplainer) == inspect.signature(shap.TreeExplainer)
    with pytest.warns(UserWarning, match="needs no GPU"):
        grouped = shap.GPUTreeExplainer(FOREST, groups={"first two": [0, 1]})
    assert "first two" in grouped.feature_names
    with pytest.raises(UnknownOptionError, match="did you mean 'groups'"):
        shap.GPUTreeExplainer(FOREST, group={"first two": [0, 1]})


@pytest.mark.parametrize("name", ["DeepExplainer", "ActionOptimizer"])
def test_d23_what_is_shap_s_own_says_what_to_install(name, monkeypatch):
    monkeypatch.setitem(sys.modules, "shap", None)
    with pytest.raises(ImportError, match=f"{name} is shap's own, and shap is not installed: `pip install shap`; "):
        getattr(shap, name)(None, None)
    for room, other in (("maskers", "Text"), ("models", "TopKLM"), ("actions", "Feature"), ("other", "Maple")):
        with pytest.raises(ImportError, match="is shap's own, and shap is not installed"):
            getattr(getattr(shap, room), other)


def test_d25_a_bound_method_takes_the_exact_route_unless_another_is_named():
    linear = LinearRegression().fit(SMALL, TARGET)
    assert isinstance(shap.Explainer(linear.predict, SMALL), shap.LinearExplainer)
    assert isinstance(shap.Explainer(FOREST.predict, SMALL), shap.TreeExplainer)
    assert isinstance(shap.Explainer(CLASSES.predict_proba, SMALL), shap.TreeExplainer)
    named = shap.Explainer(FOREST.predict, SMALL, algorithm="permutation")
    assert isinstance(named, shap.PermutationExplainer)


def test_d28_black_boxes_run_the_best_estimator_and_the_plan_names_it():
    chosen = shap.Explainer(product, BACKGROUND)
    assert isinstance(chosen, shap.PermutationExplainer)
    assert isinstance(chosen.method, Auto)
    assert repr(chosen.plan.details["estimator"]) in chosen.plan.reason
    named = shap.Explainer(product, BACKGROUND, algorithm="permutation")
    assert isinstance(named.method, Permutation)
    assert isinstance(shap.KernelExplainer(product, BACKGROUND).method, Auto)


def test_seeds_have_three_names_of_which_one_may_be_used():
    with pytest.raises(OptionError, match="`seed` and `rng` were given, which mean the same"):
        shap.PermutationExplainer(product, SMALL, seed=1, rng=2)
