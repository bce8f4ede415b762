"""Parquet, read in batches."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ferroshap.cli.explain.sources.source import UNIT
from ferroshap.cli.failing import WorkError


class ParquetSource:
    """Parquet files as one table, whose columns every file has with the same types.

    Parameters
    ----------
    option : str
        What they were given as.
    paths : sequence of str
        The files, in order.
    """

    kind = "parquet"

    def __init__(self, option: str, paths: Sequence[str]) -> None:
        """Read the files' own notes of their columns and rows."""
        self.option, self.paths = option, paths
        files = [self._file(path) for path in paths]
        self.schema: Any = files[0].schema_arrow.remove_metadata()
        self.n_rows: int | None = sum(file.metadata.num_rows for file in files)

    def batches(self, columns: Sequence[str], types: Mapping[str, Any]) -> Iterator[Any]:
        """Yield record batches; `types` are those of the files."""
        del types
        for path in self.paths:
            file = self._file(path)
            check_same_columns(self, path, file.schema_arrow, columns)
            try:
                for batch in file.iter_batches(UNIT, columns=list(columns)):
                    yield batch.select(list(columns))
            except OSError as error:  # what Parquet says of bytes that are none
                msg = f"`{self.option}` {path} cannot be read: {error}"
                raise WorkError(msg) from error

    def _file(self, path: str) -> Any:
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            return pq.ParquetFile(path)
        except (OSError, pa.ArrowException) as error:
            msg = f"`{self.option}` {path} is no Parquet file that can be read: {error}"
            raise WorkError(msg) from error


def check_same_columns(source: Any, path: str, schema: Any, columns: Sequence[str]) -> None:
    """Refuse a file whose columns differ from those of the first.

    Raises
    ------
    WorkError
        Naming the file, the column and both types.
    """
    for name in columns:
        wanted = source.schema.field(name).type
        at = schema.get_field_index(name)
        if at < 0:
            msg = f"`{source.option}` {path} has no column {name!r}, which {source.paths[0]} has"
            raise WorkError(msg)
        if schema.field(at).type != wanted:
            came = schema.field(at).type
            msg = f"`{source.option}` {path} has {came} in column {name!r}, but {source.paths[0]} has {wanted}"
            raise WorkError(msg)
