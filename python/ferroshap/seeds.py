"""From what users pass as randomness to the one number that the streams start from."""

from typing import TypeAlias

import numpy as np

from ferroshap.errors import OptionError

# As text: looking `np.random` up would import it, and half a dozen modules of the standard library with it.
Seed: TypeAlias = "int | np.integer | np.random.Generator | None"

LIMIT = 2**64


def as_seed(rng: Seed, *, argument: str = "rng") -> int:
    """Return the seed that `rng` stands for; no global state is read or written.

    None is the fixed seed 0, an integer in ``[0, 2**64)`` is itself, and a generator gives one number
    (and so advances).

    Raises
    ------
    OptionError
        For anything else.

    Examples
    --------
    >>> as_seed(None), as_seed(7)
    (0, 7)
    """
    if rng is None:
        return 0
    if isinstance(rng, int | np.integer):
        if not isinstance(rng, bool) and 0 <= int(rng) < LIMIT:
            return int(rng)
    elif isinstance(rng, np.random.Generator):
        return int(rng.integers(0, LIMIT, dtype=np.uint64))
    msg = f"`{argument}` is {rng!r}, but must be None, an integer in [0, 2**64) or a numpy.random.Generator"
    raise OptionError(msg)
