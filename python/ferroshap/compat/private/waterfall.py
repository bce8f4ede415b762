"""`shap.plots._waterfall`: the waterfall of one row, given as arrays."""

from typing import Any

import numpy as np

from ferroshap.explanation import Explanation
from ferroshap.plots import waterfall


def waterfall_legacy(
    expected_value: Any,
    shap_values: Any = None,
    features: Any = None,
    feature_names: Any = None,
    max_display: int = 10,
    show: bool | None = None,
) -> Any:
    """Draw :func:`ferroshap.plots.waterfall` for one row given as a base value and arrays.

    Parameters
    ----------
    expected_value : float
        Where the waterfall starts.
    shap_values : array of shape ``(n_features,)``
        The values of the row.
    features : array or Series, optional
        The row itself; a Series names its features.
    feature_names : list of str, optional
        Names of the features.
    max_display : int
        Rows of the picture.
    show : bool, optional
        Whether to show the figure at once.
    """
    values = np.asarray(shap_values, dtype=np.float64)
    names = feature_names if feature_names is not None else getattr(features, "index", None)
    names = [f"Feature {i}" for i in range(len(values))] if names is None else [str(name) for name in names]
    data = None if features is None else np.asarray(features)
    row = Explanation(values, float(np.ravel(expected_value)[0]), data, feature_names=names)
    return waterfall(row, max_display=max_display, show=show)
