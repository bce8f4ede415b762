"""`row_key=`: a table that was cut into parts draws what the whole would draw, where rows draw their own."""

import numpy as np
import pytest

from ferroshap.errors import OptionError
from ferroshap.estimators import Leverage, Permutation
from ferroshap.explainers import KernelExplainer, PermutationExplainer
from ferroshap.explainers.row_keys import row_keys
from ferroshap.inputs import read_table

M = 8


def model(rows):
    return rows[:, 0] * rows[:, 1] * rows[:, 2] + rows[:, 3] * rows[:, 4] * rows[:, 5] + rows[:, 6] * rows[:, 7]


def explainer(method, seed=0):
    rng = np.random.default_rng([seed, M])
    rows = rng.normal(size=(6, M))
    return KernelExplainer(model, rng.normal(size=(5, M)), method=method), rows


@pytest.mark.parametrize("method", [Leverage(shared_design=False), Permutation(shared_design=False)], ids=repr)
@pytest.mark.parametrize("tol", [None, 0.2])
@pytest.mark.filterwarnings("ignore:.*budget is spent:ferroshap.errors.ConvergenceWarning")
def test_parts_of_a_table_are_explained_as_in_the_whole(method, tol, seed):
    kernel, rows = explainer(method, seed)
    whole = kernel(rows, nsamples=100, tol=tol)
    for numbers in ([0], [3], [4, 1], [5, 0, 2]):
        part = kernel(rows[numbers], nsamples=100, tol=tol, row_key=numbers)
        assert part.values.tobytes() == whole.values[numbers].tobytes()
    assert kernel(rows[3], nsamples=100, tol=tol, row_key=3).values.tobytes() == whole.values[3].tobytes()
    assert kernel(rows[3], nsamples=100, tol=tol).values.tobytes() != whole.values[3].tobytes()


def test_content_tells_rows_apart_wherever_they_stand(seed):
    kernel, rows = explainer(Leverage(shared_design=False), seed)
    whole = kernel(rows, nsamples=100, row_key="content")
    order = np.random.default_rng(seed).permutation(len(rows))
    assert kernel(rows[order], nsamples=100, row_key="content").values.tobytes() == whole.values[order].tobytes()
    zeros = np.zeros((2, M))
    zeros[1] = -0.0
    twins = PermutationExplainer(model, rows, method=Permutation(shared_design=False))
    a, b = twins(zeros, max_evals=100, row_key="content").values
    assert a.tobytes() == b.tobytes()


def test_content_of_a_frame_is_its_values_not_their_codes():
    pd = pytest.importorskip("pandas")

    letters = {"x": 1.0, "y": -2.0, "z": 3.0}

    def f(table):
        worth = np.array([letters[letter] for letter in table[:, 1]])
        return (table[:, 0] + 1.0).astype(float) * worth * (table[:, 2] * table[:, 3]).astype(float)

    background = pd.DataFrame({"a": [1, 2], "b": ["x", "x"], "c": [0.5, 1.0], "d": [1.0, 3.0]})
    rows = pd.DataFrame({"a": [3, 4, 5], "b": ["y", "z", "y"], "c": [4.0, 2.0, 0.1], "d": [0.0, 7.0, 9.0]})
    kernel = KernelExplainer(f, background, method=Leverage(shared_design=False))
    whole = kernel(rows, nsamples=12, row_key="content").values
    for position in range(len(rows)):
        alone = kernel(rows.iloc[[position]], nsamples=12, row_key="content").values
        assert alone[0].tobytes() == whole[position].tobytes()


def test_content_is_the_same_in_every_library_that_holds_the_table():
    pd, pa, pl = (pytest.importorskip(name) for name in ("pandas", "pyarrow", "polars"))
    columns = {
        "a": [1.0, None, -0.0],
        "b": ["x", None, "z"],
        "c": [1, 2, None],
        "d": [True, None, False],
        "e": [2, 3, 4],
    }
    frame = pd.DataFrame(columns | {"a": [1.0, np.nan, 0.0], "c": [1.0, 2.0, np.nan]})
    tables = [
        frame,
        frame.astype({"b": "category"}),
        frame.astype({"b": object, "e": object}),
        frame.astype({"b": "string[pyarrow]", "c": "Int64", "d": "boolean", "e": "int8"}),
        pl.DataFrame(columns),
        pa.table(columns),
        pa.table(columns | {"b": pa.array(columns["b"]).dictionary_encode()}),
    ]
    keys = [row_keys("content", read_table(table, argument="X")).tolist() for table in tables]
    assert keys == [keys[0]] * len(tables)
    assert len(set(keys[0])) == 3


def test_rows_that_share_a_design_have_no_use_for_numbers():
    kernel, rows = explainer(Leverage())
    expected = kernel(rows, nsamples=100).values.tobytes()
    assert kernel(rows, nsamples=100, row_key=[9, 8, 7, 6, 5, 4]).values.tobytes() == expected
    assert kernel(rows, nsamples=100, row_key="content").values.tobytes() == expected


@pytest.mark.parametrize("row_key", [[1, 2], -1, [0.5] * 6, "index", [[1] * 6]])
def test_numbers_that_are_not_one_a_row_are_refused(row_key):
    kernel, rows = explainer(Leverage())
    with pytest.raises(OptionError, match="`row_key`"):
        kernel(rows, nsamples=100, row_key=row_key)


def test_keys_of_floats_are_those_of_the_same_numbers_in_other_hands():
    rng = np.random.default_rng(0)
    table = rng.standard_normal((5000, 3))
    table[::7, 1], table[::5, 2], table[::11, 0] = np.nan, -0.0, np.inf

    def keys(array):
        return row_keys("content", read_table(array, argument="X"))

    assert np.array_equal(keys(table), keys(table.astype(object)))
    assert np.array_equal(keys(np.asfortranarray(table)), keys(table.astype(object)))
    singles = table.astype(np.float32)
    assert np.array_equal(keys(singles), keys(singles.astype(object)))
