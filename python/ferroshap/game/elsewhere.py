"""Games whose coalitions are evaluated by the workers of an executor."""

import copy
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from ferroshap import links
from ferroshap.executors.parcels import Parcel
from ferroshap.executors.sender import Sender, Task
from ferroshap.game.abreast import worths_abreast
from ferroshap.game.buffers import Buffers
from ferroshap.game.endpoints import Endpoints
from ferroshap.game.masked import refusal
from ferroshap.game.players import Players
from ferroshap.game.reference import Reference
from ferroshap.game.rows import AnyMaskedGame, Rows
from ferroshap.inputs import Pairing, Table
from ferroshap.maskers import Prepared
from ferroshap.threads import of_worker

Floats = NDArray[np.float64]
Words = NDArray[np.uint64]
BlockNumbers = NDArray[np.uint32]

#: Tasks that evaluations are cut into, for each worker: so that all of them have something to do to the end ...
TASKS_FOR_EACH = 4
#: ... but no fewer model rows a task than this: sending one takes as long as a few rows of a slow model.
LEAST_MODEL_ROWS = 64
#: Games that a thread of a worker has ready.
MOST_GAMES = 8


@dataclass(frozen=True, eq=False)
class Part:
    """Rows that share a design, as workers know them.

    Attributes
    ----------
    players : Players
        The rows and their features.
    full : ndarray of shape ``(n_rows, n_outputs)``
        The worths of everybody, of these rows.
    batch_rows : int
        The most model rows in one call of the model.
    n_threads : int or None
        Threads that fill; None: as the environment of the worker says.
    """

    players: Players
    full: Floats
    batch_rows: int
    n_threads: int | None


class Luggage:
    """What workers need of one call beside the model: the background and the rows, as they were encoded here.

    Every thread has games of its own, since games remember what they have asked.

    Parameters
    ----------
    pairing : Pairing
        Rows and background.
    table : Table or None
        The rows, where a conditional masker looks at them.
    n_rows : int
        How many there are.
    prepared : tuple of Reference and Prepared, optional
        Whose masker has made what of them, if it was done in this process.
    """

    def __init__(
        self,
        pairing: Pairing,
        table: Table | None,
        n_rows: int,
        prepared: tuple[Reference, Prepared | None] | None = None,
    ) -> None:
        """Nothing is unpacked yet."""
        self.pairing, self.table, self.n_rows = pairing, table, n_rows
        # The same rows may be explained under several maskers.
        self._prepared = prepared
        self._own = threading.local()

    def __reduce__(self) -> Any:
        """Leave behind what is made again."""
        return Luggage, (self.pairing, self.table, self.n_rows)

    def game(self, reference: Reference, part: Part) -> AnyMaskedGame:
        """The game of a part that belongs to this thread."""
        own = self._own.__dict__
        if own.get("reference") is not reference:
            mine = copy.copy(reference)
            mine.buffers = Buffers()
            known = None if self._prepared is None or self._prepared[0] is not reference else self._prepared[1]
            rows = Rows(mine, self.pairing, self.table, n_threads=of_worker(), prepared=known)
            self._prepared = reference, rows.prepared
            own.update(reference=reference, rows=rows, games=OrderedDict())
        games: OrderedDict[int, tuple[Part, AnyMaskedGame]] = own["games"]
        if id(part) not in games:
            full = np.zeros((self.n_rows, part.full.shape[1]))
            full[part.players.rows] = part.full
            n_threads = of_worker() if part.n_threads is None else part.n_threads
            game = own["rows"].game(part.players, full, batch_size=part.batch_rows, n_threads=n_threads)
            # Who waits for the worths looks at them, and knows the names of the features.
            game.is_checked = False
            games[id(part)] = part, game
            if len(games) > MOST_GAMES:
                games.popitem(last=False)
        games.move_to_end(id(part))
        return games[id(part)][1]


class Found(NamedTuple):
    """What a worker found: worths, and what it counted meanwhile."""

    worths: list[Floats]
    n_model_rows: int
    n_moved: int


def evaluate(opened: Sequence[Any], words: Sequence[Words], blocks: Sequence[BlockNumbers]) -> Found:
    """Evaluate coalitions on a worker, those of each part; parts stand behind the reference and the luggage."""
    reference, luggage, *parts = opened
    games = [luggage.game(reference, part) for part in parts]
    before = [game.n_model_rows for game in games]
    moved = games[0].reference.moved = links.Moved()
    worths = [games[0].worths(words[0], blocks[0])] if len(games) == 1 else worths_abreast(games, words, blocks)
    return Found(worths, sum(game.n_model_rows for game in games) - sum(before), moved.count)


class Call:
    """What the games of one call of an explainer send to workers: the model, the rows, and what they ask.

    Parameters
    ----------
    rows : Rows
        The rows of the call.
    sender : Sender
        Whom to send by.
    """

    def __init__(self, rows: Rows, sender: Sender) -> None:
        """Nothing is packed yet."""
        self.sender = sender
        self._rows = rows
        self._parcels: list[Parcel] = []

    def forget_model(self) -> None:
        """Let the model be packed again: it has changed."""
        self._parcels = []

    def parcels(self) -> list[Parcel]:
        """The model, and the rows."""
        rows = self._rows
        if not self._parcels:
            reference = rows.reference.for_workers()
            n_rows = 0 if rows.table is None else rows.table.n_rows
            # A marginal masker has nothing to do with the rows but what is in the pairing.
            table = None if rows.prepared is None else rows.table
            luggage = Luggage(rows.pairing, table, n_rows, (reference, rows.prepared))
            self._parcels = [Parcel(reference, repr(rows.reference.model)), Parcel(luggage, "the rows of `X`")]
        return self._parcels

    def elsewhere(self, game: AnyMaskedGame, n_evaluations: int) -> AnyMaskedGame:
        """The same game, whose coalitions are evaluated by workers; `n_evaluations` are to be asked for in all."""
        return cast("AnyMaskedGame", Elsewhere(game, self, n_evaluations))


class Elsewhere:
    """A game that is played here, and whose coalitions are evaluated by workers.

    Not a masked row leaves a process, or comes: coalitions go, and worths come back.

    Parameters
    ----------
    game : AnyMaskedGame
        The game.
    call : Call
        What workers know.
    n_evaluations : int
        How many coalitions will be asked for in all.
    """

    def __init__(self, game: AnyMaskedGame, call: Call, n_evaluations: int) -> None:
        """Nothing is asked yet."""
        self.game = game
        self.call = call
        self.players: Players = game.players
        self.reference = game.reference
        self.n_players, self.n_outputs, self.n_rows = game.n_players, game.n_outputs, game.n_rows
        self.n_model_rows = 0
        rows = game.players.rows
        shares_memory = call.sender.crew.shares_memory
        part = Part(game.players, game.full[rows], game.batch_rows, 1 if shares_memory else None)
        self.parcel = Parcel(part, "the rows of `X`")
        rows_each = len(rows) * game.most_model_rows
        least = -(-LEAST_MODEL_ROWS // max(1, rows_each))
        share = -(-n_evaluations // (TASKS_FOR_EACH * call.sender.n_workers))
        self._per_task = max(1, least, min(share, game.evaluations_per_batch()))

    def endpoints(self) -> Endpoints:
        """Worths of nobody and of everybody."""
        return self.game.endpoints()

    def evaluations_per_batch(self) -> int:
        """Evaluations of one task."""
        return self._per_task

    def wants_more(self, n_begun: int, /) -> bool:
        """Whether to send a task beside others: where workers have room for it."""
        return n_begun == 0 or self.call.sender.room > 0

    def worths(self, words: Words, blocks: BlockNumbers) -> Floats:
        """Evaluate coalitions: ``(count, n_outputs)``."""
        return self.finish(self.begin(words, blocks))

    def begin(self, words: Words, blocks: BlockNumbers) -> "Away":
        """Send coalitions to a worker."""
        return Away([self], [words], [blocks])

    def finish(self, away: "Away") -> Floats:
        """Wait for the worths ``(count, n_outputs)``."""
        return away.worths()[0]

    def withdraw(self, away: "Away") -> bool:
        """Take coalitions back; False where a worker has begun."""
        return away.withdraw()


class Away:
    """Coalitions of one game, or of several of one call, that a worker evaluates.

    Parameters
    ----------
    games : sequence of Elsewhere
        The games.
    words, blocks : sequences of ndarray
        What is asked of each.
    """

    __slots__ = ("_games", "_task", "_words", "blocks", "words")

    def __init__(self, games: Sequence[Elsewhere], words: Sequence[Words], blocks: Sequence[BlockNumbers]) -> None:
        """Send them."""
        self._games = games
        self._words = words
        #: What was asked of the first game, for those who take notes.
        self.words, self.blocks = words[0], blocks[0]
        call = games[0].call
        parcels = [*call.parcels(), *(game.parcel for game in games)]
        self._task: Task = call.sender.send(evaluate, parcels, list(words), list(blocks))

    def worths(self) -> list[Floats]:
        """Wait for the worths of each game ``(count, n_outputs)``.

        Raises
        ------
        WorthError
            When one is not finite.
        """
        first = self._games[0]
        found: Found = self._task.result()
        first.n_model_rows += found.n_model_rows
        moved = first.reference.moved
        if moved is not None:
            moved.count += found.n_moved
        for game, words, worths in zip(self._games, self._words, found.worths, strict=True):
            if not np.isfinite(worths).all():
                raise refusal(game.reference, game.players, words, worths)
        return found.worths

    def withdraw(self) -> bool:
        """Take them back; False where a worker has begun."""
        return self._task.cancel()
