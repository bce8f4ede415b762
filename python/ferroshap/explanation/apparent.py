"""Which feature's value goes with the spread of another feature's values: apparent interactions."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap.errors import DimensionError, OptionError
from ferroshap.explanation.feature_text import convert_name
from ferroshap.explanation.levels import numbers_of

Floats = NDArray[np.float64]

#: Rows that are looked at; of more, as many evenly spaced ones.
MOST_ROWS = 10_000


def approximate_interactions(index: Any, shap_values: Any, X: Any, feature_names: Any = None) -> NDArray[np.intp]:
    r"""Order features by how strongly they seem to interact with one.

    Rows are sorted by the feature `index` and cut into windows of :math:`\max(1, \min(n / 10, 50))` rows, in which it
    hardly changes; the score of feature :math:`j` is the sum over windows of :math:`|\mathrm{corr}(\phi_i, x_j)|`. The
    same with :math:`x_j` replaced by "is missing"; the larger counts. A screening, not an interaction value: what
    correlates with an interacting feature scores as well.

    Parameters
    ----------
    index : int or str
        The feature: its position, its name, or ``"rank(k)"`` for the k-th strongest by mean magnitude.
    shap_values : array of shape ``(n_rows, n_features)``
        Values.
    X : array or frame of shape ``(n_rows, n_features)``
        The rows they explain; words count by their order in the alphabet.
    feature_names : sequence of str, optional
        Names of the features; those of `X` where it is a frame.

    Returns
    -------
    ndarray of int, shape ``(n_features,)``
        Positions of all features, strongest first, ties by position. The feature itself and constant ones score 0.

    Raises
    ------
    DimensionError
        When the shapes do not fit.
    ValueError
        For a name that is no feature's.

    Notes
    -----
    O(rows x features) time and memory. Of more than 10,000 rows, 10,000 evenly spaced ones are looked at.

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(400, 3))
    >>> values = X.copy()
    >>> values[:, 0] = X[:, 0] * X[:, 2]
    >>> int(approximate_interactions(0, values, X)[0])
    2
    """
    values = np.asarray(shap_values, dtype=np.float64)
    columns, names = _columns_of(X, feature_names)
    if values.ndim != 2 or columns.shape != values.shape:
        msg = f"`shap_values` has shape {values.shape} and `X` {columns.shape}: pass two tables of the same shape"
        raise DimensionError(msg)
    feature = position_of(index, values, names)
    return _strongest_first(columns[:, feature], values[:, feature], columns, feature)


def potential_interactions(shap_values_column: Any, shap_values_matrix: Any) -> NDArray[np.intp]:
    """Order the features of an Explanation by how strongly they seem to interact with one of its columns.

    Parameters
    ----------
    shap_values_column : Explanation
        One feature, as ``sv[:, "Age"]``, with its data.
    shap_values_matrix : Explanation
        All features, as ``sv``, with their data.

    Returns
    -------
    ndarray of int, shape ``(n_features,)``
        Positions of all features, strongest first, as :func:`approximate_interactions` scores them.

    Raises
    ------
    DimensionError
        When data are missing or the shapes do not fit.

    Examples
    --------
    >>> from ferroshap.explanation import Explanation
    >>> X = np.random.default_rng(0).normal(size=(400, 3))
    >>> sv = Explanation(np.column_stack([X[:, 0] * X[:, 2], X[:, 1], X[:, 2]]), 0.0, X)
    >>> int(potential_interactions(sv[:, 0], sv)[0])
    2
    """
    column, values = np.asarray(shap_values_column.values), np.asarray(shap_values_matrix.values)
    if column.ndim != 1 or values.ndim != 2 or len(column) != len(values):
        msg = f"`shap_values_column` has shape {column.shape} and `shap_values_matrix` {values.shape}: pass one "
        raise DimensionError(msg + "column and the table it is from, as sv[:, 'Age'] and sv")
    for name, given in (("shap_values_column", shap_values_column), ("shap_values_matrix", shap_values_matrix)):
        if given.data is None or np.shape(given.data) != np.shape(given.values):
            msg = f"`{name}` has no data one for each value: interactions are read off feature values and data"
            raise DimensionError(msg)
    same = np.flatnonzero((values == column[:, None]).all(axis=0))
    own = shap_values_column.feature_names
    names = shap_values_matrix.feature_names
    if isinstance(own, str) and names is not None and own in names:
        same = np.append(same, list(names).index(own))
    return _strongest_first(np.asarray(shap_values_column.data), column, np.asarray(shap_values_matrix.data), same)


def position_of(index: Any, values: Any, names: Any) -> int:
    """Return where a feature stands that is given by position, by name or as ``"rank(k)"``.

    Raises
    ------
    OptionError
        For a name that is no feature's, or a position that is out of range.
    """
    n_features = int(np.shape(values)[1])
    position = convert_name(index, values, names)
    if not isinstance(position, (int, np.integer)) or not -n_features <= position < n_features:
        msg = f"`index` is {index!r}, but there are {n_features} features: pass a position, a name or 'rank(0)'"
        raise OptionError(msg)
    return int(position) % n_features


def _columns_of(X: Any, feature_names: Any) -> tuple[np.ndarray, Any]:
    if isinstance(X, np.ndarray):
        return X, feature_names
    from ferroshap.explanation.checks import as_table

    columns, names = as_table(X)
    return columns, names if feature_names is None else feature_names


def _strongest_first(feature: np.ndarray, phi: np.ndarray, columns: np.ndarray, own: Any) -> NDArray[np.intp]:
    """Score every column by its windowed correlation with `phi`, rows sorted by `feature`."""
    n_rows, n_features = columns.shape
    rows = np.arange(n_rows)
    if n_rows > MOST_ROWS:
        rows = np.linspace(0, n_rows - 1, MOST_ROWS).round().astype(np.intp)
    rows = rows[np.argsort(numbers_of(feature[rows]), kind="stable")]
    starts = np.arange(0, len(rows), max(1, min(len(rows) // 10, 50)))
    sorted_phi = phi[rows].astype(np.float64)
    scores = np.zeros(n_features)
    for j in range(n_features):
        other = numbers_of(columns[rows, j])
        missing = ~np.isfinite(other)
        scores[j] = _window_correlations(sorted_phi, other, ~missing, starts)
        if missing.any():
            flags = _window_correlations(sorted_phi, missing.astype(np.float64), np.ones(len(rows), dtype=bool), starts)
            scores[j] = max(scores[j], flags)
    scores[own] = 0.0
    return np.argsort(-scores, kind="stable")


def _window_correlations(x: Floats, y: Floats, known: NDArray[np.bool_], starts: NDArray[np.intp]) -> float:
    """Sum of magnitudes of the correlations inside the windows; 0 where one of the two does not vary."""
    if not len(x):
        return 0.0
    lengths = np.diff(starts, append=len(x))
    counts = np.maximum(np.add.reduceat(known.astype(np.float64), starts), 1.0)
    x, y = (_near_one(np.where(known, part, 0.0)) for part in (x, y))
    dx, dy = x, y
    # Centred before they are multiplied: timestamps and other large numbers keep their digits.
    dx = np.where(known, dx - np.repeat(np.add.reduceat(dx, starts) / counts, lengths), 0.0)
    dy = np.where(known, dy - np.repeat(np.add.reduceat(dy, starts) / counts, lengths), 0.0)
    spread_x, spread_y = np.sqrt(np.add.reduceat(dx * dx, starts)), np.sqrt(np.add.reduceat(dy * dy, starts))
    size_x, size_y = (np.sqrt(np.add.reduceat(part**2, starts)) for part in (x, y))
    rounding = 4.0 * np.finfo(float).eps * np.sqrt(counts)
    varies = (spread_x > rounding * size_x) & (spread_y > rounding * size_y)
    products = np.abs(np.add.reduceat(dx * dy, starts))
    return float((products[varies] / (spread_x * spread_y)[varies]).sum())


def _near_one(values: Floats) -> Floats:
    """Divide by a power of two, which costs no digit: squares of the largest numbers stay finite."""
    scaled: Floats = np.ldexp(values, -np.frexp(np.abs(values).max())[1])
    return scaled
