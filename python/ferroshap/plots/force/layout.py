"""Where the pieces of a one-row force plot lie: chevrons along the axis, labels beneath without an overlap."""

import math
from dataclasses import dataclass

import numpy as np

from ferroshap import svg
from ferroshap.plots.force.forces import Forces

_MOST_PIECES, _LEAST_SHARE = 40, 1 / 400  # pieces of a side; what is shorter than a hair shares one
_MOST_LINES = 9
_GAP = 14.0  # between labels of a line
_NARROWEST = 90.0  # a label gets at least this much


@dataclass(frozen=True)
class Piece:
    """One chevron: the features it stands for push by `push`, from `start` to `tip` on the axis."""

    features: tuple[int, ...]
    push: float
    start: float
    tip: float
    label: str


@dataclass(frozen=True)
class Label:
    """A text beneath its chevron: hung on a line that goes straight down, away from f(x), or centred on line 0."""

    piece: Piece
    text: str
    x: float  # where it is anchored
    anchor: str  # "start", "middle" or "end"
    line: float  # how far down, in lines of text


def pieces_of(forces: Forces, row: int) -> list[Piece]:
    """Pushes of a row from the strongest to the weakest on each side; all tips point to f(x)."""
    values, output = forces.values[row], float(forces.outputs[row])
    least = _LEAST_SHARE * float(np.abs(values).sum())
    pieces = []
    for sign in (1.0, -1.0):
        side = np.flatnonzero(values * sign > 0.0)
        side = side[np.argsort(-np.abs(values[side]), kind="stable")]
        n_alone = int(np.count_nonzero(np.abs(values[side[:_MOST_PIECES]]) >= least))
        n_alone += len(side) == n_alone + 1  # one alone is no "others"
        tip = output
        groups = [(int(i),) for i in side[:n_alone]] + ([tuple(side[n_alone:].tolist())] if n_alone < len(side) else [])
        for group in groups:
            push = float(values[list(group)].sum())
            text = forces.label(row, group[0]) if len(group) == 1 else f"{len(group)} other features"
            pieces.append(Piece(group, push, tip - push, tip, text))
            tip -= push
    return pieces


def ends_of(pieces: list[Piece], base: float, output: float) -> tuple[float, float]:
    """The part of the axis that must be seen."""
    reached = [base, output, *(piece.start for piece in pieces)]
    low, high = min(reached), max(reached)
    if high - low <= 1e-12 * max(abs(low), abs(high), 1e-300):
        half = 0.5 * max(abs(low), abs(high)) or 0.5
        return low - half, high + half
    return low, high


class Scale:
    """From numbers on the axis to positions between two margins."""

    def __init__(self, low: float, high: float, width: float, margins: tuple[float, float]) -> None:
        self.low, self.high, self.width = low, high, width
        self.left, self.right = margins

    def __call__(self, value: float) -> float:
        """Return the position of a number."""
        return self.left + (value - self.low) / (self.high - self.low) * (self.width - self.left - self.right)

    def value(self, position: float) -> float:
        """Return the number at a position."""
        return self.low + (position - self.left) * (self.high - self.low) / (self.width - self.left - self.right)


def corners_of(
    piece: Piece, scale: Scale, *, outermost: bool, head: float, half: float, gap: float
) -> list[tuple[float, float]]:
    """Corners of a chevron around y = 0: a tip, and a tail that the next one's tip fits into but for a gap.

    However thin, it keeps its thickness; the outermost has a straight tail, for it starts there.
    """
    start, tip = scale(piece.start), scale(piece.tip)
    ahead, length = (1.0 if tip >= start else -1.0), abs(tip - start)
    if outermost:
        head = ahead * min(head, length)
        return [(start, half), (tip - head, half), (tip, 0.0), (tip - head, -half), (start, -half)]
    head, start = ahead * head, start + ahead * min(gap, length / 4)
    tail = [(start - head, -half), (start, 0.0)]
    return [(start - head, half), (tip - head, half), (tip, 0.0), (tip - head, -half), *tail]


def outermost_of(pieces: list[Piece]) -> list[Piece]:
    """The last piece of each side."""
    sides = ([piece for piece in pieces if piece.push * sign > 0.0] for sign in (1.0, -1.0))
    return [side[-1] for side in sides if side]


def arranged(pieces: list[Piece], labelled: list[Piece], scale: Scale, size: float) -> list[Label]:
    """Place a label for each piece that is to have one, on as few lines as hold them.

    From the outermost piece inwards, a label hangs outwards of a line that goes straight down from its piece, on
    the first line of text where it meets neither a label nor a line; one that is wider than its label has it beneath
    its middle. What does not fit on nine lines has none.
    """
    labels: list[Label] = []
    for sign in (1.0, -1.0):
        side = [piece for piece in pieces if piece.push * sign > 0.0]
        taken: list[tuple[float, float, int]] = []  # from, to, line of text
        for piece in reversed(side):
            if piece not in labelled:
                continue
            found = _placed(piece, scale, size, sign, taken)
            if found is not None:
                labels.append(found)
    return labels


def _placed(
    piece: Piece, scale: Scale, size: float, sign: float, taken: list[tuple[float, float, int]]
) -> Label | None:
    """Find the place of one label among those taken further out; `taken` grows by it."""
    start, tip = scale(piece.start), scale(piece.tip)
    middle, room = (start + tip) / 2, abs(tip - start)
    width = svg.text_width(piece.label, size)
    if width <= room - _GAP and not any(a < middle + width / 2 and b > middle - width / 2 for a, b, *_ in taken):
        taken.append((middle - width / 2, middle + width / 2, 0))
        return Label(piece, piece.label, middle, "middle", 0)
    most = max(middle - 4.0 if sign > 0.0 else scale.width - middle - 4.0, _NARROWEST)
    text = svg.shortened(piece.label, most, size)
    width = min(svg.text_width(text, size), most) + _GAP / 2
    low, high = (middle - width, middle + 3.0) if sign > 0.0 else (middle - 3.0, middle + width)
    line = 1 + max((line for a, b, line in taken if a < high and b > low), default=-1)
    if line >= _MOST_LINES:
        return None
    taken.append((low, high, line))
    return Label(piece, text, middle, "end" if sign > 0.0 else "start", line)


def turned(labels: list[Label], degrees: float, height: float) -> list[Label]:
    """Hang labels that rise by so many degrees from their ends, each far enough below the one to its left.

    They are parallel, so what counts is the distance across: at least a line, which is `height` high.
    """
    angle = math.radians(min(abs(degrees), 89.0))
    hung, across = [], -math.inf
    for label in sorted(labels, key=lambda label: label.x):
        least = (across + height - label.x * math.sin(angle)) / math.cos(angle)
        down = min(max(least, 0.0), _MOST_LINES * height)
        across = label.x * math.sin(angle) + down * math.cos(angle)
        hung.append(Label(label.piece, label.text, label.x, "end", down / height))
    return hung


def margins_for(labelled: list[Piece], size: float, width: float) -> tuple[float, float]:
    """White at both ends for the outermost labels, a quarter of the width at most."""
    ends = []
    for sign in (1.0, -1.0):
        side = [piece for piece in labelled if piece.push * sign > 0.0]
        need = max((svg.text_width(piece.label, size) for piece in side[-3:]), default=0.0)
        ends.append(min(max(need + 10.0, 40.0), width / 4))
    return ends[0], ends[1]
