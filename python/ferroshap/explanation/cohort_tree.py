"""Rows told apart by thresholds on their data, so that the values inside each part are alike."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ferroshap.explanation.levels import Levels, levels_of

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]

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
    splits: list[Split] = field(default_factory=list)


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
    O(n_parts x rows x columns x targets), after sorting each column once.
    """
    columns = [levels_of(data[:, j]) for j in range(data.shape[1])]
    root = Part(np.arange(len(data)))
    least = _LEAST_GAIN * float(((targets - targets.mean(axis=0)) ** 2).sum()) if len(targets) else 0.0
    root.splits = _splits(root.rows, columns, targets)
    parts = [root]
    while True:
        room = n_parts - len(parts)
        open_ = [(split, at) for at, part in enumerate(parts) for split in part.splits if len(split.parts) - 1 <= room]
        if not open_:
            return parts
        split, at = max(open_, key=lambda pair: pair[0].gain / (len(pair[0].parts) - 1))
        if split.gain <= least:
            return parts
        parts[at : at + 1] = [
            Part(rows, (*parts[at].conditions, condition), _splits(rows, columns, targets))
            for rows, condition in zip(split.parts, split.conditions, strict=True)
        ]


def _splits(rows: Rows, columns: list[Levels], targets: Floats) -> list[Split]:
    """The best cut of each number of parts: in two, or in three where values are missing."""
    best: dict[int, Split] = {}
    if len(rows) < 2:
        return []
    centred = targets[rows] - targets[rows].mean(axis=0)
    for number, levels in enumerate(columns):
        for split in _splits_of_column(rows, number, levels, centred):
            known = best.get(len(split.parts))
            if known is None or split.gain > known.gain:
                best[len(split.parts)] = split
    return list(best.values())


def _splits_of_column(rows: Rows, number: int, levels: Levels, centred: Floats) -> list[Split]:
    codes = levels.codes[rows]
    missing = codes < 0
    known_rows = rows[~missing]
    if not missing.any():
        cut = _best_threshold(codes, centred, None)
        return [] if cut is None else [_threshold_split(rows, codes, number, levels, *cut)]
    if not len(known_rows):
        return []
    without = centred[missing].sum(axis=0)
    gain_missing = float(without @ without) * (1.0 / missing.sum() + 1.0 / len(known_rows))
    absent = Condition(number, "is missing")
    splits = [Split(gain_missing, (known_rows, rows[missing]), (Condition(number, "is known"), absent))]
    cut = _best_threshold(codes[~missing], centred[~missing], (without, int(missing.sum())))
    if cut is not None:
        two = _threshold_split(known_rows, codes[~missing], number, levels, *cut)
        splits.append(Split(two.gain, (*two.parts, rows[missing]), (*two.conditions, absent)))
    return splits


def _best_threshold(codes: Rows, centred: Floats, third: tuple[Floats, int] | None) -> tuple[int, float] | None:
    """First rank of the right side, and the gain; `third` are sum and count of the missing values beside them."""
    order = np.argsort(codes, kind="stable")
    ranks = codes[order]
    last = np.flatnonzero(ranks[:-1] != ranks[1:])  # rows after which a cut can be made
    if not len(last):
        return None
    sums = np.cumsum(centred[order], axis=0)
    left, counts = sums[last], last + 1.0
    right = sums[-1] - left
    gains = (left**2).sum(axis=1) / counts + (right**2).sum(axis=1) / (len(codes) - counts)
    if third is not None:
        gains += float(third[0] @ third[0]) / third[1]
    best = int(gains.argmax())
    return int(ranks[last[best] + 1]), float(gains[best])


def _threshold_split(rows: Rows, codes: Rows, number: int, levels: Levels, first: int, gain: float) -> Split:
    """Cut before a rank: at a number strictly between, or at the first value of the right side."""
    is_left = codes < first
    below, above = levels.values[codes[is_left].max()], levels.values[first]
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
