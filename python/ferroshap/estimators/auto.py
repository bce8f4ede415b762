"""The automatic choice."""

from dataclasses import dataclass

from ferroshap.estimators.method import Method


@dataclass(frozen=True, kw_only=True)
class Auto(Method):
    """Choose the method by the number of players and the budget, before the first evaluation.

    ==================================== =======================================================
    budget, endpoints counted            method
    ==================================== =======================================================
    at least ``2 ** n``                  :class:`Exact`
    at least ``3 * n``                   :class:`Leverage`; :class:`Permutation` where the
                                         background is taken in blocks
    at least ``2 * n + 2``               :class:`Permutation`
    at least ``n + 2``                   every player alone, then the strongest ones' absence
    below                                an error naming the least
    ==================================== =======================================================

    No clock decides, so results are the same on every machine.

    Parameters
    ----------
    shared_design : bool
        Explained rows share their coalitions, or draw their own.

    Examples
    --------
    >>> import ferroshap
    >>> ferroshap.estimate(lambda s: s.sum(axis=1), Auto(), n_players=40, budget=100).values[:3]
    array([1., 1., 1.])
    """

    shared_design: bool = True
    #: Blocks of a large background are seen as one.
    splits_background = True

    @property
    def native_name(self) -> str:
        """The name of the method in the core."""
        return "auto"
