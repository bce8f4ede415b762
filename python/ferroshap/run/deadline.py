"""`deadline_seconds=`: seconds from now, as a moment of the clock that only goes forward."""

import time
from typing import Any

import numpy as np

from ferroshap.errors import OptionError


def as_deadline(deadline_seconds: Any) -> float | None:
    """Return when to stop, on the monotonic clock; None for never.

    Raises
    ------
    OptionError
        For what is no number of seconds.

    Examples
    --------
    >>> as_deadline(None) is None, as_deadline(0) <= time.monotonic()
    (True, True)
    >>> as_deadline("a")
    Traceback (most recent call last):
    ...
    ferroshap.errors.OptionError: `deadline_seconds` is 'a', but must be a number of seconds, or None for no end
    """
    if deadline_seconds is None:
        return None
    is_number = isinstance(deadline_seconds, int | float | np.number) and not isinstance(deadline_seconds, bool)
    if not is_number or np.isnan(deadline_seconds):
        msg = f"`deadline_seconds` is {deadline_seconds!r}, but must be a number of seconds, or None for no end"
        raise OptionError(msg)
    return time.monotonic() + float(deadline_seconds)
