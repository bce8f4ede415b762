"""What can be read once only: record batches from anywhere."""

import itertools
from collections.abc import Iterator
from typing import Any

from ferroshap.engines.files.sources.piece import Piece, Wanted, numbered
from ferroshap.errors import OptionError
from ferroshap.export.libraries import met


class StreamPiece(Piece):
    """A reader or iterable of record batches, a table, or whatever has ``__arrow_c_stream__``.

    It cannot be read again, so a run over it cannot be taken up after a kill.

    Parameters
    ----------
    stream : object
        Is read while rows are explained, not before.

    Raises
    ------
    OptionError
        When it is none of these, or an iterable of nothing.
    """

    def __init__(self, stream: Any) -> None:
        """Look at the first batch for the columns."""
        arrow = met("pyarrow", "explain_parquet")
        self.name = f"the {type(stream).__name__}"
        if isinstance(stream, arrow.Table | arrow.RecordBatch):
            self.n_rows = stream.num_rows
            stream = stream.to_reader() if isinstance(stream, arrow.Table) else [stream]
        elif hasattr(stream, "__arrow_c_stream__"):
            self.n_rows = len(stream) if hasattr(stream, "__len__") else None
            stream = arrow.RecordBatchReader.from_stream(stream)
        if hasattr(stream, "schema"):
            self.schema, self._batches = stream.schema, iter(stream)
            return
        batches = iter(stream)
        head = next(batches, None)
        if head is None:
            msg = "`source` is an iterable of nothing: without a batch its columns are not known"
            raise OptionError(msg)
        first = _as_batch(head)
        self.schema = first.schema
        self._batches = itertools.chain([first], batches)

    def batches(self, columns: list[str], first: int, is_wanted: Wanted, n_rows: int) -> Iterator[tuple[int, Any]]:
        """Take batch after batch."""
        at = first
        # What the user's own iterable raises comes out as it is.
        for whole in self._batches:
            at = yield from numbered(_as_batches(whole, columns), self.name, at, is_wanted, n_rows)
        self.n_rows = at - first


def _as_batch(given: Any) -> Any:
    arrow = met("pyarrow", "explain_parquet")
    if isinstance(given, arrow.RecordBatch | arrow.Table):
        return given
    if hasattr(given, "__arrow_c_stream__"):
        return arrow.table(given)
    if hasattr(given, "__arrow_c_array__"):
        return arrow.record_batch(given)
    msg = (
        f"`source` gives a {type(given).__name__}, but must be a path, a list of paths, a dataset or ParquetFile of "
        "pyarrow, or an iterable of record batches"
    )
    raise OptionError(msg)


def _as_batches(given: Any, columns: list[str]) -> Iterator[Any]:
    batch = _as_batch(given).select(columns)
    yield from batch.to_batches() if hasattr(batch, "to_batches") else [batch]
