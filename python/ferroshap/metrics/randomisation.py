"""Whether maps depend on what the model has learnt."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap.errors import DimensionError
from ferroshap.explanation import Explanation

Floats = NDArray[np.float64]


def randomisation_similarity(explanation: Any, randomised: Any) -> Any:
    """Correlate the ranks of values before and after the model lost its last layer (Spearman).

    Initialise the last layer of a copy of the model again, explain the same rows, and compare: maps of what was learnt
    have little in common with those of another model, under 0.5. Maps that stay as they are show edges of the input.

    Parameters
    ----------
    explanation, randomised : Explanations or arrays ``(N, *features)``
        Of the same shape. Channels are not summed.

    Returns
    -------
    float, or ndarray of shape ``(N,)``, ``(K,)`` or ``(N, K)``
        In [-1, 1], ties by their mean rank; NaN for constant maps.

    References
    ----------
    Adebayo et al. (2018), "Sanity checks for saliency maps", section 3.

    Examples
    --------
    >>> randomisation_similarity([[1.0, 2.0, 3.0]], [[2.0, 4.0, 1.0]])
    array([-0.5])
    """
    sides = [np.asarray(getattr(side, "values", side), dtype=np.float64) for side in (explanation, randomised)]
    if sides[0].shape != sides[1].shape or sides[0].ndim == 0:
        msg = f"`explanation` has shape {sides[0].shape}, but `randomised` has {sides[1].shape}"
        raise DimensionError(msg)
    axes = explanation.axes if isinstance(explanation, Explanation) else ("row",) + ("feature",) * (sides[0].ndim - 1)
    kept = [place for place, axis in enumerate(axes) if axis != "feature"]
    if len(kept) == len(axes):
        msg = f"`explanation` has the axes {axes}, but no feature among them"
        raise DimensionError(msg)
    shape = tuple(sides[0].shape[place] for place in kept)
    n_maps = int(np.prod(shape))
    first, second = (np.moveaxis(side, kept, range(len(kept))).reshape(n_maps, -1) for side in sides)
    found = np.array([_correlation(ranks(a), ranks(b)) for a, b in zip(first, second, strict=True)])
    return found.reshape(shape) if shape else float(found[0])


def ranks(values: Floats) -> Floats:
    """Ranks from 0, equal values at the mean of theirs.

    Examples
    --------
    >>> ranks(np.array([5.0, 1.0, 5.0]))
    array([1.5, 0. , 1.5])
    """
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    means: Floats = np.cumsum(counts) - (counts + 1) / 2.0
    return means[places.reshape(-1)]


def _correlation(a: Floats, b: Floats) -> float:
    a, b = a - a.mean(), b - b.mean()
    length = np.sqrt((a @ a) * (b @ b))
    return float(np.clip(a @ b / length, -1.0, 1.0)) if length > 0.0 else np.nan
