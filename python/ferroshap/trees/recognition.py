"""Which adapter reads a model: by the names of its classes, so that no library is imported to find out."""

import importlib
from types import ModuleType
from typing import Any

from ferroshap.trees.tree_model import TreeModel

#: The adapter for the classes of a package: a module with `MODELS`, names "package:Class", and `read(model)`.
ADAPTERS = {
    "catboost": "ferroshap.trees.catboost",
    "lightgbm": "ferroshap.trees.lightgbm",
    "onnx": "ferroshap.trees.onnx",
    "onnxruntime": "ferroshap.trees.onnx",
    "sklearn": "ferroshap.trees.sklearn",
    "xgboost": "ferroshap.trees.xgboost",
}
#: The adapter for trees that are given as dicts, as shap takes them.
DICTS = "ferroshap.trees.shap_dicts"


def load_tree_model(model: Any) -> TreeModel | None:
    """Read a model that is an ensemble of trees; None for what is none.

    Raises
    ------
    InvalidModelError
        When it is one, but of a kind that cannot be explained as trees; the message has the remedy.
    """
    if isinstance(model, TreeModel):
        return model
    adapter = adapter_of(model)
    if adapter is None:
        return None
    read: TreeModel = adapter.read(model)
    return read


def is_tree_model(model: Any) -> bool:
    """Tell whether a model is of a class that some adapter takes, without reading it.

    Examples
    --------
    >>> is_tree_model("forest"), is_tree_model(lambda rows: rows)
    (False, False)
    """
    return isinstance(model, TreeModel) or adapter_of(model) is not None


def adapter_of(model: Any) -> ModuleType | None:
    """Find the adapter for a model's class, or for one that it inherits from."""
    if isinstance(model, dict | list):
        return importlib.import_module(DICTS) if _are_trees(model) else None
    return _adapter_of_class(type(model))


def is_tree_class(cls: type) -> bool:
    """Tell whether models of a class are ones that some adapter takes."""
    return _adapter_of_class(cls) is not None


def _adapter_of_class(given: type) -> ModuleType | None:
    for cls in given.__mro__:
        package = cls.__module__.partition(".")[0]
        name = ADAPTERS.get(package)
        if name is not None:
            adapter = importlib.import_module(name)
            if f"{package}:{cls.__name__}" in adapter.MODELS:
                return adapter
    return None


def _are_trees(model: dict[Any, Any] | list[Any]) -> bool:
    """Whether a dict or a list is what shap reads as trees, not data."""
    if isinstance(model, dict):
        return "trees" in model
    return bool(model) and all(isinstance(tree, dict) and "children_left" in tree for tree in model)
