"""Whether gradients integrate to what they should: the difference of the outputs."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap.explanation import student_quantile
from ferroshap.gradients.maps import errors_of
from ferroshap.gradients.shapes import Floats

#: Smaller gaps, relative to the difference of the outputs, are looked at no further ...
NOTABLE = 0.02
#: ... nor are those of this size beside the outputs themselves, which rounding in float32 may leave.
ROUNDED = 1e-4
#: Gaps of so many standard errors are no accident, and more where few rows say how large the errors are.
LEAST_ERRORS = 5.0
LEVEL = 0.9999
#: A rule of that many nodes leaves a smaller part of the difference than that.
DENSE, LEFT = 16, 0.05


def is_notable(gap: Floats, target: Floats, scale: Floats) -> NDArray[np.bool_]:
    """Tell of which rows ``(rows, outputs)`` a gap needs an explanation."""
    found: Any = np.abs(gap) > NOTABLE * np.abs(target) + ROUNDED * scale
    return np.asarray(found.any(axis=1))


def errors_of_sums(values: Floats, replicates: Floats, share: Floats) -> Floats:
    """Return standard errors of the sums of maps ``(rows, outputs, d)``; replicates and values are raw."""
    return errors_of(values.sum(axis=2), replicates.sum(axis=3), share)


def complaint(gap: Floats, errors: Floats, target: Floats, n_replicates: int, n_nodes: int | None) -> str | None:
    """Say that gaps are larger than their errors explain; None if they are not.

    Parameters
    ----------
    gap, errors, target : ndarray of shape ``(rows, outputs)``
        Raw gaps, the standard errors of the sums (NaN: not looked at) and what they should be.
    n_replicates : int
        That errors come from.
    n_nodes : int or None
        Of a quadrature, which has no errors.

    Examples
    --------
    >>> one = np.ones((1, 1))
    >>> complaint(0.03 * one, 0.02 * one, one, 4, None)
    >>> complaint(-one, 0.02 * one, one, 4, None)[:70]
    'gradients and outputs of the model do not belong together: what the gr'
    """
    size, missing = np.sqrt(np.square(target).sum()), np.sqrt(np.square(gap).sum())
    is_known = np.isfinite(errors)
    if n_nodes is not None:
        is_off = n_nodes >= DENSE and missing > LEFT * size
    elif n_replicates > 1 and is_known.any():
        limit = max(LEAST_ERRORS, student_quantile(LEVEL, (n_replicates - 1.0) * int(is_known.any(axis=1).sum())))
        noise: Any = np.sqrt(np.square(errors[is_known]).sum())
        is_off = bool(np.sqrt(np.square(gap[is_known]).sum()) > limit * noise) and missing > NOTABLE * size
    else:
        is_off = False
    if not is_off:
        return None
    part = missing / max(size, np.finfo(float).tiny)
    return (
        "gradients and outputs of the model do not belong together: what the gradients integrate to misses the "
        f"difference of the outputs by {part:.0%}, more than their error. Look for a gradient of something else, a "
        "part that is detached, or jumps (rounding, thresholds); values were only made to add up, and `gap` has what was "
        "missing"
    )
