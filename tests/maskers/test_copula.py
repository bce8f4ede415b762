"""`maskers.Copula`: margins of the data, dependence of the ranks."""

from statistics import NormalDist

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import ferroshap
from ferroshap import maskers
from ferroshap.errors import InvalidMaskerError

NORMAL = NormalDist()


def correlated(seed, n_rows=60, n_features=4):
    rng = np.random.default_rng([seed, 23])
    return rng.normal(size=(n_rows, n_features)) @ rng.normal(size=(n_features, n_features))


def asked(masker, row, present):
    """The model rows of one coalition."""
    seen = []

    def model(rows):
        seen.append(np.array(rows, dtype=np.float64))
        return np.zeros(len(rows))

    game = ferroshap.Game(model, masker, row)
    game(np.asarray(present)[None, :])
    seen.clear()  # also the worths of nobody and everybody, asked once
    game(np.asarray(present)[None, :])
    return np.concatenate(seen)


def monotone(X):
    """Strictly rising, each column by a rule of its own."""
    return np.stack([np.exp(X[:, 0]), X[:, 1] ** 3, np.arctan(X[:, 2]), 5.0 - np.exp(-X[:, 3])], axis=1)


def test_ranks_alone_count(seed):
    # Every value twice, so that draws are values of the data: those of the same ranks, whatever these are.
    background = np.repeat(correlated(seed), 2, axis=0)
    background = np.stack(
        [
            np.random.default_rng([seed, j]).permutation(column) if j == 3 else column
            for j, column in enumerate(background.T)
        ],
        axis=1,
    )
    rows = background[[0, 17, 33]]
    values = []
    for change in (lambda X: X, monotone):
        table, explained = change(background), change(rows)
        place = {value: rank for column in table.T for rank, value in enumerate(np.unique(column).tolist())}

        def model(X, place=place):
            ranks = np.array([[place[value] for value in row] for row in X.tolist()])
            return np.tanh(ranks[:, 0] / 40.0 * ranks[:, 1]) + ranks[:, 2] * np.sqrt(ranks[:, 3])

        values.append(ferroshap.ExactExplainer(model, maskers.Copula(table, n_samples=20, seed=seed))(explained).values)
    assert np.array_equal(*values)


def test_linear_models_of_transformed_normal_columns_have_gaussian_values(seed):
    rng = np.random.default_rng([seed, 3])
    n, rho = 4000, 0.7
    normal = rng.normal(size=(n, 2)) @ np.linalg.cholesky([[1.0, rho], [rho, 1.0]]).T
    background = np.stack([np.exp(normal[:, 0]), normal[:, 1] ** 3], axis=1)
    z = np.array([1.2, -0.4])
    row = np.array([np.exp(z[0]), z[1] ** 3])

    def model(X):
        return np.log(X[:, 0]) + 2.0 * np.cbrt(X[:, 1])

    values = ferroshap.ExactExplainer(model, maskers.Copula(background, n_samples=2000))(row).values
    # v({1}) = z1 + 2 rho z1, v({2}) = rho z2 + 2 z2, for mean zero.
    alone, full = np.array([z[0] * (1 + 2 * rho), z[1] * (rho + 2)]), z[0] + 2 * z[1]
    want = np.array([(alone[0] + full - alone[1]) / 2, (alone[1] + full - alone[0]) / 2])
    # Moments of 4000 rows: standard errors of the mean 3 / sqrt(n), of the correlation (1 - rho^2) / sqrt(n), times
    # three; margins interpolated between ranks add about as much again.
    assert np.abs(values - want).max() < 5 * 2 * (3 + 3) / np.sqrt(n)


def test_draws_keep_the_margins(seed):
    background = np.sort(correlated(seed, n_rows=50, n_features=2), axis=0) ** 3
    n_samples = 400
    rows = asked(maskers.Copula(background, n_samples=n_samples, seed=seed), background[25], [True, False])
    assert (rows[:, 0] == background[25, 0]).all()
    # Sorted columns go together: a rank of one tells that of the other to a hair.
    assert np.abs(np.searchsorted(background[:, 1], rows[:, 1]) - 25).max() <= 3
    assert rows[:, 1].min() >= background[0, 1]
    free = np.stack([background[:, 0], np.random.default_rng(seed).permutation(background[:, 1])], axis=1)
    masker = maskers.Copula(free, n_samples=n_samples, seed=seed)
    drawn = np.sort(asked(masker, free[25], [True, False])[:, 1])
    assert background[:, 1].min() <= drawn[0] < drawn[-1] <= background[:, 1].max()


def test_columns_of_few_values_get_no_others(seed):
    rng = np.random.default_rng(seed)
    background = np.stack([rng.normal(size=90), rng.integers(0, 3, size=90), rng.random(90) < 0.3], axis=1)
    for value in (0.7, -2.0, 9.0):
        rows = asked(maskers.Copula(background, seed=seed), np.array([value, 1.0, 0.0]), [True, False, False])
        assert set(rows[:, 1]) <= {0.0, 1.0, 2.0}
        assert set(rows[:, 2]) <= {0.0, 1.0}


def test_weights_count_as_repeated_rows_do(seed):
    # Values occur once where they are weighed and are tied where they are repeated, so all are tied in both.
    background = np.repeat(correlated(seed, n_rows=12), 2, axis=0)
    counts = np.repeat(np.random.default_rng(seed).integers(1, 4, size=12), 2)
    row = background[4]
    weighed = asked(maskers.Copula(background, weights=counts), row, [True, False, False, True])
    repeated = asked(maskers.Copula(np.repeat(background, counts, axis=0)), row, [True, False, False, True])
    # Edges of weights differ in rounding: a draw may fall on the other side, with a probability of about 1e-13.
    assert np.array_equal(weighed, repeated)


def test_values_beyond_the_data_count_as_half_a_rank():
    background = np.arange(1.0, 21.0)[:, None] * [1.0, 1.0]
    background[:, 1] = background[::-1, 1]
    rows = [asked(maskers.Copula(background), np.array([value, 0.0]), [True, False]) for value in (20.0, 21.0, 1e9)]
    assert np.array_equal(rows[0][:, 1], rows[1][:, 1])
    assert np.array_equal(rows[1][:, 1], rows[2][:, 1])
    assert (rows[2][:, 0] == 1e9).all()


def test_the_rows_are_those_of_the_definition(seed):
    rng = np.random.default_rng([seed, 4])
    background = np.exp(correlated(seed, n_rows=30, n_features=3))
    row = np.exp(rng.normal(size=3))
    masker = maskers.Copula(background, n_samples=9, seed=seed)
    ranks = background.argsort(axis=0).argsort(axis=0)
    scores = np.vectorize(NORMAL.inv_cdf)((ranks + 0.5) / 30)
    correlation = np.corrcoef(scores.T)
    known = np.sort(scores[:, 0])
    mine = np.array([np.interp(value, np.sort(column), known) for value, column in zip(row, background.T, strict=True)])
    draws = masker.fitted.draws
    assert np.abs(draws.mean(axis=0)).max() < 1e-14
    assert np.abs(draws.T @ draws / 9 - correlation).max() < 1e-12
    slopes = np.linalg.solve(correlation[:2, :2], correlation[:2, 2])
    shifted = draws[:, 2] + (mine[:2] - draws[:, :2]) @ slopes
    want = np.interp(shifted, known, np.sort(background[:, 2]))
    rows = asked(masker, row, [True, True, False])
    steepest = (np.diff(np.sort(background[:, 2])) / np.diff(known)).max()
    assert np.abs(rows[:, 2] - want).max() < 1e-9 * (steepest + np.abs(background).max()) / (1 - correlation[0, 1] ** 2)


def test_threads_batches_and_company_change_no_bit(seed):
    background, rows = correlated(seed), correlated(seed + 1000, n_rows=3)

    def model(X):
        return np.tanh(X[:, 0] * X[:, 1]) + X[:, 2] * X[:, 3]

    masker = maskers.Copula(background, n_samples=11)
    known = ferroshap.ExactExplainer(model, masker, n_jobs=1)(rows).values
    for n_jobs in (1, 2, 7):
        for batch_size in (1, 13, "auto"):
            explainer = ferroshap.ExactExplainer(model, masker, n_jobs=n_jobs)
            assert np.array_equal(explainer(rows, batch_size=batch_size).values, known)
    assert np.array_equal(ferroshap.ExactExplainer(model, masker)(rows[1]).values, known[1])


def test_what_has_no_ranks_is_refused():
    with pytest.raises(InvalidMaskerError, match="`data` is a mean and a covariance.*Copula.*pass rows"):
        maskers.Copula({"mean": [0.0], "cov": [[1.0]]})
    frame = pd.DataFrame({"age": [1.0, 2.0], "city": pd.Categorical(["a", "b"])})
    with pytest.raises(InvalidMaskerError, match="column 'city'.*maskers.Copula.*maskers.Forest"):
        maskers.Copula(frame)


@given(st.integers(0, 2**32), st.integers(2, 6), st.integers(1, 25), st.booleans())
def test_any_table_gives_values_within_its_range(number, n_features, n_rows, is_tied):
    rng = np.random.default_rng(number)
    size = (n_rows, n_features)
    background = rng.integers(-2, 3, size=size).astype(float) if is_tied else rng.normal(size=size) * 1e200
    row = rng.normal(size=n_features) * 3.0
    present = rng.random(n_features) < 0.5
    present[0], present[-1] = True, False
    rows = asked(maskers.Copula(background, n_samples=13, seed=number), row, present)
    assert (rows[:, present] == row[present]).all()
    absent = ~present
    assert (rows[:, absent] >= background.min(axis=0)[absent]).all()
    assert (rows[:, absent] <= background.max(axis=0)[absent]).all()
