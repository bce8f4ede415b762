"""Pictures of an Explanation. Matplotlib is imported when the first one is drawn."""

from ferroshap.plots import colors
from ferroshap.plots.bar import bar
from ferroshap.plots.beeswarm import beeswarm
from ferroshap.plots.heatmap import heatmap
from ferroshap.plots.image import image
from ferroshap.plots.legacy_bar import bar_plot
from ferroshap.plots.style import get_style, set_style, style_context
from ferroshap.plots.summary import summary_plot
from ferroshap.plots.violin import violin
from ferroshap.plots.waterfall import waterfall

__all__ = [
    "bar",
    "bar_plot",
    "beeswarm",
    "colors",
    "get_style",
    "heatmap",
    "image",
    "set_style",
    "style_context",
    "summary_plot",
    "violin",
    "waterfall",
]
