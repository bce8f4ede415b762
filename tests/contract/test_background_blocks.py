"""A background taken in blocks: cheap evaluations that still estimate the whole of it, without bias."""

import numpy as np
import pytest
from tests.contract.games import members
from tests.oracle import shapley

from ferroshap.explainers import PermutationExplainer

N, ROWS = 4, 25
ROUNDING = 1e-12  # worths are of the order of 1


def model(rows):
    """Interactions of two and three, so that blocks and orders both matter; the same bits in any batch."""
    return rows[:, 0] * rows[:, 1] - rows[:, 1] * rows[:, 2] * rows[:, 3] + rows[:, 3]


def setting(seed):
    rng = np.random.default_rng([seed, 25])
    background = rng.normal(size=(ROWS, N)) + 1
    return background, rng.normal(size=(1, N)), np.exp(background[:, 0])  # weights that know what they weigh


def truth(background, row, weights):
    """The oracle on the whole background."""
    masked = np.where(members(N)[:, None, :], row[0], background)  # (coalitions, rows, features)
    worths = model(masked.reshape(-1, N)).reshape(-1, ROWS) @ (weights / weights.sum())
    return np.array(shapley(worths.tolist(), N)), worths


def explain(background, row, seed, max_evals, **options):
    explainer = PermutationExplainer(model, background, seed=seed, rows_per_eval=10, **options)
    return explainer, explainer(row, max_evals=max_evals)


@pytest.mark.parametrize("max_evals", [9, 14, 20, 50])
def test_rotating_blocks_estimate_the_whole_background(max_evals, seed):
    background, row, _ = setting(seed)
    expected, worths = truth(background, row, np.ones(ROWS))
    runs = []
    for start in range(1000):
        explainer, explanation = explain(background, row, seed * 1000 + start, max_evals)
        assert explainer.rows_per_eval <= 10
        assert abs(explanation.values.sum() + explainer.expected_value - worths[-1]) <= 1e-12 * np.abs(worths).max()
        runs.append(explanation.values[0])
    errors = np.array(runs) - expected
    standard_error = errors.std(axis=0, ddof=1) / np.sqrt(len(errors))
    assert np.all(np.abs(errors.mean(axis=0)) <= 5 * standard_error + ROUNDING)


def test_rotating_blocks_of_weighted_rows_estimate_the_weighted_background(seed):
    background, row, weights = setting(seed)
    expected, _ = truth(background, row, weights)
    for max_evals in [9, 20, 50]:
        starts = range(seed * 1000, (seed + 1) * 1000)
        runs = [explain(background, row, start, max_evals, weights=weights)[1] for start in starts]
        errors = np.array([run.values[0] for run in runs]) - expected
        standard_error = errors.std(axis=0, ddof=1) / np.sqrt(len(errors))
        assert np.all(np.abs(errors.mean(axis=0)) <= 5 * standard_error + ROUNDING), max_evals


def test_a_background_in_one_piece_is_the_game_itself(seed):
    background, row, weights = setting(seed)
    expected, worths = truth(background, row, weights)
    explainer = PermutationExplainer(model, background, seed=seed, rows_per_eval=ROWS, weights=weights)
    values = np.array([explainer(row, max_evals=2000 + start).values[0] for start in range(2)])
    np.testing.assert_allclose(values.sum(axis=1), worths[-1] - worths[0], rtol=1e-12)
    assert np.abs(values - expected).max() < 0.2 * np.abs(expected).max()


def test_blocks_keep_the_number_of_model_rows(seed):
    background, row, _ = setting(seed)
    asked = []

    def counted(rows):
        asked.append(len(rows))
        return model(rows)

    for max_evals in range(2 * N + 1, 60, 5):
        asked.clear()
        explainer = PermutationExplainer(counted, background, seed=seed, rows_per_eval=10)
        assert sum(asked) == ROWS
        explanation = explainer(row, max_evals=max_evals)
        n_evaluations = int(explanation.n_evaluations[0])
        assert n_evaluations <= max_evals
        assert sum(asked) - ROWS - 1 <= (n_evaluations - 2) * 9  # blocks of 9, 8 and 8 rows
        assert sum(asked) <= ROWS + max_evals * 10
