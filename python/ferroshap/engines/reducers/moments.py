"""What the reducers of means and variances share: exact sums."""

import numpy as np
from numpy.typing import NDArray

from ferroshap import _native
from ferroshap.engines.reducers.native import _Native
from ferroshap.engines.reducers.results import shaped


class _Moments(_Native):
    """Sums of values, of their absolute values and of their squares, exact to the last bit.

    A mean or a variance is rounded once, when it is asked for: it is the double nearest to the true one. NaN among the
    values makes NaN, infinities what IEEE arithmetic makes of them.
    """

    _kind = _native.Sums

    def _moment(self, name: str, ddof: int = 0) -> NDArray[np.float64]:
        state, features, outputs = self._seen()
        return shaped(state.moment(name, ddof), features, outputs)
