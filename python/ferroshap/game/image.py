"""The game of one image: players are its regions, hidden ones are filled."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap import _native, links
from ferroshap.errors import WorthError
from ferroshap.game.image_batches import Wanted
from ferroshap.links import Link
from ferroshap.maskers.image_painters import Painter

Floats = NDArray[np.float64]
Words = NDArray[np.uint64]

#: Regions that an error names.
MOST_NAMED = 10


class ImageGame:
    r"""Worths of coalitions of the regions of one image.

    :math:`v(S)` is the (linked) weighted mean, over the masker's fills, of the model on the image whose regions
    outside :math:`S` are filled.

    Parameters
    ----------
    number : int
        Which image it is.
    painter : Painter
        What writes coalitions.
    n_players : int
        The regions.
    weights : ndarray of shape ``(n_fills,)``
        The share of each fill.
    link : Link
        The scale of worths.
    linearize_link : bool
        Average linked outputs, with weights that keep both ends right, instead of linking averages.
    outputs : ndarray of int, or None
        The outputs of the model that are explained; None for all.
    """

    def __init__(
        self,
        number: int,
        painter: Painter,
        n_players: int,
        weights: Floats,
        link: Link,
        *,
        linearize_link: bool,
        outputs: NDArray[np.intp] | None,
    ) -> None:
        """Ask nothing yet."""
        self.number = number
        self.n_players = n_players
        self._painter = painter
        self._weights = weights
        self._link = link
        self._linearize = linearize_link and len(weights) > 1
        self._outputs = outputs
        self._shares: Floats | None = None

    @property
    def nobody(self) -> Words:
        """The empty coalition."""
        nobody: Words = np.zeros((1, max(1, -(-self.n_players // 64))), dtype=np.uint64)
        return nobody

    def wanted(self, words: Words) -> Wanted:
        """Say which images to ask about for some coalitions."""
        return Wanted(self._painter, words, len(self._weights), self._outputs)

    def worth_of_nobody(self, outputs: Floats) -> Floats:
        """Take the outputs ``(n_fills, 1, n_outputs)`` for the empty coalition to its worth ``(n_outputs,)``.

        They tell how a link is made linear.
        """
        if self._linearize and np.isfinite(outputs).all():
            self._shares = links.linearized_weights(self._link, outputs[:, 0], self._weights)
        worth: Floats = self.worths(self.nobody, outputs)[0]
        return worth

    def worths(self, words: Words, outputs: Floats) -> Floats:
        """Take outputs ``(n_fills, m, n_outputs)`` for coalitions to worths ``(m, n_outputs)``.

        Raises
        ------
        WorthError
            When one is not finite, naming image and coalition.
        """
        if not np.isfinite(outputs).all():
            self._refuse(words, outputs)
        if len(outputs) == 1:
            worths = links.apply(self._link, outputs[0])
        elif self._shares is not None:
            worths = _weighted(links.apply(self._link, outputs), self._shares[:, None, :])
        else:
            worths = links.apply(self._link, _weighted(outputs, self._weights[:, None, None]))
        if not np.isfinite(worths).all():
            self._refuse(words, worths[None])
        return np.ascontiguousarray(worths)

    def _refuse(self, words: Words, outputs: Floats) -> None:
        _, coalition, output = (int(place) for place in np.argwhere(~np.isfinite(outputs))[0])
        came = outputs[:, coalition, output]
        number = output if self._outputs is None else int(self._outputs[output])
        present = _native.unpack_coalitions(words[coalition : coalition + 1], max(1, self.n_players))[0]
        msg = (
            f"`model` returned {came[~np.isfinite(came)][0]} (output {number}) for image {self.number} when "
            f"{described(present)}: outputs must be finite"
        )
        raise WorthError(msg)


def described(present: NDArray[np.bool_]) -> str:
    """Name a coalition by its visible or hidden regions, whichever are fewer.

    Examples
    --------
    >>> described(np.array([True, True, False]))
    'all regions but [2] are visible'
    """
    hidden, visible = np.flatnonzero(~present), np.flatnonzero(present)
    if not len(visible):
        return "no region is visible"
    few, words = (
        (visible, "only regions {} are visible")
        if len(visible) < len(hidden)
        else (hidden, "all regions but {} are visible")
    )
    shown: Any = ", ".join(map(str, few[:MOST_NAMED])) + (", ..." if len(few) > MOST_NAMED else "")
    return words.format(f"[{shown}]")


def _weighted(outputs: Floats, weights: Floats) -> Floats:
    """Sum over fills one after the other, so that batches change no bit."""
    total: Floats = weights[0] * outputs[0]
    for share, of_fill in zip(weights[1:], outputs[1:], strict=True):
        total += share * of_fill
    return total
