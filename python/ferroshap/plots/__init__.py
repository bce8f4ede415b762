"""Pictures of an Explanation. Matplotlib is imported when the first one is drawn."""

from ferroshap.plots import colors
from ferroshap.plots.bar import bar
from ferroshap.plots.beeswarm import beeswarm
from ferroshap.plots.dependence import dependence_plot
from ferroshap.plots.image import image
from ferroshap.plots.scatter import scatter
from ferroshap.plots.waterfall import waterfall

__all__ = [
    "bar",
    "beeswarm",
    "colors",
    "dependence_plot",
    "image",
    "scatter",
    "waterfall",
]
