"""Columns are matched by name where both sides have names."""

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from ferroshap.errors import ColumnsWarning, DimensionError, OptionError
from ferroshap.inputs import match_columns, read_table


def match(data, names):
    return match_columns(read_table(data, argument="X"), names, argument="X", reference="`background`")


FRAME = pd.DataFrame({"age": [1.0], "sex": ["f"], "pay": [3]})


@pytest.mark.parametrize(
    "make", [pd.DataFrame, pl.from_pandas, pa.Table.from_pandas], ids=["pandas", "polars", "arrow"]
)
def test_the_same_names_in_another_order_are_reordered(make):
    frame = make(FRAME)
    positions = match(frame, ["pay", "age", "sex"])
    reordered = read_table(frame, argument="X").reorder(positions)
    assert reordered.names == ["pay", "age", "sex"]
    assert reordered.display.tolist() == [[3, 1.0, "f"]]


def test_the_same_order_and_unnamed_sides_go_by_position():
    assert match(FRAME, ["age", "sex", "pay"]) is None
    assert match(np.ones((1, 3)), ["age", "sex", "pay"]) is None
    assert match(FRAME, None) is None


def test_no_common_name_goes_by_position_with_one_warning():
    with pytest.warns(ColumnsWarning, match="matched by position") as caught:
        assert match(FRAME, ["a", "b", "c"]) is None
    assert len(caught) == 1
    assert caught[0].filename == __file__


@pytest.mark.parametrize("names", [["0", "1", "2"], ["Column_0", "Column_1", "Column_2"]])
def test_names_that_a_library_made_up_warn_nobody(names):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert match(FRAME, names) is None
        assert match(pd.DataFrame(np.ones((1, 3))), ["age", "sex", "pay"]) is None


def test_numbered_columns_in_another_order_are_reordered():
    frame = pd.DataFrame(np.arange(3.0)[None, :])[[2, 0, 1]]
    assert match(frame, ["0", "1", "2"]).tolist() == [1, 2, 0]


def test_a_partial_overlap_names_missing_unexpected_and_nearest():
    with pytest.raises(OptionError) as caught:
        match(FRAME, ["agee", "sex", "pay"])
    text = str(caught.value)
    assert "missing: 'agee'" in text
    assert "unexpected: 'age'" in text
    assert text.endswith("did you mean 'agee' by 'age'?")


@pytest.mark.parametrize("names", [["age", "sex"], ["age", "sex", "pay", "size"], ["a", "b"]])
def test_another_number_of_columns_is_refused_even_so(names):
    with pytest.raises(DimensionError, match=rf"`X` has 3 columns.*{len(names)}"):
        match(FRAME, names)
    with pytest.raises(DimensionError, match=rf"`X` has 3 columns, but `background` has {len(names)}"):
        match(np.ones((1, 3)), names)


def test_many_names_are_not_all_listed():
    wide = pd.DataFrame(np.ones((1, 30)), columns=[f"x{i}" for i in range(30)])
    with pytest.raises(OptionError, match="and 18 more"):
        match(wide, ["x0", "x1", *(f"y{i}" for i in range(28))])
