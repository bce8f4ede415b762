"""Numbers in every container: trees, linear models and functions give the values that they give of an array (7.1)."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy import sparse
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LinearRegression

import ferroshap as shap
from ferroshap.errors import DimensionError, OptionError

rng = np.random.default_rng(0)
WHOLE = rng.integers(0, 5, size=(60, 3)).astype(float)
GAPS = np.where(rng.random(WHOLE.shape) < 0.1, np.nan, WHOLE)
TARGET = WHOLE[:, 0] * WHOLE[:, 1] + WHOLE[:, 2]
TREES = RandomForestRegressor(5, random_state=0).fit(GAPS, TARGET)
LINE = LinearRegression().fit(WHOLE, TARGET)


def framed(array):
    return pd.DataFrame(array, columns=list("abc"))


def nulls(array):
    return {name: [None if value != value else value for value in column] for name, column in framed(array).items()}  # noqa: PLR0124


def read_only(array):
    copy = array.copy()
    copy.flags.writeable = False
    return copy


CONTAINERS = {
    "list of lists": lambda a: a.tolist(),
    "tuple of tuples": lambda a: tuple(map(tuple, a.tolist())),
    "list of dicts": lambda a: framed(a).to_dict("records"),
    "records": lambda a: framed(a).to_records(index=False),
    "frame": framed,
    "frame of float32": lambda a: framed(a).astype("float32"),
    "frame of objects": lambda a: framed(a).astype(object),
    "frame of Float64": lambda a: framed(a).astype("Float64"),
    "frame of Int64": lambda a: framed(a).convert_dtypes(),
    "frame of Arrow numbers": lambda a: framed(a).convert_dtypes(dtype_backend="pyarrow"),
    "sparse frame": lambda a: pd.DataFrame.sparse.from_spmatrix(sparse.csr_matrix(a), columns=list("abc")),
    "polars": lambda a: pl.DataFrame(nulls(a)),
    "pyarrow": lambda a: pa.table(nulls(a)),
    "csr matrix": sparse.csr_matrix,
    "csc matrix": sparse.csc_matrix,
    "coo array": sparse.coo_array,
    "csr array": sparse.csr_array,
    "columns first": np.asfortranarray,
    "strided": lambda a: np.repeat(a, 2, axis=0)[::2],
    "big endian": lambda a: a.astype(">f8"),
    "read only": read_only,
    "objects": lambda a: a.astype(object),
}
WITHOUT_GAPS = {
    "integers": lambda a: a.astype(np.int64),
    "small integers": lambda a: a.astype("int8"),
    "frame of kinds": lambda a: framed(a).astype({"a": "uint8", "b": "Int64", "c": "float32"}),
    "frame of categories": lambda a: framed(a).astype(int).astype("category"),
}


def rows_of(table, first, last):
    if hasattr(table, "iloc"):
        return table.iloc[first:last]
    if isinstance(table, sparse.coo_array):
        return table.tocsr()[first:last].tocoo()
    return table.slice(first, last - first) if isinstance(table, pa.Table) else table[first:last]


def numbers_of(rows):
    return np.asarray(rows.toarray() if sparse.issparse(rows) else rows, dtype=float)


EXPLAINED = {
    "trees": (lambda background: shap.TreeExplainer(TREES, background), GAPS),
    "trees alone": (lambda background: shap.TreeExplainer(TREES), GAPS),
    "line": (lambda background: shap.LinearExplainer(LINE, background), WHOLE),
    "function": (
        lambda background: shap.ExactExplainer(lambda rows: np.tanh(numbers_of(rows) @ [0.1, 0.2, 0.3]), background),
        WHOLE,
    ),
}


@pytest.mark.parametrize("name", [*CONTAINERS, *WITHOUT_GAPS])
@pytest.mark.parametrize("what", EXPLAINED)
def test_the_container_changes_no_value(what, name):
    make, data = EXPLAINED[what]
    data = WHOLE if name in WITHOUT_GAPS else data
    table = (CONTAINERS | WITHOUT_GAPS)[name](data)
    of_arrays, of_tables = make(data[:20]), make(rows_of(table, 0, 20))
    want = of_arrays(data[20:25]).values
    asked = rows_of(table, 20, 25)
    explained = of_tables(asked)
    np.testing.assert_allclose(explained.values, want, rtol=0, atol=1e-12)
    np.testing.assert_allclose(of_arrays(asked).values, want, rtol=0, atol=1e-12)
    np.testing.assert_allclose(of_tables(data[20:25]).values, want, rtol=0, atol=1e-12)
    is_named = "frame" in name or name in {"polars", "pyarrow", "records", "list of dicts"}
    assert explained.feature_names == (list("abc") if is_named else [f"Feature {number}" for number in range(3)])
    np.testing.assert_array_equal(np.asarray(explained.data, dtype=float), data[20:25])


def test_rows_of_dicts_bring_names_and_must_agree():
    rows = [{"b": 1.0, "a": 2.0, "c": 0.0}, {"c": 1.0, "b": 0.0, "a": 2.0}]
    frame = pd.DataFrame(rows)[["a", "b", "c"]]
    model = LinearRegression().fit(framed(WHOLE), TARGET)
    explained = shap.LinearExplainer(model, framed(WHOLE))(rows)
    assert explained.feature_names == ["b", "a", "c"]
    want = shap.LinearExplainer(model, framed(WHOLE))(frame)
    np.testing.assert_array_equal(explained.values[:, [1, 0, 2]], want.values)
    with pytest.raises(DimensionError, match="row 1 differs from row 0 in 'c', 'd'"):
        shap.LinearExplainer(model, framed(WHOLE))([{"a": 1, "b": 2, "c": 3}, {"a": 1, "b": 2, "d": 3}])


def test_complex_numbers_of_frames_are_refused_at_the_door():
    with pytest.raises(OptionError, match="`data` holds complex128 values"):
        shap.KernelExplainer(lambda rows: rows[:, 0], pd.DataFrame({"a": [1.0], "b": [1j]}))


def test_names_that_differ_are_told_with_those_that_were_meant():
    model = LinearRegression().fit(framed(WHOLE).rename(columns={"a": "age", "b": "income"}), TARGET)
    frame = framed(WHOLE).rename(columns={"a": "agee", "b": "incom"})
    with pytest.raises(
        OptionError, match=r"missing: 'age', 'income'; unexpected: 'agee', 'incom'; did you mean 'age' by"
    ):
        shap.LinearExplainer(model, frame)


@pytest.mark.parametrize("what", EXPLAINED)
def test_no_rows_and_one_row_keep_the_rule_of_shapes(what):
    make, data = EXPLAINED[what]
    explainer = make(data[:20])
    assert explainer(data[:0]).values.shape == (0, 3)
    assert explainer(framed(data)[:0]).values.shape == (0, 3)
    assert explainer(data[20]).values.shape == (3,)
    assert explainer(data[20:21]).values.shape == (1, 3)
    for wrong in (data[:, :2], framed(data)[["a", "b"]], sparse.csr_array(data[:, :2])):
        with pytest.raises(DimensionError, match="2 columns"):
            explainer(wrong)
    with pytest.raises(DimensionError, match="0 columns"):
        explainer(np.ones((3, 0)))
    with pytest.raises(DimensionError, match=r"different lengths \(2, 3\)"):
        explainer([[1.0, 2.0, 3.0], [1.0, 2.0]])
    with pytest.raises(OptionError, match="several columns of the name 'a'"):
        explainer(pd.DataFrame(np.ones((2, 3)), columns=list("aab")))
