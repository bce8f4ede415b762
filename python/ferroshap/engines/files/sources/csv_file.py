"""Comma-separated files, read as a stream."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ferroshap.engines.files.sources.piece import Piece, Wanted, numbered, of_file, unreadable
from ferroshap.export.libraries import met

#: Types are inferred from the first block, so it is larger than pyarrow's own.
BLOCK_BYTES = 1 << 23


class CsvPiece(Piece):
    """A file of comma-separated values with a header, compressed (``.gz``, ``.bz2``, ``.zst``) or not.

    Whole numbers are read as floats, as are columns without a value in the first 8 MiB: a later fraction or gap
    is no error then. Their rows are counted while they are read.

    Parameters
    ----------
    path : Path
        Where it lies.

    Raises
    ------
    SourceError
        When it cannot be read as a table.
    """

    def __init__(self, path: Path) -> None:
        """Read the header, and infer the types."""
        self._path = path.absolute()  # whoever changes the directory meanwhile does not move the file
        self.name = repr(str(path))
        self.identity = of_file(path)
        arrow = met("pyarrow", "explain_parquet")
        try:
            with self._open({}, None) as reader:
                found = reader.schema
        except (arrow.ArrowException, OSError) as error:
            raise unreadable(self.name, error) from error
        self.schema = arrow.schema([arrow.field(field.name, _widened(field.type)) for field in found])

    def current_identity(self) -> dict[str, Any] | None:
        """The file's at this moment."""
        return of_file(self._path)

    def batches(self, columns: list[str], first: int, is_wanted: Wanted, n_rows: int) -> Iterator[tuple[int, Any]]:
        """Read block by block; nothing can be passed over unread."""
        arrow = met("pyarrow", "explain_parquet")
        try:
            reader = self._open({name: self.schema.field(name).type for name in columns}, columns)
        except (arrow.ArrowException, OSError) as error:
            raise unreadable(self.name, error) from error
        with reader:
            last = yield from numbered(reader, self.name, first, is_wanted, n_rows)
        self.n_rows = last - first

    def _open(self, types: dict[str, Any], columns: list[str] | None) -> Any:
        csv = met("pyarrow.csv", "explain_parquet")
        options = csv.ConvertOptions(column_types=types, include_columns=columns, strings_can_be_null=True)
        return csv.open_csv(
            str(self._path),
            read_options=csv.ReadOptions(block_size=BLOCK_BYTES, use_threads=False),
            convert_options=options,
        )


def _widened(kind: Any) -> Any:
    """Whole numbers and columns of nothing become floats, which whatever follows can be."""
    arrow = met("pyarrow", "explain_parquet")
    is_narrow = arrow.types.is_integer(kind) or arrow.types.is_null(kind)
    return arrow.float64() if is_narrow else kind
