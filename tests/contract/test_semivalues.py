"""Semivalues other than Shapley's: all coalitions give the definition, samples its mean, and explainers refuse them."""

from math import comb, exp, fsum, lgamma

import numpy as np
import pytest
from tests.contract.games import KINDS, MODELS, Table, dense, drawn

from ferroshap.errors import BudgetError, OptionError
from ferroshap.estimators import Unbiased
from ferroshap.explainers import KernelExplainer, PermutationExplainer
from ferroshap.run import Run, estimate

SEMIVALUES = ["banzhaf", ("beta", 4.0, 1.0), ("beta", 2, 2), ("beta", 16.0, 1.0)]


def weights(semivalue, n):
    """What each coalition of `t` others weighs."""
    if semivalue == "banzhaf":
        return [2.0 ** (1 - n)] * n
    _, a, b = semivalue

    def ln_beta(x, y):
        return lgamma(x) + lgamma(y) - lgamma(x + y)

    return [exp(ln_beta(t + b, n - 1 - t + a) - ln_beta(a, b)) for t in range(n)]


def by_definition(worths, semivalue):
    """The weighted mean of a player's gains over all coalitions of the others."""
    n = len(worths).bit_length() - 1
    p = weights(semivalue, n)
    assert abs(fsum(comb(n - 1, t) * p[t] for t in range(n)) - 1) < 1e-12

    def value(i):
        others = [s for s in range(2**n) if not s >> i & 1]
        return fsum(p[s.bit_count()] * (worths[s | 1 << i] - worths[s]) for s in others)

    return np.array([value(i) for i in range(n)])


@pytest.mark.parametrize("semivalue", SEMIVALUES)
@pytest.mark.parametrize("n", range(1, 8))
def test_all_coalitions_give_the_definition(semivalue, n, seed):
    for kind in [*KINDS, dense]:
        game, _ = drawn(kind, n, seed)
        result = estimate(game, Unbiased(semivalue=semivalue), budget=2**n, rng=seed)
        # The oracle's weights come from logarithms of the gamma function: twelve digits.
        np.testing.assert_allclose(result.values, by_definition(game.worths, semivalue), atol=1e-11 * game.scale)
        assert (result.status, result.n_evaluations) == ("EXACT", 2**n)
        assert np.isnan(result.gap)


@pytest.mark.parametrize("semivalue", SEMIVALUES)
@pytest.mark.parametrize("surrogate", [None, "linear"])
def test_means_meet_the_definition(semivalue, surrogate, seed):
    n = 7
    game, _ = drawn(dense, n, seed)
    truth = by_definition(game.worths, semivalue)
    method = Unbiased(semivalue=semivalue, surrogate=surrogate)
    starts = np.random.default_rng([seed, n]).integers(0, 2**63, size=1000)
    errors = np.array([estimate(game, method, budget=41, rng=int(start)).values for start in starts]) - truth
    assert np.all(np.abs(errors.mean(axis=0)) <= 5 * errors.std(axis=0, ddof=1) / np.sqrt(1000))


@pytest.mark.parametrize("semivalue", SEMIVALUES)
@pytest.mark.parametrize("surrogate", [None, "linear"])
def test_intervals_hold_the_truth_as_often_as_they_say(semivalue, surrogate, seed):
    n = 9
    shares = []
    for kind in MODELS:
        for number in range(20):
            game, _ = drawn(kind, n, number)
            truth = by_definition(game.worths, semivalue)
            for run in range(5):
                method = Unbiased(semivalue=semivalue, surrogate=surrogate)
                result = estimate(game, method, budget=16 * n, rng=[seed, number, run][1] * 5 + run + 1000 * seed)
                lower, upper = result.confidence_interval(0.9)
                shares.append(np.mean((lower - 1e-12 <= truth) & (truth <= upper + 1e-12)))
    slack = 5 * np.std(shares) / np.sqrt(len(shares))
    assert 0.84 - slack <= np.mean(shares) <= 0.97 + slack


def test_a_run_of_another_semivalue_knows_nothing_at_first(seed):
    game, _ = drawn(dense, 6, seed)
    run = Run(game, Unbiased(semivalue="banzhaf"), budget=40, rng=seed)
    assert np.isnan(run.estimate().values).all()
    assert np.isfinite(run.finish().values).all()


@pytest.mark.parametrize("explainer", [KernelExplainer, PermutationExplainer])
def test_explainers_refuse_values_that_do_not_add_up(explainer):
    with pytest.raises(OptionError, match="do not add up"):
        explainer(lambda rows: rows.sum(axis=1), np.zeros((1, 5)), method=Unbiased(semivalue="banzhaf"))


def test_explainers_take_unbiased_shapley_values():
    model, background = (lambda rows: rows @ np.arange(5.0) + rows[:, 0] * rows[:, 1]), np.zeros((1, 5))
    explainer = KernelExplainer(model, background, method=Unbiased(surrogate="linear"))
    explanation = explainer(np.ones((2, 5)), nsamples=30)
    np.testing.assert_allclose(explanation.values, [[0.5, 1.5, 2, 3, 4]] * 2, atol=1e-9)


@pytest.mark.parametrize(
    "options,message",
    [
        ({"semivalue": "shaply"}, "`semivalue` is 'shaply', but must be 'shapley', 'banzhaf' or"),
        ({"semivalue": ("beta", -1, 2)}, "`semivalue` is"),
        ({"surrogate": "liner"}, "did you mean 'linear'"),
        ({"surrogate": object()}, "without fit, predict, values"),
        ({"surrogate": "kriging", "semivalue": "banzhaf"}, "knows its Shapley values alone"),
        ({"folds": 1}, "`folds` is 1"),
    ],
)
def test_impossible_options_are_refused(options, message):
    with pytest.raises(OptionError, match=message):
        Unbiased(**options)


def test_a_budget_below_two_a_player_is_refused():
    with pytest.raises(BudgetError, match="unbiased needs at least 18"):
        estimate(Table(np.zeros(256)), Unbiased(), budget=17)
