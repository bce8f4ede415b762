"""Colour maps as the user names them."""

from typing import Any

from ferroshap.errors import OptionError, nearest
from ferroshap.plots import colors


def colormap(cmap: Any, default: str = "red_blue", argument: str = "cmap") -> Any:
    """Return a colour map: one that is given, one of matplotlib's or of ours by name, or ours if none is.

    Raises
    ------
    OptionError
        If there is no map of this name, naming the nearest.
    """
    import matplotlib as mpl
    from matplotlib.colors import Colormap, LinearSegmentedColormap

    if isinstance(cmap, Colormap):
        return cmap
    if cmap is None:
        return getattr(colors, default)
    if isinstance(cmap, str):
        if cmap in mpl.colormaps:
            return mpl.colormaps[cmap]
        ours = [name for name in dir(colors) if isinstance(getattr(colors, name), Colormap)]
        if cmap in ours:
            return getattr(colors, cmap)
        msg = f"`{argument}` is {cmap!r}, which is no colour map{nearest(cmap, [*ours, *mpl.colormaps])}"
        raise OptionError(msg)
    if isinstance(cmap, (list, tuple)) and len(cmap) > 1:
        return LinearSegmentedColormap.from_list("given", list(cmap))
    msg = f"`{argument}` is a {type(cmap).__name__}: give a colour map, its name, or a list of colours"
    raise OptionError(msg)
