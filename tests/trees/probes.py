"""What every reader's test asks: does our forest give what the library gives, to the roundings of its sum?"""

import numpy as np

from ferroshap.trees.recognition import load_tree_model
from ferroshap.trees.verification import probes

#: Half a unit in the last place of 1.
ROUNDING = 2.0**-53


def margins(model, rows):
    """The library's own raw margins ``(rows, outputs)``."""
    taken = rows if model.to_library is None else model.to_library(rows)
    return np.asarray(model.raw(taken)).reshape(len(rows), -1)


def assert_reads(model, rows=None, *, n_roundings=None):
    """The library's margins on 64 probes (thresholds, their neighbours, NaN, unknown categories) and on given rows.

    `rows` are in the forest's columns and codes. Both sides add `n_roundings` numbers (by default the trees and the
    offset), each a few roundings away from the other's: errors of 4 roundings of the largest partial sum each.
    """
    read = load_tree_model(model)
    n_roundings = read.forest.n_trees + 2 if n_roundings is None else n_roundings
    asked = [probes(read, 64, 0)] if rows is None else [probes(read, 64, 0), np.asarray(rows, dtype=np.float64)]
    for matrix in asked:
        theirs = margins(read, matrix)
        ours = read.forest.predict(np.ascontiguousarray(matrix), 1)
        assert ours.shape == theirs.shape
        assert read.is_vector == (
            np.asarray(read.raw(matrix if read.to_library is None else read.to_library(matrix))).ndim == 1
        )
        scale = max(1.0, float(np.abs(theirs).max(initial=0.0)))
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=4 * n_roundings * ROUNDING * scale)
    return read
