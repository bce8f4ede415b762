"""The drawing of one row with matplotlib: the same pieces and places as the SVG, in a figure of its own."""

from typing import Any

from ferroshap import svg
from ferroshap.plots.canvas.stage import open_library
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
from ferroshap.plots.force.row_svg import worth_a_label

_SIZE = 12.0  # points
_WIDER = 1.14  # DejaVu Sans beside the fonts that text_width knows
_LINE = 17.0  # points from one line of labels to the next
_MIDDLE, _HALF, _HEAD = 0.0, 12.0, 6.0  # points, from the middle of the chevrons


def draw_row(
    forces: Forces,
    pair: tuple[str, str],
    figsize: tuple[float, float],
    threshold: float,
    rotation: float,
    *,
    show: bool | None,
) -> Any:
    """Draw the only row in a new figure; return it, or None after showing."""
    open_library()
    import matplotlib.pyplot as plt

    width, height = figsize[0] * 72.0, figsize[1] * 72.0
    pieces = pieces_of(forces, 0)
    base, output = float(forces.base_values[0]), float(forces.outputs[0])
    labelled = worth_a_label(pieces, threshold)
    size = _SIZE * _WIDER
    scale = Scale(*ends_of(pieces, base, output), width, margins_for(labelled, size, width))
    figure = plt.figure(figsize=figsize)
    # Along x the numbers of the axis, along y points of the page.
    ax = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    ax.set_xlim(scale.value(0.0), scale.value(width))
    labels = arranged(pieces, labelled, scale, size)
    labels = turned(labels, rotation, _LINE) if rotation else labels
    depth = 40.0 + _LINE * max((label.line for label in labels), default=0)
    spare = max((height - 78.0 - depth) / 2, 0.0)
    ax.set_ylim(78.0 + spare - height, 78.0 + spare)
    largest = max((abs(piece.push) for piece in pieces), default=0.0)
    last = outermost_of(pieces)
    for piece in pieces:
        _chevron(ax, piece, scale, pair, largest, outermost=piece in last)
    for label in labels:
        _label(ax, label, scale, pair, rotation)
    _frame(ax, scale, forces)
    _ends(ax, scale, forces, pair)
    if show or show is None:
        plt.show()
        return None
    return figure


def _frame(ax: Any, scale: Scale, forces: Forces) -> None:
    """The axis above the chevrons, nothing else around them."""
    for side in ("left", "right", "bottom"):
        ax.spines[side].set_visible(False)
    ax.spines["top"].set_position(("data", 20.0))
    marks = axis_ticks(scale.value(0.0), scale.value(scale.width), forces.link)
    marks = [(x, text) for x, text in marks if 12.0 < scale(x) < scale.width - 12.0]
    ax.set_xticks([x for x, _ in marks], [text for _, text in marks])
    ax.set_yticks([])
    ax.tick_params(axis="x", top=True, bottom=False, labeltop=True, labelbottom=False, labelsize=10)


def _ends(ax: Any, scale: Scale, forces: Forces, pair: tuple[str, str]) -> None:
    """f(x) with the legend around it, and the base value beside it."""
    base, output = float(forces.base_values[0]), float(forces.outputs[0])
    at, from_, apart = scale(output), scale(base), 120.0
    half = svg.text_width(forces.output_name, _SIZE) * _WIDER / 2 + 8.0
    at = min(max(at, half + 56.0), scale.width - half - 56.0)
    side = -1.0 if from_ < at else 1.0
    beside = from_ if abs(from_ - at) >= apart else at + side * apart
    if not 40.0 <= beside <= scale.width - 40.0:
        beside = at - side * apart
    span = scale.high - scale.low
    dashed = [scale.value(beside), base, base]
    ax.plot(dashed, [40.0, 34.0, -_HALF], color="#999999", linewidth=0.8, linestyle=(0, (3, 3)), zorder=0)
    ax.plot([output, output], [38.0, _HALF], color="#888888", linewidth=0.8, zorder=0)
    middle: dict[str, Any] = {"ha": "center", "va": "baseline"}
    ax.text(scale.value(at), 62.0, forces.output_name, fontsize=12, alpha=0.6, **middle)
    ax.text(scale.value(at), 43.0, shown(output, forces.link, span), fontsize=14, weight="bold", **middle)
    ax.text(scale.value(beside), 62.0, "base value", fontsize=11, alpha=0.6, **middle)
    ax.text(scale.value(beside), 45.0, shown(base, forces.link, span), fontsize=11, alpha=0.8, **middle)
    higher, lower = scale.value(at - half), scale.value(at + half)
    ax.text(higher, 62.0, "higher \N{RIGHTWARDS ARROW}", fontsize=11, color=pair[0], ha="right", va="baseline")
    ax.text(lower, 62.0, "\N{LEFTWARDS ARROW} lower", fontsize=11, color=pair[1], ha="left", va="baseline")


def _chevron(ax: Any, piece: Piece, scale: Scale, pair: tuple[str, str], largest: float, *, outermost: bool) -> None:
    from matplotlib.patches import Polygon

    corners = corners_of(piece, scale, outermost=outermost, head=_HEAD, half=_HALF, gap=1.0)
    room = abs(scale(piece.tip) - scale(piece.start))
    color = pair[0] if piece.push > 0.0 else pair[1]
    ax.add_patch(Polygon([(scale.value(x), y) for x, y in corners], closed=True, facecolor=color, linewidth=0.0))
    push = amount(piece.push, largest)
    if svg.text_width(push, _SIZE) * _WIDER + 3 * _HEAD < room:
        middle = (piece.start + piece.tip) / 2
        ax.text(middle, 0.0, push, fontsize=11, color="white", weight="bold", ha="center", va="center_baseline")


def _label(ax: Any, label: Label, scale: Scale, pair: tuple[str, str], rotation: float) -> None:
    """A label under its chevron, with the line that leads to it."""
    x, y = scale.value(label.x), -_HALF - 18.0 - _LINE * label.line
    color = pair[0] if label.piece.push > 0.0 else pair[1]
    if label.anchor != "middle":
        ax.plot([x, x], [-_HALF - 2.0, y - 4.0 + 7.0 * (rotation != 0)], color=color, linewidth=0.9)
    if rotation:
        looks: dict[str, Any] = {"rotation": abs(rotation), "rotation_mode": "anchor", "parse_math": False}
        ax.text(x, y - 4.0, label.text, fontsize=_SIZE, ha="right", va="center", **looks)
        return
    side = {"end": "right", "start": "left", "middle": "center"}[label.anchor]
    shift = {"end": -4.0, "start": 4.0, "middle": 0.0}[label.anchor]
    ax.text(scale.value(label.x + shift), y, label.text, fontsize=_SIZE, ha=side, va="baseline", parse_math=False)
