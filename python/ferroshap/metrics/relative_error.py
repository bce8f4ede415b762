"""How far an estimate is from a reference: what estimators are ranked by."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap.errors import DimensionError
from ferroshap.explanation import Explanation


def relative_rmse(explanation: Any, reference: Any) -> Any:
    r"""Relative root mean square error, pooled over rows and features.

    .. math:: \sqrt{\frac{\sum_r \lVert \phi_r - \phi_r^{\mathrm{ref}} \rVert^2}{\sum_r \lVert \phi_r^{\mathrm{ref}}
              \rVert^2}}

    Of gradients, take ``gradients.Quadrature(64)`` over all background rows for the reference.

    Parameters
    ----------
    explanation, reference : Explanations or arrays
        Of the same shape.

    Returns
    -------
    float, or ndarray of shape ``(K,)``
        One number an output of Explanations; all of an array is one. 0 where both are 0, infinite where only the
        reference is.

    Examples
    --------
    >>> relative_rmse(np.array([[3.0, 4.5]]), np.array([[3.0, 4.0]]))
    0.1
    """
    estimate, truth = (np.asarray(getattr(side, "values", side), dtype=np.float64) for side in (explanation, reference))
    if estimate.shape != truth.shape:
        msg = f"`explanation` has shape {estimate.shape}, but `reference` has {truth.shape}"
        raise DimensionError(msg)
    has_outputs = isinstance(explanation, Explanation) and explanation.axes[-1:] == ("output",)
    n_outputs = truth.shape[-1] if has_outputs else 1
    wrong = ((estimate - truth) ** 2).reshape(-1, n_outputs).sum(axis=0)
    size = (truth**2).reshape(-1, n_outputs).sum(axis=0)
    errors = np.sqrt(ratio(wrong, size))
    return errors if has_outputs else float(errors[0])


def ratio(above: NDArray[np.float64], below: NDArray[np.float64]) -> NDArray[np.float64]:
    """Divide: 0 / 0 is 0, and anything else by 0 infinite."""
    without = np.where(above == 0.0, 0.0, np.inf)
    return np.divide(above, below, out=without, where=below != 0.0)
