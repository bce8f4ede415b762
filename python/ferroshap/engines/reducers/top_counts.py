"""`TopCounts`: how often a feature is among the largest of its row."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap import _native
from ferroshap.engines.reducers.native import _Native
from ferroshap.engines.reducers.results import PerFeature, shaped
from ferroshap.errors import OptionError


@dataclass(frozen=True, eq=False)
class TopCountsFound(PerFeature):
    """How often each feature is among the largest absolute values of a row.

    Attributes
    ----------
    counts : ndarray of uint64 of shape ``(features,)`` or ``(features, outputs)``
        Rows in which it is among the `k` largest.
    share : ndarray of the same shape
        The same of all rows.
    by_rank : ndarray of uint64 of shape ``(features, k)`` or ``(features, outputs, k)``
        Rows in which it is the largest, the second largest, ...
    """

    counts: NDArray[np.uint64]
    share: NDArray[np.float64]
    by_rank: NDArray[np.uint64]

    def _columns(self) -> dict[str, NDArray[Any]]:
        ranks = np.moveaxis(self.by_rank, -1, 0)
        named = {f"rank_{rank}": column for rank, column in enumerate(ranks, 1)}
        return {"counts": self.counts, "share": self.share, **named}


class TopCounts(_Native):
    """How often each feature has one of the `k` largest absolute values of its row, and how often which rank.

    Of equal ones the feature that comes first ranks first. A value of zero, or NaN, has no rank.

    Parameters
    ----------
    k : int
        The largest that count; all features if there are no more.

    Raises
    ------
    OptionError
        When `k` is not positive.

    Examples
    --------
    >>> from ferroshap import Explanation
    >>> rows = Explanation([[1.0, -2.0, 0.5], [3.0, 1.0, 0.0]], 0.0, feature_names=["age", "bmi", "sex"])
    >>> found = TopCounts(k=2).update(rows).result()
    >>> found.counts, found.by_rank.tolist()
    (array([2, 2, 0], dtype=uint64), [[1, 1], [1, 1], [0, 0]])
    """

    def __init__(self, k: int = 5) -> None:
        if isinstance(k, bool) or not isinstance(k, int | np.integer) or not 0 < k < 2**32:
            msg = f"`k` is {k!r}, but must be a positive integer"
            raise OptionError(msg)
        self.k = int(k)

    def _options(self) -> dict[str, Any]:
        return {"k": self.k}

    def _started(self, n_features: int, n_outputs: int) -> _native.Ranks:
        return _native.Ranks(n_features, n_outputs, self.k)

    def _read(self, state: bytes, n_features: int, n_outputs: int) -> _native.Ranks:
        ranks = _native.Ranks.from_bytes(state)
        self._check_shape(ranks.shape, (n_features, n_outputs, min(self.k, n_features)))
        return ranks

    def result(self) -> TopCountsFound:
        """Return the counts."""
        state, features, outputs = self._seen()
        by_rank = state.counts().reshape(len(features), len(outputs), state.shape[2])
        counts = shaped(by_rank.sum(axis=2), features, outputs)
        by_rank = by_rank[:, 0] if len(outputs) == 1 else by_rank
        return TopCountsFound(**self._about(), counts=counts, share=counts / self.n_rows, by_rank=by_rank)
