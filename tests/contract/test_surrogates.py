"""Surrogates from outside: whatever they are, the mean of the estimates is the definition."""

import numpy as np
import pytest
from tests.contract.games import Table, dense, drawn, members, trees
from tests.oracle import shapley

from ferroshap.errors import DimensionError, OptionError
from ferroshap.estimators import Unbiased
from ferroshap.run import estimate
from ferroshap.trees import Surrogate

lightgbm = pytest.importorskip("lightgbm")


def boosted():
    """Trees that fit few rows closely."""
    options = {"n_estimators": 20, "num_leaves": 6, "min_child_samples": 3, "verbose": -1, "n_jobs": 1}
    return Surrogate(lightgbm.LGBMRegressor(deterministic=True, random_state=0, **options))


class Wrong:
    """A game that has nothing to do with the one that is played, but depends on what it was fitted to."""

    def fit(self, coalitions, half_differences):
        n = coalitions.shape[1]
        self.worths = np.sin(np.arange(2**n) + 7 * half_differences[: len(half_differences) // 3].sum())
        self.bits = 1 << np.arange(n)

    def predict(self, coalitions):
        return self.worths[coalitions @ self.bits]

    def values(self):
        return shapley(self.worths.tolist(), len(self.bits))


@pytest.mark.parametrize("make, runs", [(Wrong, 500), (boosted, 300)])
def test_means_meet_the_definition(make, runs, seed):
    game, truth = drawn(dense, 6, seed)
    method = Unbiased(surrogate=make(), folds=3)
    starts = np.random.default_rng(seed).integers(0, 2**63, size=runs)
    errors = np.array([estimate(game, method, budget=30, rng=int(start)).values for start in starts]) - truth
    assert np.all(np.abs(errors.mean(axis=0)) <= 5 * errors.std(axis=0, ddof=1) / np.sqrt(runs))


def test_values_of_trees_are_those_of_their_own_game(seed):
    inside = members(6)
    surrogate = boosted()
    surrogate.fit(inside, np.random.default_rng(seed).normal(size=64))
    expected = shapley(surrogate.predict(inside).tolist(), 6)
    np.testing.assert_allclose(surrogate.values(), expected, atol=1e-12)


def test_trees_explain_what_trees_made(seed):
    """At many evaluations a good surrogate leaves little to be corrected."""
    plain, helped = [], []
    for number in range(10):
        game, truth = drawn(trees, 9, 10 * seed + number)
        for errors, surrogate in [(plain, None), (helped, boosted())]:
            result = estimate(game, Unbiased(surrogate=surrogate), budget=288, rng=number)
            errors.append(np.sum((result.values - truth) ** 2) / np.sum(truth**2))
    assert np.median(helped) < np.median(plain) / 2


def test_outputs_have_their_own_surrogates_and_add_up(seed):
    one, two = drawn(dense, 6, seed)[0], drawn(trees, 6, seed)[0]
    game = Table(np.stack([one.worths, two.worths], axis=1))
    result = estimate(game, Unbiased(surrogate=boosted()), budget=40, rng=seed)
    np.testing.assert_allclose(result.values.sum(axis=0), game.total, atol=1e-12 * game.scale)
    for output, single in enumerate([one, two]):
        alone = estimate(single, Unbiased(surrogate=boosted()), budget=40, rng=seed)
        np.testing.assert_allclose(result.values[:, output], alone.values, atol=1e-12)


def test_surrogates_of_another_shape_are_refused():
    class Short(Wrong):
        def values(self):
            return [0.0]

    class Infinite(Wrong):
        def predict(self, coalitions):
            return np.full(len(coalitions), np.inf)

    game, _ = drawn(dense, 6, 0)
    with pytest.raises(DimensionError, match=r"`surrogate.values` returned shape \(1,\)"):
        estimate(game, Unbiased(surrogate=Short()), budget=30)
    with pytest.raises(OptionError, match="finite"):
        estimate(game, Unbiased(surrogate=Infinite()), budget=30)
    with pytest.raises(OptionError, match="must be a regressor of trees"):
        Surrogate(object())
    with pytest.raises(OptionError, match="not fitted"):
        boosted().values()


def test_an_error_of_the_surrogate_comes_out_as_it_is():
    error = RuntimeError("broken")

    class Failing(Wrong):
        def fit(self, coalitions, half_differences):
            raise error

    game, _ = drawn(dense, 6, 0)
    with pytest.raises(RuntimeError) as caught:
        estimate(game, Unbiased(surrogate=Failing()), budget=30)
    assert caught.value is error
