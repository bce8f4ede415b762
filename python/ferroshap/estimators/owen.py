"""Owen and Winter values: players in groups, and groups in groups."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from ferroshap.errors import OptionError, nearest
from ferroshap.estimators.method import Method
from ferroshap.estimators.players_tree import nested, walked

Sampling = Literal["auto", "exact", "adaptive", "orders"]

#: A longer walk is told by its number of players.
MOST_SHOWN = 60


@dataclass(frozen=True, kw_only=True, repr=False)
class Owen(Method):
    r"""Average each player's gain over the orders in which the players of every group join one after the other.

    The groups are the nodes of a tree of players. An order respects it if, at every node, the players of each child
    stand together; all such orders are equally likely, and the value of a player is the mean of what it adds,

    .. math:: \phi_i = \operatorname*{mean}_{\pi \text{ respects the tree}}
              \bigl(v(P_i^\pi \cup \{i\}) - v(P_i^\pi)\bigr)

    where :math:`P_i^\pi` are those who come before `i` in the order :math:`\pi`. The values sum to ``v(N) - v({})``,
    and those of a group to what the group receives when it plays as one. A tree without groups gives Shapley values,
    one level of groups Owen's values of a coalition structure, more levels Winter's.

    Three ways lead to them. *Every coalition* that occurs in such an order, no error: :math:`2 + \sum_u (2^{k_u} - 2)
    \prod_a 2^{k_a - 1}` evaluations over the inner nodes :math:`u` and the nodes :math:`a` above each, with :math:`k`
    children; that is :math:`(2 n^2 + 4) / 3` for a balanced tree of pairs, but :math:`2^n` for a chain. *Adaptive*
    splitting begins with the root; in waves of eight it splits the nodes, in a context of others present, where the
    weighted change of the worth is largest (of equals the older first), at ``2**k - 2`` evaluations each, and shares
    what it did not split equally among each node's players: it adds up at every budget, is exact once all is split,
    biased before, its error is unknown, and it keeps every coalition (a bit a player). *Antithetic orders* are
    unbiased; their standard errors are those between orders, as of :class:`Permutation`.

    Owen (1977), "Values of games with a priori unions"; Winter (1989), "A value for cooperative games with levels
    structure of cooperation".

    Parameters
    ----------
    tree : nested tuples or lists of int, or ndarray of shape ``(n_players - 1, 4)``
        The player numbers, each once, such as ``((0, 1), (2, (3, 4)))``; or a linkage of
        ``scipy.cluster.hierarchy``. Kept as nested tuples. A group of one is its member.
    sampling : {"auto", "exact", "adaptive", "orders"}
        The way. "auto": every coalition where the budget pays for all; else orders, whose squared errors are a
        third to an eighth of those of splitting (measured on two tables); adaptive where the budget pays for no
        order, or for three quarters of all coalitions.
    shared_design : bool
        Explained rows share their orders (faster, but their errors are correlated), or draw their own.

    Raises
    ------
    OptionError
        When `tree` does not hold each player once, or `sampling` is not known.

    Examples
    --------
    Both players of the pair are needed, and share what player 2 leaves them:

    >>> import ferroshap
    >>> game = lambda s: 6.0 * (s[:, 0] & s[:, 1]) * (1 + s[:, 2])
    >>> ferroshap.estimate(game, Owen(tree=((0, 1), 2)), n_players=3, budget=8).values
    array([4.5, 4.5, 3. ])
    """

    tree: Any = field(default=None, compare=False)
    sampling: Sampling = "auto"
    shared_design: bool = True
    #: What stands for the tree where methods are compared: tuples within tuples compare no deeper than the stack.
    _walk: tuple[int, ...] = field(init=False)
    #: Players who cannot matter have a place in the tree.
    needs_every_player = True

    def __post_init__(self) -> None:
        """Read the tree, and refuse what is none."""
        if self.tree is None:
            msg = "`tree` is missing: Owen values are those of a tree of players, such as Owen(tree=((0, 1), (2, 3)))"
            raise OptionError(msg)
        known = get_args(Sampling)
        if self.sampling not in known:
            meant = nearest(str(self.sampling), known)
            msg = f"`sampling={self.sampling!r}` is not known{meant} Known: {', '.join(known)}"
            raise OptionError(msg)
        walk = walked(self.tree)
        object.__setattr__(self, "_walk", walk)
        object.__setattr__(self, "tree", nested(walk))

    def __repr__(self) -> str:
        """Write the tree out unless it is long."""
        tree = repr(self.tree) if len(self._walk) <= MOST_SHOWN else f"<{self.n_players} players>"
        return f"Owen(tree={tree}, sampling={self.sampling!r}, shared_design={self.shared_design})"

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel as a walk: pickling tuples within tuples needs a stack as deep as they are."""
        return _of_walk, (self._walk, self.sampling, self.shared_design)

    def renumbered(self, numbers: Sequence[int]) -> "Owen":
        """Return the values of the same tree, where player `i` is called `numbers[i]`.

        Examples
        --------
        >>> Owen(tree=((0, 1), 2)).renumbered([2, 0, 1]).tree
        ((2, 0), 1)
        """
        walk = tuple(numbers[step] if step >= 0 else step for step in self._walk)
        return _of_walk(walk, self.sampling, self.shared_design)

    @property
    def n_players(self) -> int:
        """Number of leaves."""
        return sum(step >= 0 for step in self._walk)

    @property
    def native_name(self) -> str:
        """The name of the method in the core."""
        return "owen"

    @property
    def native_options(self) -> dict[str, Any]:
        """What the core is told besides the name."""
        return {"tree": list(self._walk), "sampling": self.sampling}

    @property
    def splits_background(self) -> bool:
        """Only orders may take a block of the background each."""
        return self.sampling == "orders"


def _of_walk(walk: tuple[int, ...], sampling: Sampling, shared_design: bool) -> Owen:
    return Owen(tree=nested(walk), sampling=sampling, shared_design=shared_design)
