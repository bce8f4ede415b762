"""Antithetic orders."""

from dataclasses import dataclass

from ferroshap.estimators.method import Method


@dataclass(frozen=True, kw_only=True)
class Permutation(Method):
    r"""Average each player's gain over random joining orders and their reversals.

    With half-differences :math:`o(S) = (v(S) - v(N \setminus S)) / 2`, an order :math:`\pi` gives

    .. math:: \hat\phi_{\pi(r)} = o(P_{r+1}) - o(P_r)

    where :math:`P_r` holds the first `r` players. Unbiased for every game; exact on games
    without interactions above order 2. Each player comes first or last equally often. Costs
    ``2 * (n_players - 1)`` evaluations an order; standard errors are those between orders (between
    balanced cycles of them once there are eight), drawn a little towards their mean over players; NaN for a single
    order. Measured over 800 games of nine players, intervals of 90 % hold 92 to 95 % of the values at 4 to 32
    evaluations a player. A budget below
    ``2 * n_players`` is spent on every player alone and the strongest ones' absence; that is
    biased, and its error unknown.

    Castro, Gómez, Tejada (2009); Mitchell, Cooper, Frank, Holmes (2022), "Sampling permutations
    for Shapley value estimation".

    Parameters
    ----------
    shared_design : bool
        Explained rows share their orders (faster, but their errors are correlated), or draw their own.

    Examples
    --------
    A game without interactions above order 2 is recovered from a single order:

    >>> import ferroshap
    >>> game = lambda s: s @ np.array([1.0, 2.0, 3.0, 0.0]) + 2.0 * (s[:, 0] & s[:, 1])
    >>> ferroshap.estimate(game, Permutation(), n_players=4, budget=8).values
    array([2., 3., 3., 0.])
    """

    shared_design: bool = True
    #: Blocks of a large background are seen as one.
    splits_background = True

    @property
    def native_name(self) -> str:
        """The name of the method in the core."""
        return "permutation"
