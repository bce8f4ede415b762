"""Estimators of every kind, many of which the incumbent refuses: values against the library's own prediction (8.1)."""

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import (
    AdaBoostClassifier,
    AdaBoostRegressor,
    BaggingClassifier,
    BaggingRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    IsolationForest,
    RandomForestClassifier,
    RandomForestRegressor,
    StackingClassifier,
    StackingRegressor,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.linear_model import LinearRegression, LogisticRegression, PoissonRegressor, Ridge, RidgeClassifier
from sklearn.multioutput import MultiOutputRegressor
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.neural_network import MLPClassifier
from sklearn.svm import SVC, SVR, LinearSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from tests.trees.games import interventional_values

import ferroshap as shap

rng = np.random.default_rng(3)
X = rng.normal(size=(150, 4)).round(1)
Y = X[:, 0] * X[:, 1] + X[:, 2]
TWO, THREE = np.where(Y > 0, "yes", "no"), np.array(["low", "middle", "high"])[np.digitize(Y, [-0.5, 0.5])]
BACKGROUND, ROWS = X[:12], X[12:15]


def tree(**options):
    return DecisionTreeClassifier(max_depth=3, random_state=0, **options)


def line(**options):
    return DecisionTreeRegressor(max_depth=3, random_state=0, **options)


#: Model, target, the method whose output is explained, the route.
ACCEPTED = {
    "boosting of three classes": (GradientBoostingClassifier(n_estimators=5), THREE, "decision_function", "tree"),
    "boosting from zero": (GradientBoostingClassifier(n_estimators=5, init="zero"), THREE, "decision_function", "tree"),
    "boosting from a model": (
        GradientBoostingClassifier(n_estimators=5, init=GaussianNB()),
        TWO,
        "predict_proba",
        "exact",
    ),
    "soft votes": (
        VotingClassifier(
            [("a", tree()), ("b", RandomForestClassifier(3, random_state=0))], voting="soft", weights=[1, 3]
        ),
        THREE,
        "predict_proba",
        "tree",
    ),
    "soft votes of kinds": (
        VotingClassifier([("a", tree()), ("b", LogisticRegression())], voting="soft"),
        THREE,
        "predict_proba",
        "exact",
    ),
    "mean of regressors": (
        VotingRegressor([("a", line()), ("b", GradientBoostingRegressor(n_estimators=4, random_state=0))]),
        Y,
        "predict",
        "tree",
    ),
    "mean of lines": (VotingRegressor([("a", LinearRegression()), ("b", Ridge())]), Y, "predict", "exact"),
    "stacked classes": (StackingClassifier([("a", tree()), ("b", GaussianNB())], cv=3), TWO, "predict_proba", "exact"),
    "stacked": (StackingRegressor([("a", line()), ("b", Ridge())], cv=3), Y, "predict", "exact"),
    "bags": (BaggingClassifier(tree(), 5, max_features=2, random_state=0), THREE, "predict_proba", "tree"),
    "bags of numbers": (BaggingRegressor(line(), 5, max_features=3, random_state=0), Y, "predict", "tree"),
    "bags of lines": (BaggingRegressor(Ridge(), 3, random_state=0), Y, "predict", "exact"),
    "calibrated": (CalibratedClassifierCV(tree(), cv=3), THREE, "predict_proba", "exact"),
    "AdaBoost of two": (AdaBoostClassifier(tree(), n_estimators=5, random_state=0), TWO, "decision_function", "tree"),
    "AdaBoost of three": (
        AdaBoostClassifier(tree(), n_estimators=5, random_state=0),
        THREE,
        "decision_function",
        "tree",
    ),
    "AdaBoost of numbers": (AdaBoostRegressor(line(), n_estimators=5, random_state=0), Y, "predict", "exact"),
    "neighbours": (KNeighborsClassifier(), THREE, "predict_proba", "exact"),
    "neighbours' mean": (KNeighborsRegressor(), Y, "predict", "exact"),
    "support vectors": (SVC(), THREE, "decision_function", "exact"),
    "support vectors' numbers": (SVR(), Y, "predict", "exact"),
    "linear support vectors": (LinearSVC(), THREE, "decision_function", "linear"),
    "linear kernel": (SVC(kernel="linear"), TWO, "decision_function", "linear"),
    "network": (
        MLPClassifier(hidden_layer_sizes=(5,), max_iter=5000, tol=1e-2, random_state=0),
        THREE,
        "predict_proba",
        "exact",
    ),
    "naive Bayes": (GaussianNB(), THREE, "predict_proba", "exact"),
    "discriminants": (LinearDiscriminantAnalysis(), THREE, "decision_function", "linear"),
    "ridge of classes": (RidgeClassifier(), THREE, "decision_function", "linear"),
    "Poisson": (PoissonRegressor(), np.exp(Y), "predict", "exact"),
    "several targets": (RandomForestRegressor(3, random_state=0), np.stack([Y, -Y], axis=1), "predict", "tree"),
    "a model a target": (MultiOutputRegressor(Ridge()), np.stack([Y, -Y], axis=1), "predict", "exact"),
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_values_are_those_of_what_the_library_predicts(name):
    model, y, method, route = ACCEPTED[name]
    model.fit(X, y)
    explainer = shap.Explainer(model, BACKGROUND)
    assert explainer.plan.route == route
    explained = explainer(ROWS)
    predict = getattr(model, method)
    assert explained.base_values + explained.values.sum(axis=1) == pytest.approx(predict(ROWS), rel=1e-9, abs=1e-9)
    for x, values in zip(ROWS, explained.values, strict=True):
        want = interventional_values(predict, x, BACKGROUND)
        np.testing.assert_allclose(values, want, rtol=0, atol=1e-11 * max(1.0, np.abs(predict(BACKGROUND)).max()))
    if method != "predict" and explained.values.ndim == 3:
        assert explained.output_names == [str(label) for label in model.classes_]
    bound = shap.Explainer(predict, BACKGROUND)(ROWS)
    np.testing.assert_allclose(bound.values, explained.values, rtol=0, atol=1e-12 * np.abs(explained.values).max())


@pytest.mark.parametrize(
    "model, cause",
    [
        (AdaBoostRegressor(line(), n_estimators=3), "AdaBoostRegressor"),
        (VotingClassifier([("a", tree()), ("b", GaussianNB())], voting="soft"), "over a GaussianNB"),
        (BaggingRegressor(Ridge(), 3), "over a Ridge"),
    ],
)
def test_what_looks_like_a_sum_of_trees_and_is_none_says_why(model, cause):
    y = THREE if isinstance(model, VotingClassifier) else Y
    explainer = shap.Explainer(model.fit(X, y), BACKGROUND)
    assert explainer.plan.route == "exact"
    assert cause in explainer.plan.reason
    assert "explain its" not in explainer.plan.reason


def test_hard_votes_are_counted_by_a_function():
    model = VotingClassifier([("a", tree()), ("b", GaussianNB())]).fit(X, np.digitize(Y, [0.0]))
    explained = shap.Explainer(model, BACKGROUND)(ROWS)
    for x, values in zip(ROWS, explained.values, strict=True):
        np.testing.assert_allclose(values, interventional_values(model.predict, x, BACKGROUND), rtol=0, atol=1e-12)
    named = VotingClassifier([("a", tree()), ("b", GaussianNB())]).fit(X, THREE)
    with pytest.raises(shap.errors.InvalidModelError, match=r"VotingClassifier.predict returned text \('"):
        shap.Explainer(named, BACKGROUND)


def test_isolation_forests_are_explained_by_depth():
    model = IsolationForest(n_estimators=5, random_state=0).fit(X)
    explainer = shap.Explainer(model, BACKGROUND)
    assert explainer.plan.route == "tree"
    scored = shap.Explainer(model.score_samples, BACKGROUND)
    want = interventional_values(model.score_samples, ROWS[0], BACKGROUND)
    np.testing.assert_allclose(scored(ROWS[0]).values, want, rtol=0, atol=1e-12)
