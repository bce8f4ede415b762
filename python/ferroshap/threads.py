"""How many threads a call may use."""

import os

from ferroshap import _native
from ferroshap.errors import OptionError


def as_threads(n_jobs: int | None) -> int:
    """Return the number of threads that `n_jobs` stands for; it never changes a bit of a result.

    ``k >= 1`` threads; -1: all usable; ``-k``: all but ``k - 1``. None: the environment decides, first
    ``FERROSHAP_NUM_THREADS``, then ``RAYON_NUM_THREADS`` and ``OMP_NUM_THREADS`` (which Dask, Ray, Spark
    and loky set in their workers), else all usable. More than 64 and more than are usable run as the larger of the
    two. A limit set through threadpoolctl is not seen.

    Raises
    ------
    OptionError
        For 0 or what is no integer, and for a malformed ``FERROSHAP_NUM_THREADS``.

    Examples
    --------
    >>> as_threads(3)
    3
    """
    if n_jobs is None:
        return _from_environment() or _native.usable_threads()
    if isinstance(n_jobs, bool) or not isinstance(n_jobs, int) or n_jobs == 0:
        msg = f"`n_jobs` is {n_jobs!r}, but must be a positive integer, -1 (all), -k (all but k - 1) or None"
        raise OptionError(msg)
    return n_jobs if n_jobs > 0 else max(1, _native.usable_threads() + 1 + n_jobs)


def of_worker() -> int:
    """Return the threads of a worker of somebody else's: one, unless its environment grants more.

    The workers together are as many as there are processors, so that each has one to itself.
    """
    return _from_environment() or 1


def _from_environment() -> int | None:
    own = os.environ.get("FERROSHAP_NUM_THREADS")
    if own is not None:
        if not own.isdigit() or int(own) == 0:
            msg = f"FERROSHAP_NUM_THREADS is {own!r}, but must be a positive integer"
            raise OptionError(msg)
        return int(own)
    for name in ("RAYON_NUM_THREADS", "OMP_NUM_THREADS"):
        # The first number of a list; malformed ones are ignored, for they are not ours.
        value = os.environ.get(name, "").split(",")[0].strip()
        if value.isdigit() and int(value) > 0:
            return int(value)
    return None
