"""The game of one row whose masker is called for every coalition."""

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap import links
from ferroshap.errors import DimensionError, InvalidMaskerError, WorthError
from ferroshap.links import Link
from ferroshap.models.outputs import read_output

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

#: Model rows that are asked about at once, unless the masker or the user says otherwise.
MODEL_ROWS = 2048


class CalledGame:
    r"""Worths of coalitions by calling a masker with each, and the model with what it returns.

    :math:`v(S)` is the (linked) mean of the model over the rows that the masker returns for `S`. Masked inputs that
    have one row beside others with many are repeated.

    Parameters
    ----------
    model : callable
        From as many arguments as the masker returns to outputs.
    name : str
        What messages call it.
    masker : callable
        ``masker(mask, *args)``: an array, or a tuple of arrays.
    args : sequence
        The inputs of one row.
    n_players : int
        Players, in all.
    varying : ndarray of bool
        Those who play; the others are always present.
    link : Link
        The scale of worths.
    linearize_link : bool
        Average linked outputs, with weights that keep both ends right, instead of linking averages.
    batch_rows : int or None
        The most model rows in one call; one coalition at least.
    moved : Moved
        Counts probabilities that are moved for the link.
    """

    def __init__(
        self,
        model: Any,
        name: str,
        masker: Any,
        args: Sequence[Any],
        n_players: int,
        varying: Bools,
        link: Link,
        *,
        linearize_link: bool,
        batch_rows: int | None,
        moved: links.Moved,
    ) -> None:
        """Ask nothing yet."""
        self._model, self._name, self._masker, self._args = model, name, masker, args
        self._n_all, self._varying = n_players, varying
        self.n_players = int(varying.sum())
        self._link, self._linearize = link, linearize_link and link is not links.identity
        self._per_call = getattr(masker, "default_batch_size", None) if batch_rows is None else None
        self._batch_rows = MODEL_ROWS if batch_rows is None else batch_rows
        self._weights: Floats | None = None
        self._moved = moved
        self.is_vector = True
        self.n_model_rows = 0

    def __call__(self, coalitions: Bools) -> Floats:
        """Worths ``(count,)`` or ``(count, n_outputs)``."""
        worths: list[Floats] = []
        batch: list[tuple[Any, ...]] = []
        sizes: list[int] = []
        for coalition in coalitions:
            mask = np.ones(self._n_all, dtype=np.bool_)
            mask[self._varying] = coalition
            masked, size = self._masked(mask)
            is_full = batch and sum(sizes) + size > self._batch_rows
            if is_full if self._per_call is None else len(batch) >= self._per_call:
                worths.extend(self._asked(batch, sizes))
                batch, sizes = [], []
            batch.append(masked)
            sizes.append(size)
        worths.extend(self._asked(batch, sizes))
        return np.array(worths)

    def _masked(self, mask: Bools) -> tuple[tuple[Any, ...], int]:
        """What the masker returns for one coalition, and how many model rows that is."""
        found = self._masker(mask, *self._args)
        parts = found if isinstance(found, tuple) else (found,)
        sizes = {len(part) for part in parts}
        size = max(sizes)
        if sizes - {1, size}:
            msg = f"`masker` returned parts of {sorted(sizes)} rows, but must return equally many, or one"
            raise InvalidMaskerError(msg)
        if not getattr(self._masker, "immutable_outputs", False):
            parts = tuple(copy.copy(part) for part in parts)  # a masker may write into the same array again
        return tuple(_repeated(part, size) if len(part) < size else part for part in parts), size

    def _asked(self, batch: list[tuple[Any, ...]], sizes: list[int]) -> list[Floats]:
        """Ask the model about some coalitions at once: their worths."""
        if not batch:
            return []
        if len({len(parts) for parts in batch}) > 1:
            msg = (
                "`masker` returned tuples of different lengths for different masks: the model takes one number of them"
            )
            raise InvalidMaskerError(msg)
        n_rows = sum(sizes)
        inputs = [_stacked([parts[number] for parts in batch]) for number in range(len(batch[0]))]
        outputs = read_output(self._model(*inputs), n_rows, self._name)
        self.n_model_rows += n_rows
        self.is_vector = outputs.ndim == 1
        outputs = outputs.reshape(n_rows, -1)
        if not np.isfinite(outputs).all():
            msg = f"`model` returned {outputs[~np.isfinite(outputs)][0]} for masked inputs: outputs must be finite"
            raise WorthError(msg)
        worths = [self._worth(part) for part in np.split(outputs, np.cumsum(sizes)[:-1])]
        return [worth[0] if self.is_vector else worth for worth in worths]

    def _worth(self, outputs: Floats) -> Floats:
        """The worth of one coalition, from the model on its rows."""
        if len(outputs) == 1:
            only: Floats = links.apply(self._link, outputs, self._moved)[0]
            return only
        shares = np.full(len(outputs), 1.0 / len(outputs)) if self._shares is None else self._shares
        if len(shares) != len(outputs):
            msg = f"`masker` has {len(shares)} weights, but returned {len(outputs)} rows"
            raise DimensionError(msg)
        if not self._linearize:
            return links.apply(self._link, shares @ outputs, self._moved)
        if self._weights is None:  # the first that is asked for is nobody
            self._weights = links.linearized_weights(self._link, outputs, shares)
        if len(self._weights) != len(outputs):
            msg = (
                f"`masker` returned {len(self._weights)} rows for one mask, {len(outputs)} for another, over which no "
                "link can be made linear: pass linearize_link=False"
            )
            raise InvalidMaskerError(msg)
        worth: Floats = (self._weights * links.apply(self._link, outputs, self._moved)).sum(axis=0)
        return worth

    @property
    def _shares(self) -> Floats | None:
        """Weights of the rows, where the masker has any."""
        weights = getattr(self._masker, "weights", None)
        return None if weights is None else np.asarray(weights, dtype=np.float64)


def _repeated(part: Any, size: int) -> Any:
    return [part[0]] * size if isinstance(part, list) else np.repeat(np.asarray(part), size, axis=0)


def _stacked(parts: list[Any]) -> Any:
    """The same part of several coalitions, one below the other; frames stay frames."""
    if len(parts) == 1 and not isinstance(parts[0], list):
        return parts[0]
    if hasattr(parts[0], "iloc"):
        import pandas as pd

        return pd.concat(parts, ignore_index=True)
    return np.concatenate([np.asarray(part) for part in parts])
