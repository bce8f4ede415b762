"""The drawing of many rows: areas that end at f(x), what pushes up beneath it and what pushes down above."""

import numpy as np

from ferroshap import svg
from ferroshap.plots.force.axis import axis_ticks
from ferroshap.plots.force.forces import Forces

WIDTH, HEIGHT = 1000.0, 380.0
LEFT, RIGHT, TOP, BOTTOM = 62.0, 14.0, 26.0, 34.0
MOST_COLUMNS = 480  # two units of the picture each; beyond that neighbours are averaged
_MOST_FEATURES = 20
_FONT = 'font-family="system-ui, Helvetica, Arial, sans-serif"'


def drawn_features(forces: Forces) -> tuple[np.ndarray, np.ndarray]:
    """Features that have areas of their own, strongest first, and those that share the last one."""
    strength = np.abs(forces.values).mean(axis=0)
    order = np.argsort(-strength, kind="stable")
    order = order[strength[order] > 0.0]
    n_own = len(order) if len(order) <= _MOST_FEATURES + 1 else _MOST_FEATURES
    return order[:n_own], order[n_own:]


def columns_of(forces: Forces, order: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Outputs, base values, pushes up and pushes down of each column of the picture.

    A column is one row; of more than 480 rows, the mean of neighbours. Pushes up and down are averaged apart, so
    that no area vanishes where neighbours disagree.

    Returns
    -------
    outputs, bases : ndarray of shape ``(columns,)``
    up, down : ndarray of shape ``(drawn features, columns)``
        Both not negative.
    """
    own, rest = drawn_features(forces)
    values = forces.values[order]
    stacked = [values[:, j] for j in own]
    if len(rest):
        stacked.append(values[:, rest].sum(axis=1))
    effects = np.array(stacked).reshape(len(stacked), len(order))
    starts = np.unique(np.linspace(0, len(order), min(len(order), MOST_COLUMNS) + 1).round().astype(int))[:-1]
    sizes = np.diff(np.append(starts, len(order)))

    def mean(numbers: np.ndarray) -> np.ndarray:
        means: np.ndarray = np.add.reduceat(numbers, starts, axis=-1) / sizes
        return means

    up, down = mean(np.maximum(effects, 0.0)), mean(np.maximum(-effects, 0.0))
    return mean(forces.outputs[order]), mean(forces.base_values[order]), up, down


def stack_svg(forces: Forces, pair: tuple[str, str], order: np.ndarray, caption: str) -> str:
    """Draw the rows in `order` as an ``<svg>`` element whose texts take the colour of the page."""
    outputs, bases, up, down = columns_of(forces, order)
    low = float(min((outputs - up.sum(axis=0)).min(), bases.min()))
    high = float(max((outputs + down.sum(axis=0)).max(), bases.max()))
    if high - low <= 1e-12 * max(abs(low), abs(high), 1e-300):
        low, high = low - 0.5, high + 0.5
    own, rest = drawn_features(forces)
    names = [forces.names[j] for j in own] + ([f"{len(rest)} other features"] if len(rest) else [])
    inner = HEIGHT - TOP - BOTTOM
    xs = LEFT + np.linspace(0.0, WIDTH - LEFT - RIGHT, len(outputs))

    def ys(numbers: np.ndarray) -> np.ndarray:
        placed: np.ndarray = TOP + (high - numbers) / (high - low) * inner
        return placed

    # Many columns leave no room between strokes.
    thin = len(outputs) > 150
    seam = 'stroke-opacity=".25" stroke-width=".3"' if thin else 'stroke-opacity=".55" stroke-width=".6"'
    parts = []
    for pushes, sign, fill, verb in ((up, -1.0, pair[0], "pushes up"), (down, 1.0, pair[1], "pushes down")):
        edge = outputs
        for k, push in enumerate(pushes):
            beyond = edge + sign * push
            if push.any():
                shade = f'fill="{fill}" fill-opacity="{_opacity(k):g}" stroke="#fff" {seam}'
                points = [*zip(xs, ys(edge), strict=True), *zip(xs[::-1], ys(beyond)[::-1], strict=True)]
                title = svg.escaped(f"{names[k]} {verb}")
                parts.append(f'<path d="{svg.path(points, closed=True)}" {shade}><title>{title}</title></path>')
            edge = beyond
    line = svg.path([*zip(xs, ys(outputs), strict=True)])
    width = 0.8 if thin else 1.4
    parts.append(f'<path d="{line}" stroke="currentColor" stroke-width="{width}" fill="none"/>')
    base = svg.path(
        [*zip(xs, ys(bases), strict=True)] if np.ptp(bases) else [(LEFT, ys(bases)[0]), (xs[-1], ys(bases)[0])]
    )
    parts.append(f'<path d="{base}" stroke="currentColor" stroke-opacity=".6" stroke-dasharray="4 3" fill="none"/>')
    said = svg.escaped(
        f"Stacked force plot of {len(order)} rows. {forces.output_name} from {svg.number(forces.outputs.min())} "
        f"to {svg.number(forces.outputs.max())}. Strongest features: {', '.join(names[:5]) or 'none'}."
    )
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:g} {HEIGHT:g}" width="100%" role="img" '
        f'aria-label="{said}" {_FONT} fill="currentColor" font-size="12">'
    )
    marks = "".join(_mark(float(ys(np.array(x))), text) for x, text in axis_ticks(low, high, forces.link, 7))
    return f"{head}<g>{''.join(parts)}</g>{marks}{_texts(forces, caption, pair)}</svg>"


def _opacity(k: int) -> float:
    """Strong features stand out; neighbours differ."""
    return round(max(0.95 - 0.06 * k, 0.3), 2) - (0.1 if k % 2 else 0.0)


def _mark(y: float, text: str) -> str:
    at = svg.coordinate(y)
    line = f'<path d="M{LEFT:g} {at}H{WIDTH - RIGHT:g}" stroke="currentColor" stroke-opacity=".12" fill="none"/>'
    place = f'x="{LEFT - 8:g}" y="{svg.coordinate(y + 4)}"'
    return f'{line}<text {place} text-anchor="end" font-size="11" fill-opacity=".7">{svg.escaped(text)}</text>'


def _texts(forces: Forces, caption: str, pair: tuple[str, str]) -> str:
    """The name of the output, the legend, and what the rows are."""
    name = svg.escaped(svg.shortened(forces.output_name, 200.0, 13.0))
    line, base = f"M{LEFT:g} 12h18", "M{:g} 12h18"
    return (
        f'<path d="{line}" stroke="currentColor" stroke-width="1.4"/>'
        f'<text x="{LEFT + 24:g}" y="16" font-size="13">{name}</text>'
        f'<path d="{base.format(LEFT + 240)}" stroke="currentColor" stroke-opacity=".6" stroke-dasharray="4 3"/>'
        f'<text x="{LEFT + 264:g}" y="16" fill-opacity=".8">base value</text>'
        f'<rect x="{WIDTH - 260:g}" y="7" width="11" height="11" fill="{pair[0]}"/>'
        f'<text x="{WIDTH - 244:g}" y="16">pushes up to f(x)</text>'
        f'<rect x="{WIDTH - 126:g}" y="7" width="11" height="11" fill="{pair[1]}"/>'
        f'<text x="{WIDTH - 110:g}" y="16">pushes down</text>'
        f'<g class="x"><text x="{(LEFT + WIDTH - RIGHT) / 2:g}" y="{HEIGHT - 8:g}" text-anchor="middle" '
        f'fill-opacity=".8">{svg.escaped(caption)}</text></g>'
    )
