"""Several parts of a call in progress at once, so that workers have something to do while one part waits."""

from collections import deque
from collections.abc import Callable, Iterator
from typing import Protocol

_END = object()


class Stepwise(Protocol):
    """Something that is done batch by batch."""

    def begin(self) -> None:
        """Have batches begun."""

    def step(self) -> bool:
        """Finish one; False when nothing is left to do."""


def in_steps(run: Stepwise) -> Iterator[None]:
    """Go to the end of a run, with a pause whenever batches are begun."""
    run.begin()
    yield
    while run.step():
        run.begin()
        yield


def in_turns(plays: Iterator[Iterator[None]], has_room: Callable[[], bool], most: int) -> None:
    """Bring iterators to their ends, each a step in its turn.

    The next is begun when those in progress leave room, and when none is. If one raises, the others are closed: what
    they have reached they keep.

    Parameters
    ----------
    plays : iterator of iterators
        What is to be done, begun in this order.
    has_room : callable
        Whether one more would have something to do.
    most : int
        The most in progress at once.

    Examples
    --------
    >>> def play(name):
    ...     for step in range(2):
    ...         seen.append(f"{name}{step}")
    ...         yield
    >>> seen = []
    >>> in_turns(map(play, "abc"), lambda: True, 2)
    >>> seen
    ['a0', 'b0', 'a1', 'b1', 'c0', 'c1']
    """
    playing: deque[Iterator[None]] = deque()
    is_more = True
    try:
        while True:
            while is_more and len(playing) < most and (not playing or has_room()):
                play = next(plays, None)
                if play is None:
                    is_more = False
                    break
                playing.append(play)
                if next(play, _END) is _END:
                    playing.pop()
            if not playing and not is_more:
                return
            if playing and next(playing[0], _END) is _END:
                playing.popleft()
            playing.rotate(-1)
    except BaseException:
        for play in playing:
            close = getattr(play, "close", None)
            if close is not None:
                close()
        raise
