"""Global importance: the mean size of each feature's values."""

import math
from dataclasses import dataclass, field, replace
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap.errors import DimensionError, OptionError
from ferroshap.explanation import Explanation
from ferroshap.explanation.intervals import confidence_interval
from ferroshap.run import Estimate

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Importance:
    """One number a feature, with its standard error.

    Attributes
    ----------
    names : list of str
        The features.
    values : ndarray of shape ``(n_features,)`` or ``(n_features, n_outputs)``
        How much each matters.
    std_errors : ndarray of the same shape
        One standard error each, NaN where it is unknown.
    interval_df : float
        Degrees of freedom of Student's interval.
    noise : ndarray of the same shape, or None
        How much larger the errors of the values make their mean absolute value, as far as that can be estimated;
        None where nothing is made absolute.
    estimate : Estimate or None
        The run behind the numbers, where there was one: its cost, its status, its base value.
    """

    names: list[str]
    values: Floats
    std_errors: Floats
    interval_df: float = field(repr=False)
    noise: Floats | None = field(default=None, repr=False)
    estimate: Estimate | None = field(default=None, repr=False)

    def confidence_interval(self, level: float = 0.9) -> tuple[Floats, Floats]:
        """Lower and upper ends of Student's interval at `level`, NaN where the error is unknown."""
        return confidence_interval(self.values, self.std_errors, self.interval_df, level)

    def sorted(self) -> "Importance":
        """Give the same with the most important features first; over several outputs their sum counts.

        Examples
        --------
        >>> Importance(names=["a", "b"], values=np.array([1.0, 2.0]), std_errors=np.zeros(2), interval_df=9.0).sorted()
        Importance(names=['b', 'a'], values=array([2., 1.]), std_errors=array([0., 0.]))
        """
        order = np.argsort(-self.values.reshape(len(self.names), -1).sum(axis=1), kind="stable")
        noise = None if self.noise is None else self.noise[order]
        values, std_errors = self.values[order], self.std_errors[order]
        return replace(
            self, names=[self.names[place] for place in order], values=values, std_errors=std_errors, noise=noise
        )


def global_importance(explanation: Explanation) -> Importance:
    r"""Average the absolute values of each feature over the rows of an Explanation.

    .. math:: I_j = \frac1n \sum_r |\phi_{rj}|, \qquad
              \mathrm{SE}_j^2 = \frac{s_j^2}{n} + \frac1n \sum_r \mathrm{SE}_{rj}^2

    with :math:`s_j` the standard deviation of :math:`|\phi_{rj}|` over the rows, which are taken as a sample of all
    rows. Errors of the values count in full, as if all rows erred together: rows that share a design do. (Rows
    with designs of their own, `shared_design=False`, err apart, so their error is stated too large.)

    Errors make absolute values larger: a feature without any effect gets :math:`0.8` standard errors. What that adds to
    each mean is estimated from values and errors and given as ``noise``, not subtracted: the estimate is right where
    values are large against their errors, and finds about two fifths of it where they are not.

    Parameters
    ----------
    explanation : Explanation
        Values with an axis of rows and one of features.

    Returns
    -------
    Importance
        NaN errors for a single row, and where the errors of values are unknown.

    Raises
    ------
    DimensionError
        Without rows, or for interactions.

    Examples
    --------
    >>> explanation = Explanation([[1.0, -2.0], [-3.0, 2.0]], feature_names=["age", "bmi"], error_std=np.zeros((2, 2)))
    >>> importance = global_importance(explanation)
    >>> importance.values, importance.std_errors
    (array([2., 2.]), array([1., 0.]))
    """
    if not isinstance(explanation, Explanation):
        msg = f"`explanation` must be an Explanation of several rows, not {type(explanation).__name__}"
        raise OptionError(msg)
    axes = explanation.axes
    if axes[:2] != ("row", "feature") or axes.count("feature") != 1 or len(explanation) == 0:
        msg = f"`explanation` has the axes {axes}, but rows and then features are needed: explain a table of rows"
        raise DimensionError(msg)
    values = np.asarray(explanation.values, dtype=np.float64)
    n_rows = len(values)
    errors: Any = explanation.error_std
    errors = np.full(values.shape, np.nan) if errors is None else np.asarray(errors, dtype=np.float64)
    sizes = np.abs(values)
    spread = sizes.var(axis=0, ddof=1) / n_rows if n_rows > 1 else np.full(values.shape[1:], np.nan)
    names = explanation.feature_names
    return Importance(
        names=[f"Feature {place}" for place in range(values.shape[1])] if names is None else list(names),
        values=sizes.mean(axis=0),
        std_errors=np.sqrt(spread + (errors**2).mean(axis=0)),
        interval_df=float(n_rows - 1) if n_rows > 1 else math.nan,
        noise=_excess(sizes, errors).mean(axis=0),
    )


def _excess(sizes: Floats, errors: Floats) -> Floats:
    r"""By how much the mean of :math:`|\phi + \epsilon|` exceeds :math:`|\phi|` for normal errors.

    It is :math:`2 (\mathrm{SE}\, \varphi(t) - |\phi| \Phi(-t))` with :math:`t = |\phi| / \mathrm{SE}`.
    """
    normal = NormalDist()
    ratios = np.divide(sizes, errors, out=np.full(sizes.shape, np.inf), where=errors != 0.0)
    density = np.exp(-0.5 * ratios**2) / math.sqrt(2.0 * math.pi)
    tail = np.vectorize(normal.cdf, otypes=[np.float64])(-ratios)
    excess: Floats = 2.0 * (errors * density - sizes * tail)
    return excess
