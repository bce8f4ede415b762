"""The automatic choice."""

from dataclasses import dataclass
from typing import Any

from ferroshap.errors import OptionError, nearest
from ferroshap.estimators.method import Method
from ferroshap.estimators.screened import LEAST_BUDGET
from ferroshap.tables import INDICES


@dataclass(frozen=True, kw_only=True)
class Auto(Method):
    """Choose the method by the number of players and the budget, before the first evaluation.

    ==================================== =======================================================
    budget, endpoints counted            method
    ==================================== =======================================================
    at least ``2 ** n``                  :class:`Exact`
    below ``n + 2``                      an error naming the least
    below ``2 * n + 2``                  every player alone, then the strongest ones' absence
    up to 4,000, up to 300 players       :class:`SparseOdd`, which is :class:`OddGP` with a sparse
                                         refit where that predicts pairs left out five times better
    up to 4,000, up to 1,500 players     :class:`OddGP` without ascent
    above 4,000, up to 300 players       :class:`Controlled`
    else at least ``4 * n``              :class:`Leverage`
    else                                 :class:`Permutation`
    ==================================== =======================================================

    A background in blocks is kriged where the star on every block takes at most two thirds of the budget, and
    played by :class:`Permutation` elsewhere. No clock decides, so results are the same on every machine.
    Intervals of 90 % hold 92 to 93 % of the values of models, but as few as a third where worths take few
    values, as in weighted voting: name :class:`Leverage` there.

    Parameters
    ----------
    unbiased : bool
        Unbiased values: :class:`Unbiased`, with a kriging surrogate up to 4,000 evaluations and a linear one
        above; below ``8 * n`` evaluations, above 300 players and on a background in blocks :class:`Permutation`.
    index : {"SII", "k-SII", "STII", "FSII", "BII", "FBII"}, optional
        Interactions of order 2 besides the values: :class:`EvenGP`.
    screen : bool
        Let :class:`Screened` find the players that matter where the budget is below ``2 * n + 2``, and where players
        are more than 1,500 and the budget below ``16 * n``; elsewhere the table holds. `method` of the estimate
        says which it was. Evaluations then take the whole background.
    shared_design : bool
        Explained rows share their coalitions, or draw their own.

    Examples
    --------
    >>> import ferroshap
    >>> ferroshap.estimate(lambda s: s.sum(axis=1), Auto(), n_players=40, budget=100).values[:3].round(9)
    array([1., 1., 1.])
    """

    unbiased: bool = False
    index: str | None = None
    screen: bool = False
    shared_design: bool = True

    def __post_init__(self) -> None:
        """Refuse an index that does not exist, and a `screen` that is neither True nor False."""
        if not isinstance(self.screen, bool):
            msg = f"`screen` is {self.screen!r}, but must be True or False"
            raise OptionError(msg)
        if self.index is not None and self.index not in INDICES:
            msg = f"`index={self.index!r}` is not known{nearest(str(self.index), INDICES)} Known: {', '.join(INDICES)}"
            raise OptionError(msg)
        if self.index is not None and self.unbiased:
            msg = "`unbiased` and `index` were both given, but interactions have no unbiased estimator here: pass one"
            raise OptionError(msg)
        if self.screen and (self.unbiased or self.index is not None):
            other = "unbiased" if self.unbiased else "index"
            msg = f"`screen` and `{other}` were both given, but screening estimates plain values, with a bias: pass one"
            raise OptionError(msg)

    @property
    def splits_background(self) -> bool:
        """Blocks of a large background are seen as one; screening asks for the whole."""
        return not self.screen

    def least_budget(self, n_players: int) -> int:
        """Evaluations that explainers grant at least, endpoints counted."""
        least = super().least_budget(n_players)
        return min(least, LEAST_BUDGET) if self.screen else least

    @property
    def native_name(self) -> str:
        """The name of the method in the core."""
        return "auto"

    @property
    def interaction_index(self) -> str | None:
        """The index of the interactions that are estimated beside values."""
        return self.index

    @property
    def native_options(self) -> dict[str, Any]:
        """What the core is told besides the name."""
        return {"unbiased": self.unbiased, "screen": self.screen} | (
            {} if self.index is None else {"index": self.index}
        )
