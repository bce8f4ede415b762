"""Parquet and Arrow, by the readers of `explain_parquet`."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ferroshap.cli.explain.sources.source import UNIT
from ferroshap.cli.explain.sources.stdin import StandardInput
from ferroshap.engines.files.sources import as_source


class FileSource:
    """Files, or a stream, as one table, whose columns all of them have with types that go together.

    Parameters
    ----------
    option : str
        What they were given as.
    kind : str
        "parquet" or "arrow".
    paths : sequence of str
        The files, in order; ["-"] for a stream.
    stream : StandardInput, optional
        If it is that.
    """

    def __init__(self, option: str, kind: str, paths: Sequence[str], stream: StandardInput | None = None) -> None:
        """Read what the files say of their columns and rows."""
        import pyarrow as pa

        self.option, self.kind, self.paths, self.stream = option, kind, paths, stream
        self._found = as_source(list(paths) if stream is None else pa.ipc.open_stream(stream))
        self.schema: Any = self._found.schema.remove_metadata()
        self.n_rows: int | None = self._found.n_rows

    def batches(self, columns: Sequence[str], types: Mapping[str, Any]) -> Iterator[Any]:
        """Yield record batches; `types` are those of the files."""
        del types
        schema = self._found.narrowed(list(columns))
        for _, batch in self._found.batches(schema, lambda *_: True, UNIT):
            yield batch.select(list(columns))
