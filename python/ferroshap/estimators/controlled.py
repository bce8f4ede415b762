"""Least squares with kriging as a control variate, for large budgets."""

from dataclasses import dataclass
from typing import Any

from ferroshap.estimators.method import Method


@dataclass(frozen=True, kw_only=True)
class Controlled(Method):
    r"""Fit an additive game by least squares to what kriging misses.

    A quarter of the pairs of coalitions, at least as many as players and at most 1000, are fitted by
    `OddGP`: a function :math:`f` of coalitions whose values :math:`\phi(f)` are known. Then

    .. math:: \hat\phi = \phi(f) + \arg\min_{\sum_i \psi_i = D + 2 f(\emptyset)}
              \sum_a w_a \bigl(o(S_a) - f(S_a) + x(S_a)' \psi / 2\bigr)^2, \qquad D = v(N) - v(\emptyset)

    over all pairs: half-differences :math:`o`, signs :math:`x = \pm 1`, weights as in `Leverage`, but a pair
    that :math:`f` has seen stands for itself alone. Consistent and efficient for any :math:`f`; exact on games without
    interactions above order 2 and when all coalitions are drawn; not unbiased. Where :math:`f` explains less than
    5 % of what additive values leave, it is not used: the values are then those of plain least squares.

    Standard errors are heteroskedasticity-consistent (HC3) with a finite-population factor, from the
    pairs that :math:`f` has not seen; their Student intervals have as many degrees of freedom as these are more
    than the players. With fewer than four pairs a player it is `OddGP` itself.

    For budgets of some thousands, where one system of all pairs would take too long; below, `OddGP` is more
    accurate. How many pairs are in the first phase depends on the budget, so a run with a larger budget does
    not go on where a smaller one ended.
    Costs O(pairs · 1000 · players) besides what `Leverage` and a fit of `OddGP` to 1000 pairs cost.

    Control variates: Owen (2013), "Monte Carlo theory, methods and examples", section 8.9.

    Parameters
    ----------
    ascent : bool
        Fit every player's length scale; otherwise only a grid of shapes is looked at.
    shared_design : bool
        Explained rows share their coalitions (their errors are then correlated), or draw their own.

    Examples
    --------
    >>> import ferroshap
    >>> game = lambda s: s @ np.arange(10.0) + 2.0 * (s[:, 0] & s[:, 1])
    >>> ferroshap.estimate(game, Controlled(), n_players=10, budget=300).values.round(9)
    array([1., 2., 2., 3., 4., 5., 6., 7., 8., 9.])
    """

    ascent: bool = True
    shared_design: bool = True

    @property
    def native_name(self) -> str:
        """The name of the method in the core."""
        return "controlled"

    @property
    def native_options(self) -> dict[str, Any]:
        """What the core is told besides the name."""
        return {"ascent": self.ascent}
