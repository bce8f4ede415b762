"""Bound methods of tree models: those that show the sum of the trees are explained through the trees."""

from typing import Any

from ferroshap.explainers.tree_outputs import KNOWN
from ferroshap.trees.recognition import ADAPTERS, is_tree_model


def tree_and_output(model: Any) -> tuple[Any, dict[str, str]]:
    """Return the tree model that is meant, and the option that says which output; (None, {}) for no tree model.

    A method counts if it is the library's own: one that a user's class overrides is a function like any other.

    Examples
    --------
    >>> tree_and_output(max), tree_and_output("forest")
    ((None, {}), (None, {}))
    """
    if is_tree_model(model):
        return model, {}
    owner, name = getattr(model, "__self__", None), getattr(model, "__name__", None)
    if owner is None or name not in KNOWN or not is_tree_model(owner):
        return None, {}
    home = next((cls for cls in type(owner).__mro__ if name in vars(cls)), None)
    if home is None or home.__module__.partition(".")[0] not in ADAPTERS or name in vars(owner):
        return None, {}
    return owner, {"model_output": name}
