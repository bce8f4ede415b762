"""All coalitions."""

from dataclasses import dataclass

from ferroshap.estimators.method import Method


@dataclass(frozen=True, kw_only=True)
class Exact(Method):
    r"""Evaluate every coalition and apply the definition.

    .. math:: \phi_i = \sum_{S \subseteq N \setminus \{i\}} \frac{|S|!\,(n - |S| - 1)!}{n!}
              \bigl(v(S \cup \{i\}) - v(S)\bigr)

    No error. Costs :math:`2^n` evaluations and O(:math:`2^n`) additions; up to 16 players a
    table of all worths is kept, and an interrupted run answers by least squares on what it has;
    above, worths are folded as they come and an interrupted run knows no values. At most 30
    players. Shapley (1953), "A value for n-person games".

    Examples
    --------
    >>> import ferroshap
    >>> ferroshap.estimate(lambda s: s @ np.array([1.0, 2.0, 3.0]), Exact(), n_players=3, budget=8).values
    array([1., 2., 3.])
    """

    @property
    def native_name(self) -> str:
        """The name of the method in the core."""
        return "exact"

    #: Explained rows share their coalitions: all of them.
    shared_design = True
