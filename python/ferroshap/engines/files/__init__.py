"""Tables in files, larger than memory."""

from ferroshap.engines.files.parquet import explain_parquet

__all__ = ["explain_parquet"]
