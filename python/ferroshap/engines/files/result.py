"""What `explain_parquet` returns."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Result:
    """What came of a table in files.

    Attributes
    ----------
    rows : int
        Rows explained, in all.
    parts : int
        Units of 65,536 rows that they were done in.
    resumed_parts : int
        Those of them that an earlier run had finished.
    path : Path or None
        The file or directory of values.
    reduced : dict
        The reducers, by name; each has its ``result()``.
    seconds : float
        Of this run.
    """

    rows: int
    parts: int
    resumed_parts: int = 0
    path: Path | None = None
    reduced: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0

    def __repr__(self) -> str:
        """Say how many rows went where, and how fast.

        Examples
        --------
        >>> Result(rows=3_000_000, parts=46, resumed_parts=10, path=Path("values.parquet"), seconds=8.25)
        <Result: 3,000,000 rows in 46 parts (10 from an earlier run) to values.parquet in 8.2 s>
        """
        parts = "1 part" if self.parts == 1 else f"{self.parts:,} parts"
        earlier = f" ({self.resumed_parts:,} from an earlier run)" if self.resumed_parts else ""
        where = "" if self.path is None else f" to {self.path}"
        reduced = f", reduced to {', '.join(self.reduced)}" if self.reduced else ""
        return f"<Result: {self.rows:,} rows in {parts}{earlier}{where}{reduced} in {self.seconds:.1f} s>"
