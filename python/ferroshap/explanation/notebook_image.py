"""What notebooks show of images: small pictures inside the text, no script, nothing fetched, under 100 KB."""

import base64
from typing import TYPE_CHECKING, Any

import numpy as np

from ferroshap.explanation.panels import Panels, captions, panels_of
from ferroshap.explanation.picture import DOWN, UP, Bytes, coloured, grey_of, shrunk, symmetric_scale
from ferroshap.explanation.png import encoded, few_colours
from ferroshap.svg import escaped

if TYPE_CHECKING:
    from ferroshap.explanation.explanation import Explanation

_ROWS, _OUTPUTS = 4, 5  # images and maps of each that are shown
_ROOM = 88_000  # characters for all pictures: text and tags take the rest of 100 KB
_LARGEST = 224  # pixels along the longer side of a picture
_WIDTH = 176  # of a picture on the screen
_LONGEST = 48
_LOOK = f"width:{_WIDTH}px;height:auto;max-width:none;margin:0;border:1px solid rgba(128,128,128,.35);background:#fff;"


def as_pictures(explanation: "Explanation") -> str:
    """Each image with its maps side by side, and the numbers that belong to them."""
    n_rows = explanation.shape[0] if "row" in explanation.axes else 1
    shown = explanation[:_ROWS] if n_rows > _ROWS else explanation
    images = [_strongest(panels) for panels in panels_of(shown)]
    n_pictures = sum(panels.n_outputs + (panels.pixels is not None) for panels in images)
    # A pixel takes at most a byte, or 4 / 3 characters, and usually three quarters of that: the first try mostly fits.
    side = min(int((_ROOM / n_pictures) ** 0.5), _LARGEST)
    while True:
        drawn = [_pictures(panels, side) for panels in images]
        if sum(len(picture) for pictures in drawn for picture in pictures) <= _ROOM:
            break
        side = side * 7 // 8
    lines = "".join(_line(panels, pictures) for panels, pictures in zip(images, drawn, strict=True))
    more = [f"{n_rows - len(images)} more images"] if n_rows > len(images) else []
    n_outputs = explanation.shape[-1] if explanation.axes[-1] == "output" else 1
    more += [f"{n_outputs - _OUTPUTS} more outputs"] if n_outputs > _OUTPUTS else []
    rest = f"<div style='margin:2px 8px;opacity:.7'>and {', '.join(more)}</div>" if more else ""
    return f"{lines}{rest}{_key()}"


def _strongest(panels: Panels) -> Panels:
    """The outputs that the image moved most, in their order."""
    if panels.n_outputs <= _OUTPUTS:
        return panels
    moved = np.abs(np.nan_to_num(panels.maps).sum(axis=(0, 1)))
    chosen = np.sort(np.argsort(-moved, kind="stable")[:_OUTPUTS])

    def cut(numbers: Any) -> Any:
        return None if numbers is None else numbers[..., chosen]

    names = [panels.names[k] for k in chosen.tolist()]
    numbers = [panels.base_values, panels.predictions, panels.gaps, panels.relative_errors]
    return Panels(panels.pixels, cut(panels.maps), cut(panels.errors), names, panels.instance, *map(cut, numbers))


def _pictures(panels: Panels, side: int) -> list[str]:
    """The image, if it is known, and its maps, as text of `img` tags."""
    pixels = None if panels.pixels is None else shrunk(panels.pixels, side)
    maps = shrunk(panels.maps, side)
    scale, grey = symmetric_scale(maps), None if pixels is None else grey_of(pixels)
    look = _LOOK + ("image-rendering:pixelated" if max(panels.maps.shape[:2]) < _WIDTH // 2 else "")
    found = [] if pixels is None else [_inline(pixels, "the image", look)]
    for k, name in enumerate(panels.names):
        picture = coloured(maps[..., k], scale, grey)
        found.append(_inline(picture, f"values of {name}" if name else "values", look))
    return found


def _inline(pixels: Bytes, what: str, look: str) -> str:
    positions, palette = few_colours(pixels)
    data = base64.b64encode(encoded(positions, palette)).decode("ascii")
    return f"<img alt='{escaped(what[:_LONGEST])}' style='{look}' src='data:image/png;base64,{data}'>"


def _line(panels: Panels, pictures: list[str]) -> str:
    texts = [] if panels.pixels is None else [_bold(panels.instance)]
    texts += [_caption(panels, k) for k in range(panels.n_outputs)]
    cells = "".join(
        f"<div style='margin:4px 8px;width:{_WIDTH + 2}px'>{picture}<div style='line-height:1.35'>{text}</div></div>"
        for picture, text in zip(pictures, texts, strict=True)
    )
    return f"<div style='display:flex;flex-wrap:wrap'>{cells}</div>"


def _caption(panels: Panels, k: int) -> str:
    """Name of the output, and what is known of it."""
    _, *facts = captions(panels, k)
    return f"{_bold(panels.names[k])}<span style='opacity:.75;font-size:12px'>{'<br>'.join(facts)}</span>"


def _bold(name: str | None) -> str:
    if not name:
        return ""
    shown = name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"
    return f"<b>{escaped(shown)}</b><br>"


def _key() -> str:
    """What the colours mean."""
    ends = ",".join(f"rgb{colour}" for colour in (DOWN, (255, 255, 255), UP))
    bar = f"<span style='display:inline-block;width:90px;height:9px;background:linear-gradient(90deg,{ends})'></span>"
    return f"<div style='margin:4px 8px;font-size:12px;opacity:.85'>pushes down {bar} pushes up</div>"
