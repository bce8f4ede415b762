"""`Variance`: how much what a feature adds differs between rows."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap.engines.reducers.moments import _Moments
from ferroshap.engines.reducers.results import PerFeature
from ferroshap.errors import OptionError


@dataclass(frozen=True, eq=False)
class Variances(PerFeature):
    """The variance of each feature's values.

    Attributes
    ----------
    values, std : ndarray of shape ``(features,)`` or ``(features, outputs)``
        The variances, and their square roots. NaN where there are no more rows than `ddof`.
    """

    values: NDArray[np.float64]
    std: NDArray[np.float64]


class Variance(_Moments):
    r"""Variance of each feature's values over the rows, :math:`\frac{1}{n - d} \sum_i (\phi_{ij} - \bar\phi_j)^2`.

    From exact sums of values and of their squares, so nothing cancels, however far the mean is from zero.

    Parameters
    ----------
    ddof : int
        ``d``: 0 for the variance of these rows, as NumPy has it; 1 to estimate that of all rows they were drawn from.

    Raises
    ------
    OptionError
        When `ddof` is no non-negative integer.

    Examples
    --------
    >>> from ferroshap import Explanation
    >>> rows = Explanation([[1.0, 1e9], [3.0, 1e9 + 1]], 0.0, feature_names=["age", "bmi"])
    >>> Variance().update(rows).result().values
    array([1.  , 0.25])
    """

    def __init__(self, ddof: int = 0) -> None:
        if isinstance(ddof, bool) or not isinstance(ddof, int) or not 0 <= ddof < 2**32:
            msg = f"`ddof` is {ddof!r}, but must be a non-negative integer"
            raise OptionError(msg)
        self.ddof = ddof

    def _options(self) -> dict[str, Any]:
        return {"ddof": self.ddof}

    def result(self) -> Variances:
        """Return the variances, each the double nearest to the true one."""
        values = self._moment("variance", self.ddof)
        return Variances(**self._about(), values=values, std=np.sqrt(values))
