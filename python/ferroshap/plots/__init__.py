"""Pictures of an Explanation. Matplotlib is imported when the first one is drawn."""

from ferroshap.plots import colors
from ferroshap.plots.bar import bar
from ferroshap.plots.beeswarm import beeswarm
from ferroshap.plots.force import ForceArrayPlot, ForcePlot, force, getjs, initjs, save_html
from ferroshap.plots.image import image
from ferroshap.plots.waterfall import waterfall

__all__ = [
    "ForceArrayPlot",
    "ForcePlot",
    "bar",
    "beeswarm",
    "colors",
    "force",
    "getjs",
    "image",
    "initjs",
    "save_html",
    "waterfall",
]
