"""Interactions of pairs beside values."""

from dataclasses import dataclass
from typing import Any

from ferroshap.estimators.method import Method
from ferroshap.tables import as_index


@dataclass(frozen=True, kw_only=True)
class EvenGP(Method):
    r"""Estimate interactions of order 2, and the values of single players, by kriging on complementary pairs.

    Parameters
    ----------
    index : str
        One of ``"SII"``, ``"k-SII"``, ``"STII"``, ``"FSII"``, ``"BII"``, ``"FBII"``.
    shared_design : bool
        Explained rows share their coalitions, or draw their own.

    Examples
    --------
    >>> import ferroshap
    >>> game = lambda s: s @ np.arange(30.0) + 2.0 * (s[:, 0] & s[:, 1])
    >>> found = ferroshap.estimate(game, EvenGP(), n_players=30, budget=1000).interactions
    >>> found.values[30].round(9)
    2.0
    """

    index: str = "SII"
    shared_design: bool = True

    def __post_init__(self) -> None:
        """Refuse an index that does not exist."""
        as_index(self.index)

    @property
    def native_name(self) -> str:
        """The name of the method in the core."""
        return "even_gp"

    @property
    def interaction_index(self) -> str:
        """The index of the interactions."""
        return self.index

    @property
    def native_options(self) -> dict[str, Any]:
        """What the core is told besides the name."""
        return {"index": self.index}
