"""In which order many rows stand beside each other."""

from datetime import datetime
from typing import Any

import numpy as np

from ferroshap.errors import DimensionError, OptionError
from ferroshap.plots.force.forces import Forces


def similarity_order(forces: Forces) -> np.ndarray:
    """Like beside like, the end with the higher outputs first."""
    from ferroshap.clustering import hclust_ordering

    order: np.ndarray = np.asarray(hclust_ordering(forces.values))
    totals = forces.outputs[order]
    half = len(order) // 2
    return order[::-1].copy() if totals[:half].sum() < totals[len(order) - half :].sum() else order


def keys_and_order(keys: Any, time_format: str | None, n_rows: int) -> tuple[list[str] | None, np.ndarray | None]:
    """Texts of the keys that rows are to be ordered by, and that order; None where there are none.

    Raises
    ------
    DimensionError
        If there is not one key a row.
    OptionError
        If a key is not written as `time_format` says.
    """
    if keys is None:
        return None, None
    listed = list(keys)
    if len(listed) != n_rows:
        msg = f"`ordering_keys` has {len(listed)} keys, but `shap_values` has {n_rows} rows"
        raise DimensionError(msg)
    texts = [str(key) for key in listed]
    if time_format is not None:
        try:
            times = [datetime.strptime(text, time_format) for text in texts]  # noqa: DTZ007 - only their order counts
        except ValueError as error:
            msg = f"`ordering_keys` do not follow `ordering_keys_time_format={time_format!r}`: {error}"
            raise OptionError(msg) from None
        return texts, np.array(sorted(range(n_rows), key=times.__getitem__))
    try:
        return texts, np.array(sorted(range(n_rows), key=listed.__getitem__))
    except TypeError:  # of kinds that cannot be compared
        return texts, np.array(sorted(range(n_rows), key=texts.__getitem__))
