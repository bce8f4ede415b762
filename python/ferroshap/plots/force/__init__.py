"""Force plots: what pushes the output up and down, in one row or in many, as pictures that need no library."""

from ferroshap.plots.force.front import force
from ferroshap.plots.force.pages import getjs, initjs, save_html
from ferroshap.plots.force.row import ForcePlot
from ferroshap.plots.force.stack import ForceArrayPlot

__all__ = ["ForceArrayPlot", "ForcePlot", "force", "getjs", "initjs", "save_html"]
