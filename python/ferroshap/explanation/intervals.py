"""Confidence intervals of values from their standard errors."""

from typing import Any

import numpy as np

from ferroshap.explanation.student import student_quantile


def confidence_interval(
    values: np.ndarray, error_std: np.ndarray | None, interval_df: Any, level: float
) -> tuple[np.ndarray, np.ndarray]:
    """Go `t(level, interval_df)` standard errors to either side, NaN where the error is unknown."""
    if interval_df is None or np.ndim(interval_df) == 0:
        t = np.asarray(student_quantile(level, None if interval_df is None else float(interval_df)))
    else:  # one a row
        t = np.array([student_quantile(level, float(df)) for df in interval_df])
        t = t.reshape((-1,) + (1,) * (values.ndim - 1))
    error = np.full(values.shape, np.nan) if error_std is None else error_std
    # Where the error is exactly zero so is the width, even if no degrees of freedom belong to it.
    half = np.where(np.equal(error, 0.0), 0.0, t * error)
    return values - half, values + half
