"""A table as a Parquet file in memory."""

from typing import Any

from ferroshap.engines.files.writing.footer import Encoded, parted
from ferroshap.errors import OptionError, nearest
from ferroshap.export.libraries import met

COMPRESSIONS = ("none", "snappy", "lz4", "zstd", "gzip", "brotli")


def encoded(table: Any, schema: Any, compression: str) -> Encoded:
    """Encode a table as one row group.

    Values hardly ever repeat, so that a dictionary of them takes seven times as long and a quarter more room than the
    values themselves (65,536 x 127 float32 of trees); columns of words and kept columns have one.

    Parameters
    ----------
    table : pyarrow.Table
        The rows.
    schema : pyarrow.Schema
        Its schema, with the metadata that the file has.
    compression : str
        As pyarrow names it.
    """
    arrow, parquet = met("pyarrow", "explain_parquet"), met("pyarrow.parquet", "explain_parquet")
    sink = arrow.BufferOutputStream()
    words = [name for name, kind in zip(schema.names, schema.types, strict=True) if not arrow.types.is_floating(kind)]
    with parquet.ParquetWriter(sink, schema, compression=compression, use_dictionary=words or False) as writer:
        if table.num_rows:
            writer.write_table(table, row_group_size=table.num_rows)
    return parted(sink.getvalue())


def check_compression(compression: Any) -> None:
    """Refuse what pages cannot be compressed with.

    Raises
    ------
    OptionError
        Naming the nearest.
    """
    if not isinstance(compression, str) or compression.lower() not in COMPRESSIONS:
        meant = nearest(str(compression), COMPRESSIONS)
        msg = f"`compression` is {compression!r}, which is not known{meant} Known: {', '.join(COMPRESSIONS)}"
        raise OptionError(msg)
