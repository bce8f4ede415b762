"""scikit-learn's trees and forests: our predictions are theirs, on thresholds and beside them, with NaN and without."""

import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_iris
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    IsolationForest,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor, ExtraTreeClassifier, ExtraTreeRegressor
from tests.trees.probes import assert_reads

import ferroshap
from ferroshap.errors import InvalidModelError
from ferroshap.trees.recognition import load_tree_model
from ferroshap.trees.sklearn.isolation_forest import mean_path

X, Y = load_diabetes(return_X_y=True)
IRIS, KIND = load_iris(return_X_y=True)
FEW = {"n_estimators": 10, "random_state": 0}
ONE = {"random_state": 0}


def with_gaps(rows, share=0.1):
    rows = rows.copy()
    rows[np.random.default_rng(0).random(rows.shape) < share] = np.nan
    return rows


REGRESSORS = {
    "tree": DecisionTreeRegressor(**ONE),
    "absolute error": DecisionTreeRegressor(criterion="absolute_error", max_depth=4, **ONE),
    "a leaf alone": DecisionTreeRegressor(min_samples_leaf=400, **ONE),
    "random splits": ExtraTreeRegressor(**ONE),
    "forest": RandomForestRegressor(**FEW),
    "extra trees": ExtraTreesRegressor(**FEW),
    "quantised": RandomForestRegressor(max_leaf_nodes=20, max_features=0.4, **FEW),
}
CLASSIFIERS = {
    "tree": DecisionTreeClassifier(**ONE),
    "random splits": ExtraTreeClassifier(max_depth=3, **ONE),
    "forest": RandomForestClassifier(**FEW),
    "weighted": RandomForestClassifier(class_weight="balanced_subsample", max_depth=4, **FEW),
    "extra trees": ExtraTreesClassifier(bootstrap=True, **FEW),
}


@pytest.mark.parametrize("name", REGRESSORS)
def test_regressors_predict_as_scikit_learn(name):
    read = assert_reads(REGRESSORS[name].fit(X, Y), X)
    assert read.is_vector
    assert not read.is_probability
    assert read.forest.has_cover


@pytest.mark.parametrize("name", REGRESSORS)
def test_missing_values_go_where_training_sent_them(name):
    model = REGRESSORS[name]
    if getattr(model, "criterion", "") == "absolute_error":
        pytest.skip("this criterion knows no missing values")
    gaps = with_gaps(X)
    assert assert_reads(model.fit(gaps, Y), gaps).rejects == "inf"


@pytest.mark.parametrize("name", ["forest", "extra trees", "tree"])
def test_several_targets_are_several_outputs(name):
    read = assert_reads(REGRESSORS[name].fit(X, np.c_[Y, -Y, np.sqrt(Y)]), X)
    assert read.forest.n_outputs == 3


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_classifiers_give_shares(name):
    names = np.array(["setosa", "versicolor", "virginica"])
    read = assert_reads(CLASSIFIERS[name].fit(IRIS, names[KIND]), IRIS)
    assert read.is_probability
    assert read.output_names == list(names)


@pytest.mark.parametrize("name", ["tree", "forest", "extra trees"])
def test_several_targets_of_classes_drop_their_padding(name):
    targets = np.c_[KIND > 0, KIND, KIND % 2]
    read = assert_reads(CLASSIFIERS[name].fit(IRIS, targets), IRIS)
    assert read.forest.n_outputs == 2 + 3 + 2
    assert read.output_names[:3] == ["target 0: 0", "target 0: 1", "target 1: 0"]


@pytest.mark.parametrize("model", [DecisionTreeClassifier(), RandomForestClassifier(**FEW)], ids=["tree", "forest"])
def test_a_single_class_is_certain(model):
    read = assert_reads(model.fit(IRIS, np.ones(len(IRIS))), IRIS)
    np.testing.assert_allclose(read.forest.predict(IRIS, 1), 1.0, rtol=0, atol=1e-15)


def test_numbers_are_rounded_to_single_precision_before_they_are_compared():
    """Thresholds between doubles that round to one single number: shap and others part them the other way."""
    rng = np.random.default_rng(0)
    rows = rng.integers(0, 20, (400, 3)) / 10  # one decimal: none of them is a double that single precision holds
    model = RandomForestRegressor(**FEW).fit(rows, rows[:, 0] * rows[:, 1] + rows[:, 2])
    assert_reads(model, rows)


def test_monotone_trees_refuse_missing_values():
    model = DecisionTreeRegressor(monotonic_cst=[1] + [0] * 9, **ONE).fit(X, Y)
    assert assert_reads(model, X).rejects == "nan inf"


def test_sample_weights_are_the_cover():
    model = DecisionTreeRegressor(max_depth=1, **ONE).fit(X, Y, sample_weight=np.linspace(0, 1, len(X)))
    read = load_tree_model(model)
    assert read.forest.has_cover
    assert_reads(model, X)


def test_a_frame_gives_its_names():
    pd = pytest.importorskip("pandas")
    names = [f"f{i}" for i in range(10)]
    model = RandomForestRegressor(**FEW).fit(pd.DataFrame(X, columns=names), Y)
    assert assert_reads(model, X).feature_names == names


def test_children_of_the_classes_are_read_too():
    class Ours(RandomForestRegressor):
        pass

    assert_reads(Ours(**FEW).fit(X, Y), X)


def test_what_is_not_fitted_is_refused_by_name():
    with pytest.raises(InvalidModelError, match="RandomForestRegressor without `estimators_`: fit it first"):
        load_tree_model(RandomForestRegressor())


@pytest.mark.parametrize(
    "options",
    [{}, {"max_features": 0.5}, {"max_samples": 2}, {"bootstrap": True, "max_samples": 300}, {"max_features": 1}],
    ids=str,
)
def test_isolation_forests_are_explained_by_the_mean_length_of_paths(options):
    model = IsolationForest(**FEW, **options).fit(X)
    # score_samples is 2 to the power of the length, and we take its logarithm: 10 more roundings.
    read = assert_reads(model, X, n_roundings=30)
    lengths = read.forest.predict(X, 1)[:, 0]
    score = -(2 ** (-lengths / float(mean_path(np.array([model.max_samples_]))[0])))
    np.testing.assert_allclose(score, model.score_samples(X), rtol=1e-13)


def test_path_lengths_are_those_of_the_paper():
    harmonic = 2 * (np.log(255) + np.euler_gamma) - 2 * 255 / 256
    assert mean_path(np.array([0, 1, 2, 256])).tolist() == [0.0, 0.0, 1.0, harmonic]


def test_isolation_forests_of_single_rows_cannot_be_asked():
    assert load_tree_model(IsolationForest(max_samples=1, **FEW).fit(X)).raw is None


def test_a_forest_is_asked_in_one_thread_and_stays_as_it_is():
    X = np.random.default_rng(3).normal(size=(60, 3))
    asked = []

    class Forest(RandomForestRegressor):
        def predict(self, X):
            asked.append(self.n_jobs)
            return super().predict(X)

    model = Forest(3, n_jobs=2, random_state=0).fit(X, X[:, 0])
    ferroshap.TreeExplainer(model)(X)
    assert set(asked) == {1}
    assert model.n_jobs == 2
