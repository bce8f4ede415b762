"""Shapley values of any model: exact where possible, with standard errors where sampled."""

import importlib
import os
from typing import TYPE_CHECKING, Any

from ferroshap import _native, errors, estimators, explainers, links, maskers, models
from ferroshap._native import __version__
from ferroshap.explainers import (
    ExactExplainer,
    Explainer,
    KernelExplainer,
    LinearExplainer,
    PermutationExplainer,
    SamplingExplainer,
)
from ferroshap.explanation import Explanation
from ferroshap.game import Game
from ferroshap.maskers import compress, kmeans, sample
from ferroshap.run import Estimate, Run, estimate
from ferroshap.tables import Interactions, interaction_values, shapley_values

if TYPE_CHECKING:
    from ferroshap import clustering, compat, datasets, engines, export, gradients, metrics, other, plots, trees, utils
    from ferroshap.engines.files import explain_parquet
    from ferroshap.explainers import (
        AdditiveExplainer,
        CoalitionExplainer,
        GPUTreeExplainer,
        GradientExplainer,
        PartitionExplainer,
        TreeExplainer,
    )
    from ferroshap.explanation.apparent import approximate_interactions
    from ferroshap.explanation.cohorts import Cohorts
    from ferroshap.export.report import report
    from ferroshap.metrics import global_importance, sage
    from ferroshap.plots import bar_plot, dependence_plot, getjs, initjs, save_html, summary_plot
    from ferroshap.plots.decision import decision as decision_plot
    from ferroshap.plots.embedding import embedding as embedding_plot
    from ferroshap.plots.force import force as force_plot
    from ferroshap.plots.group_difference import group_difference as group_difference_plot
    from ferroshap.plots.heatmap import heatmap as heatmap_plot
    from ferroshap.plots.image import image as image_plot
    from ferroshap.plots.monitoring import monitoring as monitoring_plot
    from ferroshap.plots.multioutput_decision import multioutput_decision as multioutput_decision_plot
    from ferroshap.plots.partial_dependence import partial_dependence as partial_dependence_plot
    from ferroshap.plots.violin import violin as violin_plot
    from ferroshap.plots.waterfall import waterfall as waterfall_plot

__all__ = [
    "AdditiveExplainer",
    "CoalitionExplainer",
    "Cohorts",
    "Estimate",
    "ExactExplainer",
    "Explainer",
    "Explanation",
    "GPUTreeExplainer",
    "Game",
    "GradientExplainer",
    "Interactions",
    "KernelExplainer",
    "LinearExplainer",
    "PartitionExplainer",
    "PermutationExplainer",
    "Run",
    "SamplingExplainer",
    "TreeExplainer",
    "__version__",
    "approximate_interactions",
    "bar_plot",
    "clustering",
    "compat",
    "compress",
    "datasets",
    "decision_plot",
    "dependence_plot",
    "embedding_plot",
    "engines",
    "errors",
    "estimate",
    "estimators",
    "explain_parquet",
    "explainers",
    "export",
    "force_plot",
    "getjs",
    "global_importance",
    "gradients",
    "group_difference_plot",
    "heatmap_plot",
    "image_plot",
    "initjs",
    "interaction_values",
    "kmeans",
    "links",
    "maskers",
    "metrics",
    "models",
    "monitoring_plot",
    "multioutput_decision_plot",
    "other",
    "partial_dependence_plot",
    "plots",
    "report",
    "sage",
    "sample",
    "save_html",
    "shapley_values",
    "summary_plot",
    "trees",
    "utils",
    "violin_plot",
    "waterfall_plot",
]

#: What is imported when somebody asks for it: `import ferroshap` stays light. What `delegation` hands over to shap
#: is not in `__all__`: `from ferroshap import *` works without shap.
_MET_LATER = {
    "ActionOptimizer": "delegation:ActionOptimizer",
    "AdditiveExplainer": "explainers:AdditiveExplainer",
    "CoalitionExplainer": "explainers:CoalitionExplainer",
    "Cohorts": "explanation.cohorts:Cohorts",
    "DeepExplainer": "delegation:DeepExplainer",
    "GPUTreeExplainer": "explainers:GPUTreeExplainer",
    "GradientExplainer": "explainers:GradientExplainer",
    "PartitionExplainer": "explainers:PartitionExplainer",
    "TreeExplainer": "explainers:TreeExplainer",
    "actions": "delegation:actions",
    "approximate_interactions": "explanation.apparent:approximate_interactions",
    "bar_plot": "plots:bar_plot",
    "benchmark": "delegation:benchmark",
    "clustering": "clustering",
    "compat": "compat",
    "datasets": "datasets",
    "decision_plot": "plots:decision",
    "dependence_plot": "plots:dependence_plot",
    "embedding_plot": "plots:embedding",
    "engines": "engines",
    "explain_parquet": "engines.files:explain_parquet",
    "export": "export",
    "force_plot": "plots:force",
    "getjs": "plots:getjs",
    "global_importance": "metrics:global_importance",
    "gradients": "gradients",
    "group_difference_plot": "plots:group_difference",
    "heatmap_plot": "plots:heatmap",
    "image_plot": "plots:image",
    "initjs": "plots:initjs",
    "metrics": "metrics",
    "monitoring_plot": "plots:monitoring",
    "multioutput_decision_plot": "plots:multioutput_decision",
    "other": "other",
    "partial_dependence_plot": "plots:partial_dependence",
    "plots": "plots",
    "report": "export.report:report",
    "sage": "metrics:sage",
    "save_html": "plots:save_html",
    "summary_plot": "plots:summary_plot",
    "text_plot": "delegation:text_plot",
    "trees": "trees",
    "utils": "utils",
    "violin_plot": "plots:violin",
    "waterfall_plot": "plots:waterfall",
}

if hasattr(os, "register_at_fork"):
    # A child has none of its parent's threads: it must build a pool of its own.
    os.register_at_fork(after_in_child=_native.forget_pool)


def __getattr__(name: str) -> Any:
    """Import what is met only when somebody asks for it."""
    if name not in _MET_LATER:
        msg = f"module 'ferroshap' has no attribute {name!r}"
        raise AttributeError(msg)
    room, _, attribute = _MET_LATER[name].partition(":")
    module = importlib.import_module(f"ferroshap.{room}")
    return getattr(module, attribute) if attribute else module


def __dir__() -> list[str]:
    """List the public names, those not imported yet among them."""
    return sorted({*globals(), *__all__})
