"""What the plots take: our Explanation, or the incumbent's."""

from typing import Any

import numpy as np

from ferroshap.errors import DimensionError
from ferroshap.explanation import Explanation, OpHistoryItem
from ferroshap.explanation.maps import is_image

# Not `error_std`: the incumbent keeps the spread of single contributions there, which is no standard error.
_COPIED = ("base_values", "data", "display_data", "feature_names", "lower_bounds", "upper_bounds")

# The legacy names that draw about the same from arrays.
_TAKES_ARRAYS = {
    "bar": "bar_plot",
    "beeswarm": "summary_plot",
    "heatmap": "summary_plot",
    "scatter": "dependence_plot",
    "violin": "summary_plot",
    "waterfall": "decision_plot",
}


def as_explanation(shap_values: Any, plot: str) -> Explanation:
    """Return an Explanation, without the output axis if that has length one, whatever its other axes.

    Raises
    ------
    TypeError
        If the object is neither an Explanation nor looks like one.
    DimensionError
        If there is nothing along an axis.
    """
    if holds_cohorts(shap_values):
        names = ", ".join(repr(name) for name in list(shap_values.cohorts)[:3])
        msg = (
            f"`shap_values` of `{plot}` holds cohorts: pick one, as cohorts.cohorts[name], of {names}; `bar` draws all"
        )
        raise TypeError(msg)
    if isinstance(shap_values, Explanation):
        explanation = shap_values
    elif looks_like_explanation(shap_values):
        explanation = _translated(shap_values)
    else:
        kind = type(shap_values).__name__
        legacy = f"; arrays go to `{_TAKES_ARRAYS[plot]}`" if plot in _TAKES_ARRAYS else ""
        msg = f"`shap_values` of `{plot}` is a {kind}: pass an Explanation, such as `explainer(X)` returns{legacy}"
        raise TypeError(msg)
    if explanation.axes and explanation.axes[-1] == "output" and explanation.shape[-1] == 1:
        explanation = explanation[..., 0]
    if 0 in explanation.shape:
        msg = f"`shap_values` of `{plot}` has shape {explanation.shape}: there is nothing to draw"
        raise DimensionError(msg)
    return explanation


def looks_like_explanation(thing: Any) -> bool:
    """Tell whether a thing is an Explanation, ours or the incumbent's."""
    if holds_cohorts(thing):  # they hand on what they are asked, so they have all of it
        return False
    return all(hasattr(thing, name) for name in ("values", "base_values", "data", "feature_names"))


def holds_cohorts(thing: Any) -> bool:
    """Tell whether a thing is several Explanations by name, ours or the incumbent's."""
    return isinstance(getattr(thing, "cohorts", None), dict)


def accepted(shap_values: Any, plot: str) -> Explanation:
    """Return an Explanation with one feature axis, without the output axis if that has length one.

    Raises
    ------
    TypeError
        If the object is neither an Explanation nor looks like one.
    DimensionError
        If it has no feature axis, or more than one, or nothing along an axis.
    """
    explanation = as_explanation(shap_values, plot)
    n_feature_axes = explanation.axes.count("feature")
    if n_feature_axes != 1:
        fits = "one column was picked, or features were summed" if n_feature_axes == 0 else "these are interactions"
        fits = "these are images, which plots.image draws" if is_image(explanation) else fits
        msg = f"`shap_values` of `{plot}` has {n_feature_axes} feature axes, not 1: {fits}"
        raise DimensionError(msg)
    return explanation


def refuse_outputs(explanation: Explanation, plot: str) -> None:
    """Ask for one output where the picture has room for one.

    Raises
    ------
    DimensionError
        If there is an output axis.
    """
    if "output" in explanation.axes:
        names = explanation.output_names
        known = "" if not isinstance(names, list) else f" or a name, as sv[..., {names[-1]!r}]"
        msg = (
            f"`shap_values` of `{plot}` has {explanation.shape[-1]} outputs, but the picture shows one: "
            f"pass sv[..., k] with the number of an output{known}"
        )
        raise DimensionError(msg)


def _translated(foreign: Any) -> Explanation:
    """Read the fields that mean the same, and the history that labels the axes."""
    fields = {name: getattr(foreign, name, None) for name in _COPIED}
    values = np.asarray(foreign.values)
    if isinstance(fields["feature_names"], np.ndarray):
        fields["feature_names"] = fields["feature_names"].tolist()
    base = fields["base_values"]
    if base is not None and np.ndim(base) == 0:
        fields["base_values"] = float(base)
    explanation = Explanation(values, **fields)
    names = getattr(foreign, "output_names", None)
    if "output" in explanation.axes and names is not None and np.shape(names) == explanation.shape[-1:]:
        explanation.output_names = list(names)
    history = tuple(
        OpHistoryItem(item.name, tuple(item.prev_shape), collapsed_instances=bool(item.collapsed_instances))
        for item in getattr(foreign, "op_history", None) or ()
    )
    known = explanation._fields.all()
    return Explanation._trusted(explanation.values, explanation.axes, known, history)  # noqa: SLF001 - as above
