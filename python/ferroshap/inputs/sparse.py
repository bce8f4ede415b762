"""Sparse matrices: entries that are not stored are a value of their own, and stay unstored.

XGBoost reads an absent entry as missing and a stored zero as zero. So absence
gets bits of its own in the dense words, which no stored value has.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ferroshap.inputs.exactness import Array

Csr: TypeAlias = Any  # csr_matrix or csr_array


@dataclass(frozen=True)
class SparseAssembly:
    """Gives filled words `(m, columns)` back as CSR: everything but the mark is stored."""

    matrix: type[Csr]
    absent: int

    def __call__(self, filled: Sequence[Array]) -> Csr:
        """Build the CSR matrix of the only block."""
        words = filled[0]
        stored = _bits(words) != self.absent
        row_starts = np.concatenate(([0], np.cumsum(np.count_nonzero(stored, axis=1))))
        return self.matrix((words[stored], np.nonzero(stored)[1], row_starts), shape=words.shape)


def mark_absent(matrix: Csr, *others: Array) -> tuple[Array, int]:
    """Give the dense words of a CSR matrix, and the bits that stand for an entry not stored.

    The bits differ from every stored value, also from `others` of the same dtype. In one-byte
    integers that use all 256 values no bits are left: absent entries become stored zeros there.
    """
    absent = _unused_bits(np.concatenate([matrix.data, *others]))
    return spread(matrix, absent), absent


def spread(matrix: Csr, absent: int) -> Array:
    """Dense words `(rows, columns)` of a CSR matrix, with `absent` where nothing is stored."""
    words = np.empty(matrix.shape, matrix.dtype)
    _bits(words)[...] = max(absent, 0)
    rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    words[rows, matrix.indices] = matrix.data
    return words


def has_bits(values: Array, word: int) -> bool:
    """Whether one of the values is this word."""
    return bool((_bits(values) == word).any())


def _unused_bits(values: Array) -> int:
    """A word that no value has: for floats a NaN with a payload that no arithmetic gives; -1 if all are used."""
    first = 2 ** (8 * values.dtype.itemsize) - 1
    if values.dtype.kind == "f":
        first = {2: 0x7E5A, 4: 0x7FC5_A5A5, 8: 0x7FF8_5A5A_5A5A_5A5A}[values.dtype.itemsize]
    return next((word for word in range(first, first - 256, -1) if not has_bits(values, word)), -1)


def _bits(values: Array) -> npt.NDArray[np.unsignedinteger[Any]]:
    bits: npt.NDArray[np.unsignedinteger[Any]] = values.view(f"u{values.dtype.itemsize}")
    return bits
