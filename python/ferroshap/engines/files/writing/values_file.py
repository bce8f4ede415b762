"""How a file of values is known as one."""

from pathlib import Path

from ferroshap.export.libraries import met

#: The key of the metadata in a file of values.
KEY = b"ferroshap"


def is_values(file: Path) -> bool:
    """Whether a file is one of values, by what it says of itself."""
    arrow, parquet = met("pyarrow", "explain_parquet"), met("pyarrow.parquet", "explain_parquet")
    try:
        return KEY in (parquet.read_metadata(file).metadata or {})
    except (arrow.ArrowException, OSError):
        return False
