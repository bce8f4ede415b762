"""`joblib.Parallel` as an executor: whatever its backend, it works on lists of tasks."""

import importlib
from collections.abc import Callable
from typing import Any

from ferroshap.executors.crew import Crew

#: joblib gives a list of tasks back as a whole, so while it is told nobody works: long lists make that rare.
TASKS_PER_WORKER = 4

Task = tuple[Callable[..., Any], tuple[Any, ...]]


class JoblibCrew(Crew):
    """The workers of a `joblib.Parallel`: tasks wait until one of them is asked for, then all are worked on.

    Inside ``with Parallel(...) as parallel`` the workers stay from list to list; loky's stay anyway.

    Parameters
    ----------
    executor : joblib.Parallel
        With any backend.
    """

    tasks_per_worker = TASKS_PER_WORKER

    def __init__(self, executor: Any) -> None:
        """Look whether its workers are threads."""
        backend = getattr(executor, "_backend", None)
        super().__init__(executor, shares_memory=bool(getattr(backend, "supports_sharedmem", False)))
        self._waiting: list[Awaited] = []

    @property
    def n_workers(self) -> int:
        """How many work at once."""
        joblib = importlib.import_module("joblib")
        return max(1, int(joblib.effective_n_jobs(self.executor.n_jobs)))

    def submit(self, function: Any, *args: Any) -> "Awaited":
        """Let a task wait for the next list."""
        awaited = Awaited(self, (function, args))
        self._waiting.append(awaited)
        return awaited

    def drop(self, awaited: "Awaited") -> bool:
        """Take a task off the next list, if it is on it."""
        if awaited in self._waiting:
            self._waiting.remove(awaited)
            return True
        return False

    def work(self) -> None:
        """Have all tasks that wait worked on."""
        listed, self._waiting = self._waiting, []
        try:
            numbered: list[Any] = [(_numbered, (number, *awaited.task), {}) for number, awaited in enumerate(listed)]
            # A generator where the user wants one, and then perhaps in another order.
            for number, found in self.executor(numbered):
                listed[number].found = found
                listed[number].is_done = True
        except Exception as error:  # noqa: BLE001 - whatever ended the list, it ended each task on it
            for awaited in listed:
                if not awaited.is_done:
                    awaited.error, awaited.is_done = error, True
        except BaseException:
            # Ctrl-C: who goes on has them worked on again.
            self._waiting = [awaited for awaited in listed if not awaited.is_done] + self._waiting
            raise


class Awaited:
    """The future of a task on a list."""

    def __init__(self, crew: JoblibCrew, task: Task) -> None:
        """It waits."""
        self._crew = crew
        self.task = task
        self.found: Any = None
        self.error: Exception | None = None
        self.is_done = False

    def result(self) -> Any:
        """Wait for the list."""
        if not self.is_done:
            self._crew.work()
        if self.error is not None:
            raise self.error
        return self.found

    def done(self) -> bool:
        """Whether the task has ended."""
        return self.is_done

    def cancel(self) -> bool:
        """Take it back, if nobody works on it yet."""
        return self._crew.drop(self)


def _numbered(number: int, function: Callable[..., Any], args: tuple[Any, ...]) -> tuple[int, Any]:
    return number, function(*args)
