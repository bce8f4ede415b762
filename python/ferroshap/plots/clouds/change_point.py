"""Where the mean of a sequence changes, and how often chance alone would show as much."""

import math
from typing import NamedTuple

import numpy as np

_MARGIN = 0.05  # of the sequence at either end that no change is looked for in
_FEWEST = 20  # numbers on either side


class ChangePoint(NamedTuple):
    """The first position after the change, and the chance of a difference as clear in a sequence without order."""

    at: int
    chance: float


def change_point(sequence: np.ndarray) -> ChangePoint | None:
    r"""Find the split at which the means before and after differ most, in standard errors.

    .. math:: Z = \max_k \frac{|\bar x_{1..k} - \bar x_{k+1..n}|}{s \sqrt{1/k + 1/(n - k)}}, \qquad
       \Pr(Z \ge b) \approx \varphi(b) \left[(b - 1/b) \ln\frac{(1-\epsilon)^2}{\epsilon^2} + \frac 4 b\right]

    where :math:`s` is the standard deviation, :math:`\varphi` the normal density and :math:`\epsilon` the share at
    either end that is not looked at: 5 %, at least 20 numbers. The chance counts that all splits were tried, so that
    it needs no correction for them; it is that of numbers without order, and too small where neighbours are alike.
    Miller, Siegmund (1982), Maximally selected chi square statistics. O(n) time.

    Returns
    -------
    ChangePoint or None
        None where there are too few numbers, or all are the same.

    Examples
    --------
    >>> change_point(np.r_[np.tile([0.0, 1.0], 30), np.tile([3.0, 4.0], 30)]).at
    60
    """
    n = len(sequence)
    first = max(math.ceil(_MARGIN * n), _FEWEST)
    if n < 2 * first:
        return None
    centred = sequence - sequence.mean()
    scale = float(np.max(np.abs(centred)))
    if scale <= 1e-12 * float(np.max(np.abs(sequence))):
        return None
    centred = centred / scale
    k = np.arange(first, n - first + 1)
    sums = np.cumsum(centred)[k - 1]
    z = np.abs(sums) * np.sqrt(n / (k * (n - k) * centred.var(ddof=1)))
    best = int(np.argmax(z))
    return ChangePoint(int(k[best]), tail(float(z[best]), first / n))


def tail(b: float, share: float) -> float:
    """The chance that the largest of all standardised differences reaches `b`; 1 where the formula gives more."""
    if b < 1.0 or share >= 0.5:
        return 1.0
    density = math.exp(-b * b / 2.0) / math.sqrt(2.0 * math.pi)
    return min(1.0, density * ((b - 1.0 / b) * math.log(((1.0 - share) / share) ** 2) + 4.0 / b))
