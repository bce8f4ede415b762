"""Interactions of the features of explained rows, from the worths of all their coalitions or of some."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap.errors import BudgetError, OptionError
from ferroshap.estimators import EvenGP, Method
from ferroshap.explainers.rows import RowsExplained, Settings
from ferroshap.game import Players, Reference
from ferroshap.inputs import Table
from ferroshap.progress import Progress
from ferroshap.run import Loop
from ferroshap.run.ahead import in_batches, worths_ahead
from ferroshap.run.loop import N_ENDPOINTS
from ferroshap.tables import Interactions, interaction_values, sets_by_size

Floats = NDArray[np.float64]


def as_wish(interactions: Any) -> str | None:
    """Name the interaction index that the user asked for; None for values.

    Raises
    ------
    OptionError
        For anything else.

    Examples
    --------
    >>> as_wish(2), as_wish("sii"), as_wish(1)
    ('STII', 'SII', None)
    """
    if interactions is True or (interactions == 2 and not isinstance(interactions, bool | str)):
        return "STII"
    if interactions == "sii":
        return "SII"
    if interactions is False or interactions is None or (interactions == 1 and not isinstance(interactions, str)):
        return None
    msg = f"`interactions` is {interactions!r}, but must be False or 1 (none), True or 2 (Shapley-Taylor), or 'sii'"
    raise OptionError(msg)


def method_of(index: str, method: Method | None, tol: float | None) -> EvenGP:
    """Return the estimator of an index, in place of the one that was named, or of None.

    Raises
    ------
    OptionError
        When the one that was named estimates values alone, or a tolerance was given.
    """
    if tol is not None:
        msg = f"`tol={tol!r}` was given with `interactions`, but it is values that runs are stopped by: leave one out"
        raise OptionError(msg)
    if method is None or method.native_name in {"auto", "even_gp"}:
        return EvenGP(index=index, shared_design=True if method is None else method.shared_design)
    msg = f"`interactions` were asked for, but method={method!r} estimates values alone: pass method=EvenGP() or none"
    raise OptionError(msg)


def check_pairs(n_players: int, granted: int, argument: str, got: object, beside: int = 0) -> int:
    """Return the evaluations granted, where they are enough for interactions; `beside` of them are not in `got`.

    Raises
    ------
    BudgetError
        Where they are not.
    """
    least = min(2 * n_players + N_ENDPOINTS, 2**n_players)
    if granted < least:
        msg = (
            f"`{argument}` is {got}, but the interactions of {n_players} features that vary need at least "
            f"{least - beside}: raise it, or pass 'auto'"
        )
        raise BudgetError(msg)
    return granted


class MatricesOfRows(RowsExplained):
    """Interactions of order 2: values are ``(n_rows, n_features, n_features, n_outputs)``."""

    may_play_together = False

    def __init__(self, reference: Reference, rows: Table, settings: Settings) -> None:
        """Make room for a matrix a row."""
        super().__init__(reference, rows, settings)
        n_features = self.reference.masker.n_players
        self.values = np.zeros((self.n_rows, n_features, n_features, reference.n_outputs))
        self.std_errors = np.zeros(self.values.shape)

    def write(self, target: Floats, part: Players, matrices: Floats) -> None:
        """Write ``(n_players, n_players, rows * outputs)`` into the features that the players stand for."""
        n_players, rows = part.n_players, part.rows[:, None, None]
        by_row = matrices.reshape(n_players, n_players, len(part.rows), -1).transpose(2, 0, 1, 3)
        target[rows, part.features[:, :, None], part.features[:, None, :]] = by_row


class InteractionsOfRows(MatricesOfRows):
    """Those of rows whose coalitions are all evaluated."""

    #: The interaction index.
    index = "STII"

    @classmethod
    def of(cls, index: str) -> type["InteractionsOfRows"]:
        """The class for an index."""
        return cls if index == cls.index else SIIOfRows

    def kept_worths(self, n_players: int, budget: int) -> int:
        """All of them, and the matrix."""
        return budget + n_players**2

    def _play_part(
        self,
        part: Players,
        budget: int,
        row_key: int,  # noqa: ARG002 - nothing is drawn
        deadline: float | None,  # noqa: ARG002 - half a table knows no interactions
        progress: Progress,
    ) -> Iterator[None]:
        game = self.game(part)
        endpoints = game.endpoints()
        worths = np.empty((budget, game.n_outputs))
        worths[0], worths[-1] = endpoints.base, endpoints.full
        numbers = np.arange(budget, dtype=np.uint64)[:, None]  # bit i says that player i is in
        batches = in_batches(numbers[1:-1], np.zeros(max(0, budget - 2), np.uint32), game.evaluations_per_batch())
        n_told = 1
        for told in worths_ahead(game, batches):
            worths[n_told : n_told + len(told)] = told
            n_told += len(told)
            progress.add(len(told) * len(part.rows))
            yield
        found = interaction_values(worths, index=self.index, order=2, n_jobs=self.settings.n_threads)
        self.write(self.values, part, found.matrix())
        self.n_evaluations[part.rows] = budget
        self.begun[part.rows] = True


class SIIOfRows(InteractionsOfRows):
    """The matrix whose rows add up to the values."""

    index = "SII"


class SampledInteractionsOfRows(MatricesOfRows):
    """Those of rows of whose coalitions some are evaluated, with their errors."""

    def _take(self, part: Players, loop: Loop) -> None:
        outcome, sampled = loop.estimate(), loop.interactions()
        if sampled is None or self.settings.method.interaction_index is None:
            return  # never: the method is one of interactions
        found = Interactions(
            tuple(sets_by_size(part.n_players, 2)),
            sampled.values,
            self.settings.method.interaction_index,
            2,
            std_errors=sampled.std_errors,
            diagonal_errors=sampled.diagonal_errors,
            n_evaluations=outcome.n_evaluations,
        )
        self.write(self.values, part, found.matrix())
        self.write(self.std_errors, part, found.matrix_errors())
        self._note(part, outcome._replace(interval_df=sampled.interval_df))
