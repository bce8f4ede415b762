"""What every estimator is: a name and options in the core, and whether explained rows share their coalitions."""

from collections.abc import Sequence
from typing import Any, Self

from ferroshap import _native

#: What the core counts to: all coalitions of 64 players are more.
MOST_GRANTED = 2**64 - 1


class Method:
    """An estimator: parameters only, no state. `estimate` and `Run` do the work.

    Attributes
    ----------
    shared_design : bool
        Whether explained rows share their coalitions.
    """

    shared_design: bool

    @property
    def splits_background(self) -> bool:
        """Whether an evaluation may take a block of the background and the values still be those of the whole."""
        return False

    @property
    def needs_every_player(self) -> bool:
        """Whether features that cannot matter play all the same."""
        return False

    @property
    def native_name(self) -> str:
        """The name of the method in the core."""
        raise NotImplementedError

    @property
    def interaction_index(self) -> str | None:
        """The index of the interactions that are estimated beside values; None for values alone."""
        return None

    @property
    def adds_up(self) -> bool:
        """Whether the values sum to what everybody gains over nobody: what explanations are made of."""
        return True

    @property
    def outside_surrogate(self) -> Any:
        """What the loop fits to pairs that were told, for the core to correct; None for nearly all methods."""
        return None

    def among(self, names: Sequence[str]) -> Self:  # noqa: ARG002 - most methods name nobody
        """Give the method for players of these names: itself, unless it calls some by name."""
        return self

    def least_budget(self, n_players: int) -> int:
        """Evaluations that explainers grant at least, endpoints counted: every player alone."""
        every: int = 2**n_players
        return min(n_players + 2, every)

    @property
    def native_options(self) -> dict[str, Any]:
        """What the core is told besides the name."""
        return {}


def chosen(method: Method, n_players: int, granted: int, n_blocks: int = 1) -> tuple[str, dict[str, Any]]:
    """Name and options of the method of the core that will run: Auto's choice, or what a named method gives way to.

    `granted` counts the two endpoints. Games of up to three players are enumerated where the
    budget pays for it, and an order that it cannot pay for becomes "singles_first".
    """
    most = min(granted, MOST_GRANTED)
    return _native.choose_method(method.native_name, n_players, most, n_blocks, method.native_options)


def resolve(method: Method, n_players: int, granted: int, n_blocks: int = 1) -> str:
    """Name the method of the core that will run, as `chosen` does."""
    return chosen(method, n_players, granted, n_blocks)[0]


def asks_by_worths(name: str, options: dict[str, Any]) -> bool:
    """Tell of a method of the core, as `chosen` names it, whether what it asks next depends on worths told before.

    Its runs belong to one explained row each, and know no errors before they know everything.
    """
    return name in {"singles_first", "screened"} or (name == "owen" and options["sampling"] == "adaptive")


def keeps_no_worths(name: str, options: dict[str, Any]) -> bool:
    """Tell of a method of the core whether it forgets worths as soon as it has added them up."""
    return name in {"permutation", "precedence"} or (name == "owen" and options["sampling"] != "adaptive")
