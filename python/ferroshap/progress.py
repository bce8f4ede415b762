"""One progress line for long work, and only where somebody looks."""

import sys
import time
from collections.abc import Callable
from typing import Any

#: Seconds of work before a line is worth showing.
PATIENCE = 2.0
#: Seconds between two updates.
INTERVAL = 0.1

Report = Callable[[int, Any], object]


class Progress:
    """Counts what is done and shows it after two seconds, on a terminal or in a notebook.

    Parameters
    ----------
    total : int or None
        Units of work in all; None where nobody knows.
    silent : bool
        Show nothing.
    report : callable, optional
        Called with ``(done, total)`` instead, after each batch.
    unit : str
        What is counted.
    """

    def __init__(
        self, total: int | None, *, silent: bool = False, report: Report | None = None, unit: str = "evaluations"
    ) -> None:
        """Start the clock."""
        self.total = total
        self.unit = unit
        self.done = 0
        self._report = report
        self._is_shown = not silent and report is None and _somebody_looks()
        self._next = time.monotonic() + PATIENCE
        self._bar: Any = None

    def add(self, count: int) -> None:
        """Count `count` units more as done."""
        self.done += count
        if self._report is not None:
            self._report(self.done, self.total)
        elif self._is_shown and time.monotonic() >= self._next:
            self._next = time.monotonic() + INTERVAL
            self._show()

    def close(self) -> None:
        """Leave the line as it is."""
        if self._bar is not None:
            self._bar.update(self.done - self._bar.n)
            self._bar.close()
            self._bar = None

    def _show(self) -> None:
        if self._bar is None:
            self._bar = _bar(self.total, self.unit)
        self._bar.update(self.done - self._bar.n)


class _Line:
    """What tqdm would show, where it is not installed."""

    def __init__(self, total: int | None, unit: str) -> None:
        self.total = total
        self.unit = unit
        self.n = 0

    def update(self, count: int) -> None:
        self.n += count
        in_all = "" if self.total is None else f" of {self.total:,}"
        sys.stderr.write(f"\rferroshap: {self.n:,}{in_all} {self.unit}")
        sys.stderr.flush()

    def close(self) -> None:
        sys.stderr.write("\n")


def _bar(total: int | None, unit: str) -> Any:
    try:
        from tqdm.auto import tqdm
    except ImportError:
        return _Line(total, unit)
    return tqdm(total=total, desc="ferroshap", unit=f" {unit}", leave=False)


def _somebody_looks() -> bool:
    in_notebook = "ipykernel" in sys.modules
    return in_notebook or (sys.stderr is not None and sys.stderr.isatty())
