"""`Source`: what the command knows of a table before it reads it."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Protocol

from ferroshap.cli.explain.sources.stdin import StandardInput

#: Rows that are explained at once: the unit of `explain_parquet`, so that both give the same bits.
UNIT = 65_536


class Source(Protocol):
    """A table in files.

    Attributes
    ----------
    option : str
        What the files were given as: "--data".
    kind : str
        "parquet", "csv" or "arrow".
    paths : sequence of str
        The files, in order; "-" for the standard input.
    schema : pyarrow.Schema
        The columns of the first file; of CSV as its first rows look.
    n_rows : int or None
        Rows in all, where that is known before they are read.
    stream : StandardInput or None
        The standard input, if it is that: it can be read once.
    """

    option: str
    kind: str
    paths: Sequence[str]
    schema: Any
    n_rows: int | None
    stream: StandardInput | None

    def batches(self, columns: Sequence[str], types: Mapping[str, Any]) -> Iterator[Any]:
        """Yield record batches of some columns in this order, of CSV with some types fixed."""
        ...


def listening(source: Source) -> AbstractContextManager[None]:
    """Hear signals while a source is read that may let one wait for ever."""
    return nullcontext() if source.stream is None else source.stream.heard()


def blocks(batches: Iterator[Any], schema: Any, n_rows: int = UNIT) -> Iterator[tuple[int, Any]]:
    """Cut batches of any size anew: yield the number of the first row, and tables of so many rows but for the last.

    Examples
    --------
    >>> import pyarrow as pa
    >>> batches = [pa.record_batch({"x": [1, 2]}), pa.record_batch({"x": [3, 4, 5]})]
    >>> [(first, table["x"].to_pylist()) for first, table in blocks(iter(batches), batches[0].schema, 3)]
    [(0, [1, 2, 3]), (3, [4, 5])]
    """
    import pyarrow as pa

    waiting: list[Any] = []
    first, n_waiting = 0, 0
    for batch in batches:
        at = 0
        while at < batch.num_rows:
            part = batch.slice(at, n_rows - n_waiting)
            at += part.num_rows
            n_waiting += part.num_rows
            waiting.append(part)
            if n_waiting == n_rows:
                yield first, pa.Table.from_batches(waiting, schema).combine_chunks()
                first, n_waiting, waiting = first + n_rows, 0, []
    if waiting:
        yield first, pa.Table.from_batches(waiting, schema).combine_chunks()
