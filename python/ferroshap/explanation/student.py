"""Quantiles of Student's t distribution, without SciPy."""

import math
from functools import lru_cache

from ferroshap.errors import OptionError

_MANY = 1000.0  # from here four terms of the expansion about the normal quantile are exact to rounding


@lru_cache(maxsize=256)
def student_quantile(level: float, df: float | None) -> float:
    r"""Half-width of a two-sided interval, in standard errors.

    .. math:: t \text{ such that } P(|T_\nu| \le t) = \text{level}

    Parameters
    ----------
    level : float
        Coverage, strictly between 0 and 1.
    df : float or None
        Degrees of freedom nu > 0; None and infinity mean the normal distribution.

    Returns
    -------
    float
        Accurate to a relative 1e-10 for levels from 1e-6 to 1 - 1e-12 and nu >= 0.5;
        NaN when `df` is not a positive number.

    Raises
    ------
    OptionError
        If `level` is not strictly between 0 and 1.

    References
    ----------
    Abramowitz and Stegun (1964), 26.5.8 (continued fraction), 26.7.5 (expansion).

    Examples
    --------
    >>> round(student_quantile(0.95, 10), 6), round(student_quantile(0.95, None), 6)
    (2.228139, 1.959964)
    """
    if not 0.0 < level < 1.0:
        msg = f"`level` is {level!r}: give a coverage strictly between 0 and 1, such as 0.9"
        raise OptionError(msg)
    nu = math.inf if df is None else float(df)
    if not nu > 0.0:
        return math.nan
    from statistics import NormalDist  # with decimals and fractions in tow: not before it is needed

    # The upper tail, from the side that keeps its digits when the level is close to 1.
    normal = -NormalDist().inv_cdf((1.0 - level) / 2.0)
    if nu >= _MANY:
        return _expanded(normal, nu)
    return _solved(level, nu)


def _expanded(z: float, nu: float) -> float:
    """Expand the quantile in powers of 1 / nu (Abramowitz and Stegun, 26.7.5)."""
    g1 = (z**3 + z) / 4
    g2 = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    g3 = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    g4 = (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160
    return z + g1 / nu + g2 / nu**2 + g3 / nu**3 + g4 / nu**4


def _solved(level: float, nu: float) -> float:
    """Newton in u = ln t on the smaller of coverage and tail, kept inside a bracket."""
    low, high = -40.0, 40.0 + 70.0 / nu  # the tail falls as t**-nu
    u = 0.0
    log_factor = math.lgamma((nu + 1) / 2) - math.lgamma(nu / 2) - 0.5 * math.log(nu * math.pi)
    for _ in range(200):
        inside, outside = _coverage(u, nu)
        excess = inside - level if level < 0.5 else (1.0 - level) - outside
        if excess > 0:
            high = u
        else:
            low = u
        # d coverage / d u = 2 t pdf(t)
        log_t2_over_nu = 2 * u - math.log(nu)
        slope = 2 * math.exp(log_factor + u - (nu + 1) / 2 * _log1p_exp(log_t2_over_nu))
        # Newton on the logarithm of the probability: it is close to linear in u in both tails.
        reached, wanted = (inside, level) if level < 0.5 else (outside, 1.0 - level)
        sign = 1.0 if level < 0.5 else -1.0
        step = sign * math.log(wanted / reached) * reached / slope if slope > 0 and reached > 0 else math.inf
        new = u + step
        if not low < new < high:
            new = 0.5 * (low + high)
        if abs(new - u) <= 1e-15 * max(1.0, abs(u)):
            return math.exp(new)
        u = new
    return math.exp(u)


def _log1p_exp(x: float) -> float:
    """ln(1 + e**x) without overflow."""
    return x + math.log1p(math.exp(-x)) if x > 0 else math.log1p(math.exp(x))


def _coverage(u: float, nu: float) -> tuple[float, float]:
    """P(|T| <= t) and its complement at t = e**u, each with its own digits."""
    # x = nu / (nu + t^2), 1 - x = t^2 / (nu + t^2)
    log_ratio = 2 * u - math.log(nu)
    log_x = -_log1p_exp(log_ratio)
    log_y = log_ratio + log_x
    a, b = nu / 2, 0.5
    log_beta = math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)
    front = math.exp(a * log_x + b * log_y - log_beta)
    if math.exp(log_x) < (a + 1) / (a + b + 2):
        outside = front * _fraction(a, b, math.exp(log_x)) / a
        return 1.0 - outside, outside
    inside = front * _fraction(b, a, math.exp(log_y)) / b
    return inside, 1.0 - inside


def _fraction(a: float, b: float, x: float) -> float:
    """Continued fraction of the incomplete beta function (26.5.8), by Lentz's algorithm."""
    tiny = 1e-300
    d = 1.0 - (a + b) * x / (a + 1)
    d = 1.0 / (d if abs(d) > tiny else tiny)
    c, h = 1.0, d
    for m in range(1, 10_000):
        for term in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1.0 + term * d
            d = 1.0 / (d if abs(d) > tiny else tiny)
            c = 1.0 + term / c
            c = c if abs(c) > tiny else tiny
            change = c * d
            h *= change
        if abs(change - 1.0) < 1e-16:
            return h
    return h
