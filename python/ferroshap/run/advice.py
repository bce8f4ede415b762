"""What a user should know of a result: errors that are unknown, or larger than was asked for, and what would help."""

import math

import numpy as np
from numpy.typing import NDArray

from ferroshap.errors import OptionError
from ferroshap.estimators import Method
from ferroshap.explanation.student import student_quantile

Floats = NDArray[np.float64]

#: What is to be said of a players' tree that was not split to its end.
SPLIT_WITHOUT_ERROR = (
    "nodes of the players' tree that the budget did not split share equally among their players, and their error is "
    "unknown: raise the budget, or state errors with Owen(sampling='orders')"
)
#: The tolerance of a budget that is "auto".
AUTO_TOLERANCE = 0.01


def as_tolerance(tol: float | None) -> float | None:
    """Return the share of the values' range that intervals may reach, as the user gave it.

    Raises
    ------
    OptionError
        When it is not a positive number.

    Examples
    --------
    >>> as_tolerance(0.05), as_tolerance(None)
    (0.05, None)
    """
    if tol is None:
        return None
    is_number = isinstance(tol, int | float | np.number) and not isinstance(tol, bool)
    if not is_number or not 0.0 < float(tol) < math.inf:
        msg = f"`tol` is {tol!r}, but must be a positive number, such as 0.05, or None to spend the whole budget"
        raise OptionError(msg)
    return float(tol)


def tolerance_of_auto(method: Method) -> float | None:
    """Return the tolerance of a budget that is "auto": none for a surrogate of the user's, which no look can fit."""
    return AUTO_TOLERANCE if method.outside_surrogate is None else None


def relative_half_width(values: Floats, std_errors: Floats, interval_df: float) -> float:
    """Return the largest half-width of an interval of 90 %, as a share of the range of its output's values.

    `values` and `std_errors` are ``(n_players, n_outputs)``; NaN where an error is unknown, infinity where all
    values of an output are equal and their errors are not 0.

    Examples
    --------
    >>> relative_half_width(np.array([[1.0], [3.0]]), np.array([[0.1], [0.2]]), math.inf).__round__(6)
    0.164485
    """
    if values.size == 0:
        return 0.0
    errors = std_errors.max(axis=0)
    half = np.where(errors == 0.0, 0.0, student_quantile(0.9, interval_df) * errors)
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = np.where(half == 0.0, 0.0, half / np.ptp(values, axis=0))
    return float(shares.max())


def enough_for_errors(n_players: int) -> int:
    """Return evaluations from which on every method states errors.

    Two orders, and eight pairs of coalitions more than the values of a regression.
    """
    return max(4 * n_players, 2 * n_players + 16)


def too_few(n_evaluations: int, n_players: int) -> str:
    """Say that errors are unknown."""
    return (
        f"too few evaluations for an error estimate ({n_evaluations} with {n_players} players): "
        f"give at least {enough_for_errors(n_players)}"
    )


def too_uncertain(reach: float, tol: float, predicted: int | None, remedy: str = "a budget of") -> str:
    """Say that the budget ended before errors were as small as was asked for."""
    forecast = "" if predicted is None else f": {remedy} about {predicted:,} evaluations should do"
    return (
        f"the budget is spent, but intervals of 90 % reach up to {reach:.2g} of the range of the values, "
        f"more than `tol={tol:g}`{forecast}"
    )
