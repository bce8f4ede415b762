"""The drawing of one row: an axis, chevrons that meet at f(x), and labels that hang from them."""

import math

from ferroshap import svg
from ferroshap.plots.canvas.wording import amount
from ferroshap.plots.force.axis import axis_ticks, shown
from ferroshap.plots.force.forces import Forces
from ferroshap.plots.force.layout import (
    Label,
    Piece,
    Scale,
    arranged,
    corners_of,
    ends_of,
    margins_for,
    outermost_of,
    pieces_of,
    turned,
)

WIDTH = 1000.0
_SIZE, _SMALL, _LARGE = 13.0, 11.0, 18.0
_AXIS, _TOP, _BOTTOM = 66.0, 72.0, 98.0
_FIRST_LINE, _LINE = 122.0, 19.0
_HEAD = 7.0
_WIDER = 1.14  # where the font is DejaVu Sans
_BESIDE = 118.0  # the least distance of the two ends' texts, with the legend between them
_FONT = 'font-family="system-ui, Helvetica, Arial, sans-serif"'


def row_svg(forces: Forces, pair: tuple[str, str], threshold: float, rotation: float) -> str:
    """Draw the only row of `forces` as an ``<svg>`` element whose texts take the colour of the page."""
    pieces = pieces_of(forces, 0)
    base, output = float(forces.base_values[0]), float(forces.outputs[0])
    labelled = worth_a_label(pieces, threshold)
    scale = Scale(*ends_of(pieces, base, output), WIDTH, margins_for(labelled, _SIZE * _WIDER, WIDTH))
    labels = arranged(pieces, labelled, scale, _SIZE * _WIDER)
    if rotation:
        labels = turned(labels, rotation, _LINE)
        longest = max((svg.text_width(label.text, _SIZE) for label in labels), default=0.0)
        deepest = _LINE * max((label.line for label in labels), default=0.0)
        height = _FIRST_LINE + deepest + longest * _WIDER * abs(math.sin(math.radians(rotation))) + 16.0
    else:
        height = _FIRST_LINE + _LINE * max((label.line for label in labels), default=0) + 10.0
    largest = max((abs(piece.push) for piece in pieces), default=0.0)
    last = outermost_of(pieces)
    parts = [_axis(forces, scale), _ends(forces, scale, base, output, pair)]
    parts += [_chevron(piece, scale, pair, largest, outermost=piece in last) for piece in pieces]
    parts += [_hung(label, pair, rotation) for label in labels]
    if not pieces:
        middle = svg.coordinate(WIDTH / 2)
        parts.append(_text(middle, 90.0, "no feature moves the output", size=_SIZE, opacity=0.7))
    size = f'viewBox="0 0 {svg.coordinate(WIDTH)} {svg.coordinate(height)}" width="100%"'
    said = svg.escaped(_said(forces, pieces, labelled))
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="{said}" {_FONT} fill="currentColor">'
    return head + "".join(parts) + "</svg>"


def worth_a_label(pieces: list[Piece], threshold: float) -> list[Piece]:
    """Pieces of at least a share of all pushes together; the shared ones speak when pointed at."""
    total = sum(abs(piece.push) for piece in pieces)
    return [piece for piece in pieces if abs(piece.push) >= threshold * total]


def _said(forces: Forces, pieces: list[Piece], labelled: list[Piece]) -> str:
    """The picture in words."""
    ends = f"{forces.output_name} is {shown(float(forces.outputs[0]), forces.link)}, "
    ends += f"the base value {shown(float(forces.base_values[0]), forces.link)}."
    largest = max((abs(piece.push) for piece in pieces), default=0.0)
    strongest = sorted(labelled, key=lambda piece: -abs(piece.push))
    told = [f"{piece.label} pushes by {amount(piece.push, largest)}" for piece in strongest]
    return f"Force plot. {ends} {'; '.join(told)}".rstrip() + "."


def _axis(forces: Forces, scale: Scale) -> str:
    """The line with its marks and numbers."""
    low, high = scale.value(0.0), scale.value(WIDTH)
    marks = axis_ticks(low, high, forces.link)
    lines = "".join(f"M{svg.coordinate(scale(x))} {_AXIS - 4:g}v4" for x, _ in marks)
    drawn = f'<path d="M0 {_AXIS:g}H{WIDTH:g}{lines}" stroke="currentColor" stroke-opacity=".35" fill="none"/>'
    ends = [scale(float(forces.outputs[0])), scale(float(forces.base_values[0]))]  # their lines pass here
    numbers = [
        _text(svg.coordinate(scale(x)), _AXIS - 8, text, size=_SMALL, opacity=0.65)
        for x, text in marks
        if (half := svg.text_width(text, _SMALL) / 2 + 5.0) < scale(x) < WIDTH - half
        and all(abs(scale(x) - end) > half for end in ends)
    ]
    return drawn + "".join(numbers)


def _ends(forces: Forces, scale: Scale, base: float, output: float, pair: tuple[str, str]) -> str:
    """f(x) with the legend around it, and the base value far enough away."""
    at, from_ = scale(output), scale(base)
    span = scale.high - scale.low
    value, base_text = shown(output, forces.link, span), shown(base, forces.link, span)
    name = svg.shortened(forces.output_name, 200.0, _SIZE)
    half = svg.text_width(name, _SIZE) * _WIDER / 2 + 8.0
    apart = max(_BESIDE, half + 90.0)
    middle = min(max(at, half + 52.0), WIDTH - half - 52.0)
    side = -1.0 if from_ < at else 1.0
    beside = from_ if abs(from_ - middle) >= apart else middle + side * apart
    if not 40.0 <= beside <= WIDTH - 40.0:
        beside = middle - side * apart
    lines = f"M{svg.coordinate(at)} 42V{_TOP:g}"
    dashed = f"M{svg.coordinate(beside)} 40L{svg.coordinate(from_)} 46V{_BOTTOM if from_ != at else _AXIS:g}"
    return "".join(
        [
            f'<path d="{dashed}" stroke="currentColor" stroke-opacity=".45" stroke-dasharray="3 3" fill="none"/>',
            f'<path d="{lines}" stroke="currentColor" stroke-opacity=".6" fill="none"/>',
            _text(svg.coordinate(middle - half), 14.0, "higher →", size=_SMALL, fill=pair[0], anchor="end"),
            _text(svg.coordinate(middle), 14.0, name, size=_SIZE, opacity=0.7),
            _text(svg.coordinate(middle + half), 14.0, "← lower", size=_SMALL, fill=pair[1], anchor="start"),
            _text(svg.coordinate(middle), 36.0, value, size=_LARGE, weight=700),
            _text(svg.coordinate(beside), 14.0, "base value", size=_SMALL, opacity=0.7),
            _text(svg.coordinate(beside), 33.0, base_text, size=_SIZE, opacity=0.85),
        ]
    )


def _chevron(piece: Piece, scale: Scale, pair: tuple[str, str], largest: float, *, outermost: bool) -> str:
    """One push as an arrow along the axis, with its amount inside if there is room, and all of it when pointed at."""
    middle, half = (_TOP + _BOTTOM) / 2, (_BOTTOM - _TOP) / 2
    around = corners_of(piece, scale, outermost=outermost, head=_HEAD, half=half, gap=1.5)
    corners = [(x, middle - y) for x, y in around]
    start, tip = scale(piece.start), scale(piece.tip)
    room = abs(tip - start)
    push = amount(piece.push, largest)
    fill = pair[0] if piece.push > 0.0 else pair[1]
    shape = f'<path d="{svg.path(corners, closed=True)}" fill="{fill}"/>'
    if svg.text_width(push, _SIZE) + 3 * _HEAD < room:
        shape += _text(svg.coordinate((start + tip) / 2), middle + 4.5, push, size=_SIZE, fill="#fff", weight=600)
    return f"<g><title>{svg.escaped(f'{piece.label}: {push}')}</title>{shape}</g>"


def _hung(label: Label, pair: tuple[str, str], rotation: float) -> str:
    """A label under its chevron, with the line that leads to it."""
    fill = pair[0] if label.piece.push > 0.0 else pair[1]
    y = _FIRST_LINE + _LINE * label.line
    x = svg.coordinate(label.x)
    line = ""
    if label.anchor != "middle":
        line = f'<path d="M{x} {_BOTTOM + 3:g}V{y + 3 if not rotation else y - 10:g}" stroke="{fill}"/>'
    shift = {"end": -5.0, "start": 5.0, "middle": 0.0}[label.anchor]
    turned = ""
    if rotation:
        shift, turned = 0.0, f' transform="rotate({-abs(rotation):g} {x} {y:g})"'
    text = _text(svg.coordinate(label.x + shift), y, label.text, size=_SIZE, anchor=label.anchor, more=turned)
    return f"<g><title>{svg.escaped(label.piece.label)}</title>{line}{text}</g>"


def _text(
    x: str,
    y: float,
    text: str,
    *,
    size: float,
    anchor: str = "middle",
    fill: str | None = None,
    weight: int | None = None,
    opacity: float | None = None,
    more: str = "",
) -> str:
    """One line of text."""
    looks = "" if fill is None else f' fill="{fill}"'
    looks += "" if weight is None else f' font-weight="{weight}"'
    looks += "" if opacity is None else f' fill-opacity="{opacity:g}"'
    place = f'x="{x}" y="{svg.coordinate(y)}" font-size="{size:g}" text-anchor="{anchor}"'
    return f"<text {place}{looks}{more}>{svg.escaped(text)}</text>"
