"""Where the values of a feature stand along an axis: numbers as they are, names at 0, 1, 2, ... in sorted order."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ferroshap.inputs.exactness import is_missing

_MANY_NAMES = 60  # distinct strings shown for one number each: more are no names of levels


@dataclass(frozen=True)
class Column:
    """One feature of all rows: its places on an axis, and what stands at some of them.

    `levels` are the places that have names, in order; None for plain numbers.
    """

    name: str
    places: np.ndarray  # (rows,), NaN where the value is missing or infinite
    levels: np.ndarray | None = None
    level_names: tuple[str, ...] = ()
    is_date: bool = False

    @property
    def is_known(self) -> np.ndarray:
        """Which rows have a place."""
        known: np.ndarray = np.isfinite(self.places)
        return known

    def distinct(self) -> np.ndarray:
        """The places that are taken, in order."""
        return np.unique(self.places[self.is_known])

    def place_of(self, value: Any) -> float:
        """Where a value stands that the user gave for a place; NaN if it is the name of no level."""
        if isinstance(value, str) and self.levels is not None:
            return float(self.levels[self.level_names.index(value)]) if value in self.level_names else np.nan
        return float(value)


def column_of(values: Any, display: Any, name: str) -> Column:
    """Read a feature; `display` (or None) is how its values are to be shown.

    Numbers for display take the place of the data; strings name the places of the data.
    """
    shown = None if display is None else np.asarray(display)
    data = np.asarray(values)
    if shown is not None and not _same(shown, data):
        numbers = _numbers(data)
        if _numbers(shown) is None and numbers is not None:
            return _named(name, numbers, shown)
        data = shown
    if data.dtype.kind == "M" or (data.dtype == object and _are_dates(data)):
        return _dates(name, data)
    numbers = _numbers(data)
    if numbers is None:
        return _codes(name, data)
    if _are_bools(data):
        taken = np.unique(numbers[np.isfinite(numbers)])
        return Column(name, numbers, taken, tuple(str(bool(place)) for place in taken))
    return Column(name, numbers)


def _same(first: np.ndarray, second: np.ndarray) -> bool:
    return first is second or (first.dtype == second.dtype and np.array_equal(first, second))


def _numbers(column: np.ndarray) -> np.ndarray | None:
    """Floats, NaN where missing or infinite; None if these are no numbers."""
    if column.dtype == object:
        entries = column.tolist()
        if any(isinstance(entry, (str, bytes)) for entry in entries):
            return None
        try:
            numbers = np.array([np.nan if is_missing(entry) else entry for entry in entries], dtype=float)
        except (TypeError, ValueError):
            return None
    elif column.dtype.kind in "biuf":
        numbers = column.astype(float)
    else:
        return None
    return np.where(np.isfinite(numbers), numbers, np.nan)


def _are_bools(column: np.ndarray) -> bool:
    if column.dtype != object:
        return column.dtype.kind == "b"
    return all(isinstance(entry, (bool, np.bool_)) or is_missing(entry) for entry in column.tolist())


def _are_dates(column: np.ndarray) -> bool:
    known = [entry for entry in column.tolist() if not is_missing(entry)]
    return bool(known) and all(hasattr(entry, "isoformat") and hasattr(entry, "year") for entry in known)


def _dates(name: str, column: np.ndarray) -> Column:
    """Days since 1970, which a date axis knows how to write; of a time zone, what its clocks say."""
    entries = [np.datetime64("NaT") if is_missing(entry) else _local(entry) for entry in column.tolist()]
    moments = column if column.dtype != object else np.array(entries, dtype="datetime64[us]")
    days = moments.astype("datetime64[us]").astype("int64") / 86_400e6
    return Column(name, np.where(np.isnat(moments), np.nan, days), is_date=True)


def _local(moment: Any) -> Any:
    return moment.replace(tzinfo=None) if getattr(moment, "tzinfo", None) is not None else moment


def _codes(name: str, column: np.ndarray) -> Column:
    """Give strings and everything else the numbers of their sorted texts."""
    texts = [None if is_missing(entry) else str(entry) for entry in column.tolist()]
    names = sorted({text for text in texts if text is not None})
    number = {text: k for k, text in enumerate(names)}
    places = np.array([np.nan if text is None else number[text] for text in texts], dtype=float)
    return Column(name, places, np.arange(len(names), dtype=float), tuple(names))


def _named(name: str, numbers: np.ndarray, shown: np.ndarray) -> Column:
    """Codes that are shown as strings: each string names the place where it is first met."""
    place: dict[str, float] = {}
    for text, number in zip(shown.tolist(), numbers.tolist(), strict=True):
        if not is_missing(text) and np.isfinite(number):
            place.setdefault(str(text), number)
    if len(place) > _MANY_NAMES and len(place) == len(shown):
        return Column(name, numbers)  # a string for each row, such as a formatted number
    levels = sorted((where, text) for text, where in place.items())
    return Column(name, numbers, np.array([where for where, _ in levels]), tuple(text for _, text in levels))
