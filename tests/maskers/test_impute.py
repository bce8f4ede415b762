"""`maskers.Impute` against its definition."""

import numpy as np
import pytest

import ferroshap
from ferroshap import maskers
from ferroshap.errors import InvalidMaskerError, OptionError


def correlated(seed, n_rows=40, n_features=4):
    rng = np.random.default_rng([seed, 22])
    return rng.gamma(2.0, size=(n_rows, n_features)) @ rng.normal(size=(n_features, n_features))


def model(X):
    return np.tanh(X[:, 0] * X[:, 1]) + np.abs(X[:, 2]) * X[:, 3]


def test_every_worth_is_the_weighted_mean_over_shifted_rows(seed):
    background, row = correlated(seed), correlated(seed + 1000, n_rows=1)[0]
    weights = np.random.default_rng(seed).random(len(background))
    weights[:3] = 0.0
    game = ferroshap.Game(model, maskers.Impute(background, weights=weights), row)
    weights /= weights.sum()
    mean = weights @ background
    cov = (background - mean).T @ (weights[:, None] * (background - mean))
    for number in range(1, 15):
        present = (number >> np.arange(4) & 1).astype(bool)
        slopes = np.linalg.solve(cov[np.ix_(present, present)], cov[np.ix_(present, ~present)])
        rows = background.copy()
        rows[:, present] = row[present]
        rows[:, ~present] += (row - background)[:, present] @ slopes
        # Conditions of covariances of five columns stay far below 1e5.
        assert abs(game(present[None, :])[0] - weights @ model(rows)) < 1e-9 * np.abs(rows).max() ** 2
    assert abs(game(np.zeros((1, 4), bool))[0] - weights @ model(background)) < 1e-12 * np.abs(background).max() ** 2


def test_uncorrelated_columns_are_filled_as_by_independent(seed):
    # All signs of three columns: correlations are zero, exactly.
    signs = np.array([[a, b, c] for a in (-1.0, 1.0) for b in (-1.0, 1.0) for c in (-1.0, 1.0)])
    background = signs * np.array([1.0, 2.0, 0.5])
    row = np.random.default_rng(seed).normal(size=3)
    for inner in (lambda X: np.exp(X[:, 0]) * X[:, 1] + X[:, 2], lambda X: X[:, 0] * X[:, 1] * X[:, 2]):
        ours = ferroshap.ExactExplainer(inner, maskers.Impute(background))(row).values
        marginal = ferroshap.ExactExplainer(inner, maskers.Independent(background))(row).values
        assert np.abs(ours - marginal).max() < 1e-13 * np.exp(np.abs(row).max()) ** 2


def test_a_mean_and_a_covariance_fill_in_what_regression_expects():
    masker = maskers.Impute({"mean": [1.0, 2.0], "cov": [[4.0, 1.0], [1.0, 1.0]]})
    seen = []

    def keeping(X):
        seen.append(X.copy())
        return X[:, 0]

    game = ferroshap.Game(keeping, masker, np.array([5.0, 3.0]))
    coalitions = np.array([[False, True], [True, False]])
    game(coalitions)
    seen.clear()  # also the worths of nobody and everybody, asked once
    game(coalitions)
    assert np.abs(np.concatenate(seen) - [[2.0, 3.0], [5.0, 3.0]]).max() < 1e-14
    assert game(np.zeros((1, 2), bool)) == 1.0


def test_one_row_is_all_there_is_to_know(seed):
    row = np.random.default_rng(seed).normal(size=3)
    ours = ferroshap.ExactExplainer(lambda X: X.prod(axis=1), maskers.Impute([[1.0, 2.0, 3.0]]))(row).values
    baseline = ferroshap.ExactExplainer(lambda X: X.prod(axis=1), maskers.Baseline([1.0, 2.0, 3.0]))(row).values
    assert np.abs(ours - baseline).max() < 1e-14 * max(1.0, np.abs(row).max()) ** 3


def test_options_are_checked():
    with pytest.raises(OptionError, match="`method` is 'forest', but 'linear' is the only one"):
        maskers.Impute(np.eye(3), "forest")
    with pytest.raises(InvalidMaskerError, match="column 1 of `data`.*maskers.Impute"):
        maskers.Impute(np.array([[1.0, "a"], [2.0, "b"]], dtype=object))
    with pytest.raises(InvalidMaskerError, match="`weights` were given with a mean"):
        maskers.Impute({"mean": [0.0], "cov": [[1.0]]}, weights=[1.0])
    assert maskers.Impute(np.eye(3)).n_samples == 3
