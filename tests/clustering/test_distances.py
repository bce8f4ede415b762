"""Distances of columns by their definitions, from arrays and frames, with gaps and with weights."""

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import pdist, squareform

from ferroshap.clustering import column_distances
from ferroshap.errors import DimensionError, InvalidClusteringError, OptionError, WeightsError

METRICS = ["correlation", "cosine", "euclidean", "sqeuclidean", "cityblock", "chebyshev"]


def table(seed, n_rows=50, n_columns=7):
    rng = np.random.default_rng([seed, 31])
    return rng.normal(size=(n_rows, n_columns)) + rng.normal(size=n_columns)


@pytest.mark.parametrize("metric", METRICS)
def test_distances_are_scipy_s(seed, metric):
    X = table(seed)
    # Sums of 50 terms, subtracted from 1 or rooted: a few hundred roundings of numbers of order one.
    assert np.allclose(column_distances(X, metric), squareform(pdist(X.T, metric)), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("metric", [*METRICS, "association"])
def test_distances_are_symmetric_and_zero_to_oneself(seed, metric):
    distances = column_distances(table(seed), metric)
    assert np.array_equal(distances, distances.T)
    assert (np.diag(distances) == 0).all()
    assert (distances >= 0).all()


@pytest.mark.parametrize("metric", METRICS)
def test_a_weight_counts_as_rows_that_come_again(seed, metric):
    X, counts = table(seed), np.random.default_rng([seed, 32]).integers(0, 4, size=50)
    often = column_distances(np.repeat(X, counts, axis=0), metric)
    scale = {"euclidean": 0.5, "sqeuclidean": 1.0, "cityblock": 1.0}.get(metric, 0.0)
    kept = counts > 0  # a row that never came would still be looked at by the maximum
    weighted = column_distances(X[kept], metric, weights=counts[kept].astype(float))
    assert np.allclose(weighted * (counts.sum() / kept.sum()) ** scale, often, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("metric", ["correlation", "association"])
def test_a_constant_column_is_at_distance_one_from_all_others(seed, metric):
    X = table(seed)
    X[:, 2] = 0.1  # its mean of 50 rows is not exactly 0.1
    distances = column_distances(X, metric)
    assert (np.delete(distances[2], 2) == 1).all()
    X[:, 4] = 1e300
    assert (np.delete(column_distances(X, metric)[4], 4) == 1).all()


def test_a_column_of_zeros_has_no_direction():
    X = np.array([[0.0, 1.0], [0.0, 2.0]])
    assert column_distances(X, "cosine").tolist() == [[0, 1], [1, 0]]


def test_a_column_and_its_copy_are_as_near_as_rounding_allows(seed):
    X = table(seed)
    X[:, 1] = 3.0 * X[:, 0] + 1e6
    assert column_distances(X, "correlation")[0, 1] < 1e-9  # 1e6 cost ten of sixteen digits, twice
    assert column_distances(-X[:, :2] * [[1, -1]], "correlation")[0, 1] == pytest.approx(2.0)


def test_gaps_are_filled_with_the_mean_of_the_others(seed):
    X = table(seed)
    X[::3, 2] = np.nan
    filled = X.copy()
    filled[::3, 2] = np.nanmean(X[:, 2])
    assert np.allclose(column_distances(X), column_distances(filled), rtol=1e-12, atol=1e-14)
    X[:, 2] = np.nan
    assert (np.delete(column_distances(X)[2], 2) == 1).all()


def test_frames_with_nullable_and_bool_columns_are_read_as_numbers():
    frame = pd.DataFrame({"a": pd.array([1, 2, None, 4], "Int64"), "b": [True, False, True, True], "c": [1, 2, 3, 5]})
    plain = np.array([[1, 1, 1], [2, 0, 2], [np.nan, 1, 3], [4, 1, 5]])
    assert np.array_equal(column_distances(frame), column_distances(plain))


def test_columns_that_are_no_numbers_are_refused_by_name():
    frame = pd.DataFrame({"age": [1.0, 2.0], "job": ["a", "b"]})
    with pytest.raises(InvalidClusteringError, match="'job' of `data` holds no numbers.*'association'"):
        column_distances(frame)
    with pytest.raises(InvalidClusteringError, match="column 1 of `data` holds no numbers"):
        column_distances(frame.to_numpy(), "cosine")
    with pytest.raises(InvalidClusteringError, match="column 1 of `data` holds infinity"):
        column_distances([[1.0, np.inf], [2.0, 3.0]])


def test_options_that_do_not_exist_are_refused():
    with pytest.raises(OptionError, match="did you mean 'correlation'"):
        column_distances([[1.0, 2.0]], "correlations")
    with pytest.raises(DimensionError, match="0 rows"):
        column_distances(np.zeros((0, 3)))
    for weights in ([1.0], [1.0, -1.0], [0.0, 0.0], [1.0, np.nan]):
        with pytest.raises(WeightsError, match="one number for each of the 2 rows"):
            column_distances([[1.0, 2.0], [2.0, 2.0]], weights=np.array(weights))
