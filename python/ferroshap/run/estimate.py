"""The result of a run: values, their errors, and what they cost."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ferroshap.explanation.student import student_quantile
from ferroshap.run.screening import Screening
from ferroshap.tables import Interactions

Floats = NDArray[np.float64]

#: How a run can end, with what to do about it.
STATUSES = {
    "EXACT": "every worth is known: the values are exact",
    "CONVERGED": "the errors are as small as was asked for",
    "BUDGET_SPENT": "the budget is spent: raise it for smaller errors",
    "INTERRUPTED": "the run was stopped early, by the user or by a deadline: go on for the values that the budget buys",
}


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """Values of one game.

    Attributes
    ----------
    values : ndarray of shape ``(n_players,)`` or ``(n_players, n_outputs)``
        What each player receives; ``base_value + values.sum(0)`` is the worth of everybody, unless the method
        was asked for another semivalue than Shapley's.
    std_errors : ndarray of the same shape
        One standard error each; 0 for exact values, NaN where unknown.
    interval_df : float
        Degrees of freedom of Student's interval; NaN where errors are.
    base_value : float or ndarray of shape ``(n_outputs,)``
        The worth of the empty coalition.
    n_evaluations : int
        Worths used, both endpoints counted.
    status : str
        "EXACT", "CONVERGED", "BUDGET_SPENT" or "INTERRUPTED".
    gap : float or ndarray of shape ``(n_outputs,)``
        What the values missed of the worth of everybody before it was shared out; NaN for semivalues that need not
        sum to it.
    seed : int
        The seed used.
    method : str
        The method that ran.
    predicted_budget : int or None
        With `tol`, evaluations that should make the errors as small as was asked for, by the rate at which they
        fell so far (those used, once they are); None where nothing can be said.
    warnings : tuple of str
        What to know before trusting the values: errors that are unknown, or larger than `tol`.
    screening : Screening or None
        Who was screened out, in which groups, and what each group is worth, where the method screens.
    interactions : Interactions or None
        What pairs receive, where the method estimates it.
    """

    values: Floats
    std_errors: Floats = field(repr=False)
    interval_df: float = field(repr=False)
    base_value: float | Floats
    n_evaluations: int
    status: str
    gap: float | Floats = field(repr=False)
    seed: int
    method: str
    predicted_budget: int | None = None
    warnings: tuple[str, ...] = ()
    interactions: Interactions | None = field(default=None, repr=False)
    screening: Screening | None = None

    def confidence_interval(self, level: float = 0.9) -> tuple[Floats, Floats]:
        """Lower and upper ends of Student's interval at `level`, NaN where the error is unknown."""
        half = np.where(self.std_errors == 0.0, 0.0, student_quantile(level, self.interval_df) * self.std_errors)
        return self.values - half, self.values + half
