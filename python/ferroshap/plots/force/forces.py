"""What a force plot is about: base values, values, features and names, whichever way they were given."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ferroshap.errors import DimensionError, OptionError
from ferroshap.explanation import Explanation
from ferroshap.inputs import read_table
from ferroshap.links import Link
from ferroshap.plots.canvas.row_labels import names_of
from ferroshap.plots.canvas.wording import datum
from ferroshap.plots.reading.accept import accepted, refuse_outputs

_FIRST = (
    "a force plot now requires the base value as the first parameter: force(explainer.expected_value, shap_values), "
    "and for one of several outputs force(explainer.expected_value[0], shap_values[..., 0])"
)


@dataclass(frozen=True, eq=False)
class Forces:
    """Rows of values with their base values, ready to be drawn."""

    base_values: npt.NDArray[np.float64]  # (rows,)
    values: npt.NDArray[np.float64]  # (rows, features); what was not finite pushes nowhere
    features: npt.NDArray[Any] | None  # (rows, features)
    names: list[str]
    row_names: list[str] | None
    output_name: str
    link: Link

    @property
    def outputs(self) -> npt.NDArray[np.float64]:
        """Base values plus values: where the forces meet, on the scale of the values."""
        outputs: npt.NDArray[np.float64] = self.base_values + self.values.sum(axis=1)
        return outputs

    def label(self, row: int, feature: int) -> str:
        """Write a feature with its value, as the incumbent does: name first."""
        value = self.shown(row, feature)
        return self.names[feature] if value is None else f"{self.names[feature]} = {value}"

    def shown(self, row: int, feature: int) -> str | None:
        """Write the value of a feature, None where it is unknown."""
        return None if self.features is None else datum(self.features[row, feature])


def read_forces(
    base_value: Any, shap_values: Any, features: Any, feature_names: Any, out_names: Any, link: Link
) -> Forces:
    """Bring the arguments of `force` into one form, or refuse them by name."""
    names, row_names = None if feature_names is None else [str(name) for name in feature_names], None
    given = base_value if _is_explanation(base_value) else shap_values if _is_explanation(shap_values) else None
    if given is not None:
        explanation = _explanation(given, base_value, shap_values)
        values = np.asarray(explanation.values, dtype=float)
        base_value = explanation.base_values if given is base_value else base_value
        if features is None:
            features = explanation.data if explanation.display_data is None else explanation.display_data
            features = None if features is None else np.asarray(features)
        names = names_of(explanation) if names is None else names
        row_names = explanation.instance_names if isinstance(explanation.instance_names, list) else None
    else:
        values = _matrix(base_value, shap_values)
    values = np.atleast_2d(values)
    if 0 in values.shape:
        msg = f"`shap_values` of `force` has shape {values.shape}: there is nothing to draw"
        raise DimensionError(msg)
    base = _base_values(base_value, len(values))
    table, names = _features(features, names, values.shape)
    if len(names) != values.shape[1]:
        msg = f"`feature_names` has {len(names)} names, but `shap_values` has {values.shape[1]} features"
        raise DimensionError(msg)
    values = np.where(np.isfinite(values), values, 0.0)
    return Forces(base, values, table, names, row_names, _output_name(out_names), link)


def _is_explanation(value: Any) -> bool:
    return isinstance(value, Explanation) or all(
        hasattr(value, name) for name in ("values", "base_values", "data", "feature_names")
    )


def _explanation(given: Any, base_value: Any, shap_values: Any) -> Explanation:
    explanation = accepted(given, "force")
    refuse_outputs(explanation, "force")
    if given is base_value and shap_values is not None:
        msg = "`shap_values` of `force` was given beside an Explanation, which has its own: pass one of them"
        raise TypeError(msg)
    return explanation


def _matrix(base_value: Any, shap_values: Any) -> npt.NDArray[np.float64]:
    """Read raw values: one row, or several."""
    if isinstance(shap_values, (list, tuple)):
        msg = "`shap_values` of `force` is a list, as of several outputs: try `shap_values[i]` instead"
        raise TypeError(msg)
    if shap_values is None or isinstance(base_value, str) or np.ndim(shap_values) == 0:
        raise TypeError(_FIRST)
    values = np.asarray(shap_values, dtype=float)
    if values.ndim == 3 and values.shape[-1] == 1:
        values = values[..., 0]
    if values.ndim > 2:
        msg = f"`shap_values` of `force` has shape {values.shape}: pass one output, as shap_values[..., 0]"
        raise DimensionError(msg)
    return values


def _base_values(base_value: Any, n_rows: int) -> npt.NDArray[np.float64]:
    """One base value a row; an array that holds one number only stands for that number."""
    if base_value is None:
        msg = "`base_value` of `force` is None: the values need somewhere to start from"
        raise OptionError(msg)
    try:
        base = np.asarray(base_value, dtype=float)
    except (TypeError, ValueError):
        raise TypeError(_FIRST) from None
    if not np.isfinite(base).all():
        msg = "`base_value` of `force` is not finite: the values need somewhere to start from"
        raise OptionError(msg)
    if base.size and np.all(base == base.flat[0]):
        base = np.full(n_rows, base.flat[0])
    if base.shape != (n_rows,):
        raise TypeError(f"`base_value` of `force` has shape {base.shape} for {n_rows} rows: " + _FIRST)
    return base


def _features(
    features: Any, names: list[str] | None, shape: tuple[int, ...]
) -> tuple[npt.NDArray[Any] | None, list[str]]:
    """Read the features, which may be their names only: a list of texts where no names were given."""
    numbered = [f"Feature {i}" for i in range(shape[1])]
    if features is None:
        return None, numbered if names is None else names
    if names is None and isinstance(features, (list, np.ndarray)) and len(np.shape(features)) == 1:
        texts = list(features)
        if texts and all(isinstance(text, str) for text in texts):
            return None, texts
    table = read_table(features, argument="features", allow_single_row=True)
    display = np.atleast_2d(table.display)
    if display.shape[1] != shape[1]:
        msg = f"`features` has {display.shape[1]} columns, but `shap_values` has {shape[1]}"
        if display.shape[1] == shape[1] - 1:
            msg += ": if the last column holds the base value, as in old releases, pass the array without it"
        raise DimensionError(msg)
    if len(display) != shape[0]:
        msg = f"`features` has {len(display)} rows, but `shap_values` has {shape[0]}"
        raise DimensionError(msg)
    return display, names or table.names or numbered


def _output_name(out_names: Any) -> str:
    if out_names is None:
        return "f(x)"
    return out_names if isinstance(out_names, str) else ", ".join(str(name) for name in out_names)
