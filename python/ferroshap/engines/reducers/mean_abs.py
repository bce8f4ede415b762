"""`MeanAbs`: how much a feature matters."""

import numpy as np

from ferroshap.engines.reducers.mean import Means
from ferroshap.engines.reducers.moments import _Moments


class MeanAbs(_Moments):
    r"""Mean absolute value of each feature, :math:`\frac1n \sum_i |\phi_{ij}|`: what bar plots show.

    See Also
    --------
    Importance : with signed means, variances and bounds.

    Examples
    --------
    Two halves, each reduced on its own:

    >>> from ferroshap import Explanation
    >>> first = MeanAbs().update(Explanation([[1.0, -2.0]], 0.0, feature_names=["age", "bmi"]))
    >>> second = MeanAbs().update(Explanation([[3.0, 0.5]], 0.0, feature_names=["age", "bmi"]))
    >>> first.merge(second).result().values
    array([2.  , 1.25])
    """

    def result(self) -> Means:
        """Return the means, each the double nearest to the true one."""
        errors = np.sqrt(self._moment("mean_abs_variance"))
        return Means(**self._about(), values=self._moment("mean_abs"), std_errors=errors)
