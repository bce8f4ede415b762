"""Surrogates from outside: fitted here, once for each fold and output, and handed to the core, which corrects them."""

from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ferroshap import _native
from ferroshap.errors import DimensionError, OptionError

Floats = NDArray[np.float64]
#: Predicted half-differences ``(pairs, outputs)``, ``f(N) - f({})`` and values ``(players, outputs)`` of one fold.
Fitted: TypeAlias = tuple[Floats, Floats, Floats]


class Training(NamedTuple):
    """What the core says that surrogates are fitted to.

    Attributes
    ----------
    words : ndarray
        The smaller halves of the pairs.
    half_differences : ndarray of shape ``(pairs, outputs)``
        ``(v(S) - v(N without S)) / 2``.
    grand : ndarray of shape ``(outputs,)``
        ``v(N) - v({})``.
    held : bool ndarray of shape ``(folds, pairs)``
        Which pairs the surrogate of each fold must not see.
    """

    words: NDArray[np.uint64]
    half_differences: Floats
    grand: Floats
    held: NDArray[np.bool_]


def fit_folds(surrogate: Any, training: Training, n_players: int) -> list[Fitted]:
    """Fit `surrogate` to all folds but one, for each fold and output in that order.

    It is told of every coalition of the pairs, smaller halves first, then their complements, then nobody and
    everybody: half-differences change their sign from one half to the other. What it predicts is a game; its
    own half-differences and values are what counts.
    """
    present = _native.unpack_coalitions(training.words, n_players)
    ends = np.repeat([[False], [True]], n_players, axis=1)
    everything = np.concatenate([present, ~present, ends])
    fits = []
    for held in training.held:
        kept = np.concatenate([present[~held], ~present[~held], ends])
        columns = [
            _fit(surrogate, kept, _odd(differences[~held], grand), everything)
            for differences, grand in zip(training.half_differences.T, training.grand, strict=True)
        ]
        predictions, grands, values = zip(*columns, strict=True)
        fits.append((np.stack(predictions, axis=1), np.array(grands), np.stack(values, axis=1)))
    return fits


def _odd(differences: Floats, grand: np.float64) -> Floats:
    """Half-differences of smaller halves, larger halves and both endpoints."""
    return np.concatenate([differences, -differences, [-grand / 2, grand / 2]])


def _fit(
    surrogate: Any, kept: NDArray[np.bool_], targets: Floats, everything: NDArray[np.bool_]
) -> tuple[Floats, np.float64, Floats]:
    """Fit to some coalitions; half-differences of all pairs, ``f(N) - f({})`` and values of what was fitted."""
    surrogate.fit(kept, targets)
    worths = _vector(surrogate.predict(everything), len(everything), "predict")
    values = _vector(surrogate.values(), everything.shape[1], "values")
    n_pairs = len(everything) // 2 - 1
    halves = (worths[:n_pairs] - worths[n_pairs : 2 * n_pairs]) / 2
    return halves, worths[-1] - worths[-2], values


def _vector(returned: Any, length: int, name: str) -> Floats:
    numbers = np.asarray(returned, dtype=np.float64)
    if numbers.shape != (length,):
        msg = f"`surrogate.{name}` returned shape {numbers.shape}, but must return ({length},)"
        raise DimensionError(msg)
    if not np.isfinite(numbers).all():
        msg = f"`surrogate.{name}` returned {numbers[~np.isfinite(numbers)][0]}: numbers must be finite"
        raise OptionError(msg)
    return numbers
