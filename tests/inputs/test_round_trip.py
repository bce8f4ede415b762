"""What the model receives are the user's own values, column by column, in the dtype they had."""

import datetime as dt
import math
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ferroshap.inputs import pair, read_table

NAN, BIG = float("nan"), 2**62 + 1
NUMBERS, TEXTS = [0.0, -0.0, 1.5, NAN, -math.inf, 5e-324], ["a", "b", "", "ä", "1", "nan"]
GAPPY_INTS, GAPPY_FLOATS = [1, None, BIG, BIG + 1, -1, 0], [1.5, None, 0.0, -0.0, 2.0, 1e300]
STAMPS = np.array([0, 1, 10**18, 10**18 + 1, -1, 2**62], "M8[ns]")
MIXED = [1, 1.0, True, "1", None, (1, 2)]
LONDON, DAY = "Europe/London", dt.date(2020, 1, 1)


def pandas_array(dtype):
    return lambda values: pd.Series(pd.array(values, dtype=dtype))


PANDAS = {  # how a column is made of six values, of which each test draws some
    "float64": (pandas_array("float64"), NUMBERS),
    "float32": (lambda values: pd.Series(np.array(values, np.float32)), NUMBERS),
    "int64": (lambda values: pd.Series(np.array(values, np.int64)), [0, 1, -1, BIG, BIG + 1, 2**63 - 1]),
    "uint8": (lambda values: pd.Series(np.array(values, np.uint8)), [0, 1, 2, 3, 254, 255]),
    "bool": (lambda values: pd.Series(np.array(values, bool)), [True, False] * 3),
    "object": (lambda values: pd.Series(values, dtype=object), MIXED),
    "text": (lambda values: pd.Series(values, dtype="str"), TEXTS),
    "text with gaps": (pandas_array("string"), [*TEXTS[:5], None]),
    "string[pyarrow]": (pandas_array("string[pyarrow]"), [*TEXTS[:5], None]),
    "category": (pandas_array(pd.CategoricalDtype(list("dcba"), ordered=True)), ["a", "b", "c", "d", None, "a"]),
    "category of numbers": (pandas_array(pd.CategoricalDtype([3, 1, 2])), [1, 2, 3, None, 1, 2]),
    "Int64": (pandas_array("Int64"), GAPPY_INTS),
    "Float64": (pandas_array("Float64"), GAPPY_FLOATS),
    "boolean": (pandas_array("boolean"), [True, False, None] * 2),
    "int64[pyarrow]": (pandas_array("int64[pyarrow]"), GAPPY_INTS),
    "timestamp": (lambda values: pd.Series(np.array(values)), list(STAMPS)),
    "timestamp with zone": (
        lambda values: pd.Series(np.array(values)).dt.tz_localize("UTC").dt.tz_convert(LONDON),
        list(STAMPS),
    ),
    "duration": (lambda values: pd.Series(np.array(values)), list(STAMPS - STAMPS[0])),
    "period": (pandas_array("period[M]"), ["2020-01", "2020-02", None, "1900-01", "2020-01", "2020-03"]),
    "interval": (lambda values: pd.Series(pd.arrays.IntervalArray(values)), [pd.Interval(i, i + 1) for i in range(6)]),
}
POLARS = {
    name: (lambda values, dtype=dtype: pl.Series(values, dtype=dtype, strict=False), pool)
    for name, (dtype, pool) in {
        "Float64": (pl.Float64, GAPPY_FLOATS),
        "Float64 without gaps": (pl.Float64, NUMBERS),
        "Float32": (pl.Float32, [1.5, None, NAN, -0.0, 0.0, 0.25]),
        "Int64": (pl.Int64, GAPPY_INTS),
        "UInt8": (pl.UInt8, [0, 1, 2, 3, 254, 255]),
        "Boolean": (pl.Boolean, [True, False, None] * 2),
        "String": (pl.String, [*TEXTS[:5], None]),
        "Categorical": (pl.Categorical, [*TEXTS[:5], None]),
        "Enum": (pl.Enum(["z", "b", "a"]), ["a", "b", None, "z", "a", "b"]),
        "Null": (pl.Null, [None] * 6),
        "Date": (pl.Date, [DAY + dt.timedelta(i) for i in range(5)] + [None]),
        "Datetime": (pl.Datetime("ns", LONDON), STAMPS.astype(int).tolist()),
        "Duration": (pl.Duration("us"), [0, 1, -1, 10**15, 10**15 + 1, None]),
        "Time": (pl.Time, [dt.time(1, 2, 3, i) for i in range(5)] + [None]),
        "Decimal": (pl.Decimal(30, 2), [Decimal(f"{i}.25") for i in range(5)] + [None]),
        "List": (pl.List(pl.Int64), [[1, 2], [2, 1], [], None, [1], [BIG]]),
        "Struct": (pl.Struct({"a": pl.Int64}), [{"a": i} for i in range(6)]),
        "Binary": (pl.Binary, [b"a", b"", b"b", None, b"a", b"c"]),
    }.items()
}
ARROW = {
    name: (lambda values, kind=kind: pa.array(values, kind), pool)
    for name, (kind, pool) in {
        "double": (pa.float64(), GAPPY_FLOATS),
        "float": (pa.float32(), [1.5, 2.5, -0.0, 0.0, math.inf, 0.25]),
        "int64": (pa.int64(), GAPPY_INTS),
        "int8": (pa.int8(), [0, 1, 2, 3, -128, 127]),
        "bool": (pa.bool_(), [True, False, None] * 2),
        "string": (pa.string(), [*TEXTS[:5], None]),
        "large string": (pa.large_string(), [*TEXTS[:5], None]),
        "null": (pa.null(), [None] * 6),
        "date": (pa.date32(), [DAY + dt.timedelta(i) for i in range(5)] + [None]),
        "timestamp": (pa.timestamp("ns", LONDON), STAMPS.astype(int).tolist()),
        "duration": (pa.duration("s"), [0, 1, -1, 10**10, None, 2]),
        "decimal": (pa.decimal128(30, 2), [Decimal(f"{i}.25") for i in range(5)] + [None]),
        "list": (pa.list_(pa.int64()), [[1, 2], [2, 1], [], None, [1], [BIG]]),
    }.items()
} | {"dictionary": (lambda values: pa.array(values, pa.string()).dictionary_encode(), [*TEXTS[:5], None])}


def pandas_frame(columns):
    return pd.DataFrame({label: make(values) for label, (make, values) in columns.items()})


def polars_frame(columns):
    return pl.DataFrame([make(values).alias(label) for label, (make, values) in columns.items()])


def arrow_table(columns):
    return pa.table({label: make(values) for label, (make, values) in columns.items()})


def same_pandas(got, want):
    pd.testing.assert_frame_equal(got, want, check_exact=True)
    for label in want.columns[[dtype.kind == "f" for dtype in want.dtypes]]:
        missing = want[label].isna()
        assert (np.signbit(got[label]) == np.signbit(want[label]))[~missing].all()


def same_polars(got, want):
    assert got.schema == want.schema
    assert repr(got.to_dict(as_series=False)) == repr(want.to_dict(as_series=False))  # NaN, -0.0 and all
    for column in want.select(pl.selectors.datetime()):
        assert got[column.name].to_physical().equals(column.to_physical())


def same_arrow(got, want):
    assert got.schema.equals(want.schema)
    assert repr(got.to_pydict()) == repr(want.to_pydict())


def select_pandas(background, rows, positions):
    both = {label: pd.concat([background[label], rows[label]], ignore_index=True) for label in background}
    return pd.DataFrame(
        {label: both[label].iloc[at].reset_index(drop=True) for label, at in zip(both, positions, strict=True)}
    )


def select_polars(background, rows, positions):
    both = pl.concat([background, rows])
    return pl.DataFrame([column.gather(at) for column, at in zip(both, positions, strict=True)])


def select_arrow(background, rows, positions):
    both = pa.concat_tables([background, rows]).unify_dictionaries().combine_chunks()
    columns = [column.take(pa.array(at)) for column, at in zip(both.columns, positions, strict=True)]
    return pa.table(columns, schema=both.schema)


LIBRARIES = {
    "pandas": (PANDAS, pandas_frame, same_pandas, select_pandas),
    "polars": (POLARS, polars_frame, same_polars, select_polars),
    "pyarrow": (ARROW, arrow_table, same_arrow, select_arrow),
}


@st.composite
def two_tables(draw, kinds):
    """Draw columns of some kinds, in any order and repetition, for a background and for rows."""
    chosen = draw(st.lists(st.sampled_from(sorted(kinds)), min_size=1, max_size=6))
    n_background, n_rows = draw(st.integers(1, 5)), draw(st.integers(1, 4))
    tables = []
    for size in (n_background, n_rows):
        columns = {}
        for position, kind in enumerate(chosen):
            make, pool = kinds[kind]
            picks = draw(st.lists(st.integers(0, 5), min_size=size, max_size=size))
            columns[f"{kind} {position}"] = make, [pool[pick] for pick in picks]
        tables.append(columns)
    return tables


def fill(pairing, background_rows, rows, masks):
    """Select by masks `(m, columns)` as the core does: words or codes, never values."""
    return [
        np.where(masks[:, block.columns], block.rows[rows], block.background[background_rows])
        for block in pairing.blocks
    ]


@pytest.mark.parametrize("library", LIBRARIES)
@given(data=st.data())
def test_a_frame_comes_back_by_value_and_dtype(library, data):
    kinds, make, assert_same, select = LIBRARIES[library]
    background, rows = map(make, data.draw(two_tables(kinds)))
    pairing = pair(read_table(background, argument="background"), read_table(rows, argument="X"), as_frame=None)
    columns = np.concatenate([block.columns for block in pairing.blocks])
    assert sorted(columns) == list(range(pairing.n_columns))
    assert_same(pairing.build([block.rows for block in pairing.blocks]), rows)
    assert_same(pairing.build([block.background for block in pairing.blocks]), background)
    # Masked rows: column by column the row's value or the background's.
    m = 7
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    masks = rng.random((m, pairing.n_columns)) < 0.5
    b, r = rng.integers(len(background), size=m), rng.integers(len(rows), size=m)
    positions = np.where(masks.T, len(background) + r, b)
    assert_same(pairing.build(fill(pairing, b, r, masks)), select(background, rows, positions))


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("side", ["background", "rows"])
def test_every_dtype_comes_back_alone(library, side):
    kinds, make, assert_same, _ = LIBRARIES[library]
    for kind, (column, pool) in kinds.items():
        tables = make({kind: (column, pool)}), make({kind: (column, pool[:1])})
        background, rows = tables if side == "background" else tables[::-1]
        pairing = pair(read_table(background, argument="background"), read_table(rows, argument="X"), as_frame=None)
        (block,) = pairing.blocks
        assert block.rows.dtype == block.background.dtype
        assert block.rows.dtype.itemsize in {1, 2, 4, 8}
        assert block.rows.flags.c_contiguous
        assert block.background.flags.c_contiguous
        assert_same(pairing.build([block.rows]), rows)
        assert_same(pairing.build([block.background]), background)


@pytest.mark.parametrize("library", LIBRARIES)
def test_equal_values_have_equal_bits_and_others_do_not(library):
    kinds, make, _, _ = LIBRARIES[library]
    for kind, (column, pool) in kinds.items():
        table = make({kind: (column, pool)})
        pairing = pair(read_table(table, argument="background"), read_table(table, argument="X"), as_frame=None)
        (block,) = pairing.blocks
        assert block.rows.tobytes() == block.background.tobytes()
        words = block.rows.view(f"u{block.rows.dtype.itemsize}").ravel()
        n_distinct = len({repr(value) for value in read_table(table, argument="X").columns[0].objects().tolist()})
        more = kind == "Datetime"  # whose objects show microseconds alone
        assert len(set(words.tolist())) == (6 if more else n_distinct), kind
