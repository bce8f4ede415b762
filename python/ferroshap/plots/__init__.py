"""Pictures of an Explanation. Matplotlib is imported when the first one is drawn."""

from ferroshap.plots import colors
from ferroshap.plots.bar import bar
from ferroshap.plots.beeswarm import beeswarm
from ferroshap.plots.decision import DecisionPlotResult, decision
from ferroshap.plots.dependence import dependence_plot
from ferroshap.plots.embedding import embedding
from ferroshap.plots.force import ForceArrayPlot, ForcePlot, force, getjs, initjs, save_html
from ferroshap.plots.group_difference import group_difference
from ferroshap.plots.heatmap import heatmap
from ferroshap.plots.image import image
from ferroshap.plots.legacy_bar import bar_plot
from ferroshap.plots.monitoring import monitoring
from ferroshap.plots.multioutput_decision import multioutput_decision
from ferroshap.plots.partial_dependence import partial_dependence
from ferroshap.plots.scatter import scatter
from ferroshap.plots.style import get_style, set_style, style_context
from ferroshap.plots.summary import summary_plot
from ferroshap.plots.violin import violin
from ferroshap.plots.waterfall import waterfall

__all__ = [
    "DecisionPlotResult",
    "ForceArrayPlot",
    "ForcePlot",
    "bar",
    "bar_plot",
    "beeswarm",
    "colors",
    "decision",
    "dependence_plot",
    "embedding",
    "force",
    "get_style",
    "getjs",
    "group_difference",
    "heatmap",
    "image",
    "initjs",
    "monitoring",
    "multioutput_decision",
    "partial_dependence",
    "save_html",
    "scatter",
    "set_style",
    "style_context",
    "summary_plot",
    "violin",
    "waterfall",
]
