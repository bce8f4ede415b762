"""The two colours of a force plot: up and down."""

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
    """Return the colours of up and down.

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
        if plot_cmap not in PAIRS:
            known = ", ".join(PAIRS)
            msg = f"`plot_cmap={plot_cmap!r}` is not known{nearest(plot_cmap, PAIRS)} Known: {known}"
            raise OptionError(msg)
        return PAIRS[plot_cmap]
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
