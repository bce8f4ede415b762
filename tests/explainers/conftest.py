"""An oracle that shares no code with what it judges, and a strict check that values add up."""

from itertools import product
from math import factorial

import numpy as np
import pytest


def logit(p):
    return np.log(p / (1.0 - p))


def brute_force(model, background, x, *, weights=None, link=None, linearized=True):
    """Values `(M, K)` and base `(K,)` by the definition: all coalitions, all background rows.

    `link=None` is the identity. Linearised, each output is linked by itself, with the weights that
    meet both ends; else the mean is.
    """
    background, x = np.asarray(background), np.asarray(x)
    n_background, n = background.shape
    weights = np.full(n_background, 1.0 / n_background) if weights is None else np.asarray(weights, float)
    weights = (weights / weights.sum())[:, None]
    link = link or (lambda outputs: outputs)

    def outputs(rows):
        return np.asarray(model(rows), dtype=float).reshape(len(rows), -1)

    known = outputs(background)
    mean = (weights * known).sum(axis=0)
    with np.errstate(all="ignore"):
        factors = weights * (known - mean) / (link(known) - link(mean))
    factors = factors / factors.sum(axis=0)
    worth = {}
    for present in product([False, True], repeat=n):
        got = outputs(np.where(present, x[None, :], background))
        worth[present] = (factors * link(got)).sum(axis=0) if linearized else link((weights * got).sum(axis=0))
    values = np.zeros((n, known.shape[1]))
    for present, v in worth.items():
        size = sum(present)
        for i in range(n):
            if not present[i]:
                joined = (*present[:i], True, *present[i + 1 :])
                values[i] += factorial(size) * factorial(n - size - 1) / factorial(n) * (worth[joined] - v)
    return values, worth[(False,) * n]


def adds_up(explanation, outputs, rtol=1e-10):
    """Strictly: every row and output, relative to the sizes of what is added."""
    axis = explanation.axes.index("feature")
    values, base = np.asarray(explanation.values), np.asarray(explanation.base_values)
    outputs = np.asarray(outputs, dtype=float)
    assert base.shape == outputs.shape
    scale = (np.abs(base) + np.abs(values).sum(axis=axis) + np.abs(outputs)).max(initial=0.0)
    return bool((np.abs(base + values.sum(axis=axis) - outputs) <= rtol * scale).all())


class Counted:
    """A function of rows that counts them, and its calls."""

    def __init__(self, function):
        self.function = function
        self.n_rows = 0
        self.batches = []

    def __call__(self, rows):
        n_rows = rows.shape[0] if hasattr(rows, "shape") else len(rows)
        self.n_rows += n_rows
        self.batches.append(n_rows)
        return self.function(rows)


@pytest.fixture(name="brute_force")
def _brute_force():
    return brute_force


@pytest.fixture(name="adds_up")
def _adds_up():
    return adds_up


@pytest.fixture(name="Counted")
def _counted():
    return Counted


@pytest.fixture(name="logit")
def _logit():
    return logit


@pytest.fixture
def case(seed):
    """A table of 6 columns, and a model of it with interactions of three features."""
    rng = np.random.default_rng([seed, 1])
    return Case(rng.normal(size=(30, 6)), rng.normal(size=(5, 6)))


class Case:
    def __init__(self, background, rows):
        self.background, self.rows = background, rows

    @staticmethod
    def model(rows):
        # Elementwise, so that an output has the same bits in every batch.
        three = np.tanh(rows[:, 0] * rows[:, 1] * rows[:, 4])
        return three + rows[:, 2] * np.sin(rows[:, 3]) + 0.5 * rows[:, 4] - rows[:, 5] ** 2

    @staticmethod
    def two_outputs(rows):
        return np.stack([Case.model(rows), rows[:, 0] * rows[:, 5] + 1.0], axis=1)

    @staticmethod
    def probability(rows):
        return 1.0 / (1.0 + np.exp(-Case.model(rows)))
