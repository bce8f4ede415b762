"""Summaries of values that never hold the values, for tables larger than memory.

Each is an object that sees blocks of rows (`update`), meets others of its kind (`merge`), leaves as bytes and comes
back (`to_bytes`, `from_bytes`), and answers (`result`). What they keep are counts, exact sums and chosen rows, so **the
same rows give the same bytes however the table was cut, in whatever order the pieces were merged, on however many
threads or workers**: they fit Parquet files, Dask, Spark and Ray alike.
"""

from typing import Any

from ferroshap.engines.reducers.curve import Curve
from ferroshap.engines.reducers.dependence import Curves, Dependence
from ferroshap.engines.reducers.importance import Importance, Importances
from ferroshap.engines.reducers.mean import Mean, Means
from ferroshap.engines.reducers.mean_abs import MeanAbs
from ferroshap.engines.reducers.quantiles import Quantiles, QuantilesFound
from ferroshap.engines.reducers.reducer import Reducer
from ferroshap.engines.reducers.reservoir import Reservoir
from ferroshap.engines.reducers.standard import standard
from ferroshap.engines.reducers.top_counts import TopCounts, TopCountsFound
from ferroshap.engines.reducers.variance import Variance, Variances

__all__ = [
    "Curve",
    "Curves",
    "Dependence",
    "Importance",
    "Importances",
    "Mean",
    "MeanAbs",
    "Means",
    "Quantiles",
    "QuantilesFound",
    "Reducer",
    "Reservoir",
    "TopCounts",
    "TopCountsFound",
    "Variance",
    "Variances",
    "from_bytes",
    "standard",
]


def from_bytes(data: Any) -> Reducer:
    """Return the reducer, of whatever kind, that `Reducer.to_bytes` made bytes of.

    Raises
    ------
    ReducerError
        Where the bytes are no reducer's, or were cut or changed.

    Examples
    --------
    >>> from_bytes(MeanAbs().to_bytes())
    <MeanAbs(): no rows yet>
    """
    return Reducer.from_bytes(data)
