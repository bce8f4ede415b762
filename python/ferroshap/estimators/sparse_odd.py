"""Kriging on half-differences, refitted where the game has few terms."""

from dataclasses import dataclass
from typing import Any

from ferroshap.estimators.method import Method


@dataclass(frozen=True, kw_only=True)
class SparseOdd(Method):
    r"""Recover games with few odd interactions exactly; leave all others to kriging.

    The values depend on the odd part of the game alone,

    .. math:: o(S) = \sum_{|U| \text{ odd}} \beta_U \prod_{j \in U} x_j(S), \qquad
              \phi_i = -2 \sum_{U \ni i} \beta_U / |U|, \qquad x_j(S) = \pm 1.

    `OddGP` is fitted, and tells which terms of three and five players are strongest. Least squares on
    all single players and the strongest p/20, p/10 or p/5 terms (p pairs of coalitions evaluated), with
    coefficients that add up to the grand coalition's gain, take its place where they predict pairs left out
    with less than a fifth of its error; each output of each row for itself. At least eight pairs
    beyond the single players must tell, and their half-differences take at least eight values: the worths of
    voting games agree with a few terms by chance.

    Exact on games whose odd terms are few, of no more than five players and not much weaker than each other;
    otherwise as good as `OddGP`, which it is where the refit is not accepted. Efficient; biased, as that is.
    Standard errors of a refit join what the draw of the pairs does to the coefficients (HC3) and what terms that
    were not taken may hide, as if these were terms of three players, evenly spread. Where `OddGP` misses, as
    in weighted voting, whose intervals of 90 % hold as few as a third of the values, this does too.

    Costs a fit of `OddGP`, and least squares with a fifth as many columns as pairs.

    Refits of the strongest odd terms: "OddSHAP", arXiv 2602.01399, which ranks them by a tree ensemble.

    Parameters
    ----------
    ascent : bool
        Fit every player's length scale before the terms are ranked; otherwise only a grid of shapes is looked at.
    shared_design : bool
        Explained rows share their coalitions (their errors are then correlated), or draw their own.

    Examples
    --------
    Three players who together are worth something are a term of three:

    >>> import ferroshap
    >>> game = lambda s: s @ np.arange(9.0) + 6.0 * (s[:, 0] & s[:, 1] & s[:, 2])
    >>> ferroshap.estimate(game, SparseOdd(), n_players=9, budget=200).values.round(9)
    array([2., 3., 4., 3., 4., 5., 6., 7., 8.])
    """

    ascent: bool = True
    shared_design: bool = True

    @property
    def native_name(self) -> str:
        """The name of the method in the core."""
        return "sparse_odd"

    @property
    def native_options(self) -> dict[str, Any]:
        """What the core is told besides the name."""
        return {"ascent": self.ascent}
