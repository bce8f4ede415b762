"""What the older functions take: arrays of values and features, with names beside them."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ferroshap.errors import DimensionError
from ferroshap.explanation.checks import as_numbers, as_table
from ferroshap.inputs import read_table
from ferroshap.plots.reading.accept import as_explanation, looks_like_explanation, refuse_outputs
from ferroshap.plots.reading.places import Column, column_of


@dataclass(frozen=True)
class Arrays:
    """SHAP values with the values of their features, which may be unknown."""

    values: np.ndarray  # (rows, features[, ...])
    features: np.ndarray | None  # (rows, features)
    names: list[str]
    display: np.ndarray | None = None

    def column(self, k: int) -> Column:
        """One feature; only where the features are known."""
        features = np.asarray(self.features)
        return column_of(features[:, k], None if self.display is None else self.display[:, k], self.names[k])


def arrays_of(
    shap_values: Any, features: Any, feature_names: Any, plot: str, *, display: Any = None, is_column: bool = False
) -> Arrays:
    """Bring arrays, frames and Explanations to one form: a row axis first, one name for each feature.

    A vector is one row, with `is_column` one feature. `features` may be a list of names; an Explanation brings its own
    data and names, which the other arguments replace.

    Raises
    ------
    TypeError
        If `shap_values` is a list or None.
    DimensionError
        If lengths do not agree.
    """
    if isinstance(shap_values, (list, tuple)) or shap_values is None:
        kind = "missing" if shap_values is None else f"a {type(shap_values).__name__}"
        msg = f"`shap_values` of `{plot}` is {kind}: pass one array; of several outputs pick one, as shap_values[k]"
        raise TypeError(msg)
    if looks_like_explanation(shap_values):
        explanation = as_explanation(shap_values, plot)
        refuse_outputs(explanation, plot)
        values = np.asarray(explanation.values, dtype=float)
        features = explanation.data if features is None else features
        names = explanation.feature_names
        feature_names = names if feature_names is None and isinstance(names, list) else feature_names
        display = explanation.display_data if display is None else display
    else:
        values = np.asarray(as_numbers("shap_values", shap_values), dtype=float)
    if values.ndim == 1:
        values = values[:, None] if is_column else values[None]
    if values.ndim not in (2, 3) or 0 in values.shape:
        msg = f"`shap_values` of `{plot}` has shape {values.shape}: there are no rows of features to draw"
        raise DimensionError(msg)
    if feature_names is None and are_names(features, values.shape):
        features, feature_names = None, features
    table, names = read_features(features, "features", values.shape)
    shown, shown_names = read_features(display, "display_features", values.shape)
    names = list(names or shown_names or [f"Feature {i}" for i in range(values.shape[1])])
    if feature_names is not None:
        names = [feature_names] if isinstance(feature_names, str) else [str(name) for name in feature_names]
    if len(names) != values.shape[1]:
        msg = f"`feature_names` has {len(names)} names, but `shap_values` has {values.shape[1]} features"
        raise DimensionError(msg)
    return Arrays(values, table, names, shown)


def are_names(features: Any, shape: tuple[int, ...]) -> bool:
    """Tell whether what was passed as features are their names: a list (or vector) of strings, one each."""
    if not isinstance(features, (list, tuple, np.ndarray)) or len(features) != shape[1]:
        return False
    return all(isinstance(name, str) for name in features)


def read_features(features: Any, argument: str, shape: tuple[int, ...]) -> tuple[np.ndarray | None, list[str] | None]:
    """Read a table ``(rows, features)``, with the names of its columns where it has some.

    Raises
    ------
    DimensionError
        If it is not shaped as the values.
    """
    if features is None:
        return None, None
    if shape[0] == 1 and not isinstance(features, (np.ndarray, list, tuple)):  # a Series or a dict is one row
        row = read_table(features, argument=argument, allow_single_row=True)
        table, names = row.display, row.names
    else:
        table, names = as_table(features)
    if table.ndim == 1:  # one row of several features, or several rows of one
        table = table[None] if shape[0] == 1 else table[:, None]
    if table.shape != shape[:2]:
        msg = f"`{argument}` has shape {table.shape}, but `shap_values` has {shape[0]} rows and {shape[1]} features"
        raise DimensionError(msg)
    return table, names
