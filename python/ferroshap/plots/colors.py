"""The palette, and colour maps that are made when they are first asked for."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

RED, BLUE = "#FF0051", "#008BFB"  # pushes up, high value; pushes down, low value
LIGHT_RED, LIGHT_BLUE = "#FF7FA7", "#7FC4FC"
GREY = "#777777"  # dots without a number to colour them by
SINGLE = "#1E88E5"
NAME, VALUE, ZERO, CONNECTOR, ROW = "#333333", "#999999", "#999999", "#BBBBBB", "#CCCCCC"

IMAGE_RED, IMAGE_BLUE = "#FF0D57", "#1E88E5"  # of pixels that push up and down


def rgb(hue: str) -> np.ndarray:
    """Red, green and blue of ``#RRGGBB`` as numbers from 0 to 1, in an array that cannot be written.

    Examples
    --------
    >>> rgb("#FF0000")
    array([1., 0., 0.])
    """
    numbers = np.array([int(hue[i : i + 2], 16) / 255.0 for i in (1, 3, 5)])
    numbers.flags.writeable = False
    return numbers


# The names and the form in which the incumbent's users know the palette.
red_rgb, blue_rgb, light_red_rgb, light_blue_rgb = rgb(RED), rgb(BLUE), rgb(LIGHT_RED), rgb(LIGHT_BLUE)
gray_rgb = rgb("#848484")  # not that of our grey dots: its lightness is 55

_NAMED = {"shap_red": RED, "shap_blue": BLUE}
_NODES = 100
_BLUE_HUE, _RED_HUE = 4.6588, 6.6379  # radians in CIE LCh(ab), D65
_MADE: dict[str, Any] = {}


def red_blue_nodes() -> np.ndarray:
    """Colours from blue to red through purple: lightness dips, chroma grows, hue turns evenly; ``(100, 3)``."""
    t = np.linspace(0.0, 1.0, _NODES)
    lightness = 54.0 - 14.0 * (1.0 - np.abs(2.0 * t - 1.0))
    return rgb_from_lch(lightness, 70.0 + 20.0 * t, _BLUE_HUE + (_RED_HUE - _BLUE_HUE) * t)


def red_blue_circle_nodes() -> np.ndarray:
    """Colours from blue to red in the first half and back through green in the second, all equally light."""
    t = np.linspace(0.0, 1.0, _NODES)
    there, back = np.minimum(2.0 * t, 1.0), np.maximum(2.0 * t - 1.0, 0.0)
    first = t <= 0.5
    hue = np.where(
        first,
        _BLUE_HUE + (_RED_HUE - _BLUE_HUE) * there,
        (_RED_HUE - 2.0 * np.pi) + (_BLUE_HUE - _RED_HUE + 2.0 * np.pi) * back,
    )
    chroma = np.where(first, 70.0 + 20.0 * there, 90.0 - 20.0 * back)
    return rgb_from_lch(np.full(_NODES, 54.0), chroma, hue)


def rgb_from_lch(lightness: np.ndarray, chroma: np.ndarray, hue: np.ndarray) -> np.ndarray:
    """Convert CIE LCh(ab) under D65 to sRGB, clipped to what a screen can show."""
    fy = (lightness + 16.0) / 116.0
    f = np.stack([fy + chroma * np.cos(hue) / 500.0, fy, fy - chroma * np.sin(hue) / 200.0], axis=-1)
    white = np.array([0.95047, 1.0, 1.08883])
    xyz = white * np.where(f > 6.0 / 29.0, f**3, (f - 4.0 / 29.0) * 108.0 / 841.0)
    to_linear = np.array(
        [[3.2404542, -1.5371385, -0.4985314], [-0.9692660, 1.8760108, 0.0415560], [0.0556434, -0.2040259, 1.0572252]]
    )
    linear = np.clip(xyz @ to_linear.T, 0.0, 1.0)
    rgb: np.ndarray = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return rgb


def faded_nodes(hue: str) -> np.ndarray:
    """One colour that grows out of nothing; ``(100, 4)``."""
    return np.column_stack([np.tile(rgb(hue), (_NODES, 1)), np.linspace(0.0, 1.0, _NODES)])


def red_transparent_blue_nodes() -> np.ndarray:
    """Blue that fades to nothing at zero, then red that grows out of nothing; ``(200, 4)``."""
    return np.concatenate([faded_nodes(IMAGE_BLUE)[::-1], faded_nodes(IMAGE_RED)])


def red_white_blue_nodes() -> np.ndarray:
    """Blue that fades to white at zero, then red that grows out of white; ``(200, 3)``."""
    share = np.linspace(0.0, 1.0, _NODES)[:, None]
    down, up = (1.0 - share + share * hue for hue in (blue_rgb, red_rgb))
    return np.concatenate([down[::-1], up])


def red_blue_transparent_nodes() -> np.ndarray:
    """From blue to red, half transparent; ``(100, 4)``."""
    return np.column_stack([red_blue_nodes(), np.full(_NODES, 0.5)])


_NODES_OF: dict[str, Callable[[], np.ndarray]] = {
    "red_blue": red_blue_nodes,
    "red_blue_no_bounds": red_blue_nodes,
    "red_blue_transparent": red_blue_transparent_nodes,
    "red_blue_circle": red_blue_circle_nodes,
    "red_transparent_blue": red_transparent_blue_nodes,
    "red_white_blue": red_white_blue_nodes,
    "transparent_blue": partial(faded_nodes, IMAGE_BLUE),
    "transparent_red": partial(faded_nodes, IMAGE_RED),
}


def __getattr__(name: str) -> Any:
    """Make a colour map at its first access.

    Raises
    ------
    AttributeError
        If there is no map of this name.
    """
    if name not in _NODES_OF:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    if name not in _MADE:
        from matplotlib.colors import LinearSegmentedColormap

        made: Any = LinearSegmentedColormap.from_list(name, list(_NODES_OF[name]()), N=256)
        if name == "red_blue":  # what has no place on the scale is grey; the map without bounds goes on with its ends
            made = made.with_extremes(bad=GREY, over=GREY, under=GREY)
        _MADE[name] = made
    return _MADE[name]


def __dir__() -> list[str]:
    """List the maps beside the constants."""
    return sorted({*globals(), *_NODES_OF})


def named(color: Any) -> Any:
    """Translate our own colour names, leave every other colour as it is."""
    return _NAMED.get(color, color) if isinstance(color, str) else color
