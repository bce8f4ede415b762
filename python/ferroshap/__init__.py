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
    from ferroshap import clustering, datasets, gradients, metrics, plots, trees
    from ferroshap.explainers.coalition import CoalitionExplainer
    from ferroshap.explainers.gradient import GradientExplainer
    from ferroshap.explainers.partition import PartitionExplainer
    from ferroshap.explainers.tree import TreeExplainer
    from ferroshap.metrics import global_importance, sage
    from ferroshap.plots import image as image_plot

__all__ = [
    "CoalitionExplainer",
    "Estimate",
    "ExactExplainer",
    "Explainer",
    "Explanation",
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
    "clustering",
    "compress",
    "datasets",
    "errors",
    "estimate",
    "estimators",
    "explainers",
    "global_importance",
    "gradients",
    "image_plot",
    "interaction_values",
    "kmeans",
    "links",
    "maskers",
    "metrics",
    "models",
    "plots",
    "sage",
    "sample",
    "shapley_values",
    "trees",
]

if hasattr(os, "register_at_fork"):
    # A child has none of its parent's threads: it must build a pool of its own.
    os.register_at_fork(after_in_child=_native.forget_pool)


def __getattr__(name: str) -> Any:
    """Import the rooms that are met only when somebody asks for them."""
    if name in {"clustering", "datasets", "gradients", "metrics", "plots", "trees"}:
        return importlib.import_module(f"ferroshap.{name}")
    if name in {"global_importance", "sage"}:
        return getattr(importlib.import_module("ferroshap.metrics"), name)
    if name == "image_plot":
        return importlib.import_module("ferroshap.plots").image
    if name in {"CoalitionExplainer", "GradientExplainer", "PartitionExplainer", "TreeExplainer"}:
        return getattr(explainers, name)
    msg = f"module 'ferroshap' has no attribute {name!r}"
    raise AttributeError(msg)


def __dir__() -> list[str]:
    """List the public names, those not imported yet among them."""
    return sorted({*globals(), *__all__})
