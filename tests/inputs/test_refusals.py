"""What is no table, or not this table, is refused: each message names the argument, what came and what is accepted."""

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse as sp

from ferroshap import errors
from ferroshap.errors import DimensionError, OptionError
from ferroshap.inputs import pair, read_table


def message(data, error, **options):
    with pytest.raises(error) as caught:
        read_table(data, argument="background", **options)
    assert isinstance(caught.value, ValueError)
    assert "`background`" in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    "data",
    [np.empty((3, 0)), pd.DataFrame(index=[0, 1]), pl.DataFrame(), sp.csr_matrix((2, 0)), pa.table({}), [[], []]],
)
def test_no_columns(data):
    assert "has 0 columns" in message(data, DimensionError)


def test_rows_of_different_lengths():
    assert "different lengths (1, 2)" in message([[1, 2], [3]], DimensionError)
    assert "different lengths (2, a scalar)" in message([[1, 2], 3], DimensionError)
    assert "different shapes ((2,), (2, 2))" in message((np.zeros(2), np.eye(2)), DimensionError)


def test_too_few_or_too_many_axes():
    assert "shape (3,)" in message(np.arange(3.0), DimensionError)
    assert "`background[None, :]`" in message(np.arange(3.0), DimensionError)
    assert "shape (2, 2, 2)" in message(np.zeros((2, 2, 2)), DimensionError, allow_single_row=True)
    assert "shape ()" in message(np.array(1.0), DimensionError, allow_single_row=True)
    assert "shape (2,)" in message(pd.Series([1, 2]), DimensionError)
    assert "a dict holds one row only" in message({"a": 1}, DimensionError)
    assert "one row of scalars" in message({"a": [1, 2]}, DimensionError, allow_single_row=True)
    assert "0 columns" in message([], DimensionError, allow_single_row=True)


def test_columns_of_one_name():
    assert "'a'" in message(pd.DataFrame([[1, 2]], columns=["a", "a"]), OptionError)
    assert "'1'" in message(pd.DataFrame([[1, 2]], columns=[1, "1"]), OptionError)
    assert "'a'" in message(pd.Series([1, 2], index=["a", "a"]), OptionError, allow_single_row=True)


def test_values_that_are_no_features():
    assert "complex128" in message(np.zeros((2, 2), complex), OptionError)
    assert "complex128" in message(sp.csr_matrix((2, 2), dtype=complex), OptionError)
    assert "[('a'" in message(np.zeros((2, 2), [("a", int)]), OptionError)
    assert "masked array" in message(np.ma.masked_array([[1.0]], [[True]]), OptionError)


def test_lazy_frames():
    assert "collect it first" in message(pl.LazyFrame({"a": [1]}), OptionError)


@pytest.mark.parametrize("data", [None, 3.0, "table.csv", object(), np.float64(4), {1, 2}, np.ndarray])
def test_what_is_no_table_at_all(data):
    assert "pass a NumPy array" in message(data, OptionError)


def test_an_empty_background_and_a_wrong_number_of_columns():
    X = read_table(np.ones((1, 3)), argument="X")
    with pytest.raises(DimensionError, match="`background` has 0 rows"):
        pair(read_table(np.empty((0, 3)), argument="background"), X, as_frame=None)
    with pytest.raises(DimensionError, match="`X` has 3 columns, but `background` has 4: pass the same columns"):
        pair(read_table(np.ones((2, 4)), argument="background"), X, as_frame=None)


def test_no_rows_to_explain_are_fine():
    for background, rows in [
        (np.ones((2, 3)), np.empty((0, 3))),
        (pd.DataFrame({"a": ["x"]}), pd.DataFrame({"a": ["x"]})[:0]),
        (sp.eye(3, format="csr"), sp.csr_matrix((0, 3))),
    ]:
        pairing = pair(read_table(background, argument="background"), read_table(rows, argument="X"), as_frame=None)
        built = pairing.build([block.rows for block in pairing.blocks])
        assert built.shape == rows.shape


def test_dtypes_without_a_common_one_are_named():
    cases = [
        (pd.DataFrame({"age": [1, 2]}), pd.DataFrame({"age": ["old"]}), "'age' is str|object in `X`, but int64"),
        (pl.DataFrame({"age": [1, 2]}), pl.DataFrame({"age": ["1"]}), "'age' is String in `X`, but Int64"),
        (pa.table({"age": [1, 2]}), pa.table({"age": ["1"]}), "'age' is string in `X`, but int64"),
        (pl.DataFrame({"e": pl.Series(["a"], dtype=pl.Enum(["a"]))}), pl.DataFrame({"e": ["b"]}), "cannot hold"),
        (sp.eye(1, format="csr"), np.array([["a"]]), "`X` holds values that no matrix of float64"),
    ]
    for background, rows, expected in cases:
        with pytest.raises(OptionError, match=expected):
            pair(read_table(background, argument="background"), read_table(rows, argument="X"), as_frame=None)


def test_every_error_is_ours_and_a_builtin():
    for name, builtin in {
        "DimensionError": ValueError, "InvalidMaskerError": ValueError, "InvalidModelError": ValueError,
        "InvalidAlgorithmError": ValueError, "BudgetError": ValueError, "WeightsError": ValueError,
        "WorthError": ValueError, "OptionError": ValueError, "UnknownOptionError": TypeError,
        "InternalError": RuntimeError, "ExplainerError": Exception,
    }.items():  # fmt: skip
        assert issubclass(getattr(errors, name), (errors.FerroshapError, builtin))
        assert issubclass(getattr(errors, name), builtin)
    assert issubclass(errors.InternalError, errors.ExplainerError)


def test_an_unknown_option_names_the_nearest():
    errors.check_options(["budget"], ["budget"], "estimate")
    with pytest.raises(
        errors.UnknownOptionError, match=r"'budgett' for estimate; did you mean 'budget'\? Known: budget\."
    ):
        errors.check_options({"budgett": 3}, ["budget"], "estimate")
    with pytest.raises(TypeError, match=r"'budgett' for estimate\. It takes no options\."):
        errors.check_options(["budgett"], [], "estimate")


def test_a_warning_shows_the_users_line():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        errors.warn_user("look", errors.PrecisionWarning)
    assert caught[0].filename == __file__
    assert issubclass(caught[0].category, UserWarning)
