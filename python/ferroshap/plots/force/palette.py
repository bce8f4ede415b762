"""The two colours of a force plot: up and down."""

import contextlib
import re
from typing import Any

from ferroshap.errors import OptionError, nearest
from ferroshap.plots import colors

#: Pairs by the names that users of the incumbent know: what pushes up, what pushes down.
PAIRS = {
    "RdBu": (colors.IMAGE_RED, colors.IMAGE_BLUE),
    "GnPR": ("#18C45D", "#7C52FF"),
    "CyPU": ("#0099C6", "#990099"),
    "PkYg": ("#DD4477", "#66AA00"),
    "DrDb": ("#B82E2E", "#316395"),
    "LpLb": ("#994499", "#22AA99"),
    "YlDp": ("#AAAA11", "#6633CC"),
    "OrId": ("#E67300", "#3E0099"),
}
_HEX = re.compile("#[0-9a-fA-F]{6}")


def pair_of(plot_cmap: Any) -> tuple[str, str]:
    """Return the colours of up and down: of a pair, of both ends of a map of matplotlib, or as listed.

    Raises
    ------
    TypeError
        If `plot_cmap` is neither a name nor a list.
    OptionError
        For an unknown name, fewer than two colours, or a colour that is not ``#RRGGBB``.

    Examples
    --------
    >>> pair_of("RdBu"), pair_of(["#aa0000", "#0000aa"])
    (('#FF0D57', '#1E88E5'), ('#aa0000', '#0000aa'))
    """
    if isinstance(plot_cmap, str):
        return PAIRS.get(plot_cmap) or _ends_of_map(plot_cmap)
    if not isinstance(plot_cmap, (list, tuple)):
        msg = f"`plot_cmap` is a {type(plot_cmap).__name__}: pass a name, or a list of colours such as '#FF0D57'"
        raise TypeError(msg)
    if len(plot_cmap) < 2:
        msg = f"`plot_cmap` has {len(plot_cmap)} colours: pass at least two, for up and for down"
        raise OptionError(msg)
    for color in plot_cmap:
        if not (isinstance(color, str) and _HEX.fullmatch(color)):
            msg = f"`plot_cmap` holds {color!r}: pass colours as '#RRGGBB'"
            raise OptionError(msg)
    return plot_cmap[0], plot_cmap[1]


def _ends_of_map(name: str) -> tuple[str, str]:
    """The high and the low end of a map of matplotlib, where that is installed."""
    maps: Any = {}
    with contextlib.suppress(ImportError):
        from matplotlib import colormaps as maps
    if name in maps:
        from matplotlib.colors import to_hex

        return to_hex(maps[name](1.0)), to_hex(maps[name](0.0))
    msg = f"`plot_cmap={name!r}` is not known{nearest(name, [*PAIRS, *maps])} Known: {', '.join(PAIRS)}"
    raise OptionError(msg + (", maps of matplotlib" if maps else ""))
