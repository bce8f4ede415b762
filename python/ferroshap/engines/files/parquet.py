"""`explain_parquet`: a table in files, explained block by block."""

from typing import Any


def explain_parquet(explainer: Any, source: Any, destination: Any = None, **options: Any) -> Any:
    """Explain the rows of Parquet files into a file."""
    raise NotImplementedError
