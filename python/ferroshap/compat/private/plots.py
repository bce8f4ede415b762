"""The private files of `shap.plots`: their public functions, and the older ones on arrays."""

import importlib
from typing import Any

#: Names of the incumbent's files that are called otherwise here, or live elsewhere.
ELSEWHERE = {
    "AdditiveForceArrayVisualizer": "ferroshap.plots:ForceArrayPlot",
    "AdditiveForceVisualizer": "ferroshap.plots:ForcePlot",
    "Explanation": "ferroshap.explanation:Explanation",
    "bar_legacy": "ferroshap.plots:bar_plot",
    "dependence_legacy": "ferroshap.plots:dependence_plot",
    "summary_legacy": "ferroshap.plots:summary_plot",
    "verify_valid_cmap": "ferroshap.plots.force.palette:pair_of",
    "waterfall_legacy": "ferroshap.compat.private.waterfall:waterfall_legacy",
}


def __getattr__(name: str) -> Any:
    """Look a function up among the plots: matplotlib is not loaded for asking."""
    room, _, attribute = ELSEWHERE.get(name, f"ferroshap.plots:{name}").partition(":")
    module = importlib.import_module(room)
    if not hasattr(module, attribute):
        msg = f"ferroshap has no {name!r} among its plots"
        raise AttributeError(msg)
    return getattr(module, attribute)


def convert_color(color: Any) -> Any:
    """Return the colour or the map of a name; what is no name of one stays what it is.

    Examples
    --------
    >>> convert_color("#123456")
    '#123456'
    """
    from matplotlib import colormaps

    from ferroshap.plots import colors

    if not isinstance(color, str):
        return color
    ours = {"shap_red": "red_rgb", "shap_blue": "blue_rgb"}
    if color in ours:
        return getattr(colors, ours[color])
    return colormaps.get(color, color)
