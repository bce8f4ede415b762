"""Read, explain, write: the next block is read and the last one written while one is explained."""

import contextlib
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import Any, Protocol

from ferroshap.engines.files.units import Block
from ferroshap.engines.files.work import Finished, Work, done_by_worker
from ferroshap.engines.pieces import naming

#: Blocks that are with workers beyond one for each.
SPARE_BLOCKS = 2


class Keeper(Protocol):
    """Where finished blocks go, one after the other."""

    def take(self, finished: Finished) -> None:
        """Take a block."""

    def end_unit(self) -> None:
        """Finish the last unit."""


class Lane:
    """Calls a function on a thread of its own, one call at a time; what it raises comes out of the next one.

    Parameters
    ----------
    function : callable
        What is done.
    is_apart : bool
        False: it is called at once and here.
    """

    def __init__(self, function: Callable[..., Any], *, is_apart: bool) -> None:
        """The thread starts with the first call."""
        self._function = function
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="ferroshap") if is_apart else None
        self._away: Future[Any] | None = None

    def send(self, *args: Any) -> None:
        """Wait for the call before, and begin another."""
        self.wait()
        if self._pool is None:
            self._function(*args)
        else:
            self._away = self._pool.submit(self._function, *args)

    def wait(self) -> Any:
        """Wait for the call that was begun, if one was, and return what it returned."""
        away, self._away = self._away, None
        return None if away is None else away.result()

    def close(self) -> None:
        """Let the call that was begun come to its end."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)


class ReadAhead:
    """An iterator whose next item is made while the last one is used.

    Parameters
    ----------
    items : iterator
        Is used on one other thread alone.
    is_apart : bool
        False: each item is made when it is asked for.
    """

    def __init__(self, items: Iterator[Any], *, is_apart: bool) -> None:
        """Begin with the first."""
        self._items = items
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="ferroshap") if is_apart else None
        self._next: Future[Any] | None = None if self._pool is None else self._pool.submit(next, items, None)

    def __iter__(self) -> Iterator[Any]:
        """Give one after the other."""
        if self._pool is None or self._next is None:
            yield from self._items
            return
        while (item := self._next.result()) is not None:
            self._next = self._pool.submit(next, self._items, None)
            yield item

    def close(self) -> None:
        """Let what is being made come to its end."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)


def explain_here(
    explainer: Any,
    blocks: Iterator[Block],
    work: Work,
    keeper: Keeper,
    report: Callable[[int], None],
    *,
    reads_ahead: bool,
    overlaps: bool,
) -> None:
    """Explain blocks on this thread; reading and writing have others where there is memory for it."""
    reader = ReadAhead(blocks, is_apart=reads_ahead and overlaps)
    writer = Lane(lambda block, explained: keeper.take(work.finish(explainer, block, explained)), is_apart=overlaps)
    before = 0
    try:
        for block in reader:
            with _naming(block):
                explained = work.explain(explainer, block)
            writer.send(block, explained)
            report(before)  # what was sent before is on the disk by now
            before = block.rows.num_rows
            del explained
        writer.wait()
        keeper.end_unit()
        report(before)
    except BaseException:
        _finish_quietly(writer)
        raise
    finally:
        reader.close()
        writer.close()


def explain_away(
    explainer: Any,
    blocks: Iterator[Block],
    work: Work,
    keeper: Keeper,
    report: Callable[[int], None],
    *,
    reads_ahead: bool,
    crew: Any,
) -> None:
    """Have blocks explained by workers, to which the explainer travels once each; results are taken in order."""
    from ferroshap.executors.parcels import Parcel

    sender = crew.sender()
    parcel = Parcel(explainer, "the explainer")
    most = sender.n_workers + SPARE_BLOCKS
    reader = ReadAhead(blocks, is_apart=reads_ahead)
    writer = Lane(keeper.take, is_apart=True)
    away: deque[tuple[Block, Any]] = deque()
    before = 0

    def bring_home() -> None:
        nonlocal before
        block, task = away[0]
        with _naming(block):
            finished = task.result()
        away.popleft()
        writer.send(finished)
        report(before)
        before = finished.n_rows

    try:
        for block in reader:
            if len(away) >= most:
                bring_home()
            away.append((block, sender.send(done_by_worker, [parcel], work, block)))
        while away:
            bring_home()
        writer.wait()
        keeper.end_unit()
        report(before)
    except BaseException:
        for _, task in away:
            task.cancel()
        _finish_quietly(writer)
        raise
    finally:
        reader.close()
        writer.close()


def _finish_quietly(writer: Lane) -> None:
    """Let the block before the one that failed reach the disk; the error that is on its way says more."""
    with contextlib.suppress(BaseException):
        writer.wait()


def _naming(block: Block) -> AbstractContextManager[None]:
    """Note on what is raised inside which rows it was about."""
    return naming(f"{block.words}; what was finished before is kept")
