"""Memory planned ahead: how many rows are explained at once, and how many blocks are under way."""

from typing import Any, NamedTuple

import numpy as np

from ferroshap.engines.arrow import Layout
from ferroshap.engines.files.units import UNIT_ROWS
from ferroshap.errors import MemoryLimitError
from ferroshap.memory import as_bytes

#: Values of a block in doubles: 65,536 rows of 127 features are one block, 10,000 features make more.
BLOCK_BYTES = 1 << 27
#: Blocks do not get smaller than that: each row group costs as many bytes of footer as it has columns times 150.
LEAST_ROWS = 128
#: What pyarrow and the readers take whatever the table.
FIXED_BYTES = 1 << 26


class Plan(NamedTuple):
    """How a run goes about it.

    Attributes
    ----------
    block_rows : int
        Rows explained at once, a divisor of `UNIT_ROWS`.
    overlaps : bool
        Whether the next block is read and the last one written while one is explained.
    n_bytes : int
        What that takes at most.
    """

    block_rows: int
    overlaps: bool
    n_bytes: int


class RowBytes(NamedTuple):
    """Bytes of one row, on its way.

    Attributes
    ----------
    read : float
        As it is read.
    asked : int
        As numbers that the explainer takes.
    values : int
        As values.
    written : float
        As a table of values.
    """

    read: float
    asked: int
    values: int
    written: float


def planned(layout: Layout, shape: tuple[int, int, int], row: RowBytes, memory_limit: Any, n_away: int = 0) -> Plan:
    """Choose blocks that fit into the memory granted.

    What is under way is shrunk first (nothing read ahead), then the blocks.

    Parameters
    ----------
    layout : Layout
        Of the values.
    shape : (int, int, int)
        Features, values of a row for each output, outputs.
    row : RowBytes
        One row.
    memory_limit : int, str or None
        Bytes.
    n_away : int
        Blocks that are with workers.

    Raises
    ------
    MemoryLimitError
        When not even the smallest block fits: it names sizes and remedies.
    """
    granted = as_bytes(memory_limit)
    rows = UNIT_ROWS
    while rows > LEAST_ROWS and rows * row.values * 8 > BLOCK_BYTES * np.dtype(layout.dtype).itemsize:
        rows //= 2
    while True:
        for overlaps in (True, False):
            needed = FIXED_BYTES + int(rows * _under_way(row, overlaps=overlaps, n_away=n_away))
            if needed <= granted:
                return Plan(rows, overlaps, needed)
        if rows <= LEAST_ROWS:
            raise _too_small(layout, shape, rows, needed, granted)
        rows //= 2


def _under_way(row: RowBytes, *, overlaps: bool, n_away: int) -> float:
    """Bytes for each row of a block: twice what is written, as a table and as pages of Parquet."""
    if n_away:
        return (n_away + 2) * row.read + (n_away + 1) * row.written
    once = row.read + row.asked + row.values + 2 * row.written
    return once + (row.read + row.values if overlaps else 0)


def _too_small(layout: Layout, shape: tuple[int, int, int], rows: int, needed: int, granted: int) -> MemoryLimitError:
    n_features, n_terms, n_outputs = shape
    what = f"{n_features:,} features" if n_terms == n_features else f"{n_terms:,} pairs of features"
    remedies = []
    if layout.dtype == "float64":
        remedies.append("dtype='float32'")
    if layout.top_k is None:
        remedies.append("`top_k`")
    remedies += ["`columns` and `keep` with fewer columns", "a `memory_limit` of at least that much"]
    msg = (
        f"{rows} rows of {what} and {n_outputs} outputs take {needed / 2**20:,.0f} MiB on their way, but "
        f"`memory_limit` grants {granted / 2**20:,.0f} MiB: pass {', '.join(remedies[:-1])} or {remedies[-1]}"
    )
    return MemoryLimitError(msg)


def width_of(schema: Any, expected: float | None) -> float:
    """Return the bytes of a row of a schema; text is guessed, or taken from what the file says of all columns."""
    total = 0.0
    for kind in schema.types:
        try:
            total += kind.bit_width / 8
        except ValueError:
            total += 32  # of no fixed width
    return max(total, min(expected or 0.0, 4 * total))
