"""What rows may come as, and that it makes no difference; what is refused, and why."""

import sys

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestClassifier, RandomForestRegressor
from tests.trees.games import assert_adds_up

import ferroshap
from ferroshap import trees
from ferroshap.errors import ColumnsWarning, OptionError

pandas = pytest.importorskip("pandas")
F64 = 1e-12


@pytest.fixture(scope="module")
def frame():
    """Numbers, and text with few values; one entry of each is missing."""
    rng = np.random.default_rng(3)
    age = rng.integers(18, 80, size=240).astype(float)
    city = rng.choice(["Bern", "Genf", "Köln"], size=240)
    income = rng.normal(size=240).round(2)
    table = pandas.DataFrame({"age": age, "city": pandas.Categorical(city), "income": income})
    table.loc[3, "age"] = np.nan
    table.loc[5, "city"] = np.nan
    return table


@pytest.fixture(scope="module")
def with_categories(frame):
    """A model that splits on the text itself."""
    target = frame["age"].fillna(40) / 20 + (frame["city"] == "Genf") * 2 - frame["income"]
    return HistGradientBoostingRegressor(categorical_features="from_dtype", max_iter=15, random_state=0).fit(
        frame, target
    )


def numeric_model():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 5)).round(1)
    return RandomForestRegressor(5, max_depth=5, random_state=0).fit(X, X[:, 0] * X[:, 1] + X[:, 3])


@pytest.fixture(scope="module")
def explainer():
    return ferroshap.TreeExplainer(numeric_model())


@pytest.fixture(scope="module")
def rows():
    return np.random.default_rng(1).normal(size=(7, 5)).round(1)


def kinds_of_the_same_rows(rows):
    yield "list", rows.tolist()
    yield "Fortran", np.asfortranarray(rows)
    yield "view", np.repeat(rows, 2, axis=0)[::2]
    yield "reversed", np.ascontiguousarray(rows[::-1])[::-1]
    yield "big-endian", rows.astype(">f8")
    yield "objects", rows.astype(object)
    yield "pandas", pandas.DataFrame(rows)
    yield "mixed pandas", pandas.DataFrame(rows).astype({0: object})
    yield "nullable pandas", pandas.DataFrame(rows).astype("Float64")
    read_only = rows.copy()
    read_only.flags.writeable = False
    yield "read-only", read_only
    yield "unaligned", unaligned(rows)
    yield "unaligned Fortran", unaligned(rows.T).T
    yield "unaligned pandas", pandas.DataFrame(unaligned(rows), copy=False)


def unaligned(rows):
    """Rows as they lie in a message that was read in place: anywhere."""
    memory = np.empty(rows.nbytes + 1, np.uint8)[1:]
    elsewhere = memory.view(rows.dtype).reshape(rows.shape)
    elsewhere[...] = rows
    assert not elsewhere.flags.aligned
    return elsewhere


def test_the_container_makes_no_difference(explainer, rows):
    expected = explainer.shap_values(rows).tobytes()
    for name, given in kinds_of_the_same_rows(rows):
        assert explainer.shap_values(given).tobytes() == expected, name


@pytest.mark.parametrize("library", ["polars", "pyarrow"])
def test_frames_of_other_libraries_make_no_difference(explainer, rows, library):
    pytest.importorskip(library)
    by_name = {f"Column_{column}": rows[:, column] for column in range(5)}
    module = sys.modules[library]
    given = module.DataFrame(by_name) if library == "polars" else module.table(by_name)
    assert explainer.shap_values(given).tobytes() == explainer.shap_values(rows).tobytes()


def test_sparse_rows_are_those_with_zeros(explainer, rows):
    sparse = pytest.importorskip("scipy.sparse")
    dense = rows * (np.abs(rows) > 0.5)
    expected = explainer.shap_values(dense).tobytes()
    for kind in (sparse.csr_matrix, sparse.csr_array, sparse.csc_matrix, sparse.coo_matrix):
        assert explainer.shap_values(kind(dense)).tobytes() == expected
    anywhere = sparse.csr_matrix(dense)
    anywhere.data = unaligned(anywhere.data)
    assert explainer.shap_values(anywhere).tobytes() == expected
    of_sparse = ferroshap.TreeExplainer(numeric_model(), sparse.csr_matrix(dense))
    of_dense = ferroshap.TreeExplainer(numeric_model(), dense)
    assert of_sparse.shap_values(rows).tobytes() == of_dense.shap_values(rows).tobytes()


def test_single_precision_rows_are_what_they_are(explainer, rows):
    narrow = rows.astype(np.float32)
    expected = explainer.shap_values(narrow.astype(np.float64))
    assert explainer.shap_values(narrow).tobytes() == expected.tobytes()
    assert explainer.shap_values(np.asfortranarray(narrow)).tobytes() == expected.tobytes()


def test_integers_and_booleans_are_numbers(explainer):
    whole = np.array([[1, 0, 1, 0, 0], [0, 1, 1, 1, 0]])
    expected = explainer.shap_values(whole.astype(float)).tobytes()
    for dtype in (np.int8, np.int64, np.uint32, bool, np.float16):
        assert explainer.shap_values(whole.astype(dtype)).tobytes() == expected


def test_one_row_and_no_row(explainer, rows):
    many = explainer(rows)
    one = explainer(rows[0])
    assert one.shape == (5,)
    assert one.axes == ("feature",)
    np.testing.assert_array_equal(one.values, many.values[0])
    assert np.shape(one.base_values) == ()
    assert np.asarray(one.data).shape == (5,)
    assert explainer(pandas.Series(rows[0])).shape == (5,)
    assert explainer.shap_interaction_values(rows[0]).shape == (5, 5)
    none = explainer(rows[:0])
    assert none.shape == (0, 5)
    assert none.base_values.shape == (0,)
    assert explainer.shap_interaction_values(rows[:0]).shape == (0, 5, 5)
    assert explainer.shap_values(rows[:0], dtype=np.float32).dtype == np.float32


def test_the_rows_given_are_never_changed(explainer, rows):
    before = rows.copy()
    explainer(rows, interactions=True)
    np.testing.assert_array_equal(rows, before)


def test_columns_are_matched_by_name_and_come_back_in_their_own_order(frame, with_categories):
    explainer = ferroshap.TreeExplainer(with_categories)
    own = explainer(frame[:20])
    assert own.feature_names == ["age", "city", "income"]
    turned = frame[["income", "age", "city"]]
    other = explainer(turned[:20])
    assert other.feature_names == ["income", "age", "city"]
    np.testing.assert_array_equal(other.values, own.values[:, [2, 0, 1]])
    matrices, turned_matrices = (explainer.shap_interaction_values(part[:20]) for part in (frame, turned))
    np.testing.assert_array_equal(turned_matrices, matrices[:, [2, 0, 1]][:, :, [2, 0, 1]])
    pairs, values = explainer.shap_interaction_values(turned[:20], sparse=True)
    np.testing.assert_allclose(values, 2.0 * turned_matrices[:, pairs[:, 0], pairs[:, 1]], atol=1e-12)
    block = explainer.shap_interaction_values(turned[:20], features=["income", "city"])
    np.testing.assert_array_equal(block, turned_matrices[:, [0, 2]][:, :, [0, 2]])
    out = np.empty((20, 3))
    assert explainer.shap_values(turned[:20], out=out) is out
    np.testing.assert_array_equal(out, other.values)
    with pytest.raises(OptionError, match="missing: 'age'; unexpected: 'agee'; did you mean 'age' by 'agee'"):
        explainer(frame.rename(columns={"age": "agee"})[:20])


def test_a_background_in_another_order_is_matched_too(frame, with_categories):
    own = ferroshap.TreeExplainer(with_categories, frame[20:60])
    turned = ferroshap.TreeExplainer(with_categories, frame[["city", "income", "age"]][20:60])
    assert own.shap_values(frame[:9]).tobytes() == turned.shap_values(frame[:9]).tobytes()
    assert turned.feature_names == ["city", "income", "age"]


def test_names_with_nothing_in_common_are_matched_by_position_with_a_warning(frame):
    model = RandomForestRegressor(3, random_state=0).fit(frame[["age", "income"]].fillna(0), frame["income"])
    explainer = ferroshap.TreeExplainer(model)
    with pytest.warns(ColumnsWarning, match="by position"):
        explainer(pandas.DataFrame({"a": [1.0], "b": [2.0]}))


def test_categories_are_matched_by_value_not_by_code(frame, with_categories):
    explainer = ferroshap.TreeExplainer(with_categories, frame[40:90])
    part = frame[:30]
    own = explainer(part)
    assert_adds_up(own, with_categories.predict(part), F64)
    recoded = part.assign(city=part["city"].cat.reorder_categories(["Köln", "Genf", "Bern"]))
    fewer = part.assign(city=part["city"].cat.remove_unused_categories())
    as_text = part.assign(city=part["city"].astype(object))
    for other in (recoded, fewer, as_text):
        assert explainer.shap_values(other).tobytes() == own.values.tobytes()


def test_a_category_that_was_never_seen_is_what_the_library_makes_of_it(frame, with_categories):
    stranger = frame[:4].assign(city=pandas.Categorical(["Rom", "Bern", "Rom", "Genf"]))
    explanation = ferroshap.TreeExplainer(with_categories)(stranger)
    assert_adds_up(explanation, with_categories.predict(stranger), F64)


@pytest.mark.parametrize("library", ["polars", "pyarrow"])
def test_categories_of_other_frames_are_matched_by_value(frame, with_categories, library):
    pytest.importorskip(library)
    expected = ferroshap.TreeExplainer(with_categories).shap_values(frame[:30])
    if library == "polars":
        polars = pytest.importorskip("polars")
        given = polars.DataFrame(
            {
                "age": polars.Series(frame["age"][:30].to_numpy()),
                "city": polars.Series(
                    frame["city"][:30].astype(object).where(frame["city"][:30].notna(), None).to_list()
                ).cast(polars.Categorical),
                "income": polars.Series(frame["income"][:30].to_numpy()),
            }
        )
    else:
        pyarrow = pytest.importorskip("pyarrow")
        given = pyarrow.Table.from_pandas(frame[:30], preserve_index=False)
    found = ferroshap.TreeExplainer(with_categories).shap_values(given)
    np.testing.assert_array_equal(found, expected)


def test_text_in_a_column_of_numbers_is_refused_by_name(frame, with_categories):
    bad = frame[:3].assign(age=["old", "young", "old"])
    with pytest.raises(OptionError, match="column 'age' of `X` holds .* but the model compares numbers in it"):
        ferroshap.TreeExplainer(with_categories)(bad)
    dates = frame[:3].assign(age=pandas.date_range("2026-01-01", periods=3))
    with pytest.raises(OptionError, match="column 'age' of `X` holds datetime64"):
        ferroshap.TreeExplainer(with_categories)(dates)


def test_what_the_library_refuses_is_refused_by_place(explainer, rows):
    bad = rows.copy()
    bad[2, 3] = np.inf
    with pytest.raises(OptionError, match="infinite number in row 2, column 3, which scikit-learn"):
        explainer(bad)


def test_missing_values_follow_the_library(rows):
    X = np.random.default_rng(5).normal(size=(200, 3)).round(1)
    X[::7, 1] = np.nan
    model = RandomForestRegressor(5, max_depth=4, random_state=0).fit(X, np.nan_to_num(X[:, 1], nan=3.0) + X[:, 0])
    for data in (None, X[:20]):
        assert_adds_up(ferroshap.TreeExplainer(model, data)(X[:30]), model.predict(X[:30]), F64)


def test_labels_name_the_outputs():
    X = np.random.default_rng(5).normal(size=(60, 3))
    model = RandomForestClassifier(3, random_state=0).fit(X, np.where(X[:, 0] > 0, "sick", "well"))
    explanation = ferroshap.TreeExplainer(model)(X[:4])
    assert explanation.output_names == ["sick", "well"]
    assert explanation[:, :, "well"].shape == (4, 3)
    renamed = ferroshap.TreeExplainer(model, output_names=["a", "b"])(X[:4])
    assert renamed.output_names == ["a", "b"]


def test_a_forest_of_ours_survives_a_file(tmp_path):
    model = trees.from_arrays([1, -1, -1], [2, -1, -1], [0, -1, -1], [0.5, 0, 0], [0.0, 1.0, 5.0], [4, 3, 1])
    path = tmp_path / "forest.fshp"
    path.write_bytes(model.forest.to_bytes())
    explainer = ferroshap.TreeExplainer(trees.load(path))
    assert explainer.shap_values([[1.0], [0.0]]).tolist() == [[3.0], [-1.0]]
    assert "not verified" in explainer.plan.details["verification"]
    assert ferroshap.TreeExplainer(trees.load(path.read_bytes(), "ferroshap")).expected_value == 2.0
    with pytest.raises(OptionError, match="did you mean 'xgboost'"):
        trees.load(path, "xgbost")
    with pytest.raises(ValueError, match="no model file that we read"):
        trees.load(b"what is this")


def test_a_dmatrix_is_rows_and_its_margin_moves_the_base():
    xgboost = pytest.importorskip("xgboost")
    rng = np.random.default_rng(0)
    X = rng.normal(size=(100, 4)).astype(np.float32)
    X[::5, 2] = np.nan
    model = xgboost.XGBRegressor(n_estimators=10, max_depth=3).fit(X, np.nan_to_num(X[:, 2]) + X[:, 0])
    explainer = ferroshap.TreeExplainer(model)
    expected = explainer(X[:20])
    matrix = xgboost.DMatrix(X[:20])
    np.testing.assert_array_equal(explainer(matrix).values, expected.values)
    matrix.set_base_margin(np.arange(20.0))
    moved = explainer(matrix)
    np.testing.assert_array_equal(moved.values, expected.values)
    margins = model.get_booster().predict(matrix, output_margin=True)
    assert_adds_up(moved, margins, 1e-5)


def test_a_pool_of_numbers_is_rows():
    catboost = pytest.importorskip("catboost")
    X = np.random.default_rng(0).normal(size=(80, 3))
    model = catboost.CatBoostRegressor(iterations=10, depth=3, verbose=False, allow_writing_files=False)
    model.fit(X, X[:, 0] * X[:, 1])
    explainer = ferroshap.TreeExplainer(model)
    found = explainer(catboost.Pool(X[:10]))
    np.testing.assert_allclose(found.values, explainer(X[:10].astype(np.float32)).values, atol=1e-12)
