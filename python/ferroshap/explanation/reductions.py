"""What a mean, a maximum or a sum over an axis does to the fields beside the values."""

from collections.abc import Callable
from typing import Any

import numpy as np

from ferroshap.explanation.axes import Axes
from ferroshap.explanation.fields import FOLLOWS, LIKE_VALUES, OF_MAPS, PER_ROW, SEGMENTS, STATUS, WHOLE
from ferroshap.explanation.status import weakest

_SIGNED = {
    "lower_bounds",
    "upper_bounds",
    "main_effects",
    "hierarchical_values",
    "gap",
    "channel_error_std",
    "pooled_error_std",
    "replicates",
}
REDUCTIONS: dict[str, Callable[..., Any]] = {"mean": np.mean, "max": np.max, "min": np.min, "sum": np.sum}


class Reduce:
    """Merge one axis of every field: its names go, errors and bounds go, data follow where they are numbers."""

    __slots__ = ("_axes", "_axis", "_compute", "_name")

    def __init__(self, name: str, compute: Callable[..., Any], axes: Axes, axis: int) -> None:
        self._name = name
        self._compute = compute
        self._axes = axes
        self._axis = axis

    def __call__(self, name: str, value: Any) -> Any:
        """Reduce one field."""
        follows = FOLLOWS[name]
        if follows == WHOLE:
            return value
        if follows == LIKE_VALUES:
            return None
        match self._axes[self._axis]:
            case "row":
                return self._over_rows(name, value)
            case "feature":
                return self._over_features(name, value)
            case _:
                return self._over_outputs(name, value)

    def _over_rows(self, name: str, value: Any) -> Any:
        match name:
            case "base_values":
                return _common_base(value, self._name)
            case "data":
                return self._compute(value, axis=0) if value.dtype.kind in "biuf" else None
            case "n_evaluations" | "forward_rows":
                return np.sum(value, axis=0) if np.ndim(value) else value
            case "status":
                return weakest(value)
            case "interval_df":
                return value if np.ndim(value) == 0 else None
            case "feature_names":
                return value
            case "output_names" | "output_indexes":
                return value if not isinstance(value, np.ndarray) or value.ndim == 1 else None
            case "clustering":
                return _common_clustering(value)
            case _:
                return None

    def _over_features(self, name: str, value: Any) -> Any:
        if name in {"data", "display_data", "clustering"} or FOLLOWS[name] in OF_MAPS:
            return None
        if name == "feature_names":
            return value.drop(self._axes[: self._axis].count("feature"))
        return value

    def _over_outputs(self, name: str, value: Any) -> Any:
        if name == "base_values":
            return self._compute(value, axis=-1) if np.ndim(value) else value
        if FOLLOWS[name] in OF_MAPS:
            return value if FOLLOWS[name] == SEGMENTS else None
        return None if name in {"output_names", "output_indexes", "gap", "msev"} else value


class Several:
    """One reduction after the other: all axes at once."""

    __slots__ = ("_steps",)

    def __init__(self, steps: list[Reduce]) -> None:
        self._steps = steps

    def __call__(self, name: str, value: Any) -> Any:
        """Reduce one field as long as something is left of it."""
        for step in self._steps:
            value = None if value is None else step(name, value)
        return value


def _common_base(value: Any, name: str) -> Any:
    """The base value that all rows share; else their mean for a mean, None for anything else."""
    if np.ndim(value) == 0 or len(value) == 0:
        return value if np.ndim(value) == 0 else None
    if np.all(value == value[:1]):
        return value[0]
    return np.mean(value, axis=0) if name == "mean" else None


def _common_clustering(value: np.ndarray) -> np.ndarray | None:
    """The clustering that all rows share."""
    if value.ndim == 2:
        return value
    return value[0] if len(value) and bool(np.all(value == value[:1])) else None


class Drop:
    """Keep only the fields that follow no axis: positions have replaced the values."""

    __slots__ = ()

    def __call__(self, name: str, value: Any) -> Any:
        """Keep or drop one field."""
        return value if FOLLOWS[name] in {WHOLE, PER_ROW, STATUS} else None


class Magnitude:
    """What `abs` leaves true: bounds, main effects and residuals belong to signed values."""

    __slots__ = ()

    def __call__(self, name: str, value: Any) -> Any:
        """Keep or drop one field."""
        return None if name in _SIGNED else value
