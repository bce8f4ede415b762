"""The axis of a force plot: positions on the scale of the values, numbers on that of the link's inverse."""

import math

import numpy as np

from ferroshap import links, svg
from ferroshap.links import Link

_PROBABILITIES = (0.5, 0.2, 0.8, 0.1, 0.9, 0.05, 0.95, 0.02, 0.98, 0.01, 0.99)


def shown(value: float, link: Link, span: float = 0.0) -> str:
    """Write a number of the axis as the reader knows it: a probability where the values are log-odds.

    On an axis that is `span` long the number has the digits that tell it from its neighbours.

    Examples
    --------
    >>> shown(0.0, links.logit), shown(2.25, links.identity), shown(2.25000013, links.identity, 1e-6)
    ('0.50', '2.25', '2.25000013')
    """
    if link is links.identity:
        digits = 4
        if span > 0.0 and value != 0.0:
            digits = min(max(4, math.floor(math.log10(abs(value))) - math.floor(math.log10(span)) + 3), 15)
        return svg.number(value, digits=digits)
    number = float(np.asarray(link.inverse(np.asarray(value, dtype=float))))
    if link is not links.logit:
        return svg.number(number)
    short = min(number, 1.0 - number)  # digits count from the nearer end: 0.9996 is not 1
    decimals = 2 if short >= 0.05 else min(max(1 - int(np.floor(np.log10(max(short, 1e-9)))), 2), 9)
    return f"{number:.{decimals}f}"


def axis_ticks(low: float, high: float, link: Link, about: int = 10) -> list[tuple[float, str]]:
    """Positions and texts of the marks between two ends.

    Examples
    --------
    >>> [text for _, text in axis_ticks(-2.5, 2.5, links.logit)]
    ['0.1', '0.2', '0.5', '0.8', '0.9']
    """
    if link is not links.logit:
        return [(x, shown(x, link, high - low)) for x in svg.ticks(low, high, about)]
    chosen: list[tuple[float, str]] = []
    least = (high - low) / about
    tails = [10.0**-k for k in range(3, 10)]
    for p in (*_PROBABILITIES, *(end for tail in tails for end in (tail, 1.0 - tail))):
        x = float(np.log(p) - np.log1p(-p))
        if low <= x <= high and all(abs(x - other) >= least for other, _ in chosen):
            chosen.append((x, f"{p:.9f}".rstrip("0")))
    if len(chosen) < 2:  # a narrow range: equal steps of log-odds say more than none
        return [(x, shown(x, link)) for x in svg.ticks(low, high, min(about, 5))]
    return sorted(chosen)
