"""`Source`: pieces in a row, their columns brought to one type, their rows numbered through."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from ferroshap.engines.files.sources.dataset import pieces_of
from ferroshap.engines.files.sources.discovery import files_of, piece_of
from ferroshap.engines.files.sources.parquet_file import ParquetPiece
from ferroshap.engines.files.sources.piece import Piece, Wanted, unreadable
from ferroshap.engines.files.sources.promotion import unified
from ferroshap.engines.files.sources.stream import StreamPiece
from ferroshap.errors import OptionError
from ferroshap.export.libraries import met


class Source:
    """A table in pieces.

    Parameters
    ----------
    pieces : list of Piece
        In the order of their rows.
    """

    def __init__(self, pieces: list[Piece]) -> None:
        """Number the rows."""
        self.pieces = pieces
        #: All columns of the first piece.
        self.schema = pieces[0].schema

    @property
    def n_rows(self) -> int | None:
        """Rows in all; None where some piece does not say."""
        counts = [piece.n_rows for piece in self.pieces]
        return None if None in counts else sum(count or 0 for count in counts)

    @property
    def is_restartable(self) -> bool:
        """Whether all of it can be read again, and recognised."""
        return all(piece.identity is not None for piece in self.pieces)

    @property
    def is_bound(self) -> bool:
        """Whether it is somebody's own iterator, which may have to be read where it was made."""
        return any(isinstance(piece, StreamPiece) for piece in self.pieces)

    def batches(self, schema: Any, is_wanted: Wanted, n_rows: int) -> Iterator[tuple[int, Any]]:
        """Read batches of at most `n_rows`, each with the number of its first row.

        Parameters
        ----------
        schema : pyarrow.Schema
            The columns that are read, and their types: what `narrowed` returned.
        is_wanted : callable
            Pieces and row groups that it declines are not read, where their rows can be counted unread.
        n_rows : int
            The most rows of a batch.
        """
        arrow, names, first = met("pyarrow", "explain_parquet"), schema.names, 0
        for piece in self.pieces:
            if piece.n_rows is not None and not is_wanted(first, first + piece.n_rows):
                first += piece.n_rows
                continue
            for at, batch in piece.batches(names, first, is_wanted, n_rows):
                picked = batch.select(names)
                try:
                    yield at, picked if picked.schema.equals(schema) else picked.cast(schema)
                except (arrow.ArrowInvalid, arrow.ArrowNotImplementedError) as error:
                    where = f"{piece.name}, rows {at} to {at + batch.num_rows - 1} of the source,"
                    raise unreadable(where, error) from error
            first += piece.n_rows or 0  # known by now

    def narrowed(self, names: list[str]) -> Any:
        """Return the schema of some columns in types that all pieces can be cast to.

        Raises
        ------
        SourceColumnsError
            When a piece lacks one, or has it of a type that does not go with those before.
        """
        return unified([(piece.name, piece.schema) for piece in self.pieces], names)

    def row_bytes(self) -> float | None:
        """Bytes of a row of all columns in memory, the most that any piece expects."""
        known = [piece.row_bytes for piece in self.pieces if piece.row_bytes is not None]
        return max(known, default=None)


def as_source(given: Any, without: Iterable[Path] = ()) -> Source:
    """Recognise what was given as `source`.

    Parameters
    ----------
    given : object
        A path, a pattern, a directory, a list of them; a dataset or ParquetFile of pyarrow; batches.
    without : iterable of Path
        Files and directories that patterns and directories do not find.

    Raises
    ------
    SourceError, OptionError
        When it is none, or cannot be opened.
    """
    pieces = list(_pieces(given, list(without)))
    if not pieces:
        msg = "`source` is empty: name at least one file"
        raise OptionError(msg)
    return Source(pieces)


def _pieces(given: Any, without: list[Path]) -> Iterator[Piece]:
    if isinstance(given, bytes | bytearray | memoryview):
        msg = f"`source` is {type(given).__name__}: pass a path as text, or what the bytes hold as a table"
        raise OptionError(msg)
    if isinstance(given, str | Path):
        yield from map(piece_of, files_of(given, without))
        return
    dataset, parquet = met("pyarrow.dataset", "explain_parquet"), met("pyarrow.parquet", "explain_parquet")
    if isinstance(given, dataset.Dataset):
        yield from pieces_of(given)
    elif isinstance(given, parquet.ParquetFile):
        yield ParquetPiece(None, given)
    elif isinstance(given, list | tuple) and all(
        isinstance(one, str | Path | dataset.Dataset | parquet.ParquetFile) for one in given
    ):
        for one in given:
            yield from _pieces(one, without)
    elif hasattr(given, "__iter__") or hasattr(given, "__arrow_c_stream__") or hasattr(given, "__arrow_c_array__"):
        yield StreamPiece(given)
    else:
        msg = (
            f"`source` is a {type(given).__name__}, but must be a path, a pattern, a directory, a list of them, "
            "a dataset or ParquetFile of pyarrow, or record batches"
        )
        raise OptionError(msg)
