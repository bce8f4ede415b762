"""Arrow's own files and streams, Feather included."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ferroshap.cli.explain.sources.parquet import check_same_columns
from ferroshap.cli.failing import WorkError


class ArrowSource:
    """Arrow files or streams as one table.

    Parameters
    ----------
    option : str
        What they were given as.
    paths : sequence of str
        The files, in order; ["-"] for a stream.
    stream : binary stream, optional
        The standard input, if it is that.
    """

    kind = "arrow"

    def __init__(self, option: str, paths: Sequence[str], stream: Any = None) -> None:
        """Read the schema of the first file, and how many rows there are if all say so."""
        self.option, self.paths = option, paths
        self._first = self._reader(paths[0], stream)
        self.schema: Any = self._first.schema.remove_metadata()
        self.n_rows: int | None = None

    def batches(self, columns: Sequence[str], types: Mapping[str, Any]) -> Iterator[Any]:
        """Yield record batches; `types` are those of the files."""
        import pyarrow as pa

        del types
        for path in self.paths:
            reader = self._first if path == self.paths[0] else self._reader(path)
            check_same_columns(self, path, reader.schema, columns)
            try:
                yield from (batch.select(list(columns)) for batch in _batches(reader))
            except (OSError, pa.ArrowException) as error:
                msg = f"`{self.option}` {path} cannot be read: {error}"
                raise WorkError(msg) from error

    def _reader(self, path: str, stream: Any = None) -> Any:
        import pyarrow as pa

        try:
            if stream is not None:
                return pa.ipc.open_stream(stream)
            source = pa.memory_map(path)
            is_file = source.read_at(6, 0) == b"ARROW1"
            source.seek(0)
            return pa.ipc.open_file(source) if is_file else pa.ipc.open_stream(source)
        except (OSError, pa.ArrowException) as error:
            msg = f"`{self.option}` {path} holds no Arrow table that can be read: {error}"
            raise WorkError(msg) from error


def _batches(reader: Any) -> Iterator[Any]:
    if hasattr(reader, "num_record_batches"):
        return (reader.get_batch(number) for number in range(reader.num_record_batches))
    return iter(reader)
