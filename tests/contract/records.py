"""The estimators, and from which budget on each keeps what it claims: a new one adds its line here, no more."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ferroshap.estimators import Auto, Controlled, Exact, Leverage, OddGP, Permutation, Screened, SparseOdd, Unbiased

Budget = Callable[[int], int]


def never(_):
    """No budget is enough."""
    return 2**63


def every(n):
    """All coalitions."""
    return 2**n


def alone(n):
    """The endpoints and every player alone; all coalitions where these are fewer."""
    return min(n + 2, 2**n)


def few(n):
    """What alone costs, or 64 evaluations where players are more."""
    return min(alone(n), 64)


def order(n):
    """One order and its reversal."""
    return 2 * n


def pairs(n):
    """As many complementary pairs as players."""
    return 2 * n + 2


def some(n):
    """The same, or all coalitions where these are fewer."""
    return min(pairs(n), every(n))


def twice(n):
    """Twice as many complementary pairs as players."""
    return 4 * n + 2


def thrice(n):
    """Three times as many: a fold's surrogate then sees more than twice as many as players."""
    return 6 * n + 2


def halved(n):
    """Enough for the first pass to see every player alone."""
    return max(8 * n, 128)


def screened_whole(n):
    """All coalitions, and then nobody is screened out."""
    return max(every(n), 48 * n)


@dataclass(frozen=True)
class Record:
    """What an estimator claims, each from a number of evaluations on (from four players on)."""

    name: str
    method: Any
    least: Budget  # below, the budget is refused
    exact: Budget  # on every game
    additive: Budget  # exact on games without interactions
    two_additive: Budget  # exact on games without interactions of three or more players
    unbiased: Budget
    linear: Budget  # does not look at worths to choose
    honest: Budget  # intervals hold the truth as often as they say


FITTED = Unbiased(surrogate="linear")

ESTIMATORS = [
    #                                             least  exact  additive two_additive unbiased linear honest
    Record("exact", Exact(),                      every, every, every,   every,       every,   every, every),
    Record("permutation", Permutation(),          alone, never, alone,   order,       order,   order, twice),
    Record("leverage", Leverage(),                alone, every, pairs,   pairs,       never,   twice, twice),
    Record("kernel", Leverage(sequence="kernel"), alone, every, twice,   twice,       never,   twice, twice),
    Record("star", Leverage(sequence="star"),     alone, every, pairs,   pairs,       never,   twice, twice),
    Record("odd_gp", OddGP(),                     alone, every, pairs,   pairs,       never,   every, twice),
    Record("odd_gp grid", OddGP(ascent=False, hyper="pooled", sequence="leverage"), alone, every, pairs, pairs, never, every, twice),
    Record("unbiased", Unbiased(),                some,  every, every,   every,       some,    some, twice),
    Record("cross-fitted", FITTED,                some,  every, thrice,  thrice,      some,    thrice, twice),
    Record("sparse_odd", SparseOdd(),             alone, every, pairs,   pairs,       never,   every, twice),
    Record("controlled", Controlled(),            alone, every, pairs,   pairs,       never,   every, twice),
    Record("screened", Screened(),               few,   screened_whole, halved, halved, never, every, never),
    Record("auto", Auto(),                        alone, every, alone,   pairs,       never,   every, twice),
]  # fmt: skip
