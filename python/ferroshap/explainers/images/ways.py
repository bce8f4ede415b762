"""How a budget is spent on the regions of an image."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ferroshap import _native
from ferroshap.errors import BudgetError, OptionError
from ferroshap.estimators import Method, as_method
from ferroshap.game import Endpoints
from ferroshap.maskers.image_regions import Regions
from ferroshap.run.loop import N_ENDPOINTS, BlockNumbers, Outcome, Words, resolved
from ferroshap.run.surrogates import Training, fit_folds

Floats = NDArray[np.float64]

#: What a split of a node costs, besides both endpoints.
OF_SPLIT = 2


class Asked(Protocol):
    """A run that is asked and told: the core's estimators, and those of this room."""

    def ask(self, max: int, /) -> tuple[int, Words, BlockNumbers]:  # noqa: A002 - the core's name
        """Return the next evaluations: the number of the first, coalitions, blocks."""

    def tell(self, first: int, worths: Floats, /) -> None:
        """Take the worths of evaluations from number `first` on."""

    def estimate(self, n_threads: int, /, *surrogates: Any) -> tuple[Any, ...]:
        """Return what an `Outcome` is made of."""


@dataclass(frozen=True, kw_only=True)
class Way:
    """A method, and what it is granted.

    Attributes
    ----------
    kind : {"split", "exact", "orders", "context", "flat"}
        Nodes of the tree split where most is at stake; all coalitions of the tree; random orders along it; gains of
        nodes in one context; a method for players without a tree.
    budget : callable
        From the regions of an image to the evaluations granted, endpoints included; refuses what is too little.
    method : Method, optional
        For "flat".
    context : int
        For "context": 0 with nobody else present, 1 with everybody else.
    tol : float, optional
        Where to stop, for methods with errors.
    """

    kind: str
    budget: Callable[[Regions], int]
    method: Method | None = None
    context: int = 0
    tol: float | None = None

    @property
    def has_errors(self) -> bool:
        """Whether standard errors are estimated."""
        return self.kind in {"orders", "flat"}

    @property
    def wave(self) -> int:
        """Evaluations that one image asks for at a time: as many as there are where what is asked is known before."""
        return 16 if self.kind in {"split", "context"} else 1 << 62

    def begin(self, regions: Regions, ends: Endpoints, granted: int, *, seed: int) -> Asked:
        """Begin a run on an image.

        Raises
        ------
        BudgetError
            When the method needs more.
        """
        n_players, n_outputs = regions.n_players, len(ends.full)
        has_no_split = self.kind == "split" and n_players > 1 and granted < N_ENDPOINTS + OF_SPLIT
        if n_players == 0 or has_no_split:
            return Undivided(regions, ends)
        if self.kind == "context":
            from ferroshap.explainers.images.contexts import Context

            return Context(regions, ends, granted, self.context)
        if self.kind == "flat":
            assert self.method is not None  # noqa: S101 - what is flat has one
            name, options = resolved(self.method, n_players, granted, 1, self.tol)
        else:
            sampling = {"split": "adaptive"}.get(self.kind, self.kind)
            name, options = "owen", {"tree": regions.walk, "sampling": sampling}
            if self.kind == "split":
                options["shares"] = regions.areas
        budget = granted - N_ENDPOINTS
        tol = self.tol if self.has_errors else None
        # One row key for all: images of equally many regions share their coalitions, whatever travels with them.
        return _native.Estimator(name, n_players, n_outputs, budget, seed, 0, ends, 1, options, tol)

    def outcome(self, run: Asked, n_players: int, n_threads: int) -> Outcome:
        """What is known of a run, endpoints counted."""
        if self.tol is not None and isinstance(run, _native.Estimator):
            _native.look([run], n_threads)
        surrogate = None if self.method is None else self.method.outside_surrogate
        fitted: list[Any] = []
        if surrogate is not None and isinstance(run, _native.Estimator):
            training = run.training()
            fitted = [] if training is None else [fit_folds(surrogate, Training(*training), n_players)]
        outcome = Outcome(*run.estimate(n_threads, *fitted))
        return outcome._replace(n_evaluations=outcome.n_evaluations + N_ENDPOINTS)


class Undivided:
    """Everything that the image gains, shared in proportion to areas: no budget for more, or no players."""

    def __init__(self, regions: Regions, ends: Endpoints) -> None:
        """There is nothing to ask."""
        self._regions, self._ends = regions, ends

    def ask(self, max: int, /) -> tuple[int, Words, BlockNumbers]:  # noqa: A002, ARG002 - the core's name
        """Want nothing."""
        return 0, np.empty((0, 1), dtype=np.uint64), np.empty(0, dtype=np.uint32)

    def tell(self, first: int, worths: Floats, /) -> None:
        """Nothing was asked."""

    def estimate(self, n_threads: int, /, *surrogates: Any) -> tuple[Any, ...]:
        """Share what there is."""
        del n_threads, surrogates
        gain, areas = self._ends.full - self._ends.base, self._regions.areas
        values = areas[:, None] / max(1.0, areas.sum()) * gain
        is_exact = self._regions.n_players < 2
        errors = np.full_like(values, 0.0 if is_exact else np.nan)
        gap = np.zeros_like(gain) if self._regions.n_players else gain
        status = "EXACT" if is_exact else "BUDGET_SPENT"
        return values, errors, np.array([np.nan]), self._ends.base, gap, 0, status, None


def explaining(method: Any) -> Method:
    """Return an estimator of values that add up.

    Raises
    ------
    OptionError
        For semivalues that do not: an explanation adds up.
    """
    found = as_method(method)
    if not found.adds_up:
        msg = (
            f"`method` is {found!r}, whose values do not add up to the model's output: explanations are Shapley values"
        )
        raise OptionError(msg)
    return found


def at_least(granted: int, least: int, n_players: int, argument: str) -> int:
    """Return the evaluations granted.

    Raises
    ------
    BudgetError
        When they are too few.
    """
    if granted < least:
        msg = f"`{argument}` is {granted}, but an image of {n_players} regions needs at least {least}: raise it"
        raise BudgetError(msg)
    return granted
