"""`Mean`: which way a feature pushes on average."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ferroshap.engines.reducers.moments import _Moments
from ferroshap.engines.reducers.results import PerFeature


@dataclass(frozen=True, eq=False)
class Means(PerFeature):
    """A mean of each feature's values.

    Attributes
    ----------
    values : ndarray of shape ``(features,)`` or ``(features, outputs)``
        The means.
    std_errors : ndarray of the same shape
        Standard errors: how far the mean over all rows that there could be may be from it, the rows being drawn
        independently. NaN for one row.
    """

    values: NDArray[np.float64]
    std_errors: NDArray[np.float64]


class Mean(_Moments):
    r"""Mean value of each feature, :math:`\frac1n \sum_i \phi_{ij}`.

    See Also
    --------
    MeanAbs : the mean of absolute values.
    Importance : both, with variances and bounds.

    Examples
    --------
    >>> from ferroshap import Explanation
    >>> rows = Explanation([[1.0, -2.0], [3.0, 2.0]], 0.0, feature_names=["age", "bmi"])
    >>> mean = Mean().update(rows)
    >>> mean
    <Mean(): 2 rows x 2 features>
    >>> mean.result().to_dict()
    {'age': {'values': 2.0, 'std_errors': 1.0}, 'bmi': {'values': 0.0, 'std_errors': 2.0}}
    """

    def result(self) -> Means:
        """Return the means, each the double nearest to the true one."""
        return Means(**self._about(), values=self._moment("mean"), std_errors=np.sqrt(self._moment("mean_variance")))
