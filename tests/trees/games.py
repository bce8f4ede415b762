"""The game that tree values answer for, by the library's own predictions: no code shared with what it judges."""

import numpy as np
from tests.oracle import shapley


def interventional_values(predict, row, background, weights=None):
    """Shapley values of `v(S) = mean over background rows z of predict(row on S, z elsewhere)`: `(features[, outputs])`.

    `predict` takes `(rows, features)`, so all `2^features` coalitions times all background rows go through the
    library at once.
    """
    row, background = np.asarray(row), np.asarray(background)
    n_players, n_background = len(row), len(background)
    weights = np.full(n_background, 1 / n_background) if weights is None else np.asarray(weights) / np.sum(weights)
    present = (np.arange(2**n_players)[:, None] >> np.arange(n_players) & 1).astype(bool)
    hybrid = np.where(present[:, None, :], row, background).reshape(-1, n_players)
    outputs = np.asarray(predict(hybrid), dtype=np.float64)
    worths = np.einsum("sz...,z->s...", outputs.reshape(2**n_players, n_background, *outputs.shape[1:]), weights)
    if worths.ndim == 1:
        return np.array(shapley(worths, n_players))
    return np.stack([shapley(worths[:, output], n_players) for output in range(worths.shape[1])], axis=-1)


def assert_adds_up(explanation, predicted, tolerance):
    """Base value and values give the prediction, within `tolerance` times the largest term of any row's sum."""
    values, base = explanation.values, explanation.base_values
    total = base + values.sum(axis=1)
    scale = np.max(np.abs(base) + np.abs(values).sum(axis=1) + np.abs(predicted))
    np.testing.assert_allclose(total, predicted, rtol=0, atol=tolerance * scale)
