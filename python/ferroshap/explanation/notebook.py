"""The table that notebooks show: static HTML with inline SVG, no script, nothing fetched, every name escaped."""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from ferroshap.explanation.maps import is_image
from ferroshap.explanation.status import status_name
from ferroshap.svg import escaped

if TYPE_CHECKING:
    from ferroshap.explanation.explanation import Explanation

_RED, _BLUE, _GREY = "#FF0051", "#008BFB", "#999999"
_WIDTH, _HEIGHT, _MIDDLE = 260, 18, 9
_SHOWN, _DOTS, _LONGEST = 10, 80, 80
_CELL = "padding:1px 8px;border:0;background:none;"


def as_html(explanation: "Explanation") -> str:
    """Head line and a table of the ten strongest features; under 30 KB whatever it holds, images under 100 KB."""
    parts = [f"<div style='font-size:13px'><div style='margin:4px 8px'>{_head(explanation)}</div>"]
    if is_image(explanation) and explanation.values.size:
        from ferroshap.explanation.notebook_image import as_pictures

        parts.append(as_pictures(explanation))
    elif set(explanation.axes) & {"row", "feature"} and explanation.values.size:
        parts.append(_table(explanation))
    parts.append("</div>")
    return "".join(parts)


def _head(explanation: "Explanation") -> str:
    """Shape, route, base value, gap and status in one line; images have their numbers beneath them."""
    facts = [f"<b>Explanation</b> {_shape(explanation)}", *_picked(explanation)]
    route = getattr(explanation.plan, "route", None)
    if route is not None:
        facts.append(f"route {escaped(route)}")
    if not is_image(explanation):
        facts += _numbers(explanation)
    score = getattr(explanation.plausibility, "score", math.nan)
    if not math.isnan(score):
        facts.append(f"{score:.0%} of masked rows far from the background")
    status = status_name(explanation.status)
    if status is not None:
        facts.append(escaped(status) + _share_of_rows(explanation, status))
    return " · ".join(facts)


def _picked(explanation: "Explanation") -> list[str]:
    """The feature and the output that were picked."""
    found = (("feature", explanation.feature_names), ("output", explanation.output_names))
    return [f"{role} {_name(name)}" for role, name in found if isinstance(name, str)]


def _numbers(explanation: "Explanation") -> list[str]:
    """Base value, gap and standard errors, as far as they are known."""
    facts = []
    if explanation.base_values is not None:
        base = np.asarray(explanation.base_values, dtype=float)
        same = base.size and np.all(base == base.flat[0])
        facts.append(f"base value {_number(base.flat[0])}" if same else f"mean base value {_number(_mean(base))}")
    if explanation.gap is not None:
        facts.append(f"largest gap {_number(np.max(np.abs(explanation.gap), initial=0.0))}")
    return facts + _errors(explanation)


def _shape(explanation: "Explanation") -> str:
    """Lengths with what they count."""
    shape, axes, times = explanation.shape, explanation.axes, " \N{MULTIPLICATION SIGN} "
    counted = [f"{n} {role}{'' if n == 1 else 's'}" for n, role in zip(shape, axes, strict=True)]
    if is_image(explanation):
        first, last = axes.index("feature"), len(axes) - ("output" in axes)
        counted[first:last] = [f"{shape[first]}{times}{shape[first + 1]} pixels"] + [
            f"{n} channel{'' if n == 1 else 's'}" for n in shape[first + 2 : last]
        ]
    return times.join(counted) or "one number"


def _errors(explanation: "Explanation") -> list[str]:
    """How large standard errors are, and how many are unknown; nothing where values are exact."""
    if explanation.error_std is None:
        return []
    errors = np.asarray(explanation.error_std, dtype=float)
    unknown = int(np.isnan(errors).sum())
    facts = [f"errors of {unknown} values unknown"] if unknown else []
    largest = np.max(errors, initial=0.0, where=~np.isnan(errors))
    return [*facts, f"standard errors up to {_number(largest)}"] if largest > 0.0 else facts


def _share_of_rows(explanation: "Explanation", status: str) -> str:
    """How many rows ended so, where others ended better."""
    statuses = explanation.statuses
    if not isinstance(statuses, np.ndarray):
        return ""
    count = np.count_nonzero(statuses == status)
    return f" in {count} of {len(statuses)} rows" if count < len(statuses) else ""


def _table(explanation: "Explanation") -> str:
    """The ten strongest features, or pairs of features of interactions."""
    names, values = _lines(explanation)
    strength = np.nan_to_num(np.abs(values)).mean(axis=1)
    order = np.argsort(-strength, kind="stable")[:_SHOWN]
    if explanation.axes == ("feature",):
        rows = _rows_of_one(explanation, order)
        title, second = "value", "data"
    else:
        rows = _rows_of_many(values[order], strength[order])
        title, second = "each value", "mean |value|"
    word, words = ("pair", "pairs") if explanation.axes.count("feature") > 1 else ("feature", "features")
    head = "".join(
        f"<th style='{_CELL}text-align:left;white-space:nowrap'>{text}</th>" for text in (word, second, title)
    )
    body = "".join(
        f"<tr style='background:none'><td style='{_CELL}text-align:left'>{_name(names(i))}</td>{cells}</tr>"
        for i, cells in zip(order.tolist(), rows, strict=True)
    )
    rest = len(values) - len(order)
    more = f"<div style='margin:2px 8px;opacity:.7'>and {rest:,} more {words}</div>" if rest else ""
    return f"<table style='border-collapse:collapse;border:0'><tr>{head}</tr>{body}</table>{more}"


def _lines(explanation: "Explanation") -> tuple[Callable[[int], str], np.ndarray]:
    """What stands on each line: its name, and the values along it ``(lines, values)``; interactions are doubled."""
    values = np.asarray(explanation.values, dtype=float)
    places = [at for at, role in enumerate(explanation.axes) if role == "feature"]
    if not places:
        picked = explanation.feature_names
        return (lambda _: picked if isinstance(picked, str) else "sum"), values.reshape(1, -1)
    labels = [_labels(explanation, at) for at in places]
    if len(places) == 1:
        return (lambda i: labels[0][i]), np.moveaxis(values, places[0], 0).reshape(values.shape[places[0]], -1)
    n_first, n_second = (values.shape[at] for at in places)
    cube = np.moveaxis(values, places, (0, 1)).reshape(n_first, n_second, -1)
    is_square = labels[0] == labels[1]
    first, second = np.triu_indices(n_first) if is_square else np.indices((n_first, n_second)).reshape(2, -1)
    pairs = cube[first, second] * np.where(is_square & (first != second), 2.0, 1.0)[:, None]

    def named(i: int) -> str:
        one, other = labels[0][first[i]], labels[1][second[i]]
        return one if is_square and first[i] == second[i] else f"{one} \N{MULTIPLICATION SIGN} {other}"

    return named, pairs


def _labels(explanation: "Explanation", at: int) -> list[str]:
    table = explanation.names_along(at)
    return [f"Feature {i}" for i in range(explanation.shape[at])] if table is None else table.names


def _rows_of_one(explanation: "Explanation", order: np.ndarray) -> list[str]:
    """Signed bars of one row, with a whisker where the standard error is known."""
    values = np.asarray(explanation.values, dtype=float)[order]
    lower, upper = (np.asarray(end, dtype=float)[order] for end in explanation.confidence_interval(0.95))
    lower, upper = np.where(np.isnan(lower), values, lower), np.where(np.isnan(upper), values, upper)
    position = _scale(np.concatenate([values, lower, upper, [0.0]]))
    data = explanation.data
    rows = []
    for k, value in enumerate(values):
        start, end = sorted((position(0.0), position(value)))
        colour = _RED if value >= 0 else _BLUE
        drawing = f"<rect x='{start:.1f}' y='3' width='{end - start:.1f}' height='12' fill='{colour}'/>"
        if upper[k] > lower[k]:
            ends = f"M{position(lower[k]):.1f} {_MIDDLE}H{position(upper[k]):.1f}"
            drawing += f"<path d='{ends}' stroke='currentColor' stroke-width='1.5'/>"
        shown = "" if data is None else _datum(data[order[k]])
        rows.append(f"<td style='{_CELL}text-align:right'>{shown}</td>{_cell(drawing, position(0.0), value)}")
    return rows


def _rows_of_many(values: np.ndarray, strength: np.ndarray) -> list[str]:
    """A strip of dots for each feature: evenly spaced ranks, red above zero and blue below."""
    position = _scale(np.append(values[np.isfinite(values)], 0.0))
    rows = []
    for points, mean in zip(values, strength, strict=True):
        finite = np.sort(points[np.isfinite(points)])
        ranks = np.linspace(0, max(len(finite) - 1, 0), min(len(finite), _DOTS)).round().astype(int)
        drawing = ""
        for colour, chosen in ((_BLUE, finite[ranks] < 0), (_RED, finite[ranks] >= 0)):
            dots = "".join(f"M{position(x):.1f} {_MIDDLE}h0" for x in finite[ranks][chosen])
            if dots:
                style = "stroke-width='6' stroke-linecap='round' stroke-opacity='.45'"
                drawing += f"<path d='{dots}' stroke='{colour}' {style}/>"
        rows.append(f"<td style='{_CELL}text-align:right'>{_number(mean)}</td>{_cell(drawing, position(0.0))}")
    return rows


def _cell(drawing: str, zero: float, value: float | None = None) -> str:
    """One drawing with its zero line; its number beside it, also for those who cannot see it."""
    number = "" if value is None else f" {_number(value, signed=True)}"
    line = f"<path d='M{zero:.1f} 0V{_HEIGHT}' stroke='{_GREY}' stroke-width='.7'/>"
    return (
        f"<td style='{_CELL}text-align:left;white-space:nowrap'><svg width='{_WIDTH}' height='{_HEIGHT}' "
        f"style='vertical-align:middle' aria-hidden='true'>{line}{drawing}</svg>{number}</td>"
    )


def _scale(numbers: np.ndarray) -> Any:
    """Map the range of the numbers to the width of a drawing, with room for half a dot."""
    finite = numbers[np.isfinite(numbers)]
    low, high = float(finite.min()), float(finite.max())
    span = (high - low) or 1.0
    return lambda x: 4.0 + (_WIDTH - 8.0) * (x - low) / span if np.isfinite(x) else 4.0


def _mean(base: np.ndarray) -> float:
    return float(base.mean()) if base.size else float("nan")


def _number(value: Any, *, signed: bool = False) -> str:
    """Four significant digits, with a real minus sign."""
    return format(float(value), "+.4g" if signed else ".4g").replace("-", "\N{MINUS SIGN}")


def _datum(value: Any) -> str:
    """Numbers short, everything else as it is."""
    if isinstance(value, (float, np.floating)):
        return _number(value)
    return _name(str(value))


def _name(text: str) -> str:
    """Cut a very long name; the tooltip has it whole as far as it is sane."""
    if len(text) <= _LONGEST:
        return escaped(text)
    return f"<span title='{escaped(text[:400])}'>{escaped(text[: _LONGEST - 1])}…</span>"
