"""What `image` takes: Explanations, ours or the incumbent's, and arrays beside their pixels."""

from dataclasses import replace
from typing import Any

import numpy as np

from ferroshap.errors import DimensionError
from ferroshap.explanation import Explanation
from ferroshap.explanation.maps import refuse_what_is_no_image
from ferroshap.explanation.panels import Panels, panels_of
from ferroshap.explanation.picture import shown_pixels

_MOST_CHANNELS = 4  # a last axis of so many is one of channels, where three axes could be rows of grey images


def panels_from(shap_values: Any, pixel_values: Any) -> list[Panels]:
    """Look at every image, its maps and its numbers; `pixel_values` are shown instead of the explained data.

    Raises
    ------
    TypeError
        If there are neither an Explanation nor arrays of numbers.
    DimensionError
        If values and pixels do not fit each other, or there is nothing to draw.
    """
    pixels = None if pixel_values is None else np.asarray(pixel_values)
    if isinstance(shap_values, Explanation):
        explanation = shap_values
    elif hasattr(shap_values, "values") and hasattr(shap_values, "base_values"):
        data = getattr(shap_values, "data", None)
        pixels = np.asarray(data) if pixels is None and data is not None else pixels
        explanation = _translated(shap_values, pixels)
    else:
        explanation = from_arrays(_stacked(shap_values), pixels)
    if 0 in explanation.shape:
        msg = f"`shap_values` of `image` has shape {explanation.shape}: there is nothing to draw"
        raise DimensionError(msg)
    refuse_what_is_no_image(explanation, "plots.image")
    panels = list(panels_of(explanation))
    return panels if pixels is None else _with_pixels(panels, pixels)


def from_arrays(values: np.ndarray, pixels: np.ndarray | None) -> Explanation:
    """Find rows, channels and outputs of an array by the shape of the pixels it belongs to.

    Raises
    ------
    DimensionError
        If they do not fit each other.
    """
    like = values if pixels is None else pixels
    rows = int(like.ndim > 3 or (like.ndim == 3 and like.shape[-1] > _MOST_CHANNELS))
    if pixels is not None and values.shape[: rows + 2] != pixels.shape[: rows + 2]:
        msg = f"`shap_values` has shape {values.shape} and `pixel_values` {pixels.shape}: the pixels must agree"
        raise DimensionError(msg)
    _refuse_channels_first(like.shape[rows:])
    rest = values.shape[rows + 2 :]
    has_channels = len(rest) == 2 or (len(rest) == 1 and (pixels is None or rest in {pixels.shape[rows + 2 :], (1,)}))
    if values.ndim < rows + 2 or len(rest) > 2:
        msg = f"`shap_values` has shape {values.shape}: give (rows, height, width[, channels][, outputs])"
        raise DimensionError(msg)
    n_outputs_axes = len(rest) - has_channels
    axes = ("row",) * rows + ("feature",) * 3 + ("output",) * n_outputs_axes
    return Explanation(values if has_channels else np.expand_dims(values, rows + 2), axes=axes)


def _refuse_channels_first(shape: tuple[int, ...]) -> None:
    if len(shape) >= 3 and shape[0] in {1, 3} and shape[1] > _MOST_CHANNELS and shape[2] > _MOST_CHANNELS:
        msg = (
            f"images of shape {shape} seem to have their channels first, but `image` takes (height, width, channels): "
            "pass np.moveaxis(images, 1, -1), and of the values as well"
        )
        raise DimensionError(msg)


def _stacked(shap_values: Any) -> np.ndarray:
    """One array for each output become one array with the outputs last."""
    is_list = isinstance(shap_values, (list, tuple))
    if is_list and any(isinstance(part, Explanation) for part in shap_values):
        msg = "`shap_values` of `image` is a list of Explanations, one an input of the model: draw each by itself"
        raise TypeError(msg)
    try:
        parts = [np.asarray(part) for part in shap_values] if is_list else [np.asarray(shap_values)]
    except ValueError:
        parts = []
    if not parts or any(part.dtype.kind not in "biuf" or part.ndim < 2 for part in parts):
        kind = type(shap_values).__name__
        msg = (
            f"`shap_values` of `image` is a {kind}: pass an Explanation of images, an array, or a list of one an output"
        )
        raise TypeError(msg)
    if len({part.shape for part in parts}) > 1:
        msg = f"`shap_values` holds arrays of shapes {sorted({part.shape for part in parts})}: they must be equal"
        raise DimensionError(msg)
    return np.stack(parts, axis=-1) if is_list else parts[0]


def _with_pixels(panels: list[Panels], pixels: np.ndarray) -> list[Panels]:
    height, width = panels[0].maps.shape[:2]
    one = pixels[None] if pixels.shape[:2] == (height, width) and len(panels) == 1 and pixels.ndim < 4 else pixels
    if one.ndim not in {3, 4} or one.shape[:3] != (len(panels), height, width):
        msg = f"`pixel_values` has shape {pixels.shape}, but {len(panels)} maps have {height} x {width} pixels"
        raise DimensionError(msg)
    return [replace(panel, pixels=shown_pixels(image)) for panel, image in zip(panels, one, strict=True)]


def _translated(foreign: Any, pixels: np.ndarray | None) -> Explanation:
    """Read the incumbent's Explanation: names of outputs are one, a list, or a list for each row."""
    explanation = from_arrays(np.asarray(foreign.values), pixels)
    sizes = [n for n, role in zip(explanation.shape, explanation.axes, strict=True) if role != "feature"]
    outputs = sizes[-1:] if explanation.axes[-1] == "output" else []
    fields: dict[str, Any] = {}
    names, base = getattr(foreign, "output_names", None), foreign.base_values
    if names is not None and list(np.shape(names)) in [sizes, outputs]:
        fields["output_names"] = names if isinstance(names, str) else np.asarray(names, dtype=object)
    if base is not None and list(np.shape(base)) in [sizes, outputs]:
        fields["base_values"] = np.asarray(base, dtype=float)
    return Explanation(explanation, **fields)
