"""Arrow's own files (IPC, Feather): with a footer, or as a stream."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ferroshap.engines.files.sources.piece import Piece, Wanted, numbered, of_file, unreadable
from ferroshap.export.libraries import met


class ArrowPiece(Piece):
    """An Arrow IPC file (Feather, version 2), or a stream of Arrow's in a file.

    Parameters
    ----------
    path : Path
        Where it lies.

    Raises
    ------
    SourceError
        When it is neither.
    """

    def __init__(self, path: Path) -> None:
        """Read the schema, and count the rows where there is a footer."""
        self._path = path.absolute()  # whoever changes the directory meanwhile does not move the file
        self.name = repr(str(path))
        self.identity = of_file(path)
        arrow = met("pyarrow", "explain_parquet")
        try:
            with arrow.memory_map(str(path)) as file:
                self._has_footer = file.size() >= 6 and file.read(6) == b"ARROW1"
                file.seek(0)
                self.schema = self._reader(file).schema
            if self._has_footer:
                dataset = met("pyarrow.dataset", "explain_parquet")
                self.n_rows = dataset.dataset(str(path), format="ipc").count_rows()
        except (arrow.ArrowException, OSError) as error:
            raise unreadable(self.name, error) from error

    def current_identity(self) -> dict[str, Any] | None:
        """The file's at this moment."""
        return of_file(self._path)

    def batches(self, columns: list[str], first: int, is_wanted: Wanted, n_rows: int) -> Iterator[tuple[int, Any]]:
        """Read batch by batch; what lies mapped in memory and is not wanted is not touched."""
        arrow = met("pyarrow", "explain_parquet")
        included = [self.schema.get_field_index(name) for name in columns]
        try:
            file = arrow.memory_map(str(self._path))
        except (arrow.ArrowException, OSError) as error:
            raise unreadable(self.name, error) from error
        with file:
            read = self._read(file, arrow.ipc.IpcReadOptions(included_fields=included, use_threads=False))
            last = yield from numbered(read, self.name, first, is_wanted, n_rows)
        self.n_rows = last - first

    def _reader(self, file: Any, options: Any = None) -> Any:
        ipc = met("pyarrow.ipc", "explain_parquet")
        return (ipc.open_file if self._has_footer else ipc.open_stream)(file, options=options)

    def _read(self, file: Any, options: Any) -> Iterator[Any]:
        reader = self._reader(file, options)
        if self._has_footer:
            yield from (reader.get_batch(number) for number in range(reader.num_record_batches))
        else:
            yield from reader
