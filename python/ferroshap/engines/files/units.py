"""Units of work: rows by their number in the whole table, however it lies in files."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from ferroshap.errors import DimensionError
from ferroshap.export.libraries import met

#: Rows of a unit: what is finished at once, and found finished after a kill.
UNIT_ROWS = 1 << 16


class Block(NamedTuple):
    """Rows that are explained at once: a unit, or a part of one where rows are very wide.

    Attributes
    ----------
    first_row : int
        The number of the first row.
    rows : pyarrow.Table
        The columns that were read.
    """

    first_row: int
    rows: Any

    @property
    def unit(self) -> int:
        """The unit that the rows belong to."""
        return self.first_row // UNIT_ROWS

    @property
    def ends_unit(self) -> bool:
        """Whether the next row belongs to another unit; the last unit of a table may end earlier."""
        return (self.first_row + len(self.rows)) % UNIT_ROWS == 0

    def __reduce__(self) -> Any:
        """Pickle these rows alone: pyarrow would send all rows of the table that they are a slice of."""
        arrow = met("pyarrow", "explain_parquet")
        sink = arrow.BufferOutputStream()
        with arrow.ipc.new_stream(sink, self.rows.schema) as writer:
            writer.write_table(self.rows)
        return _block, (self.first_row, sink.getvalue().to_pybytes())

    @property
    def words(self) -> str:
        """What messages call it."""
        return f"rows {self.first_row} to {self.first_row + self.rows.num_rows - 1} of the source"


def _block(first_row: int, data: bytes) -> Block:
    return Block(first_row, met("pyarrow", "explain_parquet").ipc.open_stream(data).read_all())


class Done:
    """Which units need not be explained."""

    def __init__(self, units: Iterable[int] = ()) -> None:
        """Keep the numbers."""
        self.units = frozenset(units)

    def lacks(self, first: int, last: int) -> bool:
        """Whether a row from `first` to before `last` is still to be explained."""
        return last > first and any(
            unit not in self.units for unit in range(first // UNIT_ROWS, (last - 1) // UNIT_ROWS + 1)
        )


def blocks(batches: Iterable[tuple[int, Any]], n_rows: int, done: Done) -> Iterator[Block]:
    """Cut numbered batches into blocks.

    Parameters
    ----------
    batches : iterable of (int, pyarrow.RecordBatch)
        Each with the number of its first row, in this order; rows of finished units may be missing.
    n_rows : int
        Rows of a block, a divisor of `UNIT_ROWS`.
    done : Done
        Rows of these units are left out.

    Examples
    --------
    >>> import pyarrow as pa
    >>> rows = pa.record_batch({"x": range(5)})
    >>> [(block.first_row, block.rows.num_rows) for block in blocks([(0, rows), (5, rows)], 4, Done())]
    [(0, 4), (4, 4), (8, 2)]
    """
    arrow = met("pyarrow", "explain_parquet")
    held: list[Any] = []
    first = 0
    for at, batch in batches:
        while batch.num_rows:
            end = (at // n_rows + 1) * n_rows
            head = batch.slice(0, end - at)
            if done.lacks(at, at + head.num_rows):
                first = first if held else at
                held.append(head)
            if held and at + head.num_rows == end:
                yield Block(first, arrow.Table.from_batches(held))
                held = []
            batch, at = batch.slice(head.num_rows), at + head.num_rows  # noqa: PLW2901 - what is left of it
    if held:
        yield Block(first, arrow.Table.from_batches(held))


def n_units(n_rows: int) -> int:
    """Return how many units a table has.

    Examples
    --------
    >>> n_units(0), n_units(65_536), n_units(65_537)
    (0, 1, 2)
    """
    return -(-n_rows // UNIT_ROWS)


def rows_of(unit: int, n_rows: int) -> int:
    """Return how many rows a unit of a table has.

    Raises
    ------
    DimensionError
        When it has none.
    """
    count = min(UNIT_ROWS, n_rows - unit * UNIT_ROWS)
    if count <= 0:
        msg = f"unit {unit} begins behind the last of {n_rows} rows"
        raise DimensionError(msg)
    return count
