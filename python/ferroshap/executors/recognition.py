"""What may be an executor."""

import sys
from typing import Any

from ferroshap.errors import OptionError
from ferroshap.executors.crew import Crew

ACCEPTED = (
    "an object with `submit(function, *args)`, such as concurrent.futures.ProcessPoolExecutor(), a joblib.Parallel, a "
    "dask.distributed.Client, or None"
)


def recognised(executor: Any) -> Crew:
    """Return the workers of an executor, each kind with its own habits.

    Whatever it is made by is loaded already, so nothing is imported to find out.

    Raises
    ------
    OptionError
        For what is no executor.
    """
    if isinstance(executor, Crew):
        return executor
    if _is(executor, "joblib", "Parallel"):
        from ferroshap.executors.of_joblib import JoblibCrew

        return JoblibCrew(executor)
    if _is(executor, "distributed", "Client"):
        from ferroshap.executors.of_dask import DaskCrew

        return DaskCrew(executor)
    if isinstance(executor, type) or not callable(getattr(executor, "submit", None)):
        hint = ""
        if isinstance(executor, type) and callable(getattr(executor, "submit", None)):
            hint = f"; call it: {executor.__name__}()"
        elif _is(executor, "multiprocessing.pool", "Pool"):
            hint = "; concurrent.futures has the same with `submit`"
        shown = executor.__name__ if isinstance(executor, type) else repr(executor)
        msg = f"`executor` is {shown}, but must be {ACCEPTED}{hint}"
        raise OptionError(msg)
    is_threads = _is(executor, "concurrent.futures.thread", "ThreadPoolExecutor") and not _is(
        executor, "concurrent.futures.interpreter", "InterpreterPoolExecutor"
    )
    return Crew(executor, shares_memory=is_threads or bool(getattr(executor, "shares_memory", False)))


def _is(executor: Any, module: str, name: str) -> bool:
    """Whether an object is an instance of a class of a module, which is loaded if it is."""
    known = getattr(sys.modules.get(module), name, None)
    return isinstance(known, type) and isinstance(executor, known)
