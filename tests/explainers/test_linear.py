"""Values of linear models in closed form."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from sklearn.linear_model import Lasso, LinearRegression, LogisticRegression, Ridge, RidgeClassifier, SGDClassifier
from sklearn.svm import SVC, LinearSVC, LinearSVR

import ferroshap
from ferroshap.errors import (
    DimensionError,
    ExplainerError,
    InvalidFeaturePerturbationError,
    InvalidMaskerError,
    InvalidModelError,
    OptionError,
)


@pytest.fixture
def table(seed):
    rng = np.random.default_rng([seed, 2])
    background = rng.normal(size=(80, 5))
    target = background @ rng.normal(size=5) + 0.1 * rng.normal(size=80)
    return background, target, rng.normal(size=(7, 5))


MODELS = {
    "LinearRegression": (LinearRegression(), 0),
    "Ridge": (Ridge(), 0),
    "Ridge, no intercept": (Ridge(fit_intercept=False), 0),
    "Lasso": (Lasso(alpha=0.1), 0),
    "LinearSVR": (LinearSVR(max_iter=100_000), 0),
    "LogisticRegression": (LogisticRegression(), 2),
    "LogisticRegression, 3 classes": (LogisticRegression(), 3),
    "LinearSVC": (LinearSVC(), 2),
    "LinearSVC, 3 classes": (LinearSVC(), 3),
    "SGDClassifier": (SGDClassifier(random_state=0), 2),
    "RidgeClassifier": (RidgeClassifier(), 3),
    "SVC": (SVC(kernel="linear"), 2),
}


@pytest.mark.parametrize("estimator,n_classes", MODELS.values(), ids=MODELS)
def test_values_are_those_of_all_coalitions(table, adds_up, estimator, n_classes):
    background, target, rows = table
    classes = np.digitize(target, np.quantile(target, np.arange(1, n_classes) / n_classes)) if n_classes else target
    model = estimator.fit(background, classes)
    function = model.decision_function if n_classes else model.predict
    explainer = ferroshap.LinearExplainer(model, background)
    explanation = explainer(rows)
    exact = ferroshap.ExactExplainer(function, background)(rows)
    assert np.allclose(explanation.values, exact.values)
    assert np.allclose(explanation.base_values, exact.base_values)
    assert explanation.axes == exact.axes
    assert adds_up(explanation, function(rows))
    assert type(explainer.expected_value) is type(ferroshap.ExactExplainer(function, background).expected_value)
    if n_classes == 3:
        assert explanation.output_names == ["0", "1", "2"]


@pytest.mark.parametrize("shape", [(5,), (1, 5), (3, 5)])
def test_pairs_of_coefficients_and_intercepts_follow_the_shape_law(table, shape):
    background, _, rows = table
    coef = np.arange(1.0, 1.0 + np.prod(shape)).reshape(shape)
    explanation = ferroshap.LinearExplainer((coef, 0.5), background)(rows)
    exact = ferroshap.ExactExplainer(lambda X: X @ coef.T + 0.5, background)(rows)
    assert explanation.shape == exact.shape
    assert np.allclose(explanation.values, exact.values)
    assert np.allclose(explanation.base_values, exact.base_values)


def test_targets_of_two_dimensions_give_outputs(table):
    background, target, rows = table
    for n_targets in (1, 2):
        model = LinearRegression().fit(background, np.stack([target, -target], axis=1)[:, :n_targets])
        assert ferroshap.LinearExplainer(model, background)(rows).shape == (7, 5, n_targets)


def test_backgrounds_of_all_kinds_give_the_same(table):
    background, target, rows = table
    model = LinearRegression().fit(background, target)
    mean, cov = background.mean(axis=0), np.cov(background.T)
    expected = ferroshap.LinearExplainer(model, background)(rows).values
    for masker in (
        scipy.sparse.csr_matrix(background),
        ferroshap.maskers.Independent(background),
        ferroshap.maskers.Baseline(mean),
        (mean, cov),
        {"mean": mean, "cov": cov},
    ):
        explainer = ferroshap.LinearExplainer(model, masker)
        assert np.allclose(explainer(rows).values, expected)
        assert np.allclose(explainer.mean, mean)
    assert np.allclose(
        ferroshap.LinearExplainer(model, background).shap_values(scipy.sparse.csr_matrix(rows)), expected
    )


def test_weights_and_whole_backgrounds_count(table):
    background, target, rows = table
    weights = np.arange(80.0)
    model = LinearRegression().fit(background, target)
    explainer = ferroshap.LinearExplainer(model, background, weights=weights)
    assert np.allclose(explainer.mean, np.average(background, axis=0, weights=weights))
    big = np.vstack([background] * 3)
    assert np.allclose(ferroshap.LinearExplainer(model, big).mean, background.mean(axis=0))
    assert rows.shape == explainer.shap_values(rows).shape


def test_frames_are_matched_by_name_and_keep_their_order(table):
    background, target, rows = table
    names = list("abcde")
    frame = pd.DataFrame(background, columns=names)
    model = LinearRegression().fit(frame, target)
    straight = ferroshap.LinearExplainer(model, frame)(pd.DataFrame(rows, columns=names))
    turned = ferroshap.LinearExplainer(model, frame[names[::-1]])(
        pd.DataFrame(rows, columns=names)[["b", "a", "e", "d", "c"]]
    )
    assert turned.feature_names == ["b", "a", "e", "d", "c"]
    assert np.allclose(turned.values, straight.values[:, [1, 0, 4, 3, 2]])
    single = ferroshap.LinearExplainer(model, frame)(pd.Series(rows[0], index=names))
    assert single.shape == (5,)
    assert np.allclose(single.values, straight.values[0])


def test_main_effects_errors_and_outputs_of_a_call(table):
    background, target, rows = table
    model = Ridge().fit(background, np.stack([target, -target], axis=1))
    explainer = ferroshap.LinearExplainer(model, background, output_names=["up", "down"])
    explanation = explainer(rows, main_effects=True, error_bounds=True, outputs=["down"])
    assert explanation.shape == (7, 5, 1)
    assert np.array_equal(explanation.main_effects, explanation.values)
    assert not explanation.error_std.any()
    assert explanation.output_names == ["down"]
    assert explainer(rows).error_std is None
    assert explainer(rows[:0]).shape == (0, 5, 2)
    assert explainer(rows).status == "EXACT"


def test_coefficients_are_attributes(table):
    background, target, _ = table
    model = LinearRegression().fit(background, target)
    explainer = ferroshap.LinearExplainer(model, background)
    assert np.array_equal(explainer.coef, model.coef_)
    assert explainer.intercept == model.intercept_
    assert explainer.model.inner_model is model
    assert explainer.expected_value == pytest.approx(model.predict(background).mean())


def test_the_model_is_only_read(table):
    background, target, rows = table
    model = LinearRegression().fit(background, target)
    before = dict(vars(model))
    ferroshap.LinearExplainer(model, background)(rows)
    assert dict(vars(model)) == before


REFUSED = {
    "another kernel": (lambda X, y: SVC(kernel="rbf").fit(X, y > 0), InvalidModelError, "no linear coefficients"),
    "one against one": (lambda X, y: SVC(kernel="linear").fit(X, np.digitize(y, [-1, 0, 1])), InvalidModelError, "SVC"),
    "too many": (
        lambda *_: (np.ones(6), 0.0),
        DimensionError,
        "`model` has 6 coefficients, but the background has 5",
    ),
    "text": (lambda *_: ("abc", 0.0), InvalidModelError, "no array of coefficients"),
    "intercepts": (lambda *_: (np.ones((3, 5)), np.ones(2)), InvalidModelError, "intercept for each output"),
    "probabilities": (
        lambda X, y: LogisticRegression().fit(X, y > 0).predict_proba,
        InvalidModelError,
        "predict_proba",
    ),
}


@pytest.mark.parametrize("make,error,said", REFUSED.values(), ids=REFUSED)
def test_models_that_are_not_linear_are_refused_by_reason(table, make, error, said):
    background, target, _ = table
    with pytest.raises(error, match=said):
        ferroshap.LinearExplainer(make(background, target), background)


def test_what_is_not_available_is_refused_by_name(table):
    background, _, rows = table
    pair = (np.ones(5), 0.0)
    with pytest.raises(InvalidFeaturePerturbationError, match="is 'observational', which is not known"):
        ferroshap.LinearExplainer(pair, background, feature_perturbation="observational")
    with pytest.warns(FutureWarning, match="`feature_perturbation` is deprecated"):
        ferroshap.LinearExplainer(pair, background, feature_perturbation="interventional")
    with pytest.raises(OptionError, match="`link` is 'logit', but values of a linear model"):
        ferroshap.LinearExplainer(pair, background, link="logit")
    with pytest.raises(InvalidMaskerError, match="needs background data"):
        ferroshap.LinearExplainer(pair, None)
    with pytest.raises(OptionError, match="`X` has columns that are no numbers"):
        ferroshap.LinearExplainer(pair, background)(np.full((1, 5), "a", dtype=object))
    rows[2, 3] = np.nan
    with pytest.raises(ExplainerError, match="row 2 of `X` has entries that are not finite"):
        ferroshap.LinearExplainer(pair, background)(rows)
