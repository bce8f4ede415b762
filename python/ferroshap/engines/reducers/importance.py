"""`Importance`: the table that global importance is read from."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ferroshap.engines.reducers.moments import _Moments
from ferroshap.engines.reducers.results import PerFeature, shaped
from ferroshap.explanation import Explanation


@dataclass(frozen=True, eq=False)
class Importances(PerFeature):
    """What each feature does on average.

    Attributes
    ----------
    mean_abs, mean_abs_error : ndarray of shape ``(features,)`` or ``(features, outputs)``
        Mean absolute value, and its standard error over rows drawn independently (NaN for one row).
    mean, mean_error : ndarray
        Mean value, and its standard error.
    std : ndarray
        Standard deviation of the values over the rows (``ddof=0``).
    least, greatest : ndarray
        The smallest and the largest value.
    n_not_finite : ndarray of uint64
        Values that were NaN or infinite.
    """

    mean_abs: NDArray[np.float64]
    mean_abs_error: NDArray[np.float64]
    mean: NDArray[np.float64]
    mean_error: NDArray[np.float64]
    std: NDArray[np.float64]
    least: NDArray[np.float64]
    greatest: NDArray[np.float64]
    n_not_finite: NDArray[np.uint64]

    @property
    def order(self) -> NDArray[np.intp]:
        """Places of the features, the most important first (summed over outputs); equal ones as they stand."""
        return np.argsort(-np.reshape(self.mean_abs, (len(self.feature_names), -1)).sum(axis=1), kind="stable")

    def to_explanation(self) -> Explanation:
        """Return the mean absolute values as an Explanation without rows, as `plots.bar` draws them."""
        outputs = {"output_names": list(self.output_names)} if len(self.output_names) > 1 else {}
        return Explanation(
            self.mean_abs,
            feature_names=list(self.feature_names),
            error_std=self.mean_abs_error,
            axes=("feature", "output")[: self.mean_abs.ndim],
            **outputs,
        )


class Importance(_Moments):
    """Mean absolute value, signed mean, spread and bounds of each feature, with standard errors of the means.

    Examples
    --------
    >>> from ferroshap import Explanation
    >>> rows = Explanation([[1.0, -2.0], [3.0, -4.0]], 0.0, feature_names=["age", "bmi"])
    >>> found = Importance().update(rows).result()
    >>> found.mean_abs, found.mean, found.least, found.greatest
    (array([2., 3.]), array([ 2., -3.]), array([ 1., -4.]), array([ 3., -2.]))
    >>> [found.feature_names[place] for place in found.order]
    ['bmi', 'age']
    """

    def result(self) -> Importances:
        """Return the table."""
        state, features, outputs = self._seen()
        return Importances(
            **self._about(),
            mean_abs=self._moment("mean_abs"),
            mean_abs_error=np.sqrt(self._moment("mean_abs_variance")),
            mean=self._moment("mean"),
            mean_error=np.sqrt(self._moment("mean_variance")),
            std=np.sqrt(self._moment("variance")),
            least=self._moment("least"),
            greatest=self._moment("greatest"),
            n_not_finite=shaped(state.n_not_finite(), features, outputs),
        )
