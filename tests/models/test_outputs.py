"""Whatever holds a model's numbers is read; whatever is no number for each row is refused by name."""

import sys
import types
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse as sp

from ferroshap.errors import DimensionError, InvalidModelError
from ferroshap.models import as_model

ROWS = np.zeros((3, 2))
NUMBERS = [0.5, -1.0, 2.0]


def call(output, n_rows=3):
    def predict(_rows):
        return output

    return as_model(predict)(ROWS, n_rows)


@pytest.mark.parametrize(
    "output",
    [
        NUMBERS,
        tuple(NUMBERS),
        np.array(NUMBERS),
        np.array(NUMBERS, np.float32),
        np.array(NUMBERS, ">f8"),
        np.array(NUMBERS, np.longdouble).astype(np.float16),
        np.array(NUMBERS, object),
        [Decimal(number) for number in NUMBERS],
        pd.Series(NUMBERS, index=[7, 8, 9]),
        pd.Series(NUMBERS, dtype="Float64"),
        pl.Series(NUMBERS),
        pa.array(NUMBERS),
        pa.chunked_array([NUMBERS]),
        np.repeat(NUMBERS, 2)[::2],
        np.ma.masked_array(NUMBERS, [False] * 3),
    ],
    ids=[
        "list",
        "tuple",
        "float64",
        "float32",
        "big endian",
        "float16",
        "objects",
        "decimals",
        "Series",
        "nullable Series",
        "polars Series",
        "arrow array",
        "arrow chunks",
        "strided",
        "masked array",
    ],
)
def test_one_number_a_row_in_any_holder(output):
    got = call(output)
    assert type(got) is np.ndarray
    assert got.dtype == np.float64
    assert got.flags.c_contiguous
    assert got.tolist() == NUMBERS


@pytest.mark.parametrize(
    "output",
    [
        [[1, 2], [3, 4], [5, 6]],
        np.asfortranarray([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]),
        pd.DataFrame({"a": [1, 3, 5], "b": [2, 4, 6]}),
        pl.DataFrame({"a": [1, 3, 5], "b": [2, 4, 6]}),
        pa.table({"a": [1, 3, 5], "b": [2, 4, 6]}),
        sp.csr_matrix([[1, 2], [3, 4], [5, 6]]),
        sp.csc_array([[1, 2], [3, 4], [5, 6]]),
    ],
    ids=["lists", "fortran", "pandas", "polars", "arrow", "csr", "csc"],
)
def test_several_numbers_a_row_keep_two_dimensions(output):
    got = call(output)
    assert got.flags.c_contiguous
    assert got.tolist() == [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]


def test_one_column_stays_a_column():
    assert call(np.ones((3, 1))).shape == (3, 1)


def test_a_float_output_is_not_copied():
    output = np.ones((3, 2))
    assert call(output) is output


def test_truth_values_become_numbers_and_missing_ones_nan():
    assert call([True, False, True]).tolist() == [1.0, 0.0, 1.0]
    np.testing.assert_array_equal(call([1, None, 2]), [1, np.nan, 2])
    np.testing.assert_array_equal(call(pd.Series([1, None, 2], dtype="Int64")), [1, np.nan, 2])
    np.testing.assert_array_equal(call(np.ma.masked_array([1, 5, 2], [False, True, False])), [1, np.nan, 2])


def test_nan_and_infinity_pass_for_the_engine_names_the_coalition():
    np.testing.assert_array_equal(call([np.nan, np.inf, 1.0]), [np.nan, np.inf, 1.0])


@pytest.mark.parametrize("n_outputs", [0, 1, 2, 4])
def test_a_wrong_number_of_rows_names_both_numbers(n_outputs):
    with pytest.raises(DimensionError, match=f"returned {n_outputs} outputs for 3 rows"):
        call(np.zeros(n_outputs))
    with pytest.raises(DimensionError, match=f"returned {n_outputs} outputs for 3 rows"):
        call(np.zeros((n_outputs, 3)).tolist() if n_outputs else np.zeros((0, 3)))


@pytest.mark.parametrize("output", [1.0, np.zeros((3, 2, 2)), [np.zeros((3, 2))] * 2])
def test_a_wrong_number_of_axes_names_the_shape(output):
    with pytest.raises(DimensionError, match=r"of shape \(.*for 3 rows: it must return \(3,\) or \(3, outputs\)"):
        call(output)


@pytest.mark.parametrize(
    "output", [["a", "b", "c"], np.array(["1", "2", "3"]), [1, "b", 2], pd.Series(["a"] * 3), [b"a"] * 3]
)
def test_text_is_refused_and_predict_proba_named(output):
    with pytest.raises(
        InvalidModelError, match=r"predict returned text \(b?'.*explain numbers, for instance `predict_proba`"
    ):
        call(output)


@pytest.mark.parametrize("output", [np.zeros(3, complex), np.zeros(3, "M8[ns]"), [{}, {}, {}], [1j, 2j, 3j]])
def test_other_things_than_numbers_are_refused(output):
    with pytest.raises(InvalidModelError, match=r"predict returned .* values: return real numbers"):
        call(output)


def test_nothing_and_ragged_lists_are_refused():
    with pytest.raises(InvalidModelError, match="returned None"):
        call(None)
    with pytest.raises(InvalidModelError, match="returned a list that is no array"):
        call([[1.0], [1.0, 2.0], [3.0]])


def test_tensors_are_detached_where_torch_is_loaded(monkeypatch):
    class Tensor:  # what we use of torch's, which refuses to become an array while it is attached
        def __init__(self, values, dtype="torch.float32", *, attached=True):
            self.values, self.dtype, self.attached = values, dtype, attached

        def detach(self):
            return Tensor(self.values, self.dtype, attached=False)

        def cpu(self):
            return self

        def float(self):
            return Tensor(self.values, attached=self.attached)

        def numpy(self):
            if self.attached or self.dtype == "torch.bfloat16":
                raise RuntimeError(self.dtype)
            return np.asarray(self.values, np.float32)

        def __array__(self, dtype=None, copy=None):
            return self.numpy()

    monkeypatch.setitem(sys.modules, "torch", types.SimpleNamespace(Tensor=Tensor))
    assert call(Tensor(NUMBERS)).tolist() == NUMBERS
    assert call(Tensor(NUMBERS, "torch.bfloat16")).tolist() == NUMBERS
    assert call([Tensor(number) for number in NUMBERS]).tolist() == NUMBERS
