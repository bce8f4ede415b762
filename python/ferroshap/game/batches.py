"""How many model rows go into one call of the model."""

import numpy as np

from ferroshap.errors import OptionError

#: What "auto" fills: much less, and calls cost more than rows; much more, and the batch that is being read and the
#: one that is being filled leave the caches (measured on f(X) = tanh(0.3 X w) + X0 X1, 50 columns, two threads: total
#: over model time 1.9 at 1 MiB, 1.5 at 3, 2.0 at 8) ...
CACHE_BYTES = 3 << 20
#: ... but no fewer rows than a model with a costly call deserves ...
LEAST_ROWS = 2048
#: ... within this ceiling.
MOST_BYTES = 1 << 25


def batch_rows(batch_size: int | str, row_bytes: int) -> int:
    """Return the most model rows in one call.

    It depends on the sizes alone, never on a clock, so that a model whose rounding depends on the
    batch still gives the same result twice.

    Raises
    ------
    OptionError
        When `batch_size` is neither a positive integer nor "auto".

    Examples
    --------
    >>> batch_rows(64, 800), batch_rows("auto", 80)
    (64, 39321)
    """
    if batch_size == "auto":
        row_bytes = max(row_bytes, 1)
        return max(1, min(max(CACHE_BYTES // row_bytes, LEAST_ROWS), MOST_BYTES // row_bytes))
    if isinstance(batch_size, bool) or not isinstance(batch_size, int | np.integer) or batch_size < 1:
        msg = f"`batch_size` is {batch_size!r}, but must be a positive number of model rows or 'auto'"
        raise OptionError(msg)
    return int(batch_size)
