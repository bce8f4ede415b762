"""Smaller backgrounds: a random sample of the rows, or weighted cluster centres."""

import sys
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap.errors import OptionError, WeightsError
from ferroshap.inputs import read_table
from ferroshap.maskers.dense_data import DenseData, shares

Floats = NDArray[np.float64]


def sampled_rows(n_rows: int, n_samples: int, random_state: int = 0) -> NDArray[np.int64]:
    """Positions of `n_samples` random rows: those that shap and scikit-learn's ``shuffle`` take."""
    rows = np.arange(n_rows)
    if n_samples >= n_rows:
        return rows
    # The legacy generator on purpose: it gives the rows that users know from shap.
    np.random.RandomState(random_state).shuffle(rows)
    return rows[:n_samples]


def sample(X: Any, nsamples: int = 100, random_state: int = 0) -> Any:
    """Return `nsamples` random rows of `X`, in the container that it came in.

    Parameters
    ----------
    X : array, frame, sparse matrix or list
        The rows to draw from.
    nsamples : int
        How many rows; `X` itself when it has no more.
    random_state : int
        Seed of the draw. The rows are those that ``shap.sample`` takes for the same seed.

    Examples
    --------
    >>> sample(np.arange(10).reshape(5, 2), 2)
    array([[4, 5],
           [0, 1]])
    """
    n_rows = X.shape[0] if hasattr(X, "shape") else len(X)
    if nsamples >= n_rows:
        return X
    kept = sampled_rows(n_rows, nsamples, random_state)
    if hasattr(X, "iloc"):
        return X.iloc[kept]
    if isinstance(X, list):
        return [X[row] for row in kept]
    return X.take(kept) if hasattr(X, "column_names") else X[kept]


def normalised_weights(weights: Any, n_rows: int) -> Floats:
    """Return one weight a row, of sum 1: equal ones for None."""
    if weights is None:
        return np.full(n_rows, 1.0 / n_rows)
    try:
        given = np.asarray(weights, dtype=np.float64)
    except (TypeError, ValueError):
        msg = f"`weights` is {weights!r}, but must hold one number for each of the {n_rows} background rows"
        raise WeightsError(msg) from None
    if given.shape != (n_rows,):
        msg = f"`weights` has shape {given.shape}, but the background has {n_rows} rows: pass one number for each"
        raise WeightsError(msg)
    if not np.isfinite(given).all() or (given < 0).any() or not given.any():
        msg = "`weights` must be finite, not negative, and not all zero"
        raise WeightsError(msg)
    return shares(given)


@dataclass(frozen=True)
class Summary(DenseData):
    """Weighted rows that stand for a background: the result of :func:`compress` and :func:`kmeans`.

    Attributes
    ----------
    data : ndarray of shape ``(k, n_features)``, or a table
        The rows.
    weights : ndarray of shape ``(k,)``
        Their shares of the background; sum 1.
    group_names : list of str
        Names of the columns.
    groups : list of ndarray
        The columns of each group, one each.
    n_summarised : int or None
        Rows that these stand for.
    """

    data: Any
    weights: Floats
    group_names: list[str]
    groups: list[NDArray[np.int64]]
    groups_size: int = field(init=False)
    transposed: bool = False
    n_summarised: int | None = None

    def __post_init__(self) -> None:
        """Count the groups."""
        object.__setattr__(self, "groups_size", len(self.groups))


def kmeans(X: Any, k: int, round_values: bool = True) -> Summary:
    """Summarise a background by `k` weighted cluster centres.

    A summary changes the game: values are for the summary, not for the rows behind it.
    Missing entries are replaced by column means first. Centres are those of scikit-learn's
    ``KMeans(k, random_state=0, n_init=10)`` where scikit-learn is installed, so they match
    shap's; else of our own k-means with seeded k-means++ starts.

    Parameters
    ----------
    X : array or frame of numbers, ``(n_rows, n_features)``
        The background.
    k : int
        How many centres.
    round_values : bool
        Move each coordinate of a centre to the nearest value in its column, so that
        discrete features keep values that exist.

    Returns
    -------
    Summary
        To be passed as a background.

    Examples
    --------
    >>> kmeans([[0.0], [0.0], [9.0]], 2).weights.tolist() in ([2 / 3, 1 / 3], [1 / 3, 2 / 3])
    True
    """
    table = read_table(X, argument="X")
    data = np.array(table.display, dtype=np.float64)
    if isinstance(k, bool) or not isinstance(k, int | np.integer) or not 1 <= k <= len(data):
        msg = f"`k` is {k!r}, but must be an integer from 1 to the {len(data)} rows of `X`"
        raise OptionError(msg)
    missing = np.isnan(data)
    if missing.any():
        data[missing] = np.broadcast_to(np.nanmean(data, axis=0), data.shape)[missing]
    centres, labels = _cluster(data, int(k))
    if round_values:
        for column in range(data.shape[1]):
            nearest = np.abs(data[:, column][None, :] - centres[:, column][:, None]).argmin(axis=1)
            centres[:, column] = data[nearest, column]
    names = table.names or [str(column) for column in range(data.shape[1])]
    weights = np.bincount(labels, minlength=int(k)) / len(data)
    groups = [np.array([column]) for column in range(data.shape[1])]
    return Summary(centres, weights, names, groups, n_summarised=len(data))


def _cluster(data: Floats, k: int) -> tuple[Floats, NDArray[np.int64]]:
    if "sklearn" in sys.modules or _has_sklearn():
        from sklearn.cluster import KMeans

        fitted = KMeans(n_clusters=k, random_state=0, n_init=10).fit(data)
        return np.array(fitted.cluster_centers_), fitted.labels_.astype(np.int64)
    return _lloyd(data, k)


def _has_sklearn() -> bool:
    from importlib.util import find_spec

    return find_spec("sklearn") is not None


def _lloyd(data: Floats, k: int, n_starts: int = 10, max_iterations: int = 300) -> tuple[Floats, NDArray[np.int64]]:
    """Lloyd's iteration from k-means++ starts (Arthur, Vassilvitskii 2007); the best of `n_starts`."""
    generator = np.random.default_rng(0)
    best = np.inf
    for _ in range(n_starts):
        centres = data[[generator.integers(len(data))]]
        while len(centres) < k:
            far = _squared_distances(data, centres).min(axis=1)
            share = far / far.sum() if far.any() else None
            centres = np.vstack([centres, data[generator.choice(len(data), p=share)]])
        for _ in range(max_iterations):
            labels = _squared_distances(data, centres).argmin(axis=1)
            counts = np.bincount(labels, minlength=k)
            moved = centres.copy()
            for cluster in np.flatnonzero(counts):
                moved[cluster] = data[labels == cluster].mean(axis=0)
            if np.array_equal(moved, centres):
                break
            centres = moved
        distances = _squared_distances(data, centres)
        if distances.min(axis=1).sum() < best:
            best, winner = distances.min(axis=1).sum(), (centres, distances.argmin(axis=1))
    return winner


def _squared_distances(data: Floats, centres: Floats) -> Floats:
    # One centre at a time: all differences at once would take `k` times the memory of the data.
    return np.stack([((data - centre) ** 2).sum(axis=1) for centre in centres], axis=1)
