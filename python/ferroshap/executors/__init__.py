"""Other people's executors: many evaluations at once, over threads, processes or machines."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ferroshap.executors.crew import Crew


def as_crew(executor: Any) -> "Crew | None":
    """Return the workers behind `executor`; None for None.

    Parameters
    ----------
    executor : object
        Anything with ``submit(function, *args)`` whose futures have ``result()`` (threads and processes of
        ``concurrent.futures``, loky), a ``joblib.Parallel``, or a ``dask.distributed.Client``.

    Raises
    ------
    OptionError
        For anything else.

    Examples
    --------
    >>> as_crew(4)
    Traceback (most recent call last):
    ...
    ferroshap.errors.OptionError: `executor` is 4, but must be an object with `submit(function, *args)`, such as
    concurrent.futures.ProcessPoolExecutor(), a joblib.Parallel, a dask.distributed.Client, or None
    """
    if executor is None:
        return None
    from ferroshap.executors.recognition import recognised

    return recognised(executor)
