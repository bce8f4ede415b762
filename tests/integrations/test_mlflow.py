"""MLflow's explanations, its evaluator and its files of explainers, all computed by ferroshap."""

import numpy as np
import pytest

import ferroshap
from ferroshap import compat, errors

mlflow = pytest.importorskip("mlflow", reason="needs MLflow: make test-embedders")
pd = pytest.importorskip("pandas")
pytest.importorskip("sklearn")

from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris  # noqa: E402 - after the skips
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier, RandomForestRegressor  # noqa: E402
from sklearn.linear_model import LinearRegression, LogisticRegression  # noqa: E402

pytestmark = [
    pytest.mark.usefixtures("_the_name_shap", "run"),
    # MLflow 3.17 and what it imports warn of their own futures; of ours, every warning counts.
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.filterwarnings("error::ferroshap.errors.PrecisionWarning"),
    pytest.mark.timeout(300),
]
REQUIREMENTS = ["scikit-learn"]  # else MLflow finds them out in a process that imports everything again
PICTURES = {"shap_beeswarm_plot.png", "shap_summary_plot.png", "shap_feature_importance_plot.png"}


@pytest.fixture(scope="module")
def _server(tmp_path_factory):
    """Let every run of this file go to a folder of its own."""
    folder = tmp_path_factory.mktemp("mlflow")
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(f"sqlite:///{folder}/runs.db")
    mlflow.create_experiment("embedders", artifact_location=(folder / "artifacts").as_uri())
    mlflow.set_experiment("embedders")
    yield
    mlflow.set_tracking_uri(before)


@pytest.fixture
def run(_server, monkeypatch):
    monkeypatch.setenv("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "true")
    with mlflow.start_run() as active:
        yield active.info


def table(load, n=60, n_features=5):
    """The first rows and columns of a data set that scikit-learn brings along."""
    bunch = load()
    frame = pd.DataFrame(bunch.data, columns=[str(name) for name in bunch.feature_names]).iloc[:, :n_features]
    kept = np.random.default_rng(0).permutation(len(frame))[:n]
    return frame.iloc[kept].reset_index(drop=True), bunch.target[kept]


def files_of(run):
    """Paths of the run's artifacts, below any folder."""
    client = mlflow.MlflowClient()
    found = []
    for item in client.list_artifacts(run.run_id):
        inner = client.list_artifacts(run.run_id, item.path) if item.is_dir else [item]
        found += [entry.path for entry in inner]
    return found


def is_a_picture(path, least=2_000):
    data = path.read_bytes()
    return data[:8] == b"\x89PNG\r\n\x1a\n" and len(data) > least


class TestLogExplanation:
    def logged(self, predict, X, tmp_path):
        uri = mlflow.shap.log_explanation(predict, X)
        folder = tmp_path / "down"
        local = mlflow.artifacts.download_artifacts(uri, dst_path=str(folder.mkdir() or folder))
        return self.read(local)

    def read(self, local):
        import pathlib

        local = pathlib.Path(local)
        assert is_a_picture(local / "summary_bar_plot.png")
        return np.load(local / "base_values.npy"), np.load(local / "shap_values.npy")

    def test_a_regression_adds_up(self, tmp_path):
        X, y = table(load_diabetes)
        model = LinearRegression().fit(X, y)
        base, values = self.logged(model.predict, X, tmp_path)
        assert (base.shape, values.shape) == ((), X.shape)
        np.testing.assert_allclose(base + values.sum(1), model.predict(X), rtol=1e-9)

    def test_classes_add_up(self, tmp_path):
        X, y = table(load_iris)
        model = LogisticRegression(max_iter=1_000).fit(X, y)
        base, values = self.logged(model.predict_proba, X, tmp_path)
        assert (base.shape, values.shape) == ((3,), (*X.shape, 3))
        np.testing.assert_allclose(base + values.sum(1), model.predict_proba(X), rtol=1e-9)

    def test_the_figure_is_closed_again(self, tmp_path):
        import matplotlib.pyplot as plt

        before = plt.get_fignums()
        X, y = table(load_diabetes)
        self.logged(LinearRegression().fit(X, y).predict, X, tmp_path)
        assert plt.get_fignums() == before

    @pytest.mark.parametrize("kind", ["regression", "classes"])
    def test_ours_writes_the_same_three_files_from_any_explanation(self, kind, run, tmp_path):
        X, y = table(load_iris)
        if kind == "classes":
            model = RandomForestClassifier(20, random_state=0).fit(X, y)
        else:
            model = RandomForestRegressor(20, random_state=0).fit(X, y)
        explanation = ferroshap.TreeExplainer(model)(X)
        uri = compat.mlflow.log_explanation(explanation)
        assert {path.rpartition("/")[2] for path in files_of(run)} >= {
            "base_values.npy",
            "shap_values.npy",
            "summary_bar_plot.png",
        }
        base, values = self.read(mlflow.artifacts.download_artifacts(uri, dst_path=str(tmp_path)))
        np.testing.assert_array_equal(values, explanation.values)
        np.testing.assert_array_equal(base + 0 * values.sum(1), explanation.base_values)

    def test_ours_refuses_a_single_row(self):
        X, y = table(load_iris)
        explanation = ferroshap.Explainer(LinearRegression().fit(X, y), X)(X)
        with pytest.raises(errors.ExplainerError, match="of one row"):
            compat.mlflow.log_explanation(explanation[0])


def evaluated(model, X, y, kind, **config):
    data = X.assign(target=y)
    logged = mlflow.sklearn.log_model(
        model, name="model", serialization_format="cloudpickle", pip_requirements=REQUIREMENTS
    )
    options = {"log_model_explainability": True, "ignore_exceptions": False, **config}
    return mlflow.models.evaluate(
        logged.model_uri, data, targets="target", model_type=kind, evaluators="default", evaluator_config=options
    )


def pictures_of(run):
    return {path.rpartition("/")[2] for path in files_of(run)} & PICTURES


class TestEvaluator:
    @pytest.mark.parametrize("algorithm", [None, "exact", "permutation", "partition", "kernel"])
    def test_a_regression_has_three_pictures(self, algorithm, run):
        X, y = table(load_diabetes)
        config = {} if algorithm is None else {"explainability_algorithm": algorithm}
        evaluated(LinearRegression().fit(X, y), X, y, "regressor", **config)
        assert pictures_of(run) == PICTURES

    @pytest.mark.parametrize(
        "model",
        [RandomForestRegressor(20, random_state=0), LinearRegression()],
        ids=lambda model: type(model).__name__,
    )
    def test_the_model_itself_is_explained_where_no_algorithm_is_named(self, model, run):
        X, y = table(load_diabetes)
        evaluated(model.fit(X, y), X, y, "regressor")
        assert pictures_of(run) == PICTURES

    @pytest.mark.parametrize(
        "model",
        [
            RandomForestClassifier(20, random_state=0),  # two columns of probabilities
            GradientBoostingClassifier(n_estimators=20, random_state=0),  # one column of log-odds
            LogisticRegression(max_iter=10_000),
        ],
        ids=lambda model: type(model).__name__,
    )
    def test_two_classes_abort_nothing(self, model, run):
        """Only ValueError (beeswarm), TypeError (summary) and IndexError (bar) of a plot are tolerated there."""
        X, y = table(load_breast_cancer)
        evaluated(model.fit(X, y), X, y, "classifier")
        assert "shap_feature_importance_plot.png" in pictures_of(run)

    def test_many_classes_abort_nothing(self, run):
        X, y = table(load_iris)
        evaluated(RandomForestClassifier(20, random_state=0).fit(X, y), X, y, "classifier")
        assert pictures_of(run) == PICTURES  # the classifier's `predict` is explained: labels, as MLflow has it

    def test_the_kernel_takes_the_logit_link(self, run):
        X, y = table(load_breast_cancer)
        model = LogisticRegression(max_iter=10_000).fit(X, y)
        config = {"explainability_algorithm": "kernel", "explainability_kernel_link": "logit"}
        # MLflow explains labels: probabilities of 0 and 1, whose logits are infinite.
        with pytest.warns(errors.PrecisionWarning, match="had to be moved"):
            evaluated(model, X, y, "classifier", **config)
        assert "shap_feature_importance_plot.png" in pictures_of(run)


class TestPatchedKernel:
    def test_its_own_save_and_load_find_our_attributes(self, tmp_path):
        from mlflow.models.evaluation._shap_patch import _PatchedKernelExplainer

        X, y = table(load_diabetes)
        model = LinearRegression().fit(X, y)
        explainer = _PatchedKernelExplainer(model.predict, X, link="identity")
        assert isinstance(explainer, ferroshap.KernelExplainer)
        with (tmp_path / "kernel").open("wb") as out_file:
            explainer.save(out_file)
        with (tmp_path / "kernel").open("rb") as in_file:
            again = ferroshap.Explainer.load(in_file)
        assert isinstance(again, ferroshap.KernelExplainer)
        np.testing.assert_array_equal(again(X.values[:3]).values, explainer(X.values[:3]).values)


class TestFilesOfExplainers:
    @pytest.mark.parametrize("by_mlflow", [True, False])
    @pytest.mark.parametrize("algorithm", ["permutation", "exact", "partition"])
    def test_an_explainer_comes_back_as_it_was(self, algorithm, by_mlflow, run):
        X, y = table(load_diabetes)
        model = RandomForestRegressor(10, random_state=0).fit(X, y)
        explainer = ferroshap.Explainer(model.predict, X, algorithm=algorithm)
        assert explainer.model.inner_model.__self__ is model
        logged = mlflow.shap.log_explainer(
            explainer, name="explainer", serialize_model_using_mlflow=by_mlflow, pip_requirements=REQUIREMENTS
        )
        again = mlflow.shap.load_explainer(logged.model_uri)
        assert type(again) is type(explainer)
        np.testing.assert_array_equal(again(X.values[:3]).values, explainer(X.values[:3]).values)

    def test_trees_are_saved_with_their_forest(self, run):
        X, y = table(load_diabetes)
        explainer = ferroshap.TreeExplainer(RandomForestRegressor(10, random_state=0).fit(X, y))
        logged = mlflow.shap.log_explainer(
            explainer, name="explainer", serialize_model_using_mlflow=False, pip_requirements=REQUIREMENTS
        )
        again = mlflow.shap.load_explainer(logged.model_uri)
        assert isinstance(again, ferroshap.TreeExplainer)
        np.testing.assert_array_equal(again(X.values).values, explainer(X.values).values)

    def test_a_pyfunc_predicts_values(self, run):
        X, y = table(load_diabetes)
        model = LinearRegression().fit(X, y)
        explainer = ferroshap.Explainer(model.predict, X)
        logged = mlflow.shap.log_explainer(explainer, name="explainer", pip_requirements=REQUIREMENTS)
        predicted = mlflow.pyfunc.load_model(logged.model_uri).predict(X)
        np.testing.assert_allclose(predicted, explainer(X.values).values)
