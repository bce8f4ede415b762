"""`dask.distributed.Client` as an executor."""

from typing import Any

from ferroshap.errors import OptionError
from ferroshap.executors.crew import Crew

#: Fewer bytes are cheaper among the arguments than as something that workers pass on to each other.
LEAST_SCATTERED = 1 << 16


class DaskCrew(Crew):
    """The workers of a Dask cluster. What is sent to them once is passed from worker to worker by Dask.

    Parameters
    ----------
    executor : dask.distributed.Client
        Not an asynchronous one.

    Raises
    ------
    OptionError
        For an asynchronous client.
    """

    brings = True

    def __init__(self, executor: Any) -> None:
        """Refuse what would have to be awaited."""
        super().__init__(executor)
        if getattr(executor, "asynchronous", False):
            msg = "`executor` is an asynchronous dask.distributed.Client: make it without asynchronous=True"
            raise OptionError(msg)

    @property
    def n_workers(self) -> int:
        """Threads of all workers."""
        n_threads: list[int] = list(self.executor.nthreads().values())
        return max(1, sum(n_threads))

    def submit(self, function: Any, *args: Any) -> Any:
        """Have a function called; not pure: the result is not kept for others who ask the same."""
        return self.executor.submit(function, *args, pure=False)

    def lodge(self, data: bytes) -> Any:
        """Send large data to a worker once, from where others get it."""
        return self.executor.scatter(data, hash=False) if len(data) >= LEAST_SCATTERED else data
