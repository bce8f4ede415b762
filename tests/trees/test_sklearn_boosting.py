"""scikit-learn's boosted trees: raw margins with offsets, links, categories in their own order, votes."""

import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_iris
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import (
    AdaBoostClassifier,
    AdaBoostRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from tests.trees.probes import assert_reads

from ferroshap.errors import NoTreesError
from ferroshap.trees.recognition import load_tree_model

X, Y = load_diabetes(return_X_y=True)
IRIS, KIND = load_iris(return_X_y=True)
FEW = {"n_estimators": 12, "random_state": 0}
ROUNDS = {"max_iter": 12, "random_state": 0}


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"init": "zero"},
        {"init": DummyRegressor(strategy="median")},
        {"loss": "huber"},
        {"loss": "quantile", "alpha": 0.2},
        {"loss": "absolute_error", "subsample": 0.5, "learning_rate": 0.7},
        {"n_iter_no_change": 2, "max_leaf_nodes": 9},
    ],
    ids=str,
)
def test_gradient_boosting_regressors(options):
    assert assert_reads(GradientBoostingRegressor(**FEW, **options).fit(X, Y), X).is_vector


@pytest.mark.parametrize(
    "options, transform",
    [
        ({}, ("sigmoid", 1.0)),
        ({"loss": "exponential"}, ("sigmoid", 2.0)),
        ({"init": "zero"}, ("sigmoid", 1.0)),
        ({"init": DummyClassifier(strategy="prior")}, ("sigmoid", 1.0)),
    ],
    ids=str,
)
def test_gradient_boosting_of_two_classes(options, transform):
    model = GradientBoostingClassifier(**FEW, **options).fit(IRIS, KIND == 1)
    read = assert_reads(model, IRIS)
    assert read.forest.transform == transform
    margin = read.forest.predict(IRIS, 1)[:, 0]
    np.testing.assert_allclose(1 / (1 + np.exp(-transform[1] * margin)), model.predict_proba(IRIS)[:, 1], rtol=1e-12)


@pytest.mark.parametrize("options", [{}, {"init": "zero"}, {"init": DummyClassifier(strategy="prior")}], ids=str)
def test_gradient_boosting_of_several_classes(options):
    read = assert_reads(GradientBoostingClassifier(**FEW, **options).fit(IRIS, KIND), IRIS)
    assert read.forest.n_outputs == read.forest.trees_per_round == 3
    assert read.output_names == ["0", "1", "2"]


@pytest.mark.parametrize(
    "init", [LinearRegression(), DecisionTreeRegressor(max_depth=1)], ids=lambda init: type(init).__name__
)
def test_a_first_model_that_looks_at_its_rows_goes_to_the_agnostic_route(init):
    with pytest.raises(NoTreesError, match=f"`init` is a {type(init).__name__}.*algorithm='permutation'"):
        load_tree_model(GradientBoostingRegressor(init=init, **FEW).fit(X, Y))
    with pytest.raises(NoTreesError, match="LogisticRegression"):
        load_tree_model(GradientBoostingClassifier(init=LogisticRegression(max_iter=999), **FEW).fit(IRIS, KIND))


@pytest.mark.parametrize(
    "options",
    [{}, {"loss": "poisson"}, {"loss": "gamma"}, {"loss": "quantile", "quantile": 0.2}, {"loss": "absolute_error"}],
    ids=str,
)
def test_histogram_boosting_regressors(options):
    gaps = X.copy()
    gaps[np.random.default_rng(0).random(X.shape) < 0.1] = np.nan
    model = HistGradientBoostingRegressor(**ROUNDS, **options).fit(gaps, Y)
    # A logarithm of the link's exponential: its relative rounding is absolute in the margin.
    read = assert_reads(model, gaps, n_roundings=30)
    assert read.forest.transform[0] == ("exp" if options.get("loss") in {"poisson", "gamma"} else "identity")


def test_histogram_boosting_classifiers():
    assert assert_reads(HistGradientBoostingClassifier(**ROUNDS).fit(IRIS, KIND == 1), IRIS).is_vector
    read = assert_reads(HistGradientBoostingClassifier(**ROUNDS).fit(IRIS, KIND), IRIS)
    assert read.forest.n_outputs == 3


def test_histogram_boosting_compares_doubles():
    """Rows a hair apart in double precision, equal in single: shap 0.54.1 and others round them together."""
    rng = np.random.default_rng(0)
    rows = 1.0 + rng.integers(0, 40, (500, 2)) * 2.0**-40
    model = HistGradientBoostingRegressor(**ROUNDS).fit(rows, rows[:, 0] > 1.0 + 20 * 2.0**-40)
    assert len(np.unique(assert_reads(model, rows).forest.predict(rows, 1))) > 1


def numeric_categories(n_rows=600):
    """Categories in columns 1 and 4 among numbers, with gaps; some codes come only after training."""
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(n_rows, 5))
    rows[:, 1] = rng.choice([-3.0, 2.5, 7.0, 100.0], n_rows)
    rows[:, 4] = rng.integers(0, 60, n_rows)
    labels = rows[:, 0] + 2 * (rows[:, 1] == 7) - (rows[:, 1] == -3) + rows[:, 4] % 4 + rows[:, 2]
    rows[rng.random(rows.shape) < 0.05] = np.nan
    return rows, labels


def codes_of(read, rows):
    """Rows of values as rows of codes: what the front door does with arrays and frames."""
    codes = np.array(rows, dtype=np.float64)
    for column, known in enumerate(read.frame_categories):
        if known is not None:
            table = {value: float(code) for code, value in enumerate(known)}
            missing = np.isnan(codes[:, column])
            codes[:, column] = [table.get(value, float(len(known))) for value in codes[:, column]]
            codes[missing, column] = np.nan
    return codes


@pytest.mark.parametrize("classes", [False, True])
def test_categories_are_encoded_and_columns_put_back_in_order(classes):
    rows, labels = numeric_categories()
    kind = HistGradientBoostingClassifier if classes else HistGradientBoostingRegressor
    target = np.digitize(labels, [0, 2]) if classes else labels
    model = kind(categorical_features=[1, 4], **ROUNDS).fit(rows, target)
    read = assert_reads(model)  # probes: every code, one unknown, one negative, NaN
    assert read.frame_categories[1] == [-3.0, 2.5, 7.0, 100.0]
    assert [described is not None for described in read.forest.categories] == [False, True, False, False, True]
    rows[:40, 1] = 3.0  # no training row had it
    ours = read.forest.predict(codes_of(read, rows), 1)
    theirs = np.asarray(read.raw(rows)).reshape(ours.shape)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-13)
    assert np.ptp(read.forest.predict(codes_of(read, [[0, 2.5, 0, 0, 0], [0, 7.0, 0, 0, 0]]), 1)) > 0


def test_categories_of_frames_are_text_or_numbers():
    pd = pytest.importorskip("pandas")
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "number": rng.normal(size=400),
            "text": pd.Categorical(rng.choice(["b", "a", "ü"], 400)),
            "flag": pd.Categorical(rng.choice([True, False], 400)),
            "code": pd.Categorical(rng.choice([30, 4], 400)),
        }
    )
    frame.loc[::17, "text"] = np.nan
    labels = frame.number + (frame.text == "a") * 3.0 + frame.code.astype(float) / 10 + frame.flag.astype(float)
    model = HistGradientBoostingRegressor(categorical_features="from_dtype", **ROUNDS).fit(frame, labels)
    read = assert_reads(model)
    assert read.frame_categories == [None, ["a", "b", "ü"], [False, True], [4, 30]]
    assert read.feature_names == list(frame.columns)


@pytest.mark.parametrize("depth", [1, 3])
def test_ada_boost_sums_votes(depth):
    tree = DecisionTreeClassifier(max_depth=depth)
    read = assert_reads(AdaBoostClassifier(tree, **FEW).fit(IRIS, KIND), IRIS)
    assert read.output_names == ["0", "1", "2"]
    two = AdaBoostClassifier(tree, **FEW).fit(IRIS, np.where(KIND == 1, "yes", "no"))
    read = assert_reads(two, IRIS)
    assert read.is_vector
    margin = read.forest.predict(IRIS, 1)[:, 0]
    np.testing.assert_allclose(1 / (1 + np.exp(-margin)), two.predict_proba(IRIS)[:, 1], rtol=1e-12)


def test_medians_and_other_learners_go_to_the_agnostic_route():
    with pytest.raises(NoTreesError, match="weighted median.*algorithm='permutation'"):
        load_tree_model(AdaBoostRegressor(**FEW).fit(X, Y))
    with pytest.raises(NoTreesError, match="over LogisticRegression models"):
        load_tree_model(AdaBoostClassifier(LogisticRegression(max_iter=999), **FEW).fit(IRIS, KIND))
