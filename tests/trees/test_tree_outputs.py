"""`model_output=`: probabilities and losses over a background, bound methods, shapes."""

import numpy as np
import pytest
from sklearn.ensemble import (
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
    VotingRegressor,
)
from tests.trees.games import assert_adds_up

import ferroshap
from ferroshap.errors import InvalidFeaturePerturbationError, InvalidModelError, OptionError

F64 = 1e-12


def table(n_rows, seed=0):
    return np.random.default_rng([seed, 9]).normal(size=(n_rows, 4)).round(1)


X, ROWS, BACKGROUND = table(200), table(12, 1), table(25, 2)


@pytest.fixture(scope="module")
def classifier():
    return GradientBoostingClassifier(n_estimators=15, random_state=0).fit(X, X[:, 0] * X[:, 1] > 0)


@pytest.fixture(scope="module")
def regressor():
    return GradientBoostingRegressor(n_estimators=15, random_state=0).fit(X, X[:, 0] * X[:, 1])


def rescaled_values(model, function, row, background):
    """The definition: for each background row the margin's values, stretched to the function's difference."""
    total = 0.0
    a = float(model.decision_function(row[None, :])[0])
    for z in background:
        values = ferroshap.TreeExplainer(model, z[None, :]).shap_values(row)
        b = float(model.decision_function(z[None, :])[0])
        # On a tie the derivative, as the limit has it; shap puts 1 there.
        slope = (function(a) - function(b)) / (a - b) if a != b else function(a) * (1.0 - function(a))
        total = total + values * slope
    return total / len(background)


def sigmoid(margin):
    return 1.0 / (1.0 + np.exp(-margin))


def test_probabilities_are_rescaled_background_row_by_background_row(classifier):
    explainer = ferroshap.TreeExplainer(classifier, BACKGROUND, model_output="probability")
    explanation = explainer(ROWS)
    assert explanation.shape == (12, 4)
    assert_adds_up(explanation, classifier.predict_proba(ROWS)[:, 1], F64)
    for row, found in zip(ROWS[:3], explanation.values[:3], strict=True):
        np.testing.assert_allclose(found, rescaled_values(classifier, sigmoid, row, BACKGROUND), rtol=0, atol=1e-12)
    assert explainer.expected_value == pytest.approx(classifier.predict_proba(BACKGROUND)[:, 1].mean(), abs=1e-12)


def test_both_classes_have_a_column(classifier):
    explainer = ferroshap.TreeExplainer(classifier, BACKGROUND, model_output="predict_proba")
    explanation = explainer(ROWS)
    assert explanation.shape == (12, 4, 2)
    assert_adds_up(explanation, classifier.predict_proba(ROWS), F64)
    assert explanation.output_names == ["False", "True"]
    np.testing.assert_array_equal(explanation.values[..., 0], -explanation.values[..., 1])
    assert explainer.expected_value.shape == (2,)
    assert explainer(ROWS[0]).shape == (4, 2)
    assert explainer.shap_values(ROWS[:0]).shape == (0, 4, 2)
    out = np.empty((12, 4, 2))
    assert explainer.shap_values(ROWS, out=out) is out
    np.testing.assert_array_equal(out, explanation.values)
    np.testing.assert_allclose(explainer.model.predict(ROWS), classifier.predict_proba(ROWS), atol=1e-12)


@pytest.mark.parametrize(
    "labels",
    [lambda y: y, lambda y: y.astype(int), lambda y: np.where(y, "True", "False")],
    ids=["truths", "numbers", "names"],
)
def test_the_logarithmic_loss_needs_what_is_true(classifier, labels):
    y = ROWS[:, 0] > 0
    explainer = ferroshap.TreeExplainer(classifier, BACKGROUND, model_output="log_loss")
    explanation = explainer(ROWS, y=labels(y))
    p = classifier.predict_proba(ROWS)[np.arange(12), y.astype(int)]
    assert_adds_up(explanation, -np.log(p), F64)
    expected = -np.log(classifier.predict_proba(BACKGROUND)).mean(axis=0)
    assert explainer.expected_value(1) == pytest.approx(expected[1], abs=1e-12)
    np.testing.assert_allclose(explainer.expected_value(np.array([0, 1])), expected, atol=1e-12)
    np.testing.assert_allclose(explanation.base_values, expected[y.astype(int)], atol=1e-12)
    with pytest.raises(OptionError, match="`y` is None"):
        explainer(ROWS)
    with pytest.raises(ValueError, match="`y` has 3 labels, but `X` has 12"):
        explainer(ROWS, y=[0, 1, 0])
    with pytest.raises(OptionError, match="label 'maybe'"):
        explainer(ROWS, y=["maybe"] * 12)


def test_the_squared_loss_of_a_regressor(regressor):
    y = ROWS[:, 0]
    explanation = ferroshap.TreeExplainer(regressor, BACKGROUND, model_output="log_loss")(ROWS, y=y)
    assert_adds_up(explanation, (regressor.predict(ROWS) - y) ** 2, F64)


def of_xgboost(objective):
    xgboost = pytest.importorskip("xgboost")
    return xgboost.XGBRegressor(n_estimators=4, n_jobs=1, objective=objective).fit(X, X[:, 0])


def of_lightgbm(objective):
    lightgbm = pytest.importorskip("lightgbm")
    return lightgbm.LGBMRegressor(n_estimators=4, n_jobs=1, objective=objective, verbose=-1).fit(X, X[:, 0])


def ranker_of_lightgbm():
    lightgbm = pytest.importorskip("lightgbm")
    model = lightgbm.LGBMRanker(n_estimators=4, n_jobs=1, verbose=-1)
    return model.fit(X, (X[:, 0] > 0).astype(int), group=[20] * 10)


def ranker_of_xgboost():
    xgboost = pytest.importorskip("xgboost")
    return xgboost.XGBRanker(n_estimators=4, n_jobs=1).fit(X, (X[:, 0] > 0).astype(int), group=[20] * 10)


def of_catboost(loss):
    catboost = pytest.importorskip("catboost")
    options = {"iterations": 4, "verbose": 0, "allow_writing_files": False, "thread_count": 1}
    return catboost.CatBoostRegressor(loss_function=loss, **options).fit(X, X[:, 0])


@pytest.mark.parametrize(
    "model",
    [
        lambda: of_xgboost("reg:absoluteerror"),
        lambda: of_lightgbm("quantile"),
        lambda: of_catboost("MAE"),
        ranker_of_lightgbm,
        ranker_of_xgboost,
        lambda: GradientBoostingRegressor(n_estimators=4, loss="quantile").fit(X, X[:, 0]),
        lambda: HistGradientBoostingRegressor(max_iter=4, loss="absolute_error").fit(X, X[:, 0]),
        lambda: RandomForestRegressor(4, criterion="absolute_error").fit(X, X[:, 0]),
    ],
    ids=["xgboost", "lightgbm", "catboost", "ranker", "xgboost ranker", "boosting", "histograms", "forest"],
)
def test_a_model_of_another_loss_is_not_taken_for_one_of_squared_error(model):
    with pytest.raises(OptionError, match="instead of the squared error, is not explained through its trees"):
        ferroshap.TreeExplainer(model(), BACKGROUND, model_output="log_loss")


@pytest.mark.parametrize(
    "model",
    [
        lambda: of_xgboost("reg:squarederror"),
        lambda: of_lightgbm("regression"),
        lambda: of_catboost("RMSE"),
        lambda: HistGradientBoostingRegressor(max_iter=4).fit(X, X[:, 0]),
        lambda: RandomForestRegressor(4).fit(X, X[:, 0]),
        lambda: VotingRegressor([("a", RandomForestRegressor(4)), ("b", RandomForestRegressor(3))]).fit(X, X[:, 0]),
    ],
    ids=["xgboost", "lightgbm", "catboost", "histograms", "forest", "vote"],
)
def test_models_of_squared_error_have_that_loss(model):
    fitted = model()
    explainer = ferroshap.TreeExplainer(fitted, BACKGROUND, model_output="log_loss")
    y = ROWS[:, 0]
    is_single = type(fitted).__module__.startswith("xgboost")
    assert_adds_up(explainer(ROWS, y=y), (fitted.predict(ROWS) - y) ** 2, 1e-5 if is_single else F64)


def test_model_files_say_the_loss_too():
    files = {
        "xgboost": bytes(of_xgboost("reg:squarederror").get_booster().save_raw("ubj")),
        "xgboost's text": bytes(of_xgboost("reg:squarederror").get_booster().save_raw("json")),
        "lightgbm": of_lightgbm("regression").booster_.model_to_string().encode(),
    }
    for data in files.values():
        ferroshap.TreeExplainer(ferroshap.trees.load(data), BACKGROUND, model_output="log_loss")
    other = of_xgboost("reg:absoluteerror").get_booster().save_raw("ubj")
    with pytest.raises(OptionError, match="'reg:absoluteerror' instead of the squared error"):
        ferroshap.TreeExplainer(ferroshap.trees.load(bytes(other)), BACKGROUND, model_output="log_loss")


def test_an_exponential_link_is_explained_on_the_scale_of_predict():
    model = HistGradientBoostingRegressor(loss="poisson", max_iter=10, random_state=0).fit(X, np.abs(X[:, 0]))
    raw = ferroshap.TreeExplainer(model, BACKGROUND)
    assert_adds_up(raw(ROWS), np.log(model.predict(ROWS)), F64)
    predicted = ferroshap.TreeExplainer(model, BACKGROUND, model_output="predict")
    assert_adds_up(predicted(ROWS), model.predict(ROWS), F64)


def test_forest_classifiers_are_probabilities_already():
    model = RandomForestClassifier(6, max_depth=4, random_state=0).fit(X, X[:, 0] > 0)
    raw = ferroshap.TreeExplainer(model).shap_values(ROWS)
    for name in ("probability", "predict_proba"):
        np.testing.assert_array_equal(ferroshap.TreeExplainer(model, model_output=name).shap_values(ROWS), raw)
    assert raw.shape == (12, 4, 2)


@pytest.mark.parametrize("name", ["probability", "predict_proba", "log_loss"])
def test_a_function_of_the_margin_needs_a_background(classifier, name):
    with pytest.raises(InvalidFeaturePerturbationError, match="pass data=X_background"):
        ferroshap.TreeExplainer(classifier, model_output=name)
    explainer = ferroshap.TreeExplainer(classifier, BACKGROUND, model_output=name)
    with pytest.raises(OptionError, match="model_output='raw', whose interactions are exact"):
        explainer.shap_interaction_values(ROWS)


def test_outputs_without_an_exact_route_name_one(classifier, regressor):
    several = HistGradientBoostingClassifier(max_iter=5).fit(X, np.digitize(X[:, 0], [-0.5, 0.5]))
    assert ferroshap.TreeExplainer(several).shap_values(ROWS).shape == (12, 4, 3)
    for model, name in ((several, "predict_proba"), (classifier, "predict"), (regressor, "probability")):
        with pytest.raises(OptionError, match="algorithm='permutation'"):
            ferroshap.TreeExplainer(model, BACKGROUND, model_output=name)


def same(explainer, other):
    return np.array_equal(explainer.shap_values(ROWS), other.shap_values(ROWS))


def test_d25_methods_that_show_the_trees_are_explained_by_them(classifier, regressor):
    tree = ferroshap.TreeExplainer
    explained = ferroshap.Explainer(regressor.predict, BACKGROUND)
    assert isinstance(explained, tree)
    assert same(explained, tree(regressor, BACKGROUND))
    explained = ferroshap.Explainer(classifier.decision_function, BACKGROUND)
    assert same(explained, tree(classifier, BACKGROUND))
    explained = ferroshap.Explainer(classifier.predict_proba, BACKGROUND)
    assert same(explained, tree(classifier, BACKGROUND, model_output="predict_proba"))
    forest = RandomForestClassifier(4, max_depth=3, random_state=0).fit(X, X[:, 0] > 0)
    assert same(ferroshap.Explainer(forest.predict_proba, BACKGROUND), tree(forest, BACKGROUND))
    assert same(ferroshap.Explainer(regressor.predict), tree(regressor))


class Doubled(RandomForestRegressor):
    """A user's own way to predict."""

    def predict(self, X):
        return 2.0 * super().predict(X)


def test_d25_methods_that_show_something_else_are_functions_like_any_other(classifier):
    labels = ferroshap.Explainer(classifier.predict, BACKGROUND)
    assert not isinstance(labels, ferroshap.TreeExplainer)
    several = HistGradientBoostingClassifier(max_iter=5).fit(X, np.digitize(X[:, 0], [-0.5, 0.5]))
    assert not isinstance(ferroshap.Explainer(several.predict_proba, BACKGROUND), ferroshap.TreeExplainer)
    doubled = Doubled(3, max_depth=3, random_state=0).fit(X, X[:, 0])
    explained = ferroshap.Explainer(doubled.predict, BACKGROUND)
    assert not isinstance(explained, ferroshap.TreeExplainer)
    assert_adds_up(explained(ROWS), doubled.predict(ROWS), 1e-10)
    opted_out = ferroshap.Explainer(classifier.decision_function, BACKGROUND, algorithm="permutation")
    assert isinstance(opted_out, ferroshap.PermutationExplainer)


def test_the_front_door_takes_trees_with_and_without_a_background(regressor):
    for masker in (None, BACKGROUND, ferroshap.maskers.Independent(BACKGROUND), ferroshap.kmeans(BACKGROUND, 3)):
        explainer = ferroshap.Explainer(regressor, masker)
        assert isinstance(explainer, ferroshap.TreeExplainer)
        assert explainer.plan.route == "tree"
    named = ferroshap.Explainer(regressor, algorithm="tree", feature_names=list("abcd"))
    assert named.feature_names == list("abcd")
    assert "was named" in named.plan.reason
    # On the scale of a link a forest is no sum of trees.
    model = RandomForestClassifier(3, min_samples_leaf=60, random_state=0).fit(X, X[:, 1] + X[:, 0] > 0)
    assert not isinstance(ferroshap.Explainer(model, BACKGROUND, link="logit"), ferroshap.TreeExplainer)


@pytest.mark.parametrize("form", ["number", "vector"])
def test_expected_value_has_the_shape_of_the_output(regressor, form):
    if form == "number":
        value = ferroshap.TreeExplainer(regressor).expected_value
        assert isinstance(value, float)
        assert value[0] == value
        return
    targets = RandomForestRegressor(3, random_state=0).fit(X, X[:, :2])
    explanation = ferroshap.TreeExplainer(targets, BACKGROUND)(ROWS)
    assert explanation.shape == (12, 4, 2)
    assert_adds_up(explanation, targets.predict(ROWS), F64)
    one = RandomForestRegressor(3, random_state=0).fit(X, X[:, :1].ravel())
    assert ferroshap.TreeExplainer(one).shap_values(ROWS).shape == (12, 4)


class Calibrated(RandomForestClassifier):
    """A user's own class, whose probabilities are not those of the trees."""

    def predict_proba(self, X):
        return super().predict_proba(X) ** 2


def test_a_method_of_the_users_own_is_named_where_it_is_no_sum_of_trees():
    model = Calibrated(6, max_depth=4, random_state=0).fit(X, X[:, 0] > 0)
    with pytest.raises(InvalidModelError, match="Calibrated has a `predict_proba` of its own"):
        ferroshap.TreeExplainer(model)
    assert ferroshap.Explainer(model.predict_proba, BACKGROUND).plan.route == "exact"


def test_the_classes_that_a_classifier_predicts_are_a_function_like_any_other():
    model = Calibrated(6, max_depth=4, random_state=0).fit(X, (X[:, 0] > 0).astype(int))
    explainer = ferroshap.Explainer(model.predict, BACKGROUND)
    assert explainer.plan.route == "exact"
    assert_adds_up(explainer(ROWS), model.predict(ROWS), F64)


def test_the_plan_names_the_route_of_a_probability_and_the_memory_of_tables(classifier):
    probability = ferroshap.TreeExplainer(classifier, BACKGROUND, model_output="probability").plan
    assert probability.details["kernels"] == [
        "sigmoid of the margin: passes with signed weights for 25 background rows"
    ]
    (tables,) = ferroshap.TreeExplainer(classifier, BACKGROUND).plan.details["kernels"]
    assert "tables" in tables
    assert "iB" in tables
