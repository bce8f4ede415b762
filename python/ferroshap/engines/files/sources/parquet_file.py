"""Parquet files, row group by row group."""

import zlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from ferroshap.engines.files.sources.piece import Piece, Wanted, numbered, of_file, unreadable
from ferroshap.errors import SourceError
from ferroshap.export.libraries import met

#: Read-ahead of one column: a row group that is larger than memory is streamed. With it, and without pre-buffering
#: (which keeps every row group that was read: 920 MB for a file of 820), reading 3,000,000 x 127 takes 140 MB.
BUFFER_BYTES = 1 << 16
#: Read-ahead of all columns: ten thousand have smaller buffers each.
ALL_BUFFERS_BYTES = 1 << 26


class ParquetPiece(Piece):
    """A Parquet file.

    Parameters
    ----------
    path : Path
        Where it lies.
    opened : pyarrow.parquet.ParquetFile, optional
        By the user, from wherever; then there is no path.

    Raises
    ------
    SourceError
        When it is no Parquet file, or its footer is damaged.
    """

    def __init__(self, path: Path | None, opened: Any = None) -> None:
        """Read the footer."""
        # Whoever changes the directory meanwhile does not move the file.
        self._path, self._opened = None if path is None else path.absolute(), opened
        self.name = "the ParquetFile" if path is None else repr(str(path))
        if path is not None:
            self.identity = of_file(path)
        file = self._open()
        metadata = file.metadata
        self.schema = file.schema_arrow
        self.n_rows = metadata.num_rows
        self._group_rows = [metadata.row_group(number).num_rows for number in range(metadata.num_row_groups)]
        n_bytes = sum(metadata.row_group(number).total_byte_size for number in range(metadata.num_row_groups))
        self.row_bytes = n_bytes / max(1, self.n_rows)
        if path is None:
            self.identity = {"footer": _checksum(metadata), "rows": metadata.num_rows}
        else:
            file.close()

    def current_identity(self) -> dict[str, Any] | None:
        """The file's at this moment."""
        return self.identity if self._path is None else of_file(self._path)

    def batches(self, columns: list[str], first: int, is_wanted: Wanted, n_rows: int) -> Iterator[tuple[int, Any]]:
        """Read the row groups that hold wanted rows."""
        last = first + sum(self._group_rows)
        if not is_wanted(first, last):
            return
        file = self._open(len(columns))
        with closing(file if self._path is not None else _Kept()):
            for group, count in enumerate(self._group_rows):
                if count and is_wanted(first, first + count):
                    yield from self._group(file, group, columns, first, is_wanted, n_rows)
                first += count

    def _group(
        self, file: Any, group: int, columns: list[str], first: int, is_wanted: Wanted, n_rows: int
    ) -> Iterator[tuple[int, Any]]:
        """Read one row group."""
        last = first + self._group_rows[group]
        where = f"row group {group} of {self.name} (rows {first} to {last - 1} of the source)"
        read = file.iter_batches(n_rows, row_groups=[group], columns=columns, use_threads=False)
        at = yield from numbered(read, where, first, is_wanted, n_rows)
        if at != last:
            msg = f"{where} has {at - first} rows, but the footer says {last - first}: the file is damaged"
            raise SourceError(msg)

    def _open(self, n_columns: int = 1) -> Any:
        if self._opened is not None:
            return self._opened
        parquet, arrow = met("pyarrow.parquet", "explain_parquet"), met("pyarrow", "explain_parquet")
        n_bytes = max(1 << 12, min(BUFFER_BYTES, ALL_BUFFERS_BYTES // max(1, n_columns)))
        try:
            return parquet.ParquetFile(self._path, pre_buffer=False, buffer_size=n_bytes)
        except (arrow.ArrowException, OSError) as error:
            where = f"the footer of {self.name}"
            raise unreadable(where, error) from error


class _Kept:
    """Stands for a file that is the user's, and stays open."""

    def close(self) -> None:
        """Leave it."""


def _checksum(metadata: Any) -> int:
    """Of a footer, which holds sizes, extremes and counts of all columns."""
    arrow = met("pyarrow", "explain_parquet")
    sink = arrow.BufferOutputStream()
    metadata.write_metadata_file(sink)
    return zlib.crc32(sink.getvalue())
