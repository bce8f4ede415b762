"""What nobody and everybody are worth."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Endpoints(NamedTuple):
    """Worths of the empty and of the full coalition.

    Attributes
    ----------
    empty : ndarray of shape ``(n_blocks, n_outputs)``
        The worth of nobody on each block of the background.
    full : ndarray of shape ``(n_outputs,)``
        The worth of everybody.
    weights : ndarray of shape ``(n_blocks,)``
        The shares of the blocks.
    base : ndarray of shape ``(n_outputs,)``
        The worth of nobody on the whole background.
    """

    empty: Floats
    full: Floats
    weights: Floats
    base: Floats
