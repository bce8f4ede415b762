"""`Crew`: the workers behind an executor, which belongs to the user."""

from typing import TYPE_CHECKING, Any

from ferroshap import _native

if TYPE_CHECKING:
    from ferroshap.executors.sender import Sender

#: Tasks that are away at once, for each worker: one that is worked on, and one that waits for its end.
TASKS_PER_WORKER = 2


class Crew:
    """Workers of an executor with `submit`; it is neither started nor shut down here.

    In a pickle, and in a copy of what holds it, there is nobody: executors stay in their process.

    Parameters
    ----------
    executor : object
        With ``submit(function, *args)``, whose futures have ``result()``.
    shares_memory : bool
        Whether the workers are threads of this process, to which nothing is sent.

    Examples
    --------
    >>> from concurrent.futures import ThreadPoolExecutor
    >>> with ThreadPoolExecutor(3) as threads:
    ...     crew = Crew(threads, shares_memory=True)
    ...     crew.n_workers, crew.submit(max, 1, 2).result()
    (3, 2)
    """

    #: Tasks that are away at once, for each worker.
    tasks_per_worker = TASKS_PER_WORKER
    #: Whether what was lodged is brought to whoever needs it, so that a worker has always got it.
    brings = False

    def __init__(self, executor: Any, *, shares_memory: bool = False) -> None:
        """Keep the executor."""
        self.executor = executor
        self.shares_memory = shares_memory

    @property
    def n_workers(self) -> int:
        """How many work at once, as far as the executor says; else as many as there are processors."""
        count = getattr(self.executor, "_max_workers", None)
        return count if isinstance(count, int) and count > 0 else _native.usable_threads()

    @property
    def n_beside(self) -> int:
        """Batches that are in this process at once: one for each of its threads."""
        return self.n_workers if self.shares_memory else 1

    def submit(self, function: Any, *args: Any) -> Any:
        """Have a function called by a worker: a future."""
        return self.executor.submit(function, *args)

    def lodge(self, data: bytes) -> Any:
        """Give what stands for some bytes among the arguments of `submit`: here the bytes."""
        return data

    def sender(self) -> "Sender":
        """Return who sends the work of one call."""
        from ferroshap.executors.sender import Sender

        return Sender(self)

    def __repr__(self) -> str:
        """Name the executor's class."""
        return f"<{type(self).__name__} of {self.n_workers} workers: {type(self.executor).__name__}>"

    def __reduce__(self) -> Any:
        """Pickle as None."""
        return _nobody, ()

    def __deepcopy__(self, memo: dict[int, Any]) -> "Crew":
        """Stay the same: executors are not copied."""
        return self


def _nobody() -> None:
    """What a crew is in a pickle."""
