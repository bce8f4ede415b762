"""Masked rows that come again are not asked again, and not a bit changes."""

from collections import Counter

import numpy as np
import pandas as pd
import pytest

import ferroshap
from ferroshap.game import MaskedGame
from ferroshap.run import Run

N, ROWS = 7, 20


def model(rows):
    """Row by row, whatever the batch: interactions of a few columns, two outputs."""
    first = rows[:, 0] * rows[:, 1] + np.sin(rows[:, 2] + rows[:, 3]) - rows[:, 4] * rows[:, 5] * rows[:, 6]
    return np.stack([first, np.tanh(first) + rows[:, 0]], axis=1)


def setting(seed):
    """Three columns of real numbers, four of which half of all entries are equal; and rows that come twice."""
    rng = np.random.default_rng([seed, 3])
    binary = rng.integers(0, 2, size=(2 * ROWS, 4))
    table = np.hstack([rng.normal(size=(2 * ROWS, 3)), binary.astype(float)])
    background, rows = table[:ROWS], table[ROWS : ROWS + 6]
    background[ROWS // 2 :] = background[: ROWS // 2]
    return background, rows


class Counted:
    """A model that counts the rows that it is asked about, and how often each comes."""

    def __init__(self, function=model):
        self.function = function
        self.n_rows = 0
        self.times = Counter()

    def __call__(self, rows):
        self.n_rows += len(rows)
        if isinstance(rows, np.ndarray):
            self.times.update(row.tobytes() for row in rows)
        return self.function(rows)


EXPLAINERS = [
    ("ExactExplainer", {}, {}),
    ("KernelExplainer", {"method": "leverage"}, {"nsamples": 60}),
    ("KernelExplainer", {"rows_per_eval": 6}, {"nsamples": 300}),
    ("PermutationExplainer", {"rows_per_eval": 6}, {"max_evals": 60}),
    ("PermutationExplainer", {"weights": np.arange(1.0, ROWS + 1)}, {"max_evals": 60, "batch_size": 501}),
]


@pytest.mark.parametrize("name,options,call", EXPLAINERS)
def test_fewer_rows_are_asked_and_every_bit_is_the_same(name, options, call, seed, monkeypatch):
    background, rows = setting(seed)
    found = []
    for looks in [True, False]:
        with monkeypatch.context() as patch:
            if not looks:
                patch.setattr(MaskedGame, "_find_distinct", lambda _: None)
            counted = Counted()
            explainer = getattr(ferroshap, name)(counted, background, **options)
            found.append((explainer(rows, **call), counted))
    (with_it, once), (without, often) = found
    assert once.n_rows < often.n_rows
    assert once.times.keys() == often.times.keys()
    # Once in each of six games; before that as a row that is explained, and twice as a background row that comes
    # twice, for the base value and again for the worths of nobody.
    assert max(once.times.values()) <= 6 + 1 + 2 * 2 < max(often.times.values())
    assert with_it.values.tobytes() == without.values.tobytes()
    assert np.asarray(with_it.error_std).tobytes() == np.asarray(without.error_std).tobytes()
    np.testing.assert_array_equal(with_it.n_evaluations, without.n_evaluations)


def test_columns_of_words_count_as_equal_too(seed):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"a": rng.choice(["x", "y"], 30), "b": rng.choice(["u", "v"], 30), "c": rng.normal(size=30)})

    def of_frame(rows):
        return (rows["a"] == "x") * rows["c"].to_numpy() + (rows["b"] == "u") * 1.0

    counted = Counted(of_frame)
    ferroshap.ExactExplainer(counted, frame[:20])(frame[20:])
    # Background and rows, then six coalitions on twenty rows each; of their masks two thirds differ on average.
    assert counted.n_rows - 20 - 10 < 0.8 * 10 * 6 * 20


def test_tables_without_ties_are_not_looked_through(seed):
    rng = np.random.default_rng(seed)
    game = ferroshap.Game(model, rng.normal(size=(ROWS, N)), rng.normal(size=N))
    assert game.masked()._distinct is None
    background, rows = setting(seed)
    assert ferroshap.Game(model, background, rows[0]).masked()._distinct is not None


def test_a_model_that_fails_is_asked_again(seed):
    background, rows = setting(seed)

    class FailsError(Exception):
        """What the model raises."""

    calls = []

    def failing(masked):
        calls.append(len(masked))
        if len(calls) == 5:
            raise FailsError
        return model(masked)

    run = Run(ferroshap.Game(failing, background, rows[0]), "permutation", budget=100, batch_size=100)
    with pytest.raises(FailsError):
        run.finish()
    smooth = Run(ferroshap.Game(model, background, rows[0]), "permutation", budget=100, batch_size=100).finish()
    assert run.finish().values.tobytes() == smooth.values.tobytes()
