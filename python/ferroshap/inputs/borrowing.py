"""Arrays as the core borrows them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def borrowable(values: NDArray[Any]) -> NDArray[Any]:
    """Return an array row after row, at addresses that its type asks for: itself where it is so, else a copy.

    Where messages are read in place, as Dask's workers do, numbers begin anywhere, and NumPy calls such an array
    contiguous all the same.

    Examples
    --------
    >>> anywhere = np.zeros(17, np.uint8)[1:].view(np.float64)
    >>> anywhere.flags.c_contiguous, borrowable(anywhere).flags.aligned
    (True, True)
    >>> values = np.zeros(2)
    >>> borrowable(values) is values
    True
    """
    return np.require(values, requirements=["C_CONTIGUOUS", "ALIGNED"])
