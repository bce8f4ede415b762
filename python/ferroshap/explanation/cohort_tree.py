"""Rows told apart by thresholds on their data, so that the values inside each part are alike."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ferroshap.explanation.levels import Levels, levels_of

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]

#: Places at which one column is cut; of more distinct values, neighbours share one.
MOST_CUTS = 1024
#: Rows from which on sums are counted bin by bin: fewer are faster sorted.
_BY_COUNTING = 4096
#: A split that explains less than that share of the whole variance is rounding.
_LEAST_GAIN = 1e-12


class Condition(NamedTuple):
    """What holds for one column inside a part."""

    column: int
    relation: str  # "<", ">=", "=", "is missing", "is known"
    value: Any = None


class Split(NamedTuple):
    """A way to cut a part into two or three, and how much of the variance that explains."""

    gain: float
    parts: tuple[Rows, ...]
    conditions: tuple[Condition, ...]


@dataclass(eq=False)
class Part:
    """Rows, the conditions that single them out, and the best ways to cut them further."""

    rows: Rows
    conditions: tuple[Condition, ...] = ()
    splits: list[Split] | None = None  # found when there is room for one


class _Column(NamedTuple):
    """A column ready to be cut."""

    levels: Levels
    bins: NDArray[np.intp]  # (rows,): ranks, those of neighbours joined where there are many; -1 where one is missing

    @classmethod
    def of(cls, column: np.ndarray) -> "_Column":
        """Rank the values, and join ranks so that about as many rows have each."""
        levels = levels_of(column)
        if len(levels.values) <= MOST_CUTS:
            return cls(levels, levels.codes)
        below = np.cumsum(np.bincount(levels.codes[levels.codes >= 0])) - 1
        joined = np.append(below * MOST_CUTS // (below[-1] + 1), -1)
        return cls(levels, joined[levels.codes])  # the rank -1 meets the -1 at the end


def parted(data: np.ndarray, targets: Floats, n_parts: int) -> list[Part]:
    """Grow a regression tree of `targets` on `data`, the cut that explains most first.

    Parameters
    ----------
    data : ndarray of shape ``(rows, columns)``
        What the cuts are made by: numbers at thresholds, other values in the order of their kind; missing
        values are a part of their own.
    targets : ndarray of shape ``(rows, targets)``
        What shall vary little inside a part: the sum of squared deviations from its mean.
    n_parts : int
        How many parts there may be; fewer where nothing is left to explain.

    Returns
    -------
    list of Part
        From left to right: smaller values first, missing ones last. Deterministic; ties go to the first column.

    Notes
    -----
    O(n_parts x rows x columns x targets), after sorting each column once. A column is cut at one of at most 1,024
    places, with as many rows between each two.
    """
    columns = [_Column.of(data[:, j]) for j in range(data.shape[1])]
    root = Part(np.arange(len(data)))
    least = _LEAST_GAIN * float(((targets - targets.mean(axis=0)) ** 2).sum()) if len(targets) else 0.0
    parts = [root]
    while len(parts) < n_parts:
        room = n_parts - len(parts)
        for part in parts:
            if part.splits is None:
                part.splits = _splits(part.rows, columns, targets)
        open_ = [
            (split, at) for at, part in enumerate(parts) for split in part.splits or () if len(split.parts) - 1 <= room
        ]
        if not open_:
            break
        split, at = max(open_, key=lambda pair: pair[0].gain / (len(pair[0].parts) - 1))
        if split.gain <= least:
            break
        parts[at : at + 1] = [
            Part(rows, (*parts[at].conditions, condition))
            for rows, condition in zip(split.parts, split.conditions, strict=True)
        ]
    return parts


def _splits(rows: Rows, columns: list[_Column], targets: Floats) -> list[Split]:
    """The best cut of each number of parts: in two, or in three where values are missing."""
    best: dict[int, Split] = {}
    if len(rows) < 2:
        return []
    inside = np.ascontiguousarray(targets[rows].T)  # (targets, rows)
    centred = inside - inside.mean(axis=1, keepdims=True)
    for number, column in enumerate(columns):
        for split in _splits_of_column(rows, number, column, centred):
            known = best.get(len(split.parts))
            if known is None or split.gain > known.gain:
                best[len(split.parts)] = split
    return list(best.values())


def _splits_of_column(rows: Rows, number: int, column: _Column, centred: Floats) -> list[Split]:
    bins = column.bins[rows]
    missing = bins < 0
    if not missing.any():
        cut = _best_cut(bins, centred, 0.0)
        return [] if cut is None else [_threshold_split(rows, number, column, *cut)]
    known_rows = rows[~missing]
    if not len(known_rows):
        return []
    without = centred[:, missing].sum(axis=1)
    size = float(without @ without)
    absent = Condition(number, "is missing")
    splits = [
        Split(
            size / missing.sum() + size / len(known_rows),
            (known_rows, rows[missing]),
            (Condition(number, "is known"), absent),
        )
    ]
    cut = _best_cut(bins[~missing], centred[:, ~missing], size / missing.sum())
    if cut is not None:
        two = _threshold_split(known_rows, number, column, *cut)
        splits.append(Split(two.gain, (*two.parts, rows[missing]), (*two.conditions, absent)))
    return splits


def _best_cut(bins: Rows, centred: Floats, beside: float) -> tuple[int, float] | None:
    """The last bin of the left side, and the gain; `beside` is the part of the gain of what is missing."""
    counts = np.bincount(bins)
    n_left = np.cumsum(counts)[:-1].astype(np.float64)
    can_be_cut = np.flatnonzero(counts[:-1])  # no row lies in an empty bin: the cut before it is the same
    if not len(can_be_cut):
        return None
    n_left = n_left[can_be_cut]
    if len(bins) > _BY_COUNTING:
        left = np.cumsum([np.bincount(bins, weights=target) for target in centred], axis=1)
        total, left = left[:, -1:], left[:, can_be_cut]
    else:
        left = np.cumsum(centred[:, np.argsort(bins, kind="stable")], axis=1)
        total, left = left[:, -1:], left[:, n_left.astype(np.intp) - 1]
    gains = (left**2).sum(axis=0) / n_left + ((total - left) ** 2).sum(axis=0) / (len(bins) - n_left)
    best = int(gains.argmax())
    return int(can_be_cut[best]), float(gains[best]) + beside


def _threshold_split(rows: Rows, number: int, column: _Column, last: int, gain: float) -> Split:
    """Cut after a bin: at a number strictly between two values, or at the first value of the right side."""
    levels, codes = column.levels, column.levels.codes[rows]
    is_left = column.bins[rows] <= last
    below, above = levels.values[codes[is_left].max()], levels.values[codes[~is_left].min()]
    is_exact = not isinstance(above, np.integer) or max(abs(int(below)), abs(int(above))) < 2**53
    threshold = between(float(below), float(above)) if levels.is_number and is_exact else above
    conditions = [Condition(number, "<", threshold), Condition(number, ">=", threshold)]
    if not levels.is_number:  # a side of a single value is called by it
        for side, mask in enumerate((is_left, ~is_left)):
            ranks = np.unique(codes[mask])
            if len(ranks) == 1:
                conditions[side] = Condition(number, "=", levels.values[ranks[0]])
    return Split(gain, (rows[is_left], rows[~is_left]), tuple(conditions))


def between(below: float, above: float) -> float:
    """The shortest number near the middle that tells two numbers apart: ``below < t <= above``.

    Examples
    --------
    >>> between(28.0, 29.0), between(0.12345, 0.98), between(1.0, 1.0000000000000002)
    (28.5, 0.6, 1.0000000000000002)
    """
    middle = below / 2.0 + above / 2.0
    if not np.isfinite(middle):  # one side is infinite
        middle = 2.0 * below + 1.0 if np.isfinite(below) else 2.0 * above - 1.0 if np.isfinite(above) else 0.0
    for digits in range(1, 18):
        threshold = float(f"{middle:.{digits}g}")
        if below < threshold < above:
            return threshold
    return above


def described(conditions: tuple[Condition, ...], names: list[str]) -> str:
    """Write the conditions of a part, of several on one column the tightest.

    Examples
    --------
    >>> described((Condition(0, "<", 40.0), Condition(1, ">=", 2.5), Condition(0, "<", 28.5)), ["Age", "Hours"])
    'Age < 28.5 & Hours >= 2.5'
    """
    kept: dict[tuple[int, str], Condition] = {}
    for condition in conditions:  # a later cut on the same side is the tighter one
        kept[condition.column, condition.relation] = condition
    texts = []
    columns = list(dict.fromkeys(column for column, _ in kept))
    for (column, relation), condition in sorted(
        kept.items(), key=lambda item: (columns.index(item[0][0]), item[0][1] == "<")
    ):
        others = {other for at, other in kept if at == column}
        if relation == "is known" and len(others) > 1:
            continue  # a comparison says so already
        if relation in {"<", ">="} and "=" in others:
            continue
        value = "" if condition.value is None else f" {_written(condition.value)}"
        texts.append(f"{names[column]} {relation}{value}")
    return " & ".join(texts) or "all rows"


def _written(value: Any) -> str:
    """A number without an exponent where that is short, anything else as it is."""
    if not isinstance(value, float):
        return str(value)
    if value != 0.0 and not 1e-4 <= abs(value) < 1e16:
        return repr(value)
    return np.format_float_positional(value, trim="-")
