"""Sparse backgrounds and rows brought together without a dense word between them."""

from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from ferroshap.inputs.exactness import Array
from ferroshap.inputs.pairing import Block, Pairing
from ferroshap.inputs.sparse import Csr, SparseAssembly, mark_absent, spread

WORDS = {1: np.uint8, 2: np.uint16, 4: np.uint32, 8: np.uint64}

#: Starts, columns and words of the stored entries, as the core takes them.
Compressed = tuple[npt.NDArray[np.int64], npt.NDArray[np.int32], Array]


class SparsePairing(Pairing):
    """A sparse background and sparse rows of one dtype; the model gets matrices of the background's class.

    An entry that is not stored is a value of its own: it differs from a stored zero, and stays unstored. `blocks`
    are dense and made for those who ask for them alone: maskers that fill features given others.
    """

    # No slots: what is cached needs a dictionary.

    def __init__(self, background: Csr, rows: Csr) -> None:
        """Keep the matrices, whose entries are sorted and stand once."""
        self.background = background
        self.rows = rows
        self.n_columns = int(background.shape[1])

    @cached_property
    def _absent(self) -> tuple[Array, int]:
        return mark_absent(self.background, self.rows.data)

    @cached_property
    def blocks(self) -> tuple[Block, ...]:  # type: ignore[override]  # the others know theirs from the start
        """All columns as one dense block."""
        known, absent = self._absent
        return (Block(np.arange(self.n_columns, dtype=np.int64), known, spread(self.rows, absent)),)

    @property
    def assembly(self) -> SparseAssembly:  # type: ignore[override]
        """What makes of dense words the matrix that the model gets."""
        return SparseAssembly(type(self.background), self._absent[1])

    @property
    def row_bytes(self) -> int:
        """Bytes of one masked row: at most what the fullest background row and the fullest row store together."""
        most = sum(int(np.diff(matrix.indptr).max(initial=0)) for matrix in (self.background, self.rows))
        item: int = self.background.dtype.itemsize
        return max(1, most) * (item + 4) + 8

    @property
    def n_bytes(self) -> int:
        """Bytes of the background and the rows."""
        matrices = self.background, self.rows
        return sum(int(part.nbytes) for matrix in matrices for part in (matrix.data, matrix.indices, matrix.indptr))

    def known(self, part: slice) -> Any:
        """Background rows as the model gets them."""
        return self.background[part]

    def given(self, part: slice) -> Any:
        """Rows to explain as the model gets them."""
        return self.rows[part]

    def assembled(self, filled: Compressed) -> Csr:
        """Make the matrix that the model gets of masked rows as the core gives them."""
        starts, columns, words = filled
        shape = (len(starts) - 1, self.n_columns)
        return type(self.background)((words.view(self.background.dtype), columns, starts), shape=shape)

    def varying(self) -> list[npt.NDArray[np.intp]]:
        """For each row the columns, ascending, in which some background row has other bits."""
        known, given = compressed(self.background), compressed(self.rows)
        is_still, stored = _still_columns(known, self.background.shape)
        found = []
        for number in range(self.rows.shape[0]):
            entries = slice(given[0][number], given[0][number + 1])
            columns, words = given[1][entries], given[2][entries]
            # A column that is still takes part where the row has another word, or stores what the background does
            # not, or the other way round.
            varies = ~is_still | stored.has
            varies[columns] = ~is_still[columns] | ~stored.has[columns] | (stored.words[columns] != words)
            found.append(np.flatnonzero(varies))
        return found


class _Stored:
    """What every background row stores alike: whether it stores anything, and which word."""

    def __init__(self, has: npt.NDArray[np.bool_], words: Array) -> None:
        self.has = has
        self.words = words


def _still_columns(known: Compressed, shape: tuple[int, int]) -> tuple[npt.NDArray[np.bool_], _Stored]:
    """Find the columns that are the same in all background rows, and what is stored there."""
    n_rows, n_columns = shape
    counts = np.bincount(known[1], minlength=n_columns)
    first = np.zeros(n_columns, dtype=known[2].dtype)
    first[known[1]] = known[2]  # some word of each column; where one differs from it, not all are alike
    is_still = (counts == 0) | (counts == n_rows)
    is_still[known[1][known[2] != first[known[1]]]] = False
    return is_still, _Stored(is_still & (counts > 0), first)


def compressed(matrix: Csr) -> Compressed:
    """Give the entries of a matrix as the core takes them; views where the index types are the core's."""
    words = np.ascontiguousarray(matrix.data).view(WORDS[matrix.dtype.itemsize])
    return (
        np.ascontiguousarray(matrix.indptr, dtype=np.int64),
        np.ascontiguousarray(matrix.indices, dtype=np.int32),
        words,
    )
