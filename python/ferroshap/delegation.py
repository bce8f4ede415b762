"""What is shap's own: its object where shap is installed, else an error that names the nearest of ours.

Nothing of shap is imported before it is used, so that ``from ferroshap import *`` works without it.
"""

import functools
import importlib
from types import ModuleType
from typing import Any

from ferroshap.explainers.explainer import Explainer
from ferroshap.explanation import Explanation

#: What of ours comes nearest, by the name below `shap`.
NEAREST = {
    "ActionOptimizer": "nothing of ours does the same",
    "DeepExplainer": "GradientExplainer explains the same networks",
    "actions": "nothing of ours does the same",
    "benchmark": "ferroshap.metrics compares explanations",
    "explainers.other.LimeTabular": "KernelExplainer and LinearExplainer are exact or tell their errors",
    "explainers.other.Maple": "KernelExplainer explains any model",
    "explainers.other.TreeMaple": "TreeExplainer explains trees exactly",
    "maskers.Text": "a function (mask, text) -> texts is a masker too",
    "models.TeacherForcing": "a function of texts is a model too",
    "models.TextGeneration": "a function of texts is a model too",
    "models.TopKLM": "a function of texts is a model too",
    "models.TransformersPipeline": "a function of texts is a model too",
    "plots.benchmark": "ferroshap.metrics compares explanations",
    "plots.image_to_text": "plots.image draws values of images",
    "plots.text": "Explanation has a table of the strongest tokens in notebooks",
}

__all__ = ["ActionOptimizer", "DeepExplainer", "actions", "benchmark", "delegated", "text_plot"]


def shap_s(name: str) -> Any:
    """Return shap's own object: a class, a function or a module, by its dotted name below ``shap``.

    Raises
    ------
    ImportError
        Where shap is not installed, or its name is lent to us.
    """
    nearest = f"; {NEAREST[name]}" if name in NEAREST else ""
    try:
        found = importlib.import_module("shap")
    except ImportError as error:
        msg = f"{name} is shap's own, and shap is not installed: `pip install shap`{nearest}"
        raise ImportError(msg, name="shap") from error
    if found.Explainer.__module__.startswith("ferroshap."):
        msg = f"{name} is shap's own, but `shap` stands for ferroshap: call ferroshap.compat.uninstall() first{nearest}"
        raise ImportError(msg, name="shap")
    for part in name.split("."):
        try:
            found = getattr(found, part)
        except AttributeError:
            found = importlib.import_module(f"{found.__name__}.{part}")
    return found


def delegated(name: str) -> Any:
    """Return what stands for an object of shap in our own rooms.

    Plots take our explanations, which are given to shap's as its own; all else is shap's object itself.

    Parameters
    ----------
    name : str
        Below ``shap``: "maskers.Text", "plots.text", ...

    Raises
    ------
    ImportError
        Where shap is not installed.
    """
    found = shap_s(name)
    if not name.startswith("plots."):
        return found

    @functools.wraps(found)
    def drawn(*args: Any, **options: Any) -> Any:
        return found(*map(_as_shap_s, args), **{key: _as_shap_s(value) for key, value in options.items()})

    return drawn


def _as_shap_s(value: Any) -> Any:
    return value.to_shap() if isinstance(value, Explanation) else value


def _from_shap(result: Any) -> Any:
    """Make ours what is an explanation of shap's."""
    if isinstance(result, list):
        return [_from_shap(part) for part in result]
    is_explanation = hasattr(result, "base_values") and hasattr(result, "op_history")
    return Explanation.from_shap(result) if is_explanation else result


class DeepExplainer(Explainer):
    """DeepLIFT as shap computes it: made by shap, where that is installed; its explanations come back as ours.

    Parameters
    ----------
    model, data, session, learning_phase_flags
        As of shap's ``DeepExplainer``.

    Raises
    ------
    ImportError
        Where shap is not installed; :class:`ferroshap.GradientExplainer` explains the same networks.
    """

    def __init__(self, model: Any, data: Any, session: Any = None, learning_phase_flags: Any = None) -> None:
        """Let shap make its explainer."""
        self._inner = shap_s("DeepExplainer")(model, data, session, learning_phase_flags)
        self.model, self.masker, self.partial = model, None, None
        self.feature_names, self.output_names = [], None

    @property
    def expected_value(self) -> Any:
        """The base value, as shap has it."""
        return self._inner.expected_value

    def __call__(self, X: Any) -> Any:  # type: ignore[override]
        """Explain rows: an Explanation of ours."""
        return _from_shap(self._inner(X))

    def shap_values(  # type: ignore[override]  # shap's own
        self, X: Any, ranked_outputs: Any = None, output_rank_order: str = "max", check_additivity: bool = True
    ) -> Any:
        """Return what shap returns."""
        return self._inner.shap_values(X, ranked_outputs, output_rank_order, check_additivity)

    def __repr__(self) -> str:
        """Name both."""
        return f"<DeepExplainer of shap: {type(self.model).__name__}>"


class ActionOptimizer:
    """shap's ``ActionOptimizer``: making one gives shap's own object, where shap is installed.

    Raises
    ------
    ImportError
        Where shap is not installed.
    """

    def __new__(cls, *args: Any, **options: Any) -> Any:
        """Make shap's."""
        return shap_s("ActionOptimizer")(*args, **options)


class _Room(ModuleType):
    """A room of shap that is looked into when somebody asks for what is in it."""

    def __getattr__(self, name: str) -> Any:
        """Look the name up in shap's room."""
        room = self.__dict__["_room"]
        if name.startswith("_"):
            msg = f"module 'shap.{room}' has no attribute {name!r}"
            raise AttributeError(msg)
        return getattr(shap_s(room), name)


def _room(name: str) -> _Room:
    room = _Room(f"ferroshap.{name}", f"`shap.{name}`, where shap is installed: what is in it is shap's own.")
    room.__dict__["_room"] = name
    return room


def text_plot(*args: Any, **options: Any) -> Any:
    """Draw values of text as shap's ``text_plot`` does, where shap is installed; explanations of ours are taken.

    Raises
    ------
    ImportError
        Where shap is not installed.
    """
    return delegated("plots.text")(*args, **options)


actions = _room("actions")
benchmark = _room("benchmark")
