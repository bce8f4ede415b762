"""How redundant columns are for predicting a target."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap.errors import DimensionError, InvalidClusteringError, OptionError, PlausibilityWarning, warn_user
from ferroshap.inputs import Table

Floats = NDArray[np.float64]

#: A model of one column whose predictions vary less than that share of the target's variance has found nothing.
NO_SIGNAL = 1e-4


def redundancies(table: Table, y: Any, random_state: int) -> Floats:
    r"""How little column `j` tells of what column `i` tells of the target, by boosted stumps of single columns.

    With :math:`g_i` a model of `y` by column `i` alone, and :math:`h_{ij}` one of :math:`g_i` by column `j` alone,
    entry :math:`(i, j)` is :math:`1 - R^2` of :math:`h_{ij}` on rows that neither was fitted to, at most 1: 0 where
    `i` is redundant beside `j`. Not symmetric. A column that tells nothing of `y` has distance 1 to all others.

    Takes ``n_columns ** 2`` fits of XGBoost (depth 1, learning rate 0.6, stopped by a quarter of the rows that
    `random_state` draws), as the function of that purpose in shap does; rows are drawn by a generator of our own.

    Raises
    ------
    InvalidClusteringError
        Without `y`, or where XGBoost is not installed.
    """
    try:
        import xgboost
    except ImportError:
        msg = "`metric='xgboost_distances_r2'` needs xgboost: install it, or name another metric such as 'correlation'"
        raise InvalidClusteringError(msg) from None
    target = _target(y, table.n_rows)
    columns = _numbers(table)
    shuffled = np.random.default_rng(random_state).permutation(table.n_rows)
    n_held_out = -(-table.n_rows // 4)
    held_out, fitted = shuffled[:n_held_out], shuffled[n_held_out:]

    def predicted(column: int, goal: Floats) -> Floats:
        """Predictions for all rows by the model of one column."""
        model = xgboost.XGBRegressor(
            n_estimators=10_000, learning_rate=0.6, max_depth=1, subsample=1.0, early_stopping_rounds=2, n_jobs=1
        )
        values = columns[:, column : column + 1]
        model.fit(values[fitted], goal[fitted], eval_set=[(values[held_out], goal[held_out])], verbose=False)
        return np.asarray(model.predict(values), dtype=np.float64)

    distances = np.ones((table.n_columns, table.n_columns))
    np.fill_diagonal(distances, 0.0)
    silent = []
    for i in range(table.n_columns):
        goal = predicted(i, target)
        variance = goal[held_out].var()
        if variance <= NO_SIGNAL * target[held_out].var():
            silent.append(table.names[i] if table.names else str(i))
            continue
        for j in range(table.n_columns):
            if i != j:
                missed = ((goal - predicted(j, goal))[held_out] ** 2).mean()
                distances[i, j] = min(1.0, missed / variance)
    if silent:
        msg = f"columns that tell nothing of `y` have distance 1 to all others: {', '.join(silent)}"
        warn_user(msg, PlausibilityWarning)
    return distances


def _target(y: Any, n_rows: int) -> Floats:
    if y is None:
        msg = "`metric='xgboost_distances_r2'` needs `y`, the target: pass it, or name another metric"
        raise InvalidClusteringError(msg)
    try:
        target = np.asarray(y, dtype=np.float64).reshape(-1)
    except (TypeError, ValueError):
        msg = "`y` must hold numbers: encode the classes, or name a metric that needs no `y`"
        raise OptionError(msg) from None
    if len(target) != n_rows:
        msg = f"`y` has {len(target)} numbers, but `X` has {n_rows} rows: pass one for each"
        raise DimensionError(msg)
    if n_rows < 4 or not np.isfinite(target).all():
        msg = "`y` must be finite and have at least 4 rows, of which a quarter is held out"
        raise OptionError(msg)
    return target


def _numbers(table: Table) -> Floats:
    """Columns of numbers, missing ones as NaN, which XGBoost knows."""
    numbers = [column.numbers() for column in table.columns]
    for position, values in enumerate(numbers):
        if values is None:
            label = repr(table.names[position]) if table.names else str(position)
            msg = f"column {label} of `X` holds no numbers, which 'xgboost_distances_r2' needs: encode it"
            raise InvalidClusteringError(msg)
    return np.column_stack([np.asarray(values, dtype=np.float64) for values in numbers])
