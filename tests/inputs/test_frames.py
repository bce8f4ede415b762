"""Frames: rows of another kind than the background, single rows, and what the model gets when."""

import pickle
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from ferroshap.inputs import pair, read_table

BIG = 2**62 + 1
FRAME = pd.DataFrame(
    {
        "age": [20, BIG, 50],
        "pay": [1.5, np.nan, -0.0],
        "job": pd.Series(["a", None, "b"], dtype=object),
        "city": pd.Categorical(["x", "y", "x"], categories=["y", "x"], ordered=True),
        "kids": pd.array([1, None, BIG], dtype="Int64"),
        "own": [True, False, True],
        "when": pd.to_datetime([1, 2, 3], unit="ns", utc=True),
    }
)
NUMBERS = pd.DataFrame({"a": np.array([1.0, 2.0, 3.0]), "b": np.array([4.0, 5.0, 6.0])})


def paired(background, rows, as_frame=None):
    return pair(
        read_table(background, argument="background"),
        read_table(rows, argument="X", allow_single_row=True),
        as_frame=as_frame,
    )


def rows_for_model(background, rows, as_frame=None):
    pairing = paired(background, rows, as_frame)
    return pairing.build([block.rows for block in pairing.blocks])


def background_for_model(background, rows, as_frame=None):
    pairing = paired(background, rows, as_frame)
    return pairing.build([block.background for block in pairing.blocks])


@pytest.mark.parametrize("row", range(3))
@pytest.mark.parametrize("form", ["series", "dict", "object array", "list"])
def test_one_row_of_a_mixed_frame_takes_the_backgrounds_dtypes(form, row):
    given = FRAME.iloc[row]
    cells = [FRAME[label].iloc[row] for label in FRAME]
    given = {
        "series": given,
        "dict": dict(zip(FRAME, cells, strict=True)),
        "object array": given.to_numpy(),
        "list": cells,
    }[form]
    got = rows_for_model(FRAME, given)
    pd.testing.assert_frame_equal(got, FRAME.iloc[[row]].reset_index(drop=True), check_exact=True)


def test_a_single_row_is_remembered_with_its_names():
    table = read_table(FRAME.iloc[0], argument="X", allow_single_row=True)
    assert table.is_single_row
    assert table.names == list(FRAME)
    assert table.n_rows == 1


@pytest.mark.parametrize(
    "background, rows, dtype",
    [
        ([1, 2], [3.0], "int64"),
        ([1, 2], [2.5], "float64"),
        ([1.5, 2.0], [3], "float64"),
        (np.array([1.5, 2.0], "f4"), [0.25], "float32"),
        (np.array([1.5, 2.0], "f4"), [0.1], "float64"),
        ([True, False], [1], "bool"),
        ([True, False], [2], "int64"),
        (pd.array([1, None], dtype="Int64"), [3.0], "Int64"),
        (pd.array([1, None], dtype="Int64"), pd.array([7], dtype="int8"), "Int64"),
        ([1, 2], pd.array([None], dtype="Int64"), "float64"),
    ],
)
def test_numbers_keep_the_backgrounds_dtype_unless_a_value_would_change(background, rows, dtype):
    background, rows = pd.DataFrame({"a": background}), pd.DataFrame({"a": rows})
    got = rows_for_model(background, rows)
    assert got["a"].dtype == dtype
    assert background_for_model(background, rows)["a"].dtype == dtype
    assert [None if pd.isna(value) else value for value in got["a"]] == [
        None if pd.isna(value) else value for value in rows["a"]
    ]


def test_rows_may_bring_new_values():
    rows = FRAME.copy()
    rows["job"] = ["new", "a", "newer"]
    rows["city"] = pd.Categorical(["z", "y", None], categories=["z", "y"])
    got, known = rows_for_model(FRAME, rows), background_for_model(FRAME, rows)
    assert got["job"].tolist() == ["new", "a", "newer"]
    assert got["city"].cat.categories.tolist() == ["y", "x", "z"]
    assert got["city"].cat.ordered
    assert got["city"].astype(object).tolist()[:2] == ["z", "y"]
    assert known["city"].tolist() == FRAME["city"].tolist()
    assert known["city"].dtype == got["city"].dtype


def test_the_backgrounds_own_codes_do_not_depend_on_the_rows():
    background = read_table(FRAME, argument="background")
    first = pair(background, read_table(FRAME[:1], argument="X"), as_frame=None)
    second = pair(background, read_table(FRAME.assign(job=["p", "q", "r"]), argument="X"), as_frame=None)
    for one, other in zip(first.blocks, second.blocks, strict=True):
        assert one.background is other.background  # encoded once, kept in the table


def test_categories_in_another_order_are_the_same_categories():
    background = pd.DataFrame({"c": pd.Categorical(["a", "b"], categories=["a", "b"])})
    rows = pd.DataFrame({"c": pd.Categorical(["b", "a"], categories=["b", "a"])})
    pairing = paired(background, rows)
    (block,) = pairing.blocks
    assert block.rows.ravel().tolist() == block.background.ravel().tolist()[::-1]
    assert pairing.build([block.rows])["c"].tolist() == ["b", "a"]
    assert pairing.build([block.rows])["c"].cat.categories.tolist() == ["a", "b"]


def test_many_calls_do_not_fill_the_memory():
    frame = FRAME.assign(age=[1, 2, 3])
    background = read_table(frame, argument="background")
    for as_frame in (True, False):
        for age in np.arange(50) / 2:
            rows = read_table(frame[:1].assign(age=age, job=str(age)), argument="X")
            pair(background, rows, as_frame=as_frame)
    (stacks,) = (value for name, value in vars(background).items() if "stacks" in name)
    assert len(stacks) <= 16


def test_nanoseconds_cross_from_one_library_to_another():
    stamps = np.array([10**18 + 1, 10**18 + 2], "M8[ns]")
    frames = {
        "pandas": pd.DataFrame({"t": stamps}),
        "polars": pl.DataFrame({"t": stamps}),
        "arrow": pa.table({"t": stamps}),
    }
    for background in frames.values():
        for rows in frames.values():
            pairing = paired(background, rows)
            (block,) = pairing.blocks
            assert block.rows.tobytes() == block.background.tobytes()
            assert len(set(block.rows.ravel().tolist())) == 2
            assert type(pairing.build([block.rows])) is type(background)


def test_text_is_never_parsed_into_numbers_nor_numbers_into_text():
    background = FRAME[["job"]]
    got = rows_for_model(background, pd.DataFrame({"job": [1.5]}))
    assert got["job"].tolist() == [1.5]
    text = pd.DataFrame({"job": pd.array(["1"], dtype="string")})
    with pytest.raises(ValueError, match="'job' is int64 in `X`, but string"):
        rows_for_model(text, pd.DataFrame({"job": [1]}))


def test_a_polars_column_of_nulls_takes_the_other_sides_type():
    for make in (pl.DataFrame, pa.table):
        empty, full = make({"a": [None, None]}), make({"a": [1, 2]})
        for background, rows in [(empty, full), (full, empty)]:
            pairing = paired(background, rows)
            built = [
                pairing.build([getattr(block, side) for block in pairing.blocks]) for side in ("background", "rows")
            ]
            assert [list(frame["a"].to_numpy()) for frame in built].count([1, 2]) == 1


@pytest.mark.parametrize(
    "background, rows, as_frame, kind",
    [
        (NUMBERS, NUMBERS, None, pd.DataFrame),
        (NUMBERS, NUMBERS, True, pd.DataFrame),
        (NUMBERS, NUMBERS, False, np.ndarray),
        (NUMBERS, NUMBERS.to_numpy(), None, pd.DataFrame),
        (NUMBERS.to_numpy(), NUMBERS, None, np.ndarray),
        (NUMBERS.to_numpy(), NUMBERS, True, pd.DataFrame),
        (NUMBERS.to_numpy(), NUMBERS.to_numpy(), True, np.ndarray),
        (pl.from_pandas(NUMBERS), NUMBERS, None, pl.DataFrame),
        (NUMBERS, pl.from_pandas(NUMBERS), True, pd.DataFrame),
        (pa.table(NUMBERS.to_dict("list")), NUMBERS, None, pa.Table),
        (NUMBERS, pa.record_batch(NUMBERS.to_dict("list")), False, np.ndarray),
    ],
)
def test_the_model_gets_the_backgrounds_kind_unless_told(background, rows, as_frame, kind):
    pairing = paired(background, rows, as_frame)
    (block,) = pairing.blocks
    assert block.rows.dtype == block.background.dtype == np.float64
    built = pairing.build([block.rows])
    assert type(built) is kind
    np.testing.assert_array_equal(np.asarray(built), NUMBERS.to_numpy())
    if kind is not np.ndarray:
        assert list(getattr(built, "column_names", built.columns)) == ["a", "b"]


def test_a_float_frame_is_one_look_at_the_filled_array():
    filled = np.empty((5, 2))
    assert np.shares_memory(paired(NUMBERS, NUMBERS).build([filled]).to_numpy(), filled)


def test_labels_of_any_kind_come_back():
    for columns in (
        pd.RangeIndex(2),
        pd.MultiIndex.from_tuples([("a", 1), ("a", 2)], names=["u", "v"]),
        pd.Index([3, "x"]),
    ):
        for frame in (NUMBERS.set_axis(columns, axis=1), FRAME[["age", "job"]].set_axis(columns, axis=1)):
            assert rows_for_model(frame, frame).columns.equals(columns)


def test_a_mixed_frame_is_not_fragmented():
    wide = pd.DataFrame({f"x{i}": (np.arange(3.0) if i % 2 else np.arange(3)) for i in range(300)}).assign(
        job=["a", "b", "c"]
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.PerformanceWarning)
        got = rows_for_model(wide, wide)
        got["another"] = 1
    pd.testing.assert_frame_equal(got.drop(columns="another"), wide)


def test_arrays_for_the_model_are_numbers_where_that_changes_nothing():
    mixed = FRAME[["pay", "own"]]
    assert rows_for_model(mixed, mixed, as_frame=False).dtype == np.float64
    ids = FRAME[["age", "pay"]]
    got = rows_for_model(ids, ids, as_frame=False)
    assert got.dtype == object
    assert got[:, 0].tolist() == [20, BIG, 50]
    gaps = pd.DataFrame({"kids": pd.array([1, None], dtype="Int64"), "x": [0.5, 1.5]})
    np.testing.assert_array_equal(rows_for_model(gaps, gaps, as_frame=False), [[1, 0.5], [np.nan, 1.5]])
    gappy_ids = FRAME[["kids"]]
    for frame in (gappy_ids, pl.from_pandas(gappy_ids), pa.Table.from_pandas(gappy_ids)):
        got = rows_for_model(frame, frame, as_frame=False)
        assert got[2, 0] == BIG  # as an object: no float holds it
    whole = rows_for_model(FRAME, FRAME, as_frame=False)
    assert whole.dtype == object
    assert whole[1, 0] == BIG
    assert whole[0, 6] == FRAME["when"][0]


def test_users_frames_are_never_changed():
    before, rows = FRAME.copy(deep=True), FRAME.iloc[[2, 0]]
    built = rows_for_model(FRAME, rows)
    built["job"] = "gone"
    built.loc[0, "age"] = -1
    pd.testing.assert_frame_equal(FRAME, before)
    assert rows.index.tolist() == [2, 0]


def test_display_is_numeric_or_the_original_objects():
    assert read_table(NUMBERS, argument="X").display.dtype == np.float64
    shown = read_table(FRAME, argument="X").display
    assert shown.dtype == object
    assert shown[1, 0] == BIG
    assert shown[0, 2:4].tolist() == ["a", "x"]
    assert shown[0, 6] == FRAME["when"][0]


@pytest.mark.parametrize(
    "frame",
    [FRAME, pl.DataFrame({"a": [1, 2, 3], "b": ["x", "y", None]}), pa.table({"a": [1, 2, 3], "b": ["x", "y", None]})],
    ids=["pandas", "polars", "arrow"],
)
def test_rows_and_columns_are_taken_and_pickled(frame):
    table = read_table(frame, argument="X")
    taken = table.take_rows(np.array([False, True, True])).take_rows([1])
    assert taken.display.tolist() == table.display[[2]].tolist()
    assert table.reorder([1, 0]).names == table.names[1::-1]
    pairing = pickle.loads(pickle.dumps(pair(table, table, as_frame=None)))
    built = pairing.build([block.rows for block in pairing.blocks])
    assert built.equals(frame)


def test_foreign_frames_arrive_through_narwhals_and_arrows_stream():
    import narwhals.stable.v2 as nw

    class Stream:
        def __arrow_c_stream__(self, requested_schema=None):
            return pl.DataFrame({"a": [1], "b": ["x"]}).__arrow_c_stream__(requested_schema)

    assert read_table(nw.from_native(FRAME), argument="X").source is FRAME
    assert read_table(Stream(), argument="X").names == ["a", "b"]
