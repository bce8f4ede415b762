"""shapash's explainer and its helpers, with ferroshap under the name shap, and through our own backend."""

import importlib.util

import numpy as np
import pytest

import ferroshap

pd = pytest.importorskip("pandas")
pytest.importorskip("sklearn")
if importlib.util.find_spec("shapash") is None:  # importing it would import shap, before the alias is on
    pytest.skip("needs shapash: make test-embedders", allow_module_level=True)

from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris  # noqa: E402 - after the skips
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier, RandomForestRegressor  # noqa: E402
from sklearn.linear_model import LinearRegression, LogisticRegression  # noqa: E402
from sklearn.neighbors import KNeighborsClassifier  # noqa: E402

pytestmark = [
    pytest.mark.usefixtures("_the_name_shap"),
    pytest.mark.filterwarnings("ignore"),  # shapash 2.10 and what it draws with warn of their own futures
    pytest.mark.timeout(300),
]


def table(load, n=60, n_features=4):
    bunch = load()
    columns = [str(name).replace(" ", "_") for name in bunch.feature_names]
    frame = pd.DataFrame(bunch.data, columns=columns).iloc[:, :n_features]
    kept = np.random.default_rng(0).permutation(len(frame))[:n]
    target = pd.Series(bunch.target[kept], name="target")
    return frame.iloc[kept].reset_index(drop=True), target


def compiled(model, X, **options):
    from shapash import SmartExplainer

    explainer = SmartExplainer(model, **options)
    explainer.compile(x=X)
    return explainer


@pytest.mark.parametrize(
    "model,route",
    [(RandomForestRegressor(10, random_state=0), "TreeExplainer"), (LinearRegression(), "LinearExplainer")],
    ids=["trees", "linear"],
)
def test_contributions_of_a_regression_add_up(model, route):
    X, y = table(load_diabetes)
    model.fit(X, y)
    explainer = compiled(model, X)
    chosen = explainer.explainer.backend.explainer
    assert isinstance(chosen, getattr(ferroshap, route))
    sums = np.asarray(explainer.explainer.contributions).sum(1) + chosen.expected_value
    np.testing.assert_allclose(sums, model.predict(X), rtol=1e-9)


@pytest.mark.parametrize(
    "load,model,route",
    [
        (load_iris, RandomForestClassifier(10, random_state=0), "TreeExplainer"),
        (load_breast_cancer, RandomForestClassifier(10, random_state=0), "TreeExplainer"),
        (load_breast_cancer, GradientBoostingClassifier(n_estimators=10, random_state=0), "TreeExplainer"),
        (load_breast_cancer, LogisticRegression(max_iter=10_000), "LinearExplainer"),
        (load_iris, KNeighborsClassifier(), "Explainer"),
    ],
    ids=["forest of three", "forest of two", "boosted", "logistic", "black box"],
)
def test_classes_get_a_table_each(load, model, route):
    X, y = table(load)
    model.fit(X, y)
    explainer = compiled(model, X)
    chosen = explainer.explainer.backend.explainer
    assert isinstance(chosen, getattr(ferroshap, route))
    tables = explainer.explainer.contributions
    assert [part.shape for part in tables] == [X.shape] * y.nunique()
    np.testing.assert_allclose(sum(np.asarray(part) for part in tables), 0, atol=1e-9)  # of probabilities and margins


def test_what_supports_a_model_is_said_without_raising():
    """shapash asks the three fast routes in turn, also with no masker at all."""
    import shap

    X, y = table(load_diabetes)
    linear, forest = LinearRegression().fit(X, y), RandomForestRegressor(5).fit(X, y)
    asked = [
        (shap.explainers.Linear, linear, X, True),
        (shap.explainers.Linear, linear, None, False),
        (shap.explainers.Linear, forest, X, False),
        (shap.explainers.Tree, forest, None, True),
        (shap.explainers.Tree, linear, None, False),
        (shap.explainers.Additive, forest, None, False),
        (shap.explainers.Additive, linear, X, False),
        (shap.explainers.Linear, "no model", None, False),
    ]
    for route, model, masker, answer in asked:
        assert route.supports_model_with_masker(model, masker) is answer, (route, model, masker)


def test_an_explainer_of_ones_own_is_taken_with_its_arguments(capsys):
    X, y = table(load_diabetes)
    model = RandomForestRegressor(10, random_state=0).fit(X, y)
    options = {"explainer": ferroshap.TreeExplainer, "model": model, "data": X}
    explainer = compiled(model, X, explainer_args=options, explainer_compute_args={"check_additivity": False})
    assert explainer.explainer.backend.explainer.feature_perturbation == "interventional"
    assert "<TreeExplainer" in capsys.readouterr().out  # shapash prints it


def test_interactions_of_trees_are_cubes():
    from shapash.backend.shap_backend import get_shap_interaction_values

    X, y = table(load_iris)
    regressor = RandomForestRegressor(10, random_state=0).fit(X, y)
    cube = get_shap_interaction_values(X, ferroshap.TreeExplainer(regressor))
    np.testing.assert_allclose(cube.sum(2), ferroshap.TreeExplainer(regressor).shap_values(X), atol=1e-12)
    forest = ferroshap.TreeExplainer(RandomForestClassifier(10, random_state=0).fit(X, y))
    second = get_shap_interaction_values(X, forest, class_index=1)
    np.testing.assert_allclose(second.sum(2), forest.shap_values(X)[:, :, 1], atol=1e-12)
    with pytest.raises(ValueError, match="not a TreeExplainer"):
        get_shap_interaction_values(X, ferroshap.LinearExplainer(LinearRegression().fit(X, y), X))


def test_pictures_are_drawn():
    X, y = table(load_diabetes)
    explainer = compiled(RandomForestRegressor(10, random_state=0).fit(X, y), X)
    assert explainer.plot.features_importance() is not None
    assert explainer.plot.contribution_plot(X.columns[0]) is not None
    assert explainer.plot.local_plot(index=0) is not None


class TestOurBackend:
    """``SmartExplainer(model, backend=ferroshap.compat.shapash.Backend(model))``: no alias needed."""

    @pytest.mark.parametrize(
        "model", [RandomForestRegressor(10, random_state=0), LinearRegression(), "boosted"], ids=str
    )
    def test_it_explains(self, model):
        from ferroshap.compat.shapash import Backend

        X, y = table(load_breast_cancer)
        if model == "boosted":
            model = GradientBoostingClassifier(n_estimators=10, random_state=0)
        model.fit(X, y)
        explainer = compiled(model, X, backend=Backend(model, background=X))
        wanted = ferroshap.Explainer(model, X)(X).values
        got = explainer.explainer.contributions
        np.testing.assert_array_equal(np.asarray(got[1] if isinstance(got, list) else got), wanted)

    def test_a_saved_explainer_comes_back(self, tmp_path):
        from shapash import SmartExplainer

        from ferroshap.compat.shapash import Backend

        X, y = table(load_diabetes)
        model = RandomForestRegressor(5, random_state=0).fit(X, y)
        explainer = compiled(model, X, backend=Backend(model))
        explainer.save(str(tmp_path / "explainer.pkl"))
        again = SmartExplainer.load(str(tmp_path / "explainer.pkl"))
        pd.testing.assert_frame_equal(again.explainer.contributions, explainer.explainer.contributions)
