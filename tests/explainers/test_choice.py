"""Calling `Explainer` makes an instance of the class that fits, once, and says why (D1, D21, D25)."""

import numpy as np
import pandas as pd
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.ensemble import AdaBoostClassifier, AdaBoostRegressor, BaggingRegressor, RandomForestRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression, PoissonRegressor
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

import ferroshap
from ferroshap.errors import DimensionError, InvalidAlgorithmError, InvalidMaskerError, UnknownOptionError
from ferroshap.explainers import (
    CoalitionExplainer,
    ExactExplainer,
    KernelExplainer,
    LinearExplainer,
    PartitionExplainer,
    PermutationExplainer,
    SamplingExplainer,
)
from ferroshap.maskers import Copula, Empirical, Gaussian, Groups, Partition

CLASSES = {
    "exact": ExactExplainer,
    "kernel": KernelExplainer,
    "linear": LinearExplainer,
    "partition": PartitionExplainer,
    "permutation": PermutationExplainer,
    "sampling": SamplingExplainer,
}


def wide(n_rows, n_columns):
    return np.random.default_rng(0).normal(size=(n_rows, n_columns))


@pytest.mark.parametrize(
    "n_rows,n_columns,chosen",
    [
        (128, 10, "exact"),
        (129, 10, "permutation"),
        (10, 11, "permutation"),
        (1, 1, "exact"),
        (100_000, 2, "permutation"),
    ],
)
def test_few_coalitions_are_all_evaluated_and_others_sampled(n_rows, n_columns, chosen):
    explainer = ferroshap.Explainer(lambda X: X[:, 0] ** 2, wide(n_rows, n_columns))
    assert type(explainer) is CLASSES[chosen]
    assert isinstance(explainer, ferroshap.Explainer)
    assert explainer.plan.route == chosen
    assert str(explainer.plan) == f"{chosen}: {explainer.plan.reason}"


@pytest.mark.parametrize("algorithm", CLASSES)
def test_an_algorithm_can_be_named(case, algorithm):
    model = (np.ones(6), 0.0) if algorithm == "linear" else case.model
    explainer = ferroshap.Explainer(model, case.background, algorithm=algorithm, seed=4)
    assert type(explainer) is CLASSES[algorithm]
    assert explainer.seed == 4
    assert "was named" in explainer.plan.reason
    assert explainer(case.rows).shape == (5, 6)


@pytest.mark.parametrize("algorithm", ["trees", "deeper", "permutations", "Exact", None])
def test_algorithms_that_do_not_exist_are_refused_with_those_that_do(case, algorithm):
    with pytest.raises(
        InvalidAlgorithmError, match="auto, additive, coalition, deep, exact, gradient, kernel, linear, partition"
    ):
        ferroshap.Explainer(case.model, case.background, algorithm=algorithm)


def test_a_missing_background_is_refused(case):
    with pytest.raises(InvalidMaskerError, match="needs background data: pass masker=X_background"):
        ferroshap.Explainer(case.model)


def fitted(estimator, case, *, classes=False):
    target = case.model(case.background)
    return estimator.fit(case.background, target > 0 if classes else target)


def test_d25_linear_models_and_their_methods_take_the_closed_form(case):
    line = fitted(LinearRegression(), case)
    for model in (line, line.predict):
        explainer = ferroshap.Explainer(model, case.background)
        assert isinstance(explainer, LinearExplainer)
        assert np.allclose(explainer(case.rows).values, line.coef_ * (case.rows - case.background.mean(axis=0)))
    odds = fitted(LogisticRegression(), case, classes=True)
    assert isinstance(ferroshap.Explainer(odds, case.background), LinearExplainer)
    assert isinstance(ferroshap.Explainer(odds.decision_function, case.background), LinearExplainer)
    # Probabilities and labels are not linear, nor are odds on the scale of probabilities.
    assert isinstance(ferroshap.Explainer(odds.predict_proba, case.background), ExactExplainer)
    assert isinstance(ferroshap.Explainer(odds.predict, case.background), ExactExplainer)
    assert isinstance(ferroshap.Explainer(odds, case.background, link="logit"), ExactExplainer)


class Doubled(LinearRegression):
    """Predicts something else than its coefficients say."""

    def predict(self, X):
        return 2.0 * super().predict(X)


def test_d25_coefficients_alone_are_a_model_under_any_masker(seed):
    rng = np.random.default_rng([seed, 7])
    frame = pd.DataFrame(rng.normal(size=(30, 4)), columns=list("abcd"))
    rows, slopes = frame[:3], np.arange(8.0).reshape(2, 4)
    for masker in (Empirical(frame), Groups(Gaussian(frame), {"g": ["a", "c"]}), Partition(Copula(frame))):
        explained = ferroshap.Explainer((slopes, [1.0, -1.0]), masker)(rows)
        known = ferroshap.Explainer(lambda X: np.asarray(X) @ slopes.T + [1.0, -1.0], masker)(rows)
        assert np.abs(explained.values - known.values).max() < 1e-12 * slopes.sum() * np.abs(frame.to_numpy()).max()
    with pytest.raises(DimensionError, match="coefficients"):
        ferroshap.Explainer((np.ones(3), 0.0), Empirical(frame))


def test_d25_coefficients_that_do_not_predict_are_not_believed(case):
    for estimator in (Doubled(), PoissonRegressor()):
        model = estimator.fit(case.background, np.abs(case.model(case.background)))
        assert isinstance(ferroshap.Explainer(model, case.background), ExactExplainer)
        assert "is not linear" in LinearExplainer.why_not(model, case.background)
        with pytest.raises(ValueError, match="is not linear"):
            LinearExplainer(model, case.background)


SCALED = make_column_transformer((StandardScaler(), [0, 1]), remainder="passthrough")


@pytest.mark.parametrize(
    "estimator,classes",
    [
        (make_pipeline(StandardScaler(), PolynomialFeatures(2), LinearRegression()), False),
        (make_pipeline(SCALED, KNeighborsClassifier()), True),
        (CalibratedClassifierCV(AdaBoostClassifier(n_estimators=5, random_state=0), cv=2), True),
        (BaggingRegressor(KNeighborsRegressor(3), n_estimators=3, random_state=0), False),
        (AdaBoostRegressor(n_estimators=3, random_state=0), False),
    ],
    ids=["pipeline", "columns", "calibrated", "bagging", "AdaBoost"],
)
def test_d21_any_estimator_is_explained(case, adds_up, estimator, classes):
    model = fitted(estimator, case, classes=classes)
    explanation = ferroshap.Explainer(model, case.background)(case.rows)
    outputs = model.predict_proba(case.rows) if classes else model.predict(case.rows)
    assert adds_up(explanation, outputs)
    if classes:
        assert explanation.output_names == ["False", "True"]


@pytest.mark.parametrize(
    "call,said",
    [
        (lambda f, b: ferroshap.KernelExplainer(f, b, nsample=5), "unexpected option 'nsample' .*'nsamples'"),
        (lambda f, b: ferroshap.KernelExplainer(f, b).shap_values(b, nsample=5), "'nsample' .*'nsamples'"),
        (lambda f, b: ferroshap.KernelExplainer(f, b)(b, nsample=5), "'nsample' .*'nsamples'"),
        (lambda f, b: ferroshap.Explainer(f, b, link_="logit"), "'link_' for ExactExplainer.*'link'"),
        (lambda f, b: ferroshap.Explainer(f, b, algorithm="permutation", max_eval=9), "'max_eval' .*'max_evals'"),
        (lambda f, b: ferroshap.ExactExplainer(f, b, feature_name=None), "'feature_name' .*'feature_names'"),
        (lambda f, b: ferroshap.ExactExplainer(f, b)(b, max_eval=9), "'max_eval' .*'max_evals'"),
        (lambda f, b: ferroshap.ExactExplainer(f, b).shap_values(b, max_eval=9), "'max_eval' .*'max_evals'"),
        (lambda f, b: ferroshap.PermutationExplainer(f, b).shap_values(b, npermutation=1), "'npermutations'"),
        (lambda f, b: ferroshap.SamplingExplainer(f, b)(b, silence=True), "'silent'"),
        (lambda _, b: ferroshap.LinearExplainer((np.ones(6), 0.0), b, weight=None), "'weights'"),
        (lambda _, b: ferroshap.LinearExplainer((np.ones(6), 0.0), b)(b, silence=True), "'silent'"),
    ],
    ids=range(12),
)
def test_d01_unknown_options_are_refused_naming_the_nearest(case, call, said):
    with pytest.raises(UnknownOptionError, match=said):
        call(case.model, case.background)
    assert issubclass(UnknownOptionError, TypeError)


def balanced(n_players):
    """A tree whose clusters are halves."""
    level = list(range(n_players))
    while len(level) > 1:
        level = [level[k : k + 2] for k in range(0, len(level), 2)]
    return level


@pytest.mark.parametrize(
    "n_columns,clustering,chosen",
    [
        (8, None, "partition"),
        (10, list(range(10)), "partition"),  # 2 ** 10 coalitions
        (16, balanced(16), "partition"),  # 172
        (32, balanced(32), "permutation"),  # 684
        (12, list(range(12)), "permutation"),
    ],
)
def test_a_tree_is_followed_to_its_last_coalition_or_along_orders(n_columns, clustering, chosen):
    background = wide(5, n_columns)
    masker = Partition(background) if clustering is None else Partition(background, clustering=clustering)
    explainer = ferroshap.Explainer(lambda X: X[:, 0] * X[:, 1] * X[:, 2], masker)
    assert type(explainer) is CLASSES[chosen]
    explanation = explainer(wide(2, n_columns))
    assert explanation.status == ("EXACT" if chosen == "partition" else "BUDGET_SPENT")
    assert "tree" in explainer.plan.reason
    # A budget of the user's decides, too.
    granted = ferroshap.Explainer(
        lambda X: X[:, 0] * X[:, 1], masker, max_evals=2**n_columns if n_columns < 13 else 700
    )
    assert type(granted) is PartitionExplainer
    assert granted(wide(1, n_columns)).status == "EXACT"
    assert type(ferroshap.Explainer(lambda X: X[:, 0] * X[:, 1], masker, max_evals=65)) is PermutationExplainer


def test_over_many_rows_orders_along_a_tree_are_averaged():
    masker = Partition(wide(800, 16), clustering=balanced(16))  # 172 coalitions
    explainer = ferroshap.Explainer(lambda X: X[:, 0] * X[:, 1] * X[:, 2], masker)
    assert type(explainer) is PermutationExplainer
    assert "800 rows" in explainer.plan.reason
    assert explainer(wide(2, 16)).status == "BUDGET_SPENT"


def test_under_a_tree_linear_models_have_their_closed_form_and_trees_do_not(case):
    line = fitted(LinearRegression(), case)
    masker = Partition(case.background)
    explainer = ferroshap.Explainer(line, masker)
    assert isinstance(explainer, LinearExplainer)
    assert np.allclose(explainer(case.rows).values, PartitionExplainer(line, masker)(case.rows).values, atol=1e-11)
    grouped = Partition(Groups(case.background, {"pair": [0, 1]}))
    pairs = ferroshap.Explainer(line, grouped)
    assert isinstance(pairs, LinearExplainer)
    assert np.allclose(pairs(case.rows).values, PartitionExplainer(line, grouped)(case.rows).values, atol=1e-11)
    forest = fitted(RandomForestRegressor(3, random_state=0), case)
    assert isinstance(ferroshap.Explainer(forest, masker), PartitionExplainer)
    with pytest.raises(InvalidMaskerError, match="TreeExplainer fills features from a whole background"):
        ferroshap.TreeExplainer(forest, masker)


def test_families_are_named_to_the_coalition_route(case):
    tree = {"first": [0, 1, 2], "last": [3, 4, 5]}
    explainer = ferroshap.Explainer(case.model, case.background, algorithm="coalition", partition_tree=tree)
    assert type(explainer) is CoalitionExplainer
    assert explainer(case.rows).shape == (5, 6)


def test_options_of_the_constructor_are_defaults_of_the_calls(case):
    explainer = ferroshap.KernelExplainer(case.model, case.background, nsamples=20, batch_size=7)
    assert explainer(case.rows).n_evaluations.max() <= 22
    assert explainer(case.rows, nsamples=40).n_evaluations.max() > 22
    assert np.array_equal(explainer.shap_values(case.rows), explainer(case.rows).values)
    few = ferroshap.KernelExplainer(case.model, case.background, nsamples=40, l1_reg="num_features(2)")
    assert ((few.shap_values(case.rows) != 0).sum(axis=1) == 2).all()
    assert ((few.shap_values(case.rows, l1_reg=False) != 0).sum(axis=1) == 6).all()
    assert (np.count_nonzero(few(case.rows, False).values, axis=1) == 6).all()
    permutation = ferroshap.PermutationExplainer(case.model, case.background, max_evals=13)
    assert permutation(case.rows).n_evaluations.max() <= 13
    sampling = ferroshap.SamplingExplainer(case.model, case.background, nsamples=50)
    assert sampling(case.rows).n_evaluations.max() <= 50


def test_a_link_that_the_class_does_not_know_is_refused(case):
    with pytest.raises(ValueError, match=r"`link` is links\.logit, but SamplingExplainer knows the identity alone"):
        ferroshap.Explainer(case.probability, case.background, "logit", "sampling")
    with pytest.raises(ValueError, match="`link='logits'` is not known; did you mean 'logit'"):
        ferroshap.Explainer(case.probability, case.background, "logits")


def test_support_is_told_and_never_raised(case):
    assert ExactExplainer.supports_model_with_masker(case.model, case.background) is True
    assert ExactExplainer.why_not(case.model, case.background) is None
    assert ExactExplainer.supports_model_with_masker("model", case.background) is False
    assert "does not predict" in ExactExplainer.why_not("model", case.background)
    assert LinearExplainer.supports_model_with_masker((np.ones(6), 0.0), case.background) is True
    assert LinearExplainer.supports_model_with_masker(case.model, case.background) is False
    assert "no linear coefficients" in LinearExplainer.why_not(case.model, case.background)
    assert LinearExplainer.supports_model_with_masker((np.ones(6), 0.0), None) is False


class Mine(ferroshap.Explainer):
    """A class of the user's own."""

    def __init__(self, model, masker, answer=42):
        super().__init__(model, masker)
        self.answer = answer

    def __call__(self, X):
        return ferroshap.Explanation(np.full(np.shape(X), self.answer))


def test_classes_of_the_user_are_left_alone(case):
    mine = Mine(case.model, case.background, answer=3)
    assert type(mine) is Mine
    assert mine.shap_values(case.rows).tolist() == np.full((5, 6), 3).tolist()


@pytest.mark.parametrize("args", [(), (1, 2)])
def test_a_call_takes_one_table(case, args):
    for explainer in (
        ferroshap.ExactExplainer(case.model, case.background),
        ferroshap.PermutationExplainer(case.model, case.background),
        ferroshap.LinearExplainer((np.ones(6), 0.0), case.background),
    ):
        with pytest.raises(ValueError, match=f"one table of rows a call, but {len(args)} were given"):
            explainer(*args)


def test_explainers_say_what_they_are(case):
    explainer = ferroshap.PermutationExplainer(case.model, case.background)
    assert repr(explainer) == "<PermutationExplainer: Case.model, 6 features, background 30 rows>"
    plan = explainer.plan
    assert (plan.n_background, plan.rows_per_eval, plan.predicted_model_rows) == (30, 30, 15_000)
    assert explainer(case.rows).plan is plan
