"""Screening: a first pass finds the players that matter, a second spends the rest on them."""

from dataclasses import dataclass

from ferroshap.estimators.method import Method


@dataclass(frozen=True, kw_only=True)
class Screened(Method):
    r"""Find the players that matter by halving groups, then play among them and groups of all others.

    For very many players, of whom few matter, and for budgets too small to look at everybody: from 64 evaluations on.

    *First pass*, up to seven eighths of the budget: the players, in a random order, are cut into ``budget / 8`` groups.
    A group is looked at as one player is, alone and as the only one absent,

    .. math:: g = \tfrac12 \bigl(v(G) - v(\emptyset) + v(N) - v(N \setminus G)\bigr)

    which is the sum of its members' values where no interaction is above order 2; the groups of the largest
    :math:`|g|` are halved again and again, until the rest is worth less than a thousandth each.

    *Second pass*: one player for every six evaluations that are left. Those found alone with the largest values play
    for themselves, an eighth of the places is for groups of all others. The game among these is estimated as
    :class:`Auto` would; values are efficient. What a group is worth is shared among its members by what the first pass
    says of them, and equally where it does not tell them apart. ``screening`` of the estimate, or of the Explanation,
    says who was in which group, and what each group is worth, with its standard error.

    *Errors.* ``std_errors`` of players of their own are those of the second pass. Those of members of a group are a
    root mean square over members: how far one is from his share is unknown one by one, but eight to 64
    complementary pairs of random halves of all players, asked first, tell what all of them miss together
    (too much, if anything: interactions of odd order above 2 count as errors there). A member that matters and was
    missed, because his group's sum happened to cancel, is further off than that; another `rng` makes other groups.

    Players of whom everybody fits into the second pass (``budget / 48``) are not screened: :class:`Auto` estimates.
    Measured over games of 1,500 players with linear effects of heavy tails, sparse interactions, boosted trees and a
    logistic model of few words, at one evaluation a player: squared errors 1/2 to 1/40 of those of
    every player alone.

    Parameters
    ----------
    shared_design : bool
        Accepted for the sake of its siblings: what is asked depends on worths, so rows never share.

    Examples
    --------
    Ten thousand players, of whom three matter, by 500 evaluations:

    >>> import ferroshap
    >>> game = lambda s: 2.0 * s[:, 17] - s[:, 4_000] + 3.0 * s[:, 9_000] * s[:, 17]
    >>> found = ferroshap.estimate(game, Screened(), n_players=10_000, budget=500)
    >>> found.values[[17, 4_000, 9_000, 1]].round(6) + 0.0
    array([ 3.5, -1. ,  1.5,  0. ])
    """

    shared_design: bool = True

    @property
    def native_name(self) -> str:
        """The name of the method in the core."""
        return "screened"

    def least_budget(self, n_players: int) -> int:
        """Evaluations that it takes at least, endpoints counted: fewer than there are players."""
        return min(super().least_budget(n_players), LEAST_BUDGET)


#: The least budget that is worth two passes.
LEAST_BUDGET = 64
