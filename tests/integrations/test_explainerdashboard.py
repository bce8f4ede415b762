"""explainerdashboard's explainers, with ferroshap under the name shap, and fed by hand without it."""

import importlib.util

import numpy as np
import pytest

import ferroshap
from ferroshap import compat, errors

pd = pytest.importorskip("pandas")
pytest.importorskip("sklearn")
if importlib.util.find_spec("explainerdashboard") is None:  # importing it would import shap, before the alias is on
    pytest.skip("needs explainerdashboard: make test-embedders", allow_module_level=True)

from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris  # noqa: E402 - after the skips
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier, RandomForestRegressor  # noqa: E402
from sklearn.linear_model import LinearRegression, LogisticRegression  # noqa: E402

pytestmark = [
    pytest.mark.usefixtures("_the_name_shap"),
    pytest.mark.filterwarnings("ignore"),  # explainerdashboard 0.5 warns of every default that it takes
    pytest.mark.timeout(300),
]


def table(load, n=50, n_features=4):
    bunch = load()
    columns = [str(name).replace(" ", "_") for name in bunch.feature_names]
    frame = pd.DataFrame(bunch.data, columns=columns).iloc[:, :n_features]
    kept = np.random.default_rng(0).permutation(len(frame))[:n]
    return frame.iloc[kept].reset_index(drop=True), pd.Series(bunch.target[kept], name="target")


def regression(model, X, y, **options):
    from explainerdashboard import RegressionExplainer

    return RegressionExplainer(model.fit(X, y), X, y, precision="float64", **options)


def classification(model, X, y, **options):
    from explainerdashboard import ClassifierExplainer

    return ClassifierExplainer(model.fit(X, y), X, y, precision="float64", **options)


REGRESSIONS = [
    (RandomForestRegressor(10, random_state=0), "tree", "TreeExplainer"),
    (LinearRegression(), "linear", "LinearExplainer"),
    (LinearRegression(), "kernel", "KernelExplainer"),
]


@pytest.mark.parametrize("model,kind,route", REGRESSIONS, ids=["tree", "linear", "kernel"])
def test_a_regression_adds_up(model, kind, route):
    X, y = table(load_diabetes)
    explainer = regression(model, X, y, shap=kind)
    values = explainer.get_shap_values_df()
    assert type(explainer.shap_explainer) is getattr(ferroshap, route)
    np.testing.assert_allclose(explainer.shap_base_value() + values.sum(axis=1), model.predict(X), rtol=1e-9)
    assert len(explainer.get_shap_row(X_row=X.iloc[[3]])) == 1  # a row that a visitor typed in
    assert explainer.get_contrib_df(index=2)["col"].iloc[0] == "_BASE"


CLASSES = [
    (load_breast_cancer, RandomForestClassifier(10, random_state=0), "tree", "probability"),
    (load_breast_cancer, GradientBoostingClassifier(n_estimators=10, random_state=0), "tree", "probability"),
    (load_breast_cancer, GradientBoostingClassifier(n_estimators=10, random_state=0), "tree", "logodds"),
    (load_breast_cancer, LogisticRegression(max_iter=10_000), "linear", "logodds"),
    (load_breast_cancer, LogisticRegression(max_iter=10_000), "kernel", "probability"),
    (load_iris, RandomForestClassifier(10, random_state=0), "tree", "probability"),
    (load_iris, LogisticRegression(max_iter=10_000), "kernel", "probability"),
]


@pytest.mark.parametrize("load,model,kind,scale", CLASSES)
def test_every_label_adds_up(load, model, kind, scale):
    X, y = table(load)
    explainer = classification(model, X, y, shap=kind, model_output=scale)
    for label in range(y.nunique()):
        values = explainer.get_shap_values_df(pos_label=label)
        wanted = model.predict_proba(X)[:, label]
        if scale == "logodds":
            wanted = np.log(wanted / (1 - wanted))
        np.testing.assert_allclose(explainer.shap_base_value(pos_label=label) + values.sum(axis=1), wanted, atol=1e-7)
    assert len(explainer.get_shap_row(X_row=X.iloc[[3]])) == 1


@pytest.mark.parametrize("boosted", [False, True])
def test_interactions_sum_to_the_values(boosted):
    X, y = table(load_breast_cancer)
    model = GradientBoostingClassifier(n_estimators=10) if boosted else RandomForestClassifier(10, random_state=0)
    explainer = classification(model, X, y, shap="tree", model_output="logodds" if boosted else "probability")
    cubes = explainer.shap_interaction_values()
    assert cubes.shape == (len(X), X.shape[1], X.shape[1])
    np.testing.assert_allclose(cubes.sum(axis=2), explainer.get_shap_values_df().to_numpy(), atol=1e-9)


def test_pictures_and_importances_are_made():
    X, y = table(load_diabetes)
    explainer = regression(RandomForestRegressor(10, random_state=0), X, y, shap="tree")
    assert len(explainer.get_mean_abs_shap_df()) == X.shape[1]
    for figure in [
        explainer.plot_importances(),
        explainer.plot_importances_detailed(),
        explainer.plot_contributions(index=0),
        explainer.plot_dependence(X.columns[0], color_col=X.columns[1]),
        explainer.plot_interaction(X.columns[0], X.columns[1]),
    ]:
        assert figure is not None


def test_a_dashboard_is_built():
    from explainerdashboard import ExplainerDashboard

    X, y = table(load_breast_cancer)
    explainer = classification(RandomForestClassifier(10, random_state=0), X, y)
    assert ExplainerDashboard(explainer, title="ours").app is not None


class TestHandedOver:
    """`set_shap_values` is given an Explanation's numbers: no alias, any route of ours."""

    def test_a_regression(self):
        X, y = table(load_diabetes)
        explainer = regression(RandomForestRegressor(10, random_state=0), X, y)
        explanation = ferroshap.TreeExplainer(explainer.model, X)(X)
        explainer.set_shap_values(*compat.explainerdashboard.shap_arguments(explanation))
        sums = explainer.shap_base_value() + explainer.get_shap_values_df().sum(axis=1)
        np.testing.assert_allclose(sums, explainer.model.predict(X), rtol=1e-9)

    @pytest.mark.parametrize("load", [load_breast_cancer, load_iris])
    def test_one_column_a_label(self, load):
        X, y = table(load)
        explainer = classification(RandomForestClassifier(10, random_state=0), X, y)
        explanation = ferroshap.TreeExplainer(explainer.model)(X)
        explainer.set_shap_values(*compat.explainerdashboard.shap_arguments(explanation, y.nunique()))
        self.adds_up(explainer, X, lambda p: p)

    @pytest.mark.parametrize("scale", ["probability", "logodds"])
    def test_one_column_for_two_labels(self, scale):
        X, y = table(load_breast_cancer)
        explainer = classification(GradientBoostingClassifier(n_estimators=10), X, y, model_output=scale)
        model_output = {"probability": "probability", "logodds": "raw"}[scale]
        explanation = ferroshap.TreeExplainer(explainer.model, X, model_output=model_output)(X)
        explainer.set_shap_values(*compat.explainerdashboard.shap_arguments(explanation, 2, scale))
        self.adds_up(explainer, X, {"probability": lambda p: p, "logodds": lambda p: np.log(p / (1 - p))}[scale])

    def test_interactions(self):
        X, y = table(load_diabetes)
        explainer = regression(RandomForestRegressor(10, random_state=0), X, y)
        cubes = ferroshap.TreeExplainer(explainer.model).shap_interaction_values(X)
        explainer.set_shap_interaction_values(cubes)
        np.testing.assert_array_equal(explainer.shap_interaction_values(), cubes)

    @staticmethod
    def adds_up(explainer, X, scale):
        for label in range(len(explainer.labels)):
            wanted = scale(explainer.model.predict_proba(X)[:, label])
            first = explainer.shap_base_value(pos_label=label)
            sums = first + explainer.get_shap_values_df(pos_label=label).sum(axis=1)
            np.testing.assert_allclose(sums, wanted, atol=1e-9)

    def test_outputs_that_are_no_labels_are_refused(self):
        X, y = table(load_iris)
        explanation = ferroshap.TreeExplainer(RandomForestClassifier(5).fit(X, y))(X)
        with pytest.raises(errors.DimensionError, match="has 3 outputs, but `n_labels` is 2"):
            compat.explainerdashboard.shap_arguments(explanation, 2)
