"""Links: the scale on which worths add up.

A link is a callable with an ``inverse``. Explainers average model outputs over
the background and apply the link either after averaging, or row by row with
weights that make both ends agree (:func:`linearized_weights`).
"""

from typing import Protocol, cast

import numpy as np
from numpy.typing import NDArray

from ferroshap.errors import OptionError, PrecisionWarning, nearest, warn_user

Floats = NDArray[np.float64]

#: Probabilities are moved this far away from 0 and 1 before their log-odds are taken.
CLIP = 1e-15


class Link(Protocol):
    """A monotone scale with a way back."""

    def __call__(self, x: Floats, /) -> Floats:
        """Take model outputs to the scale of the values."""

    def inverse(self, x: Floats, /) -> Floats:
        """Take them back."""


class Identity:
    """The scale of the model itself.

    Examples
    --------
    >>> float(identity(0.25))
    0.25
    """

    def __call__(self, x: Floats, /) -> Floats:
        """Return `x`."""
        return x

    def inverse(self, x: Floats, /) -> Floats:
        """Return `x`."""
        return x

    def __repr__(self) -> str:
        """Say which link this is."""
        return "links.identity"

    def __reduce__(self) -> str:
        """Pickle as the name in this module."""
        return "identity"


class Logit:
    r"""Log-odds of a probability: :math:`\ln(p / (1 - p))`, infinite at 0 and 1.

    Examples
    --------
    >>> float(logit(0.5))
    0.0
    >>> round(float(logit.inverse(logit(0.2))), 12)
    0.2
    """

    def __call__(self, x: Floats, /) -> Floats:
        """Log-odds of the probabilities `x`."""
        with np.errstate(divide="ignore"):
            return cast("Floats", np.log(x) - np.log1p(-np.asarray(x)))

    def inverse(self, x: Floats, /) -> Floats:
        """Probabilities of the log-odds `x`."""
        with np.errstate(over="ignore"):
            return 1.0 / (1.0 + np.exp(-np.asarray(x)))

    def __repr__(self) -> str:
        """Say which link this is."""
        return "links.logit"

    def __reduce__(self) -> str:
        """Pickle as the name in this module."""
        return "logit"


identity = Identity()
logit = Logit()
LINKS: dict[str, Link] = {"identity": identity, "logit": logit}


def resolve(link: str | Link) -> Link:
    """Return the link that is meant by a name, or the link itself.

    Raises
    ------
    OptionError
        For an unknown name, or an object that is not callable or has no ``inverse``.

    Examples
    --------
    >>> resolve("logit")
    links.logit
    """
    if isinstance(link, str):
        if link not in LINKS:
            msg = f"`link={link!r}` is not known{nearest(link, LINKS)} Known: {', '.join(LINKS)}"
            raise OptionError(msg)
        return LINKS[link]
    if not callable(link) or not callable(getattr(link, "inverse", None)):
        msg = f"`link` must be a name ({', '.join(LINKS)}) or a function with an `inverse`, not {link!r}"
        raise OptionError(msg)
    return link


class Moved:
    """Counts probabilities that were moved away from 0 and 1, so that one warning tells of all.

    Examples
    --------
    >>> moved = Moved()
    >>> float(apply(logit, np.array([0.0, 0.5]), moved)[1]), moved.count
    (0.0, 1)
    """

    def __init__(self) -> None:
        """None yet."""
        self.count = 0

    def warn(self) -> None:
        """Warn of those moved so far, if any were.

        Warns
        -----
        PrecisionWarning
            With their count.
        """
        if self.count:
            said = f"{self.count} model outputs were 0 or 1 and had to be moved by {CLIP} for the logit link"
            warn_user(said, PrecisionWarning)


def apply(link: Link, outputs: Floats, moved: Moved | None = None) -> Floats:
    """Take model outputs to the scale of `link`; probabilities of exactly 0 or 1 are moved by 1e-15.

    Warns
    -----
    PrecisionWarning
        When probabilities were moved, with their count, unless `moved` counts them.
    """
    if link is identity:
        return outputs
    if link is logit:
        clipped = np.clip(outputs, CLIP, 1.0 - CLIP)
        counter = Moved() if moved is None else moved
        counter.count += int(np.count_nonzero(clipped != outputs))
        if moved is None:
            counter.warn()
        outputs = clipped
    return link(outputs)


def linearized_weights(link: Link, outputs: Floats, weights: Floats) -> Floats:
    r"""Weights that let a link be applied row by row and still meet both ends.

    With background outputs :math:`p_b`, weights :math:`w_b` and their mean :math:`E`,
    row ``b`` gets :math:`w_b c_b`, where :math:`c_b \propto (p_b - E) / (g(p_b) - g(E))`
    (the slope :math:`1 / g'(E)` where :math:`p_b = E`) and :math:`\sum_b w_b c_b = 1`.
    Then :math:`\sum_b w_b c_b\, g(p_b) = g(E)`.

    Parameters
    ----------
    link : Link
        The link :math:`g`.
    outputs : ndarray of shape ``(n_background, n_outputs)``
        The model on the background, not linked.
    weights : ndarray of shape ``(n_background,)``
        Weights of the background rows, summing to 1.

    Returns
    -------
    ndarray of shape ``(n_background, n_outputs)``
    """
    if link is identity:
        return np.repeat(weights[:, None], outputs.shape[1], axis=1)
    mean = weights @ outputs
    known = Moved()  # those that link the very outputs tell of them
    linked, linked_mean = apply(link, outputs, known), apply(link, mean, known)
    step = 1e-6 * np.maximum(np.minimum(np.abs(mean), np.abs(1.0 - mean)), 1e-9)
    slope = 2.0 * step / (apply(link, mean + step, known) - apply(link, mean - step, known))
    rise = linked - linked_mean
    is_flat = np.abs(outputs - mean) <= 1e-9 * np.maximum(np.abs(mean), 1e-300)
    ratio = np.where(is_flat, slope, (outputs - mean) / np.where(is_flat, 1.0, rise))
    factors = weights[:, None] * ratio
    return cast("Floats", factors / factors.sum(axis=0))
