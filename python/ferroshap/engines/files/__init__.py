"""Tables in files, larger than memory."""

from ferroshap.engines.files.parquet import explain_parquet
from ferroshap.engines.files.result import Result

__all__ = ["Result", "explain_parquet"]
