"""Rows as they lie in a message that was read in place: contiguous, at addresses that suit no number."""

import numpy as np
import pytest

from ferroshap import ExactExplainer, KernelExplainer, LinearExplainer, PermutationExplainer

M = 5


def unaligned(rows):
    """Copy rows to where no number of their type should begin."""
    elsewhere = np.empty(rows.nbytes + 1, np.uint8)[1:].view(rows.dtype).reshape(rows.shape)
    elsewhere[...] = rows
    assert elsewhere.flags.c_contiguous
    assert not elsewhere.flags.aligned
    return elsewhere


def model(rows):
    rows = np.asarray(rows)  # some explainers of frames give frames
    return rows[:, 0] * rows[:, 1] + rows[:, 2] * rows[:, 3] * rows[:, 4]


def linear(_, background):
    return LinearExplainer((np.arange(M) + 1.0, 0.0), background)


@pytest.mark.parametrize("make", [KernelExplainer, PermutationExplainer, ExactExplainer, linear])
@pytest.mark.parametrize("n_rows", [1, 2, 7])
@pytest.mark.parametrize("kind", ["array", "transposed array", "frame", "transposed frame"])
def test_rows_at_any_address_have_the_same_values(make, n_rows, kind):
    pd = pytest.importorskip("pandas")
    rng = np.random.default_rng(0)
    rows, background = rng.normal(size=(n_rows, M)), rng.normal(size=(4, M))
    expected = make(model, background)(rows).values.tobytes()
    strange, behind = (
        unaligned(table.T).T if "transposed" in kind else unaligned(table) for table in (rows, background)
    )
    if "frame" in kind:
        strange, behind = (pd.DataFrame(table, copy=False) for table in (strange, behind))
    assert make(model, background)(strange).values.tobytes() == expected
    assert make(model, behind)(rows).values.tobytes() == expected
