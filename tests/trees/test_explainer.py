"""`TreeExplainer`: laws first, then the definition over all coalitions, then what each option does."""

import inspect

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LinearRegression
from tests.trees.games import assert_adds_up, interventional_values

import ferroshap
from ferroshap import trees
from ferroshap.errors import (
    ExplainerError,
    InvalidFeaturePerturbationError,
    InvalidModelError,
    OptionError,
    UnknownOptionError,
    WeightsError,
)

F64 = 1e-12  # a sum of a few thousand terms in double precision, as a share of the sum of their sizes
NULL = 4  # the column that no target looks at; trees may still split on it


@pytest.mark.parametrize("with_background", [False, True])
def test_values_and_base_add_up_to_the_library_s_own_output(case, with_background):
    explainer = ferroshap.TreeExplainer(case.model, case.background if with_background else None)
    explanation = explainer(case.rows)
    assert_adds_up(explanation, case.raw(case.rows), F64)
    assert explanation.status == "EXACT"
    assert np.abs(explanation.gap).max() <= F64 * np.abs(case.raw(case.rows)).max() * 10


def test_interventional_values_are_those_of_the_definition(case):
    explainer = ferroshap.TreeExplainer(case.model, case.background)
    for row, found in zip(case.rows[:3], explainer.shap_values(case.rows[:3]), strict=True):
        expected = interventional_values(case.raw, row, case.background)
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)
    base = case.raw(case.background).mean(axis=0)
    np.testing.assert_allclose(explainer.expected_value, base, rtol=0, atol=1e-12)


def test_weights_of_the_background_count(forest):
    weights = np.arange(9.0)
    found = ferroshap.TreeExplainer(forest.model, forest.background, weights=weights).shap_values(forest.rows[:1])[0]
    expected = interventional_values(forest.model.predict, forest.rows[0], forest.background, weights)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)
    repeated = np.repeat(forest.background, np.arange(9), axis=0)
    again = ferroshap.TreeExplainer(forest.model, repeated).shap_values(forest.rows[:1])[0]
    np.testing.assert_allclose(found, again, rtol=0, atol=1e-12)


def test_a_summary_brings_its_weights(forest):
    summary = ferroshap.kmeans(forest.background, 3)
    found = ferroshap.TreeExplainer(forest.model, summary).shap_values(forest.rows[:1])[0]
    expected = interventional_values(forest.model.predict, forest.rows[0], summary.data, summary.weights)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


def stump_and_tree(seed):
    """Two trees of ours over four columns, the last never asked about, with covers."""
    rng = np.random.default_rng(seed)
    return {
        "children_left": [[1, -1, -1], [1, 3, 5, -1, -1, -1, -1]],
        "children_right": [[2, -1, -1], [2, 4, 6, -1, -1, -1, -1]],
        "feature": [[0, -1, -1], [1, 0, 2, -1, -1, -1, -1]],
        "threshold": [rng.normal(size=3), rng.normal(size=7)],
        "value": [rng.normal(size=3), rng.normal(size=7)],
        "cover": [[5.0, 2.0, 3.0], [10.0, 4.0, 6.0, 0.0, 4.0, 5.0, 1.0]],
    }


@given(st.integers(0, 2**32 - 1), st.booleans())
def test_a_column_that_no_split_asks_about_is_worth_nothing(seed, with_background):
    model = trees.from_arrays(**stump_and_tree(seed), n_columns=4)
    rng = np.random.default_rng(seed)
    explainer = ferroshap.TreeExplainer(model, rng.normal(size=(3, 4)) if with_background else None)
    rows = rng.normal(size=(5, 4))
    assert (explainer.shap_values(rows)[:, 3] == 0.0).all()
    matrices = explainer.shap_interaction_values(rows)
    assert (matrices[:, 3] == 0.0).all()
    assert (matrices[:, :, 3] == 0.0).all()


@given(st.integers(0, 2**32 - 1), st.booleans())
def test_values_are_linear_in_the_trees(seed, with_background):
    arrays = stump_and_tree(seed)
    rng = np.random.default_rng([seed, 1])
    rows, background = rng.normal(size=(4, 3)), rng.normal(size=(3, 3)) if with_background else None
    both, first, second = (
        ferroshap.TreeExplainer(
            trees.from_arrays(**{name: given[part] for name, given in arrays.items()}, n_columns=3), background
        ).shap_values(rows)
        for part in (slice(None), slice(0, 1), slice(1, 2))
    )
    np.testing.assert_allclose(both, first + second, rtol=0, atol=1e-14)


@given(st.permutations(range(3)), st.integers(0, 2**32 - 1))
def test_renaming_the_columns_renames_the_values(order, seed):
    arrays = stump_and_tree(seed)
    model = trees.from_arrays(**arrays, n_columns=3)
    renamed = [[order[column] if column >= 0 else -1 for column in tree] for tree in arrays["feature"]]
    other = trees.from_arrays(**(arrays | {"feature": renamed}), n_columns=3)
    rows = np.random.default_rng(seed).normal(size=(4, 3))
    values = ferroshap.TreeExplainer(model).shap_values(rows[:, order])
    np.testing.assert_allclose(
        ferroshap.TreeExplainer(other).shap_values(rows), values[:, np.argsort(order)], atol=1e-14
    )


def test_a_row_that_is_the_whole_background_is_worth_nothing(case):
    row = case.background[:1]
    assert (ferroshap.TreeExplainer(case.model, row).shap_values(row) == 0.0).all()


@pytest.mark.parametrize("with_background", [False, True])
@pytest.mark.parametrize("question", ["shap_values", "shap_interaction_values"])
def test_threads_and_the_cut_of_the_rows_change_no_bit(case, with_background, question):
    rows = np.tile(case.rows, (40, 1)) + np.arange(240)[:, None] * 0.01
    explainer = ferroshap.TreeExplainer(case.model, case.background if with_background else None)
    ask = getattr(explainer, question)
    whole = ask(rows, n_jobs=1).tobytes()
    assert ask(rows, n_jobs=2).tobytes() == whole
    assert ask(rows, n_jobs=7).tobytes() == whole
    assert b"".join(ask(part).tobytes() for part in np.array_split(rows, [1, 65, 130])) == whole
    assert b"".join(ask(row).tobytes() for row in rows) == whole


@pytest.mark.parametrize("with_background", [False, True])
def test_rows_of_interactions_sum_to_the_values(case, with_background):
    explainer = ferroshap.TreeExplainer(case.model, case.background if with_background else None)
    matrices = explainer.shap_interaction_values(case.rows)
    values = explainer.shap_values(case.rows)
    np.testing.assert_allclose(matrices.sum(axis=2), values, rtol=0, atol=1e-11)
    np.testing.assert_array_equal(matrices, matrices.swapaxes(1, 2))
    explanation = explainer(case.rows, interactions=True)
    assert explanation.axes == ("row", "feature", "feature") + (("output",) if values.ndim == 3 else ())
    assert explanation.values.tobytes() == matrices.tobytes()


def test_sparse_interactions_are_the_dense_ones_undivided(case):
    explainer = ferroshap.TreeExplainer(case.model)
    matrices = explainer.shap_interaction_values(case.rows)
    pairs, values = explainer.shap_interaction_values(case.rows, sparse=True)
    assert (pairs[:, 0] < pairs[:, 1]).all()
    np.testing.assert_allclose(values, 2.0 * matrices[:, pairs[:, 0], pairs[:, 1]], rtol=0, atol=1e-12)
    rest = matrices.copy()
    rest[:, pairs[:, 0], pairs[:, 1]] = 0.0
    assert (rest[:, *np.triu_indices(5, 1)] == 0.0).all()


def test_a_block_and_a_mean_of_interactions_are_those_of_the_whole(case):
    explainer = ferroshap.TreeExplainer(case.model)
    matrices = explainer.shap_interaction_values(case.rows)
    chosen = [3, 0]
    block = explainer.shap_interaction_values(case.rows, features=chosen)
    np.testing.assert_array_equal(block, matrices[:, chosen][:, :, chosen])
    named = explainer.shap_interaction_values(case.rows, features=["Feature 3", 0])
    np.testing.assert_array_equal(named, block)
    mean = explainer.shap_interaction_values(case.rows, reduce="mean_abs")
    np.testing.assert_allclose(mean, np.abs(matrices).mean(axis=0), rtol=1e-14)


def test_single_precision_is_that_of_arithmetic_and_result(forest):
    explainer = ferroshap.TreeExplainer(forest.model)
    exact, single = explainer.shap_values(forest.rows), explainer.shap_values(forest.rows, dtype=np.float32)
    assert single.dtype == np.float32
    assert exact.dtype == np.float64
    np.testing.assert_allclose(single, exact, rtol=0, atol=1e-5 * np.abs(exact).max())


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_results_are_written_into_the_array_that_was_given(case, dtype):
    explainer = ferroshap.TreeExplainer(case.model)
    for ask in (explainer.shap_values, explainer.shap_interaction_values):
        expected = ask(case.rows)
        out = np.full(expected.shape, np.nan, dtype)
        assert ask(case.rows, out=out) is out
        np.testing.assert_allclose(out, expected, rtol=1e-6, atol=1e-7)
        single = np.full(expected.shape[1:], np.nan, dtype)
        assert ask(case.rows[0], out=single) is single
        np.testing.assert_array_equal(single, out[0])


def test_an_array_of_another_shape_is_refused(forest):
    explainer = ferroshap.TreeExplainer(forest.model)
    for out in (np.empty((5, 6)), np.empty((6, 5)).T, np.empty((6, 5), int), [[0.0] * 5] * 6):
        with pytest.raises(ValueError, match="`out`|`dtype`"):
            explainer.shap_values(forest.rows, out=out)


def test_the_first_trees_alone_can_be_explained(forest):
    explainer = ferroshap.TreeExplainer(forest.model)
    partial = explainer(forest.rows, tree_limit=3)
    predicted = np.sum([tree.predict(forest.rows) for tree in forest.model.estimators_[:3]], axis=0) / 8
    assert_adds_up(partial, predicted, F64)
    whole = explainer(forest.rows, tree_limit=-1)
    assert whole.values.tobytes() == explainer.shap_values(forest.rows).tobytes()


def test_the_approximation_adds_up_and_follows_the_path(forest):
    explainer = ferroshap.TreeExplainer(forest.model)
    values = explainer(forest.rows, approximate=True)
    assert_adds_up(values, forest.model.predict(forest.rows), F64)
    with pytest.raises(InvalidFeaturePerturbationError, match="background"):
        ferroshap.TreeExplainer(forest.model, forest.background)(forest.rows, approximate=True)


def test_a_background_can_stand_for_the_training_rows(forest):
    """Its rows are counted at the nodes: those of the training set give the model's own covers back."""
    from tests.trees.conftest import table

    model = RandomForestRegressor(4, max_depth=4, bootstrap=False, random_state=0)
    X = table(200)
    model.fit(X, X[:, 0] * X[:, 1])
    own = ferroshap.TreeExplainer(model)
    counted = ferroshap.TreeExplainer(model, X, feature_perturbation="tree_path_dependent")
    np.testing.assert_allclose(counted.shap_values(forest.rows), own.shap_values(forest.rows), rtol=0, atol=1e-12)
    few = ferroshap.TreeExplainer(model, X[:7], feature_perturbation="tree_path_dependent")
    assert_adds_up(few(forest.rows), model.predict(forest.rows), F64)
    assert few.expected_value == pytest.approx(model.predict(X[:7]).mean(), abs=1e-12)


def test_interventional_without_data_warns_and_is_path_dependent(forest):
    with pytest.warns(FutureWarning, match="needs a background"):
        explainer = ferroshap.TreeExplainer(forest.model, feature_perturbation="interventional")
    assert explainer.feature_perturbation == "tree_path_dependent"


def test_approximate_of_the_constructor_warns(forest):
    with pytest.warns(DeprecationWarning, match="pass it to the call"):
        ferroshap.TreeExplainer(forest.model, approximate=True)


@pytest.mark.parametrize(
    "options,error,said",
    [
        ({"feature_perturbation": "interventionel"}, InvalidFeaturePerturbationError, "did you mean 'interventional'"),
        ({"link": "logit"}, OptionError, "model_output='probability'"),
        ({"model_output": "probabilities"}, OptionError, "did you mean 'probability'"),
        ({"weights": [1.0]}, OptionError, "there is no background"),
        ({"progress": 3}, OptionError, "`progress` is 3, but must be a function"),
        ({"progress": "yes"}, OptionError, "`progress` is 'yes'"),
        ({"data": np.zeros((2, 5)), "weights": [1.0, -1.0]}, WeightsError, "negative"),
        ({"data": np.zeros((2, 5)), "weights": "abc"}, WeightsError, "`weights` is 'abc'"),
        ({"dato": None}, UnknownOptionError, "did you mean 'data'"),
        ({"data": np.zeros((2, 4))}, ValueError, "4 columns; the model was built with 5"),
        ({"feature_names": ["a"]}, ValueError, "`feature_names` has 1"),
        ({"output_names": ["a", "b"]}, ValueError, "`output_names` has 2"),
    ],
)
def test_bad_options_are_refused_by_name(forest, options, error, said):
    with pytest.raises(error, match=said):
        ferroshap.TreeExplainer(forest.model, **options)


@pytest.mark.parametrize(
    "call,said",
    [
        (lambda e, X: e(X, dtype=np.int32), "`dtype`"),
        (lambda e, X: e(X, check_additivity="no"), "`check_additivity` is 'no', but must be True or False"),
        (lambda e, X: e(X, approximate=2), "`approximate` is 2"),
        (lambda e, X: e(X, silent=None), "`silent` is None"),
        (lambda e, X: e.shap_interaction_values(X, silent="yes"), "`silent` is 'yes'"),
        (lambda e, X: e(X, interaction=True), "did you mean 'interactions'"),
        (lambda e, X: e.shap_values(X, n_job=2), "did you mean 'n_jobs'"),
        (lambda e, X: e(X[:, :3]), "3 columns; the model was built with 5"),
        (lambda e, X: e.shap_interaction_values(X, sparse=True, features=[0]), "`sparse` and `features`"),
        (lambda e, X: e.shap_interaction_values(X, features=["agee"]), "no column"),
        (lambda e, X: e.shap_interaction_values(X, features=[5]), "5 columns"),
        (lambda e, X: e.shap_interaction_values(X, features=[0, 0]), "`features` has 0 twice"),
        (lambda e, X: e.shap_interaction_values(X, features=[4, -1]), "`features` has -1 twice"),
        (lambda e, X: e.shap_values(X, out=X), "`out` overlaps `X`"),
        (lambda e, X: e.shap_values(X * 1e300), "infinite in single precision"),
        (lambda e, X: e.shap_values(X * 1e300, check_additivity=False), "infinite in single precision, in row 0"),
        (lambda e, X: e.shap_interaction_values(X, reduce="median"), "Known: mean, mean_abs"),
        (lambda e, X: e(X, interactions=True, approximate=True), "no interactions"),
    ],
)
def test_bad_calls_are_refused_by_name(forest, call, said):
    with pytest.raises((ValueError, TypeError), match=said):
        call(ferroshap.TreeExplainer(forest.model), forest.rows)


def test_models_that_are_no_trees_are_refused(forest):
    line = LinearRegression().fit(forest.rows, forest.rows[:, 0])
    with pytest.raises(InvalidModelError, match="LinearRegression, which is no ensemble of trees"):
        ferroshap.TreeExplainer(line)
    assert not ferroshap.TreeExplainer.supports_model_with_masker(line, None)
    assert ferroshap.TreeExplainer.supports_model_with_masker(forest.model, None)
    assert ferroshap.TreeExplainer.supports_model_with_masker(forest.model, forest.background)
    assert "no ensemble of trees" in ferroshap.TreeExplainer.why_not(line, None)


def test_a_model_without_covers_needs_a_background():
    arrays = stump_and_tree(0)
    del arrays["cover"]
    model = trees.from_arrays(**arrays, n_columns=3)
    with pytest.raises(InvalidFeaturePerturbationError, match="pass data=X_background"):
        ferroshap.TreeExplainer(model)
    rows = np.zeros((2, 3))
    assert ferroshap.TreeExplainer(model, rows).shap_values(rows).shape == (2, 3)


def test_a_model_that_predicts_otherwise_is_refused_at_construction(forest):
    """Our reading is right; the model's own prediction is bent, as a wrong reading would be."""

    class Bent(RandomForestRegressor):
        def predict(self, X):
            return super().predict(X) + 1e-3

    bent = Bent(3, random_state=0).fit(forest.rows, forest.rows[:, 0])
    with pytest.raises(InvalidModelError, match="itself .*Bent has a `predict` of its own.*algorithm='permutation'"):
        ferroshap.TreeExplainer(bent)


def test_values_that_miss_the_prediction_are_refused_at_the_call(forest):
    explainer = ferroshap.TreeExplainer(forest.model)
    wrong = forest.model.predict(forest.rows)[:, None] + 1e-3
    explainer._engine.outputs_of = lambda margins, labels: wrong
    with pytest.raises(ExplainerError, match=r"values of row \d of `X` miss its prediction"):
        explainer(forest.rows)
    assert explainer(forest.rows, check_additivity=False).gap is None


@pytest.mark.parametrize("dtype,place", [("float32", "float32"), (None, "float64")])
def test_the_plan_says_what_runs(forest, dtype, place):
    explainer = ferroshap.TreeExplainer(forest.model, forest.background)
    plan = explainer.plan
    assert plan.route == "tree"
    assert plan.n_background == 9
    assert "8 trees of scikit-learn" in str(plan)
    assert plan.details["verification"].startswith("64 rows against scikit-learn")
    assert plan.details["kernels"]
    assert repr(explainer) == (
        "<TreeExplainer: RandomForestRegressor, 8 trees, 5 features, interventional, background 9 rows>"
    )
    assert "path-dependent>" in repr(ferroshap.TreeExplainer(forest.model))


def test_attributes_are_those_that_tools_look_for(forest, classes):
    explainer = ferroshap.TreeExplainer(forest.model, forest.background)
    assert explainer.model.original_model is forest.model
    assert explainer.model.inner_model is forest.model
    assert explainer.model.num_outputs == 1
    np.testing.assert_array_equal(explainer.data, forest.background)
    assert explainer.data_feature_names == [f"Feature {i}" for i in range(5)]
    np.testing.assert_allclose(explainer.model.predict(forest.rows), forest.model.predict(forest.rows), atol=1e-12)
    assert isinstance(explainer.expected_value, float)
    assert ferroshap.TreeExplainer(forest.model).data is None
    of_classes = ferroshap.TreeExplainer(classes.model)
    assert of_classes.expected_value.shape == (3,)
    assert of_classes.output_names == ["0", "1", "2"]
    np.testing.assert_allclose(of_classes.model.predict(classes.rows), classes.raw(classes.rows), atol=1e-12)


def test_the_signatures_are_shap_s_with_ours_after_them():
    def names(function, kind):
        parameters = inspect.signature(function).parameters.values()
        return [p.name for p in parameters if p.kind is kind and p.name != "self"]

    positional, keyword = inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY
    explainer = ferroshap.TreeExplainer
    assert " ".join(names(explainer, positional)) == (
        "model data model_output feature_perturbation feature_names approximate link linearize_link"
    )
    assert set(names(explainer, keyword)) == {
        "output_names", "weights", "n_jobs", "seed", "rng", "random_state", "memory_limit", "progress", "groups",
    }  # fmt: skip
    assert names(explainer.__call__, positional) == ["X", "y", "interactions", "check_additivity", "approximate"]
    assert names(explainer.shap_values, positional) == [
        "X", "y", "tree_limit", "approximate", "check_additivity", "from_call",
    ]  # fmt: skip
    assert names(explainer.shap_interaction_values, positional) == ["X", "y", "tree_limit"]
    assert names(explainer.shap_interaction_values, keyword) == [
        "silent", "n_jobs", "dtype", "out", "sparse", "features", "reduce",
    ]  # fmt: skip


def test_progress_is_told_to_whom_the_constructor_names(forest):
    told = []
    explainer = ferroshap.TreeExplainer(forest.model, progress=lambda done, total: told.append((done, total)))
    explainer(np.tile(forest.rows, (100, 1)))
    assert told[-1] == (600, 600)
