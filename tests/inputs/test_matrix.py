"""Every kind of column through every route that asks a model, against games played with the library's own tables (7.1)."""

import datetime as dt
import decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import ferroshap as shap

TIMES = pd.Series(pd.to_datetime(["2020-01-01 00:00:00.000000001", "2021-05-05", "1999-12-31", None], format="ISO8601"))
DAYS = [dt.date(2020, 1, day) for day in (1, 2, 3, 4)]
EXACT = [decimal.Decimal(text) for text in ("1.1", "2.2", "3.3", "4.4")]
BIG = 2**62 + 1

PANDAS = {
    "bool": np.array([True, False, True, True]),
    "int8": np.array([1, 2, 3, 4], dtype="int8"),
    "uint64": np.array([2**63 + 1, 2, 3, 4], dtype="uint64"),
    "float32": np.array([1.5, 2.0, np.nan, 4.0], dtype="float32"),
    "Int64": pd.array([1, 2, None, 2**52 + 1], dtype="Int64"),
    "UInt8": pd.array([1, 2, 3, None], dtype="UInt8"),
    "Float64": pd.array([1.5, 2.5, None, -0.0], dtype="Float64"),
    "boolean": pd.array([True, False, None, True], dtype="boolean"),
    "string": pd.array(["a", "b", None, "c"], dtype="string"),
    "str": pd.Series(["a", "b", None, "c"], dtype="str"),
    "object": pd.Series(["a", 1, None, 2.5], dtype=object),
    "dates": pd.Series(DAYS, dtype=object),
    "decimals": pd.Series(EXACT, dtype=object),
    "category": pd.Categorical(["a", "b", None, "c"]),
    "ordered category": pd.Categorical(["low", "high", None, "low"], categories=["low", "high"], ordered=True),
    "category of numbers": pd.Categorical([3, 1, None, 2]),
    "datetime64": TIMES,
    "datetime64 with a zone": TIMES.dt.tz_localize("Europe/Paris"),
    "timedelta64": pd.Series(pd.to_timedelta([1, 2, None, 3], unit="s")),
    "period": pd.period_range("2020-01", periods=4, freq="M"),
    "interval": pd.arrays.IntervalArray.from_breaks([0, 1, 2, 3, 4]),
    "sparse": pd.arrays.SparseArray([0.0, 0.0, 1.0, 2.0]),
    "Arrow integers": pd.array([1, 2, None, 2**52 + 1], dtype="int64[pyarrow]"),
    "Arrow booleans": pd.array([True, False, None, True], dtype=pd.ArrowDtype(pa.bool_())),
    "Arrow strings": pd.array(["a", "b", None, "c"], dtype=pd.ArrowDtype(pa.string())),
    "Arrow timestamps": TIMES.astype("timestamp[ns][pyarrow]"),
    "Arrow dates": pd.array(DAYS, dtype=pd.ArrowDtype(pa.date32())),
    "Arrow decimals": pd.array(EXACT, dtype=pd.ArrowDtype(pa.decimal128(5, 1))),
    "Arrow dictionary": pd.array(["a", "b", None, "c"], dtype=pd.ArrowDtype(pa.dictionary(pa.int32(), pa.string()))),
}
VALUES = {
    "integers": [1, 2, None, BIG],
    "strings": ["a", "b", None, "c"],
    "booleans": [True, False, None, True],
    "dates": DAYS,
    "times of day": [dt.time(hour) for hour in (1, 2, 3, 4)],
    "timestamps": [dt.datetime(2020, 1, day, tzinfo=dt.UTC) for day in (1, 2, 3, 4)],
    "durations": [dt.timedelta(seconds=seconds) for seconds in (1, 2, 3, 4)],
}
PARTNER = [1.0, 2.0, -1.5, 0.5]
WEIGHTS = [3.0, -1.0, 7.0, 2.0]

ROUTES = {
    "exact": shap.ExactExplainer,
    "permutation": shap.PermutationExplainer,
    "kernel": shap.KernelExplainer,
    "sampling": lambda model, frame: shap.SamplingExplainer(model, frame, nsamples=200),
    "partition": lambda model, frame: shap.PartitionExplainer(
        model, shap.maskers.Partition(frame, clustering={"left": [0], "right": [1]})
    ),
    "auto": shap.Explainer,
}


def tables():
    for name, column in PANDAS.items():
        yield f"pandas: {name}", pd.DataFrame({"c": column, "x": PARTNER})
    for name, column in VALUES.items():
        yield f"polars: {name}", pl.DataFrame({"c": column, "x": PARTNER})
        yield f"pyarrow: {name}", pa.table({"c": column, "x": PARTNER})
    text = ["a", "b", None, "c"]
    yield "polars: category", pl.DataFrame({"c": pl.Series(text, dtype=pl.Categorical), "x": PARTNER})
    yield "polars: enum", pl.DataFrame({"c": pl.Series(text, dtype=pl.Enum(["c", "b", "a"])), "x": PARTNER})
    yield "pyarrow: dictionary", pa.table({"c": pa.array(text).dictionary_encode(), "x": PARTNER})
    yield "objects", np.array(list(zip(["a", 1, None, 2.5], PARTNER, strict=True)), dtype=object)


TABLES = dict(tables())


def cells(table):
    """Both columns of any table as lists."""
    if isinstance(table, pd.DataFrame):
        return list(table.iloc[:, 0]), list(table.iloc[:, 1])
    if isinstance(table, pl.DataFrame):
        return table.to_series(0).to_list(), table.to_series(1).to_list()
    if isinstance(table, pa.Table):
        return table.column(0).to_pylist(), table.column(1).to_pylist()
    return list(table[:, 0]), list(table[:, 1])


def key(value):
    """Equal for equal values, whichever library wraps them; missing ones are alike."""
    if value is None or value is pd.NA or value is pd.NaT or value != value:  # noqa: PLR0124 - NaN
        return None
    if isinstance(value, np.datetime64 | np.timedelta64):
        value = pd.Timestamp(value) if isinstance(value, np.datetime64) else pd.Timedelta(value)
    return value.as_unit("ns").value if isinstance(value, pd.Timestamp | pd.Timedelta) else value


def knowing(table):
    """A model that knows every value of the first column, and would stumble over one that masking had changed."""
    known = [key(value) for value in cells(table)[0]]

    def model(rows):
        return np.array(
            [
                WEIGHTS[known.index(key(value))] * (float(partner) + 1)
                for value, partner in zip(*cells(rows), strict=True)
            ]
        )

    return model, [WEIGHTS[known.index(value)] for value in known]


def by_definition(weights, row):
    """Values of the product game of two columns, each coalition over all rows as background."""
    partner = np.array(PARTNER) + 1
    first = np.array(weights)
    none, both = (first * partner).mean(), first[row] * partner[row]
    one, other = first[row] * partner.mean(), first.mean() * partner[row]
    return np.array([one - none + both - other, other - none + both - one]) / 2


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("name", TABLES)
def test_masking_changes_no_value_of_any_dtype(name, route):
    table = TABLES[name]
    model, weights = knowing(table)
    explainer = ROUTES[route](model, table)
    explained = explainer(table)
    # Sampled values are off by their standard errors; all other routes see every coalition of two players.
    within = 6 * explained.error_std.max() if route == "sampling" else 1e-13
    for row in range(4):
        np.testing.assert_allclose(explained.values[row], by_definition(weights, row), rtol=0, atol=within)
    assert [key(value) for value in explained.data[:, 0]] == [key(value) for value in cells(table)[0]]
    if isinstance(table, pd.DataFrame):
        one = explainer(table.iloc[2])
        assert one.values.shape == (2,)
        np.testing.assert_allclose(one.values, by_definition(weights, 2), rtol=0, atol=within)
