"""Images beside their values as one PNG file, without a drawing library."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ferroshap.explanation.lettering import ADVANCE, HEIGHT, lettered
from ferroshap.explanation.panels import Panels, captions, panels_of
from ferroshap.explanation.picture import Bytes, coloured, grey_of, shrunk, symmetric_scale
from ferroshap.explanation.png import encoded

if TYPE_CHECKING:
    from ferroshap.explanation.explanation import Explanation

_LARGEST, _LEAST = 512, 240  # pixels along the longer side of a picture
_MARGIN = 12
_LETTERS = 20  # a line has room for so many
_INK = np.array([51, 51, 51], dtype=np.uint8)
_KEY = 120


def write_png(explanation: "Explanation", file: Any) -> None:
    """Write a line of pictures for each image: the image, then one map an output, with its numbers beneath."""
    lines = [_line(panels) for panels in panels_of(explanation)]
    lines.append(_key())
    width = max(line.shape[1] for line in lines)
    poster = np.concatenate([_widened(line, width) for line in lines])
    data = encoded(_framed(poster))
    if hasattr(file, "write"):
        file.write(data)
    else:
        Path(file).write_bytes(data)


def _line(panels: Panels) -> Bytes:
    """One image and its maps, each with the text beneath it."""
    pixels = None if panels.pixels is None else shrunk(panels.pixels, _LARGEST)
    maps = shrunk(panels.maps, _LARGEST)
    times = max(round(_LEAST / max(maps.shape[:2])), 1)
    scale, grey = symmetric_scale(maps), None if pixels is None else grey_of(pixels)
    cells = [] if pixels is None else [(pixels, [panels.instance or ""])]
    cells += [(coloured(maps[..., k], scale, grey), captions(panels, k)) for k in range(panels.n_outputs)]
    n_lines = max(len(text) for _, text in cells)
    return np.concatenate([_cell(picture, text, times, n_lines) for picture, text in cells], axis=1)


def _cell(picture: Bytes, text: list[str], times: int, n_lines: int) -> Bytes:
    picture = picture.repeat(times, axis=0).repeat(times, axis=1)
    height, width = picture.shape[:2]
    width = max(width, _LETTERS * ADVANCE)
    cell = np.full((height + (n_lines + 1) * HEIGHT, width + _MARGIN, 3), 255, dtype=np.uint8)
    cell[:height, : picture.shape[1]] = picture
    for k, line in enumerate(text):
        top = height + HEIGHT // 2 + k * HEIGHT
        cell[top : top + HEIGHT, :width][lettered(line, width)] = _INK
    return cell


def _key() -> Bytes:
    """What the colours mean: down, a bar of colours, up."""
    down, up = "pushes down ", " pushes up"
    bar = np.linspace(-1.0, 1.0, _KEY)[None, :].repeat(HEIGHT - 4, axis=0)
    start = len(down) * ADVANCE
    width = start + _KEY + len(up) * ADVANCE
    key = np.full((HEIGHT, width, 3), 255, dtype=np.uint8)
    key[:, :start][lettered(down, start)] = _INK
    key[: HEIGHT - 4, start : start + _KEY] = coloured(bar, 1.0, None)
    key[:, start + _KEY :][lettered(up, width - start - _KEY)] = _INK
    return key


def _widened(line: Bytes, width: int) -> Bytes:
    return np.pad(line, ((0, _MARGIN), (0, width - line.shape[1]), (0, 0)), constant_values=255)


def _framed(poster: Bytes) -> Bytes:
    return np.pad(poster, ((_MARGIN, 0), (_MARGIN, _MARGIN), (0, 0)), constant_values=255)
