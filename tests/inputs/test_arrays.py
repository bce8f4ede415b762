"""Arrays, lists, tensors and sparse matrices: borrowed where possible, selected by value, never changed."""

import pickle
import subprocess
import sys

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from ferroshap.inputs import Table, pair, read_table

X = np.arange(12.0).reshape(4, 3)


def paired(background, rows, as_frame=None, *, allow_single_row=False):
    return pair(
        read_table(background, argument="background"),
        read_table(rows, argument="X", allow_single_row=allow_single_row),
        as_frame=as_frame,
    )


def rows_for_model(pairing):
    return pairing.build([block.rows for block in pairing.blocks])


def background_for_model(pairing):
    return pairing.build([block.background for block in pairing.blocks])


def test_a_float_array_is_borrowed_and_the_filled_array_is_the_models():
    pairing = paired(X, X[:2])
    (block,) = pairing.blocks
    assert np.shares_memory(block.background, X)
    assert np.shares_memory(block.rows, X)
    assert block.columns.tolist() == [0, 1, 2]
    filled = np.empty((5, 3))
    assert pairing.build([filled]) is filled


@pytest.mark.parametrize("code", ["?", "b", "B", "h", "i", "q", "Q", "e", "f", "d", "M8[D]", "m8[ns]"])
@pytest.mark.parametrize("as_frame", [None, True, False])
def test_an_array_keeps_its_dtype(code, as_frame):
    background, rows = np.arange(6).reshape(3, 2).astype(code), np.arange(1, 3).reshape(1, 2).astype(code)
    pairing = paired(background, rows, as_frame)
    assert rows_for_model(pairing).dtype == background.dtype
    np.testing.assert_array_equal(rows_for_model(pairing), rows)
    np.testing.assert_array_equal(background_for_model(pairing), background)


@pytest.mark.parametrize(
    "layout",
    [
        np.asfortranarray,
        lambda x: x[:, ::-1][:, ::-1],
        lambda x: np.repeat(x, 2, axis=1)[:, ::2],
        lambda x: x.astype(">f8"),
        lambda x: x.view(np.matrix),
        lambda x: x.tolist(),
        lambda x: tuple(map(tuple, x)),
        lambda x: [*x],
    ],
    ids=["fortran", "reversed twice", "strided", "big endian", "matrix", "lists", "tuples", "list of arrays"],
)
def test_every_layout_reads_as_the_same_numbers(layout):
    pairing = paired(layout(X), layout(X[:2]))
    (block,) = pairing.blocks
    for words, wanted in [(block.background, X), (block.rows, X[:2])]:
        assert type(words) is np.ndarray
        assert words.dtype == np.float64
        assert words.dtype.isnative
        assert words.flags.c_contiguous
        np.testing.assert_array_equal(words, wanted)


def test_read_only_arrays_are_accepted():
    frozen = X.copy()
    frozen.flags.writeable = False
    np.testing.assert_array_equal(rows_for_model(paired(frozen, frozen)), X)


@given(
    hnp.arrays(st.sampled_from([np.int64, np.uint64, np.int8, np.float32, np.float64, np.bool_]), (3, 2)),
    hnp.arrays(st.sampled_from([np.int64, np.uint64, np.int8, np.float32, np.float64, np.bool_]), (2, 2)),
)
def test_two_dtypes_meet_only_where_no_value_changes(background, rows):
    pairing = paired(background, rows)
    for given_, got in [(background, background_for_model(pairing)), (rows, rows_for_model(pairing))]:
        same = [
            (want == value and isinstance(want, bool) <= (value in {0, 1})) or (want != want and value != value)  # noqa: PLR0124
            for want, value in zip(given_.ravel().tolist(), got.ravel().tolist(), strict=True)
        ]
        assert all(same)


def test_numbers_that_no_common_dtype_holds_stay_apart_as_objects():
    for background, row in [([[0.5]], [[2**53 + 1]]), ([[1, 2]], [[2**53 + 1, 0.5]])]:
        got = rows_for_model(paired(np.array(background), np.array(row, object)))
        assert got.dtype == object
        assert got[0, 0] == 2**53 + 1


@pytest.mark.parametrize(
    "cells",
    [
        [[1, "a"], [2.5, "b"], [True, None]],
        [["x", "yy"], ["", "zzz"]],
        [[None, 1.0], [np.nan, -0.0]],
        [[(1, 2), {"a": 1}], [[1], {3}]],
    ],
)
def test_object_cells_come_back_as_the_same_objects(cells):
    table = np.fromiter((cell for row in cells for cell in row), object).reshape(len(cells), 2)
    pairing = paired(table[1:], table)
    got = rows_for_model(pairing)
    assert got.dtype == object
    for cell, want in zip(got.ravel(), table.ravel(), strict=True):
        assert type(cell) is type(want)
        assert cell is want or cell == want
        assert repr(cell) == repr(want)
    assert repr(background_for_model(pairing).tolist()) == repr(table[1:].tolist())


@pytest.mark.parametrize("dtype", ["U2", "S3", np.longdouble])
def test_text_and_long_doubles_stay_arrays_of_their_kind(dtype):
    background, rows = np.array([["1", "2"], ["3", "2"]], dtype), np.array([["10", "2"]], dtype)
    pairing = paired(background, rows)
    assert rows_for_model(pairing).dtype == background.dtype
    np.testing.assert_array_equal(rows_for_model(pairing), rows)
    np.testing.assert_array_equal(background_for_model(pairing), background)


def test_longer_text_in_the_rows_is_not_cut():
    got = rows_for_model(paired(np.array([["a"]]), np.array([["longer"]])))
    assert got.tolist() == [["longer"]]


def test_numbers_beside_text_in_a_list_stay_numbers():
    assert rows_for_model(paired([[1, "a"], [2, "b"]], [[3, "c"]])).tolist() == [[3, "c"]]


@pytest.mark.parametrize("row", [X[0], X[0].tolist(), {"a": 0.0, "b": 1.0, "c": 2.0}])
def test_one_row_is_remembered_as_one(row):
    table = read_table(row, argument="X", allow_single_row=True)
    assert table.is_single_row
    assert (table.n_rows, table.n_columns) == (1, 3)
    np.testing.assert_array_equal(rows_for_model(paired(X, row, allow_single_row=True)), X[:1])
    assert not read_table(X, argument="X", allow_single_row=True).is_single_row


def test_display_gives_numbers_where_all_are_numbers_and_objects_otherwise():
    assert read_table(X, argument="X").display is X
    assert read_table([[1, "a"]], argument="X").display.tolist() == [[1, "a"]]
    np.testing.assert_array_equal(read_table([[1, None]], argument="X").display, [[1, np.nan]])
    row = read_table({"a": 1, "b": 2.5}, argument="X", allow_single_row=True)
    np.testing.assert_array_equal(row.display, [[1.0, 2.5]])
    np.testing.assert_array_equal(read_table(sp.eye(2, format="csc"), argument="X").display, np.eye(2))


@pytest.mark.parametrize("index", [[2, 0], slice(1, 3), np.array([True, False, True, False])])
@pytest.mark.parametrize("make", [np.asarray, sp.csr_matrix, sp.csr_array])
def test_rows_and_columns_are_taken(make, index):
    table = read_table(make(X), argument="X")
    np.testing.assert_array_equal(table.take_rows(index).display, X[index])
    np.testing.assert_array_equal(table.reorder([2, 0, 1]).display, X[:, [2, 0, 1]])
    assert table.take_rows(index).kind == table.kind


@pytest.mark.parametrize("make", [sp.csr_matrix, sp.csr_array, sp.csc_matrix, sp.coo_array])
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int64, np.uint8, bool])
def test_a_sparse_matrix_keeps_its_format_its_dtype_and_its_stored_zeros(make, dtype, seed):
    rng = np.random.default_rng(seed)
    matrix = make(sp.random(9, 6, 0.4, random_state=rng, data_rvs=lambda n: rng.integers(0, 3, n))).astype(dtype)
    before = matrix.toarray()
    pairing = paired(matrix, matrix.tocsr()[:4])
    for got, want in [(background_for_model(pairing), matrix.tocsr()), (rows_for_model(pairing), matrix.tocsr()[:4])]:
        assert type(got) is type(want)
        assert got.dtype == dtype
        want.sort_indices()
        np.testing.assert_array_equal(got.indptr, want.indptr)
        np.testing.assert_array_equal(got.indices, want.indices)
        np.testing.assert_array_equal(got.data, want.data)
    np.testing.assert_array_equal(matrix.toarray(), before)


def test_a_stored_value_never_looks_absent():
    every_byte = sp.csr_matrix(np.arange(256, dtype=np.uint8)[:, None])
    np.testing.assert_array_equal(rows_for_model(paired(every_byte, every_byte)).toarray(), every_byte.toarray())
    background = sp.csr_matrix(np.eye(2))
    bits = paired(background, background).blocks[0].background.view(np.uint64)
    unlucky = sp.csr_matrix(np.array([[bits[0, 1], 0]], np.uint64).view(np.float64))
    assert rows_for_model(paired(background, unlucky)).nnz == unlucky.nnz


def test_dense_rows_join_a_sparse_background_and_the_reverse():
    sparse = sp.csr_array(np.eye(3))
    assert sp.issparse(rows_for_model(paired(sparse, X)))
    np.testing.assert_array_equal(rows_for_model(paired(sparse, X)).toarray(), X)
    np.testing.assert_array_equal(rows_for_model(paired(X, sparse)), np.eye(3))


def test_an_object_with_dlpack_or_array_is_read():
    class Dlpack:
        def __dlpack__(self, **options):
            return X.__dlpack__(**options)

        def __dlpack_device__(self):
            return X.__dlpack_device__()

    class Arraylike:
        def __array__(self, dtype=None, copy=None):
            return X

    for foreign in (Dlpack(), Arraylike()):
        np.testing.assert_array_equal(read_table(foreign, argument="X").display, X)


def test_tables_and_pairings_pickle():
    for data in (X, [[1, "a"]], sp.csr_matrix(X)):
        pairing = paired(data, data)
        again = pickle.loads(pickle.dumps(pairing))
        assert repr(rows_for_model(again)) == repr(rows_for_model(pairing))
    table = pickle.loads(pickle.dumps(read_table(X, argument="X")))
    assert isinstance(table, Table)
    np.testing.assert_array_equal(table.display, X)


def test_arrays_load_no_other_library():
    program = """
import sys, numpy as np
from ferroshap.inputs import pair, read_table
from ferroshap.models import as_model
known = set(sys.modules)
X = np.eye(3)
pairing = pair(read_table(X, argument="b"), read_table([[1.0, 2.0, 3.0]], argument="x"), as_frame=None)
pair(read_table([[1, "a"]], argument="b"), read_table([[1, "b"]], argument="x"), as_frame=True)
as_model(lambda rows: rows[:, 0])(pairing.build([pairing.blocks[0].rows]), 1)
heavy = {"pandas", "polars", "pyarrow", "scipy", "narwhals", "sklearn", "torch"}
found = heavy & {name.partition(".")[0] for name in sys.modules}
sys.exit(f"loaded {found}" if found else 0)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
