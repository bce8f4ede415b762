"""Where the modules of `shap` live here: a small table for its private paths, the same name for all others."""

import importlib
import importlib.util
import sys
from types import ModuleType

#: Modules that are registered as soon as the alias is installed: class checks by dotted path ask `sys.modules`.
PUBLIC = ["datasets", "explainers", "links", "maskers", "models", "plots", "plots.colors", "utils"]

#: Paths of the incumbent that have another name here. They are registered at once too, as attributes of their parents.
PRIVATE = {
    "_cutils": "compat.private.cutils",
    "_explanation": "explanation",
    "_serializable": "serialisation",
    "explainers._additive": "explainers.additive",
    "explainers._coalition": "compat.private.coalition",
    "explainers._exact": "explainers.exact",
    "explainers._explainer": "compat.private.explainer",
    "explainers._gradient": "explainers.gradient",
    "explainers._kernel": "explainers.kernel",
    "explainers._linear": "explainers.linear",
    "explainers._partition": "explainers.partition",
    "explainers._permutation": "explainers.permutation",
    "explainers._sampling": "explainers.sampling",
    "explainers._tree": "compat.private.tree",
    "explainers.other": "other",
    "maskers._composite": "maskers",
    "maskers._fixed": "maskers",
    "maskers._fixed_composite": "maskers",
    "maskers._image": "maskers",
    "maskers._masker": "maskers",
    "maskers._output_composite": "maskers",
    "maskers._tabular": "maskers",
    "models._model": "models",
    "plots._bar": "compat.private.plots",
    "plots._beeswarm": "compat.private.plots",
    "plots._decision": "compat.private.plots",
    "plots._force": "compat.private.plots",
    "plots._heatmap": "compat.private.plots",
    "plots._image": "compat.private.plots",
    "plots._scatter": "compat.private.plots",
    "plots._style": "compat.private.style",
    "plots._utils": "compat.private.plots",
    "plots._violin": "compat.private.plots",
    "plots._waterfall": "compat.private.plots",
    "utils._clustering": "compat.private.utils",
    "utils._exceptions": "errors",
    "utils._general": "utils",
    "utils._legacy": "compat.private.legacy",
}

#: Names that the incumbent has in a public module of ours, and we elsewhere: bound there while the alias is on.
BOUND = {"utils": "compat.private.utils"}


def home_of(path: str) -> str | None:
    """Name the module of ours that stands for ``shap.<path>``; None where there is none.

    Raises
    ------
    ModuleNotFoundError
        For a file of ours that is no module of `shap`: `plots.bar` is a
        function there, and importing the file under a second name would
        make a second copy with second classes.
    """
    if path in PRIVATE:
        return f"ferroshap.{PRIVATE[path]}"
    parent, _, leaf = path.rpartition(".")
    above = home_of(parent) if parent else "ferroshap"
    if above is None:
        return None
    home = f"{above}.{leaf}"
    if importlib.util.find_spec(home) is None:
        return None
    there = vars(importlib.import_module(above)).get(leaf, sys.modules.get(home))
    if leaf.startswith("_") or not isinstance(there, ModuleType | None):
        msg = f"No module named 'shap.{path}'"
        raise ModuleNotFoundError(msg, name=f"shap.{path}")
    return home
