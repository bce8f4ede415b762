"""Pipelines: values for their own input columns, by the fast route of the last step or as a black box (design 8.2)."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.compose import ColumnTransformer, make_column_selector, make_column_transformer
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.feature_selection import SelectKBest, VarianceThreshold, f_regression
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import Pipeline, make_pipeline, make_union
from sklearn.preprocessing import (
    Binarizer,
    FunctionTransformer,
    KBinsDiscretizer,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    SplineTransformer,
    StandardScaler,
)
from tests.models.pipelines import ENCODED, people, prepared, same_as_the_whole, target

import ferroshap as shap
from ferroshap.errors import OptionError
from ferroshap.models import parted


@pytest.mark.parametrize("name", ENCODED)
@pytest.mark.parametrize("last", [RandomForestRegressor(8, max_depth=5, random_state=0), Ridge()])
def test_values_belong_to_the_input_columns(name, last):
    frame = people()
    pipeline = make_pipeline(prepared(ENCODED[name], "passthrough"), last).fit(frame, target(frame))
    fast, explained = same_as_the_whole(pipeline, frame[:40], frame[40:44])
    assert type(fast).__name__ == ("LinearExplainer" if isinstance(last, Ridge) else "TreeExplainer")
    assert explained.feature_names == list(frame.columns)
    assert explained.data.tolist()[0] == pytest.approx(frame.iloc[40].tolist(), nan_ok=True)


TRANSFORMERS = {
    "scaled": StandardScaler(),
    "in a range": MinMaxScaler(clip=True),
    "robust": RobustScaler(),
    "signs": Binarizer(),
    "power": PowerTransformer(),
    "ranks": QuantileTransformer(n_quantiles=20),
    "bins": KBinsDiscretizer(4, quantile_method="averaged_inverted_cdf"),
    "bin numbers": KBinsDiscretizer(3, encode="ordinal", quantile_method="averaged_inverted_cdf"),
    "splines": SplineTransformer(4),
    "logarithm": FunctionTransformer(np.arctan),
    "nothing": FunctionTransformer(),
    "best": SelectKBest(f_regression, k=2),
    "varying": VarianceThreshold(),
    "side by side": make_union(StandardScaler(), KBinsDiscretizer(3, quantile_method="averaged_inverted_cdf")),
    "one after the other": Pipeline([("a", StandardScaler()), ("b", "passthrough"), ("c", SplineTransformer(3))]),
    "passed": "passthrough",
    "some dropped": ColumnTransformer(
        [("a", StandardScaler(), [2, 0]), ("b", "drop", [1]), ("c", "passthrough", slice(3, None))]
    ),
    "masked": ColumnTransformer([("a", StandardScaler(), [True, False, True, False])], remainder=MinMaxScaler()),
    "one column at a time": ColumnTransformer([("poly", PolynomialFeatures(3), [1]), ("pca", PCA(1), [-1])]),
}


@pytest.mark.parametrize("name", TRANSFORMERS)
def test_transformers_of_numbers_are_followed(name, seed):
    rng = np.random.default_rng([seed, 9])
    X = rng.normal(size=(120, 4))
    y = X[:, 0] * X[:, 1] + X[:, 2]
    forest = RandomForestRegressor(5, max_depth=5, random_state=0)
    pipeline = Pipeline([("prepare", TRANSFORMERS[name]), ("forest", forest)]).fit(X, y)
    fast, _ = same_as_the_whole(pipeline, X[:30], X[30:33])
    assert isinstance(fast, shap.TreeExplainer)
    front, _ = parted(pipeline)
    born = pipeline[:-1].transform(X)
    for column in range(4):  # a born column changes only with its owner
        changed = X.copy()
        changed[:, column] = X[::-1, column]
        again = pipeline[:-1].transform(changed)
        differs = np.asarray((sparse.csr_array(born) != sparse.csr_array(again)).sum(axis=0)).ravel() > 0
        assert set(front.owners[differs]) <= {column}


@pytest.mark.filterwarnings("ignore:Skipping features without any observed values")  # which is what is tested
def test_gaps_and_their_marks_belong_to_the_column(seed):
    rng = np.random.default_rng([seed, 2])
    X = rng.normal(size=(150, 4))
    X[rng.random(X.shape) < 0.2] = np.nan
    X[:, 3] = np.nan  # nothing to fill with: the column is dropped
    y = np.nan_to_num(X[:, 0]) + np.isnan(X[:, 1])
    marks = make_union(SimpleImputer(), MissingIndicator())
    for first in (SimpleImputer(strategy="median", add_indicator=True), marks, SimpleImputer(keep_empty_features=True)):
        pipeline = make_pipeline(first, RandomForestRegressor(5, max_depth=5, random_state=0)).fit(X, y)
        fast, explained = same_as_the_whole(pipeline, X[:30], X[30:34])
        assert isinstance(fast, shap.TreeExplainer)
        assert not explained.values[:, 3].any()


def test_every_kind_of_output_keeps_its_shape():
    frame = people()
    y = np.digitize(target(frame), [1.0, 3.0])
    forest = make_pipeline(prepared(OneHotEncoder()), RandomForestClassifier(5, random_state=0)).fit(frame, y)
    _, explained = same_as_the_whole(forest, frame[:30], frame[30:33], forest.predict_proba)
    assert explained.shape == (3, 5, 3)
    assert explained.output_names == ["0", "1", "2"]
    binary = make_pipeline(prepared(OneHotEncoder()), GradientBoostingClassifier(n_estimators=9, random_state=0))
    binary.fit(frame, np.where(y > 0, "yes", "no"))
    _, explained = same_as_the_whole(binary, frame[:30], frame[30:33], binary.decision_function)
    assert explained.shape == (3, 5)
    line = make_pipeline(prepared(OneHotEncoder()), LogisticRegression()).fit(frame, np.array(["a", "b", "c"])[y])
    _, explained = same_as_the_whole(line, frame[:30], frame[30:33], line.decision_function)
    assert explained.output_names == ["a", "b", "c"]


def test_without_a_background_columns_follow_the_training_rows():
    frame = people()
    last = HistGradientBoostingRegressor(max_iter=15, random_state=0)
    pipeline = make_pipeline(prepared(OneHotEncoder(sparse_output=False)), last).fit(frame, target(frame))
    explained = shap.TreeExplainer(pipeline)(frame[:6])
    assert explained.feature_names == list(frame.columns)
    np.testing.assert_allclose(explained.base_values + explained.values.sum(axis=1), pipeline.predict(frame[:6]))
    assert not explained.values[:, 4].any()
    # Of an encoder with a column a category, the game is that of groups.
    born = pipeline[0].transform(frame[:6])
    front, forest = parted(pipeline)
    groups = {f"g{column}": np.flatnonzero(front.owners == column).tolist() for column in range(4)}
    direct = shap.TreeExplainer(forest, groups=groups)(born)
    by_name = [direct.feature_names.index(f"g{column}") for column in range(4)]
    np.testing.assert_array_equal(explained.values[:, :4], direct.values[:, by_name])


def test_interactions_are_those_of_the_input_columns():
    frame = people()
    last = RandomForestRegressor(4, max_depth=5, random_state=0)
    pipeline = make_pipeline(prepared(OneHotEncoder()), last).fit(frame, target(frame))
    fast = shap.TreeExplainer(pipeline, frame[:20])
    slow = shap.ExactExplainer(pipeline, frame[:20])(frame[20:23], interactions="sii")
    pairs = fast.shap_interaction_values(frame[20:23])
    np.testing.assert_allclose(pairs, slow.values, rtol=0, atol=1e-12)
    order = ["unused", "income", "city", "job", "age"]
    again = fast.shap_interaction_values(frame[20:23][order])
    np.testing.assert_array_equal(again[:, ::-1, ::-1], pairs)
    found = fast.shap_interaction_values(frame[20:23][order], sparse=True)
    for (i, j), values in zip(found.pairs, found.values.T, strict=True):
        np.testing.assert_allclose(values, 2 * again[:, i, j], rtol=0, atol=1e-13)


def test_rows_come_in_any_order_and_container():
    frame = people()
    last = RandomForestRegressor(4, random_state=0)
    pipeline = make_pipeline(prepared(OneHotEncoder()), last).fit(frame, target(frame))
    explainer = shap.Explainer(pipeline, frame[:20])
    want = explainer(frame[20:24])
    got = explainer(frame[20:24][["unused", "city", "job", "age", "income"]])
    assert got.feature_names == ["unused", "city", "job", "age", "income"]
    np.testing.assert_array_equal(got.values[:, [3, 2, 1, 4, 0]], want.values)
    for row in (frame.iloc[21], frame.iloc[21].to_dict(), frame.to_numpy()[21]):
        one = explainer(row)
        assert one.values.shape == (5,)
        np.testing.assert_array_equal(one.values, want.values[1])
    assert explainer(frame[:0]).values.shape == (0, 5)
    with pytest.raises(OptionError, match="missing: 'job'; unexpected: 'jib'"):
        explainer(frame.rename(columns={"job": "jib"}))


def test_nullable_and_arrow_columns_stay_as_they_are():
    frame = people().convert_dtypes()
    assert str(frame.dtypes["age"]) == "Float64"
    prepare = make_column_transformer((StandardScaler(), ["age"]), (OneHotEncoder(), ["job", "city"]))
    pipeline = make_pipeline(prepare, RandomForestRegressor(4, random_state=0)).fit(frame, target(people()))
    same_as_the_whole(pipeline, frame[:20], frame[20:23])


def test_frames_of_polars_are_transformed_as_they_are():
    polars = pytest.importorskip("polars")
    frame = people()
    theirs = polars.DataFrame({name: frame[name].astype(object).tolist() for name in ("age", "job", "city")})
    prepare = make_column_transformer((StandardScaler(), ["age"]), (OneHotEncoder(), ["job", "city"]))
    pipeline = make_pipeline(prepare, RandomForestRegressor(4, random_state=0)).fit(theirs, target(frame))
    same_as_the_whole(pipeline, theirs[:20], theirs[20:23])


def test_steps_that_give_frames_keep_names_and_categories():
    frame = people()
    ordinal = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    prepare = make_column_transformer((ordinal, ["job", "city"]), (StandardScaler(), make_column_selector("^age")))
    prepare.set_output(transform="pandas")
    last = HistGradientBoostingRegressor(
        categorical_features=["ordinalencoder__job"], max_iter=10, min_samples_leaf=5, random_state=0
    )
    pipeline = make_pipeline(prepare, last).fit(frame, target(frame))
    fast, _ = same_as_the_whole(pipeline, frame[:20], frame[20:23])
    assert isinstance(fast, shap.TreeExplainer)
