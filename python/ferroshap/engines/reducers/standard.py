"""`standard`: all that a report about a table larger than memory shows."""

from ferroshap.engines.reducers.dependence import Dependence
from ferroshap.engines.reducers.importance import Importance
from ferroshap.engines.reducers.quantiles import Quantiles
from ferroshap.engines.reducers.reducer import Reducer
from ferroshap.engines.reducers.reservoir import Reservoir
from ferroshap.engines.reducers.top_counts import TopCounts


def standard(*, rows: int = 2000, seed: int = 0, k: int = 5, bins: int = 512) -> dict[str, Reducer]:
    """Return new reducers for all that is usually asked of a table larger than memory.

    Parameters
    ----------
    rows, seed : int
        Of the `Reservoir`: how many rows are kept, and which.
    k : int
        Of `TopCounts`.
    bins : int
        Of `Dependence`.

    Returns
    -------
    dict
        "importance", "quantiles", "top_counts", "dependence" and "rows": as `explain_parquet` takes them.

    Examples
    --------
    >>> list(standard())
    ['importance', 'quantiles', 'top_counts', 'dependence', 'rows']
    """
    return {
        "importance": Importance(),
        "quantiles": Quantiles(),
        "top_counts": TopCounts(k),
        "dependence": Dependence(bins=bins),
        "rows": Reservoir(rows, seed),
    }
