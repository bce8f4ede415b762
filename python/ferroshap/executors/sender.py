"""Sending work away, and waiting for what comes back."""

from collections.abc import Callable, Sequence
from typing import Any

from ferroshap.errors import ExecutorError
from ferroshap.executors.crew import Crew
from ferroshap.executors.parcels import Parcel
from ferroshap.executors.worker import Done, Failed, Unknown, Unreadable, perform, perform_here, read_error

Work = Callable[..., Any]


class RemoteTraceback(Exception):  # noqa: N818 - a cause, not an error of its own
    """Where an exception was raised in another process: the traceback as text."""

    def __str__(self) -> str:
        """The text."""
        return f'\n"""\n{self.args[0]}"""'


class Sender:
    """Sends the work of one call or run to a crew.

    Parameters
    ----------
    crew : Crew
        The workers.

    Raises
    ------
    ExecutorError
        When the executor does not say how many they are, because it was closed.

    Examples
    --------
    >>> from concurrent.futures import ThreadPoolExecutor
    >>> with ThreadPoolExecutor(2) as threads:
    ...     sender = Sender(Crew(threads, shares_memory=True))
    ...     sender.send(lambda opened, number: opened[0] + number, [Parcel(40, "forty")], 2).result()
    42
    """

    def __init__(self, crew: Crew) -> None:
        """Nothing is away yet."""
        self.crew = crew
        try:
            self.n_workers = crew.n_workers
        except Exception as error:
            raise _refused(crew, error) from error
        #: Tasks that were sent and have not come back.
        self.n_away = 0
        self._lodged: dict[str, Any] = {}

    @property
    def most_away(self) -> int:
        """Tasks that keep all workers busy."""
        return self.crew.tasks_per_worker * self.n_workers

    @property
    def room(self) -> int:
        """Tasks that may be sent before some come back."""
        return max(0, self.most_away - self.n_away)

    def send(self, work: Work, parcels: Sequence[Parcel], *args: Any) -> "Task":
        """Have ``work(opened, *args)`` done, where `opened` has the contents of the parcels.

        Raises
        ------
        ExecutorError
            When a parcel cannot be packed, or the executor takes no more work.
        """
        return Task(self, work, parcels, args)

    def addressed(self, parcel: Parcel, *, with_data: bool) -> tuple[str, Any]:
        """Give a parcel as it travels."""
        token = parcel.token
        if parcel.is_small:
            return token, parcel.data
        if token not in self._lodged:
            self._lodged[token] = self.crew.lodge(parcel.data)
            with_data = True
        return token, self._lodged[token] if with_data or self.crew.brings else None


def _refused(crew: Crew, error: Exception) -> ExecutorError:
    """Say that an executor was shut down, or broke."""
    msg = (
        f"`executor` ({type(crew.executor).__name__}) takes no more work ({type(error).__name__}: {error}): what was "
        "reached is kept; pass an executor that runs"
    )
    return ExecutorError(msg)


class Task:
    """Work that was sent away."""

    def __init__(self, sender: Sender, work: Work, parcels: Sequence[Parcel], args: tuple[Any, ...]) -> None:
        """Send it."""
        self._sender = sender
        self._work = work
        self._parcels = parcels
        self._args = args
        self._future = self._submitted(())
        sender.n_away += 1

    def result(self) -> Any:
        """Wait for what the work returns.

        Raises
        ------
        ExecutorError
            When the executor lost it.
        BaseException
            What the work raised.
        """
        answer = self._answer()
        while not isinstance(answer, Done | Failed):
            self._future = self._submitted(self._asked_for(answer))
            answer = self._answer()
        self._sender.n_away -= 1
        if isinstance(answer, Done):
            return answer.value
        if answer.error is not None:
            raise answer.error
        raise read_error(answer.data) from RemoteTraceback(answer.text)

    def cancel(self) -> bool:
        """Take it back; False where somebody works on it, or has done it."""
        cancel = getattr(self._future, "cancel", None)
        is_over = getattr(self._future, "done", None)
        if cancel is None or (is_over is not None and is_over()) or not cancel():
            return False
        self._sender.n_away -= 1
        return True

    def _asked_for(self, answer: Any) -> Sequence[str]:
        """Tokens of the parcels that are to be sent with their bytes."""
        if isinstance(answer, Unknown):
            return answer.tokens
        if isinstance(answer, Unreadable):
            for parcel in self._parcels:
                if parcel.token == answer.token:
                    if not parcel.pack_by_value():
                        raise self._lost(parcel.refusal(ExecutorError(answer.error)))
                    return [parcel.token]
            return [parcel.token for parcel in self._parcels]  # another task had it packed anew meanwhile
        msg = f"`executor` ({self._name}) returned a {type(answer).__name__} instead of what the task returned"
        raise self._lost(ExecutorError(msg))

    def _submitted(self, with_data: Sequence[str]) -> Any:
        crew = self._sender.crew
        if crew.shares_memory:
            task: tuple[Any, ...] = perform_here, self._work, [parcel.content for parcel in self._parcels], self._args
        else:
            addressed = [self._sender.addressed(p, with_data=p.token in with_data) for p in self._parcels]
            task = perform, self._work, addressed, self._args
        try:
            return crew.submit(*task)
        except Exception as error:
            raise _refused(crew, error) from error

    def _answer(self) -> Any:
        try:
            return self._future.result()
        except Exception as error:
            done = getattr(self._future, "done", None)
            if done is not None and not done():
                raise  # by somebody who interrupts the waiting, such as a signal's handler
            msg = (
                f"`executor` ({self._name}) lost a task ({type(error).__name__}: {error}): a worker died, or was told "
                "to stop. What was reached before is kept; look for what ended it (memory, a crash inside the model) "
                "and pass an executor that runs"
            )
            raise self._lost(ExecutorError(msg)) from error

    def _lost(self, error: ExecutorError) -> ExecutorError:
        """Count the task as come back: nobody works on it any more."""
        self._sender.n_away -= 1
        return error

    @property
    def _name(self) -> str:
        return type(self._sender.crew.executor).__name__
