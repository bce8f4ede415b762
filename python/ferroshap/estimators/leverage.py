"""Leverage-weighted least squares on complementary pairs."""

from dataclasses import dataclass
from typing import Literal, get_args

from ferroshap.errors import OptionError, nearest
from ferroshap.estimators.method import Method

Sequence = Literal["leverage", "kernel", "star"]


@dataclass(frozen=True, kw_only=True)
class Leverage(Method):
    r"""Fit an additive game by least squares to complementary pairs of coalitions.

    .. math:: \hat\phi = \arg\min_{\sum_i \phi_i = v(N) - v(\emptyset)}
              \sum_{0 < |S| < n} \mu(S) \Bigl(v(S) - v(\emptyset) - \sum_{i \in S} \phi_i\Bigr)^2,
              \qquad \mu(S) = \frac{1}{|S|\,(n - |S|)\binom{n}{|S|}}

    over the coalitions drawn: every size equally often (the leverage scores of the fit), without
    replacement, each with its complement. Consistent, efficient, exact on games without
    interactions above order 2 from ``2 * n_players + 2`` evaluations on, exact when all coalitions
    are drawn; not unbiased. Standard errors are heteroskedasticity-consistent (HC3) with a
    finite-population factor; NaN below ``n_players + 7`` pairs. Measured over 800 games of nine players, intervals
    of 90 % hold 93, 92, 91 and 91 % of the values at 4, 8, 16 and 32 evaluations a player. Below ``4 * n_players``
    evaluations a ridge towards equal shares, chosen by leave-one-pair-out error, keeps the fit sane. A budget below
    ``2 * n_players + 2`` is spent on every player alone and the strongest ones' absence; the least is
    ``n_players + 2``. Time O(pairs · players² / 64 + players³).

    A background in ``G`` blocks is estimated as a whole: all single players and their absence come first, on
    every block; every other pair is looked at on one block and corrected by what the singles tell of it, so that
    blocks that differ by additive games leave no error. That takes ``3 * G * (n_players + 1)`` evaluations
    at least; below, antithetic orders run on blocks by turns. Errors then count pairs that have
    not met all blocks as not drawn, and are too large where nearly all pairs of a size were.

    Musco, Witter (2024), "Provably accurate Shapley value estimation via leverage score sampling";
    the regression is that of Lundberg, Lee (2017), "A unified approach to interpreting model predictions".

    Parameters
    ----------
    sequence : {"leverage", "kernel", "star"}
        Which sizes come next: all equally often; in proportion to the Shapley kernel; or all single
        players first, then coalitions of half the players.
    shared_design : bool
        Explained rows share their coalitions, so that the system is factorised once for all of them
        (faster, but their errors are correlated), or draw their own.

    Examples
    --------
    >>> import ferroshap
    >>> game = lambda s: s @ np.array([1.0, 2.0, 3.0, 0.0]) + 2.0 * (s[:, 0] & s[:, 1])
    >>> ferroshap.estimate(game, Leverage(), n_players=4, budget=10).values.round(9)
    array([2., 3., 3., 0.])
    """

    sequence: Sequence = "leverage"
    shared_design: bool = True
    #: Blocks of a large background are seen as one.
    splits_background = True

    def __post_init__(self) -> None:
        """Refuse a sequence that does not exist."""
        known = get_args(Sequence)
        if self.sequence not in known:
            meant = nearest(str(self.sequence), known)
            msg = f"`sequence={self.sequence!r}` is not known{meant} Known: {', '.join(known)}"
            raise OptionError(msg)

    @property
    def native_name(self) -> str:
        """The name of the method in the core."""
        return self.sequence
