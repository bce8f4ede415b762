"""CSV, read as a stream: pyarrow tells types by the first rows, the model knows better."""

import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ferroshap.cli.explain.sources.stdin import StandardInput
from ferroshap.cli.failing import WorkError


class CsvSource:
    """CSV files with a header as one table; those that end in .tsv have tabs.

    Parameters
    ----------
    option : str
        What they were given as.
    paths : sequence of str
        The files, in order; ["-"] for the standard input.
    stream : StandardInput, optional
        If it is that.
    """

    kind = "csv"
    n_rows: int | None = None
    #: Bytes by which types are told.
    LOOKED_AT = 1 << 22

    def __init__(self, option: str, paths: Sequence[str], stream: StandardInput | None = None) -> None:
        """Look at the first rows."""
        self.option, self.paths, self.stream = option, paths, stream
        beginning = None if stream is None else io.BytesIO(_whole_lines(stream.head, self.LOOKED_AT))
        self.schema: Any = self._reader(paths[0], beginning, None).schema

    def batches(self, columns: Sequence[str], types: Mapping[str, Any]) -> Iterator[Any]:
        """Yield record batches; a column of `types` has that type, others the one that the first rows suggest."""
        import pyarrow as pa
        from pyarrow import csv

        fixed = {name: types.get(name, self.schema.field(name).type) for name in columns}
        fixed = {name: pa.string() if pa.types.is_null(kind) else kind for name, kind in fixed.items()}
        convert = csv.ConvertOptions(include_columns=list(columns), column_types=fixed, strings_can_be_null=False)
        for path in self.paths:
            reader = self._reader(path, None if self.stream is None else io.BufferedReader(self.stream), convert)
            try:
                yield from reader
            except (OSError, pa.ArrowException) as error:
                raise self._unreadable(path, error) from error

    def _reader(self, path: str, stream: Any, convert: Any) -> Any:
        import pyarrow as pa
        from pyarrow import csv

        delimiter = "\t" if ".tsv" in path.lower()[-8:] else ","
        try:
            return csv.open_csv(
                path if stream is None else stream,
                read_options=csv.ReadOptions(block_size=self.LOOKED_AT),
                parse_options=csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
                convert_options=convert,
            )
        except (OSError, pa.ArrowException, KeyError) as error:
            raise self._unreadable(path, error) from error

    def _unreadable(self, path: str, error: Exception) -> WorkError:
        text = error.args[0] if isinstance(error, KeyError) else str(error)
        return WorkError(f"`{self.option}` {path} cannot be read: {text}")


def _whole_lines(head: bytes, limit: int) -> bytes:
    """What begins a stream, up to the last line that is there as a whole; all of a shorter one."""
    return head if len(head) < limit else head[: head.rfind(b"\n") + 1]
