"""Estimations of one game that can be asked at any moment."""

import inspect
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ferroshap.errors import ConvergenceWarning, OptionError, check_options, warn_user
from ferroshap.estimators import Auto, Method, as_method, resolve
from ferroshap.executors import as_crew
from ferroshap.game import Game, Players
from ferroshap.memory import as_bytes
from ferroshap.models.model import described
from ferroshap.progress import Progress, Report
from ferroshap.run.advice import (
    SPLIT_WITHOUT_ERROR,
    as_tolerance,
    relative_half_width,
    tolerance_of_auto,
    too_few,
    too_uncertain,
)
from ferroshap.run.batches import planned_batch
from ferroshap.run.callable_game import CallableGame, positive
from ferroshap.run.deadline import as_deadline
from ferroshap.run.estimate import Estimate
from ferroshap.run.loop import N_ENDPOINTS, Loop, Outcome, Sampled, Source
from ferroshap.run.screening import Screening, screening_of
from ferroshap.seeds import Seed, as_seed
from ferroshap.tables import Interactions, sets_by_size
from ferroshap.threads import as_threads

if TYPE_CHECKING:
    from ferroshap.executors.crew import Crew

Floats = NDArray[np.float64]

#: What "auto" grants beyond two evaluations a player.
SPARE_EVALUATIONS = 2048


class Run:
    """One estimation in progress.

    Iterate over it for snapshots at growing numbers of evaluations, or call :meth:`finish`;
    :meth:`estimate` answers at any moment, also after Ctrl-C or an exception of the game.

    Parameters
    ----------
    game : Game or callable
        A :class:`Game`, or any function from bool coalitions ``(count, n_players)`` to worths
        ``(count,)`` or ``(count, n_outputs)``.
    method : estimator or its name
        By default the best for the number of players and the budget.
    n_players : int, optional
        Needed for a callable.
    budget : int or "auto"
        Evaluations granted, the empty and the full coalition counted; never exceeded. "auto" is
        ``2 * n_players + 2048``, with ``tol=0.01`` unless `tol` says otherwise.
    tol : float, optional
        Stop as soon as no interval of 90 % reaches further than this share of the range of the values
        (for each output), at two consecutive looks, or than a third of it at one; looks are at
        3, 4, 6, 8, 12, 16, ... evaluations a player. The budget is then the ceiling; where it ends
        first, a :class:`ConvergenceWarning` forecasts what is needed. Methods without errors on the way
        (:class:`Exact`, budgets below ``2 * n_players + 2``) run to their end.
    deadline_seconds : float, optional
        Stop asking after that time.
    rng : int, numpy.random.Generator or None
        The seed; None is the fixed seed 0.
    row_key : int
        Distinguishes runs that must draw different coalitions with one seed.
    batch_size : int or "auto"
        The most model rows (for a callable: coalitions) in one call.
    memory_limit : int or str, optional
        What worths, coalitions, matrices and a batch of the model may take, as bytes or "2 GiB"; by default half of
        what is free. Planned before the game is asked: batches are made smaller, and what cannot fit is refused with
        a :class:`MemoryLimitError` that names the sizes. What is in worker processes is not counted.
    n_jobs : int, optional
        Threads of the core. Neither these nor the batch size nor the executor change a bit of the result.
    executor : object, optional
        Workers that evaluate many batches at once, for a game that holds Python's lock: anything with
        ``submit(function, *args)`` whose futures have ``result()`` (``concurrent.futures.ProcessPoolExecutor()``,
        threads, loky), a ``joblib.Parallel`` or a ``dask.distributed.Client``. The game travels to each worker
        process once; coalitions follow it, and worths come back. It is not shut down.
    progress : callable, optional
        Called with ``(done, total)`` evaluations after each batch.
    silent : bool
        Show no progress line.

    Examples
    --------
    >>> run = Run(lambda s: s.sum(axis=1) ** 2, n_players=30, budget=500)
    >>> sizes = [snapshot.n_evaluations for snapshot in run]
    >>> sizes
    [62, 90, 120, 180, 240, 360, 480, 500]
    """

    def __init__(
        self,
        game: Any,
        method: Method | str = Auto(),  # noqa: B008 - frozen, without state
        *,
        n_players: int | None = None,
        budget: int | str = "auto",
        tol: float | None = None,
        deadline_seconds: float | None = None,
        rng: Seed = None,
        row_key: int = 0,
        batch_size: int | str = "auto",
        memory_limit: int | str | None = None,
        n_jobs: int | None = None,
        executor: Any = None,
        progress: Report | None = None,
        silent: bool = False,
    ) -> None:
        """Ask for the endpoints and fix the method."""
        self.seed = as_seed(rng)
        self._method = as_method(method)
        deadline = as_deadline(deadline_seconds)
        n_threads = as_threads(n_jobs)
        n_players = _count_players(game, n_players)
        crew = as_crew(executor)
        self._features: NDArray[np.intp] | None = None
        self.n_players = n_players
        granted = 2 * n_players + SPARE_EVALUATIONS if budget == "auto" else positive(budget, "budget")
        self._tol = as_tolerance(tol)
        players = self._players_of(game) if isinstance(game, Game) else None
        n_playing = n_players if self._features is None else len(self._features)
        if n_playing:
            # Refused by name, before the game is asked anything.
            name = resolve(self._method, n_playing, granted)
            n_beside = crew.n_beside if crew is not None else 1
            batch_size = planned_batch(game, name, n_playing, granted, batch_size, as_bytes(memory_limit), n_beside)
        options = {"batch_size": batch_size, "n_jobs": n_threads}
        source = self._source_of(game, players, granted, crew, options)
        self._progress = Progress(granted, silent=silent, report=progress)
        self._source = source
        self._loop = (
            None
            if source.n_players == 0
            else Loop(
                source,
                self._method,
                budget=granted,
                seed=self.seed,
                row_key=row_key,
                n_threads=n_threads,
                deadline=deadline,
                progress=self._progress,
                tol=self._tol if budget != "auto" or tol is not None else tolerance_of_auto(self._method),
            )
        )

    def _players_of(self, game: Game) -> Players:
        """Say who plays for the method, and call them by their numbers."""
        players = game.everyone if self._method.needs_every_player else game.players
        self._features = players.features[0]
        self._method = self._method.among(game.reference.masker.feature_names or ())
        return players

    def _source_of(
        self, game: Any, players: Players | None, granted: int, crew: "Crew | None", options: dict[str, Any]
    ) -> Source:
        """Where worths come from: the game here, or workers that know it."""
        if isinstance(game, Game):
            self._is_vector = game.reference.is_vector
            return game.masked(**options, players=players, crew=crew, n_evaluations=granted)
        source: Source
        if isinstance(game, Source):
            source = game
            self._is_vector = game.n_outputs == 1
        else:
            source = CallableGame(game, self.n_players, options["batch_size"])
            self._is_vector = source.is_vector
        if crew is None:
            return source
        from ferroshap.run.elsewhere import SourceElsewhere

        return SourceElsewhere(source, f"the game {described(game)}", crew.sender(), granted)

    def __iter__(self) -> Iterator[Estimate]:
        """Go on to the end, with a snapshot whenever the evaluations have grown by a third to a half."""
        if self._loop is None:
            yield self.estimate()
            return
        n_players = self._source.n_players
        is_running = True
        while is_running:
            target = next_checkpoint(self._loop.n_evaluations, n_players)
            while is_running and self._loop.n_evaluations < target:
                is_running = self._loop.step(target - self._loop.n_evaluations)
            if is_running:
                yield self.estimate()
        yield self._ended()

    def finish(self) -> Estimate:
        """Go on to the end; warn if errors are larger than was asked for, or so few evaluations cannot tell."""
        if self._loop is not None:
            while self._loop.step():
                pass
        return self._ended()

    def _ended(self) -> Estimate:
        self._progress.close()
        result = self.estimate()
        if self._tol is not None or result.method == "singles_first":
            for sentence in result.warnings:
                warn_user(sentence, ConvergenceWarning)
        return result

    def estimate(self) -> Estimate:
        """The values as known now."""
        if self._loop is None:
            base = self._source.endpoints().base
            nothing = np.zeros((0, self._source.n_outputs))
            zeros = np.zeros(self._source.n_outputs)
            outcome = Outcome(nothing, nothing, np.array([np.nan]), base, zeros, N_ENDPOINTS, "EXACT", None)
            method_name = "exact"
        else:
            outcome, method_name = self._loop.estimate(), self._loop.method_name
        return Estimate(
            values=self._shaped(outcome.values),
            std_errors=self._shaped(outcome.std_errors),
            interval_df=float(outcome.interval_df[0]),
            predicted_budget=outcome.predicted_budget,
            base_value=float(outcome.base[0]) if self._is_vector else outcome.base,
            n_evaluations=outcome.n_evaluations,
            status=outcome.status,
            gap=float(outcome.gap[0]) if self._is_vector else outcome.gap,
            seed=self.seed,
            method=method_name,
            interactions=self._interactions(outcome),
            screening=self._screening(),
            warnings=self._advice(outcome),
        )

    def _screening(self) -> Screening | None:
        if self._loop is None or self._loop.method_name != "screened":
            return None
        features = np.arange(self.n_players) if self._features is None else self._features
        return screening_of(self._loop.screening(), features, is_vector=self._is_vector)

    def _interactions(self, outcome: Outcome) -> Interactions | None:
        """Pairs, too, where the method estimates them; those of players that cannot matter are exactly zero."""
        index = self._method.interaction_index
        if index is None or self.n_players == 0:
            return None
        n, n_outputs = self.n_players, self._source.n_outputs
        sampled = None if self._loop is None else self._loop.interactions()
        if sampled is None:
            nothing = np.zeros((0, n_outputs))
            sampled = Sampled(nothing, nothing, nothing, np.array([np.nan]))
        sets = tuple(sets_by_size(n, 2))
        features = np.arange(n) if self._features is None else self._features
        if self._loop is None:
            features = features[:0]
        number = {players: place for place, players in enumerate(sets)}
        played = [number[tuple(features[list(players)].tolist())] for players in sets_by_size(len(features), 2)]

        def every(numbers: Floats) -> Floats:
            whole = np.zeros((len(sets), n_outputs))
            whole[played] = numbers
            return whole[:, 0] if self._is_vector else whole

        return Interactions(
            sets,
            every(sampled.values),
            index,
            2,
            std_errors=every(sampled.std_errors),
            diagonal_errors=self._shaped(sampled.diagonal_errors),
            interval_df=float(sampled.interval_df[0]),
            n_evaluations=outcome.n_evaluations,
            status=outcome.status,
        )

    def _advice(self, outcome: Outcome) -> tuple[str, ...]:
        if outcome.status != "BUDGET_SPENT":
            return ()
        if np.isnan(outcome.std_errors).any():
            if self._loop is not None and self._loop.asks_by_worths and self._loop.method_name == "owen":
                return (SPLIT_WITHOUT_ERROR,)
            return (too_few(outcome.n_evaluations, self._source.n_players),)
        if self._tol is None:
            return ()
        reach = relative_half_width(outcome.values, outcome.std_errors, float(outcome.interval_df[0]))
        return (too_uncertain(reach, self._tol, outcome.predicted_budget),)

    def _shaped(self, values: Floats) -> Floats:
        """Give players that cannot matter their exact zero, and one output no axis."""
        if self._features is not None:
            every = np.zeros((self.n_players, values.shape[1]))
            every[self._features] = values
            values = every
        return values[:, 0] if self._is_vector else values


def estimate(game: Any, method: Method | str = Auto(), **options: Any) -> Estimate:  # noqa: B008 - frozen
    """Estimate the values of one game.

    Takes what :class:`Run` takes and runs it to the end.

    Examples
    --------
    >>> estimate(lambda s: s @ np.array([1.0, 2.0, 3.0]), n_players=3, budget=8).values
    array([1., 2., 3.])
    """
    _, _, *known = inspect.signature(Run).parameters
    check_options(options, known, "estimate")
    return Run(game, method, **options).finish()


def next_checkpoint(n_evaluations: int, n_players: int) -> int:
    """Return the least checkpoint above `n_evaluations`: 2n + 2, then 3n, 4n, 6n, 8n, 12n, 16n, ...

    Examples
    --------
    >>> next_checkpoint(62, 30), next_checkpoint(90, 30), next_checkpoint(361, 30)
    (90, 120, 480)
    """
    if n_evaluations < 2 * n_players + 2:
        return 2 * n_players + 2
    size = n_players
    while True:
        size *= 2
        for target in (size, size + size // 2):
            if target > max(n_evaluations, 2 * n_players + 2):
                return target


def _count_players(game: Any, n_players: int | None) -> int:
    if isinstance(game, Game):
        if n_players not in (None, game.n_players):
            msg = f"`n_players` is {n_players}, but the game has {game.n_players}: leave it out"
            raise OptionError(msg)
        return game.n_players
    if isinstance(game, Source):
        return game.n_players
    if not callable(game):
        msg = f"`game` must be a Game or a function of coalitions, not {type(game).__name__}"
        raise OptionError(msg)
    if n_players is None:
        n_players = getattr(game, "n_players", None)
        if n_players is None:
            msg = "`n_players` is needed for a game that does not have it as an attribute"
            raise OptionError(msg)
    if n_players == 0:
        return 0
    return positive(n_players, "n_players")
