"""Tables whose truth is known: ten of sixty features matter."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: Columns; of the first thirty every third has the coefficient 1, all others 0.
N_FEATURES, ACTING = 60, slice(0, 30, 3)
#: Of neighbours within a group of three.
CORRELATION = 0.99
NOISE = 0.01


def corrgroups60(n_points: int = 1_000) -> tuple[Any, Floats]:
    """Return a linear model's table, whose first thirty of sixty features are correlated in groups of three.

    Of each of these ten groups only the first feature acts, by the coefficient 1. The features are exactly white but
    for the correlation of 0.99 of the first of a group with the others, and of these with each other. The rows are
    those that shap makes; no global generator is touched.

    Parameters
    ----------
    n_points : int
        Rows; more than 60, for they are decorrelated.

    Returns
    -------
    X : pandas.DataFrame of shape ``(n_points, 60)``
        Standard normal, but for the correlations.
    y : ndarray of shape ``(n_points,)``
        The sum of the ten features that act, and noise of standard deviation 0.01.

    Raises
    ------
    ImportError
        When pandas is not installed.

    Examples
    --------
    >>> X, y = corrgroups60()
    >>> float(np.corrcoef(X[0], X[1])[0, 1].round(4)), bool(np.std(y - X.iloc[:, :30:3].sum(axis=1)) < 0.011)
    (0.99, True)
    """
    generator = np.random.RandomState(0)
    centred = _centred(generator, n_points)
    precision = np.linalg.inv(centred.T @ centred / n_points)
    white = centred @ np.linalg.cholesky(precision)
    wanted = np.eye(N_FEATURES)
    for first in range(0, 30, 3):
        group = slice(first, first + 3)
        wanted[group, group] = CORRELATION
    np.fill_diagonal(wanted, 1.0)
    return _with_target(generator, white @ np.linalg.cholesky(wanted).T)


def independentlinear60(n_points: int = 1_000) -> tuple[Any, Floats]:
    """Return a linear model's table of sixty independent features, ten of which act.

    The rows are those that shap makes; no global generator is touched.

    Parameters
    ----------
    n_points : int
        Rows.

    Returns
    -------
    X : pandas.DataFrame of shape ``(n_points, 60)``
        Normal, each of mean 0.
    y : ndarray of shape ``(n_points,)``
        The sum of the features 0, 3, 6, ..., 27, and noise of standard deviation 0.01.

    Raises
    ------
    ImportError
        When pandas is not installed.

    Examples
    --------
    >>> X, y = independentlinear60(100)
    >>> X.shape, bool(abs(X.mean()).max() < 1e-12)
    ((100, 60), True)
    """
    generator = np.random.RandomState(0)
    return _with_target(generator, _centred(generator, n_points))


def _centred(generator: np.random.RandomState, n_points: int) -> Floats:
    drawn: Floats = generator.randn(n_points, N_FEATURES)
    drawn -= drawn.mean(axis=0)
    return drawn


def _with_target(generator: np.random.RandomState, columns: Floats) -> tuple[Any, Floats]:
    import pandas as pd

    acting = np.zeros(N_FEATURES)
    acting[ACTING] = 1.0
    target: Floats = columns @ acting + generator.randn(len(columns)) * NOISE
    return pd.DataFrame(columns), target
