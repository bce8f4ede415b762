"""Screening: few evaluations find the few players that matter among very many, and say what they do not know."""

import numpy as np
import pytest

import ferroshap as shap
from ferroshap.errors import BudgetError, OptionError
from ferroshap.estimators import Auto, Screened
from ferroshap.run import Run, estimate


def few_matter(n, n_matter, rng, *, n_sets=0):
    """A game in which few players matter, with its values: linear, and sets of two to four that add something."""
    weights = np.zeros(n)
    who = rng.choice(n, n_matter, replace=False)
    weights[who] = rng.normal(size=n_matter)
    values = weights.copy()
    sets = [(rng.choice(who, rng.integers(2, 5), replace=False), 0.3 * rng.normal()) for _ in range(n_sets)]
    for members, gain in sets:
        values[members] += gain / len(members)

    def game(coalitions):
        worths = coalitions @ weights
        for members, gain in sets:
            worths = worths + gain * coalitions[:, members].all(axis=1)
        return worths

    return game, values


def heavy_tails(n, rng):
    """A linear game in which everybody matters, a few much more than the others."""
    weights = rng.standard_t(2, size=n)
    return lambda coalitions: coalitions @ weights, weights


def missed(values, truth):
    return np.sum((values - truth) ** 2) / np.sum(truth**2)


@pytest.mark.parametrize("n", [200, 2_000])
@pytest.mark.parametrize("method", [Screened(), Auto(screen=True)])
def test_the_few_that_matter_are_found_by_fewer_evaluations_than_players(method, n, seed):
    game, truth = few_matter(n, 5, np.random.default_rng([n, seed]))
    found = estimate(game, method, n_players=n, budget=n // 2 + 64, rng=seed)
    assert found.method == "screened"
    assert found.n_evaluations <= n // 2 + 64
    assert missed(found.values, truth) < 1e-20  # a linear game: halving is exact, and everybody found
    alone = {int(group[0]) for group in found.screening.groups if len(group) == 1}
    assert set(np.flatnonzero(truth)) <= alone


@pytest.mark.parametrize("budget", [64, 65, 100, 333, 1_000, 2_500])
def test_values_add_up_and_budgets_are_kept(budget, seed):
    n = 400
    game, _ = heavy_tails(n, np.random.default_rng([seed, budget]))
    asked = []

    def counted(coalitions):
        asked.append(len(coalitions))
        return np.stack([game(coalitions), np.tanh(game(coalitions))], axis=1)

    found = estimate(counted, Screened(), n_players=n, budget=budget, rng=seed)
    assert sum(asked) == found.n_evaluations <= budget
    ends = counted(np.array([[False] * n, [True] * n]))
    # n sums of values of the size of the worths.
    np.testing.assert_allclose(found.values.sum(axis=0), ends[1] - ends[0], atol=1e-11 * np.abs(ends).max())
    if found.method == "screened":
        screening = found.screening
        assert sorted(np.concatenate(screening.groups)) == list(range(n))
        shares = np.array([found.values[group].sum(axis=0) for group in screening.groups])
        np.testing.assert_allclose(shares, screening.values, atol=1e-11 * np.abs(ends).max())
        assert np.isfinite(found.std_errors).all()


def test_what_everybody_misses_together_is_stated(seed):
    """The mean of stated over made squared errors is near one where nothing but screening errs: a linear game."""
    stated, made = [], []
    for number in range(40):
        game, truth = heavy_tails(300, np.random.default_rng([number, seed]))
        found = estimate(game, Screened(), n_players=300, budget=150, rng=number)
        made.append(missed(found.values, truth))
        stated.append(np.sum(found.std_errors**2) / np.sum(truth**2))
    # Each of 40 runs judges by 8 pairs, to about half of its size.
    assert 0.6 < np.mean(stated) / np.mean(made) < 1.7


def test_intervals_of_members_hold_the_truth_as_often_as_they_say_or_more(seed):
    shares = []
    for number in range(40):
        game, truth = few_matter(500, 40, np.random.default_rng([number, seed]), n_sets=20)
        found = estimate(game, Screened(), n_players=500, budget=400, rng=number)
        lower, upper = found.confidence_interval()
        shares.append(np.mean((lower - 1e-12 <= truth) & (truth <= upper + 1e-12)))
    assert np.mean(shares) >= 0.9 - 5 * np.std(shares, ddof=1) / np.sqrt(len(shares))


@pytest.mark.parametrize("batch_size", [1, 7, 64, "auto"])
def test_batches_and_threads_change_no_bit(batch_size):
    game, _ = few_matter(700, 60, np.random.default_rng(3), n_sets=30)
    exact = lambda coalitions: np.array([game(row[None])[0] for row in coalitions])  # noqa: E731 - one row at a time
    one = estimate(exact, Screened(), n_players=700, budget=600, rng=5)
    two = estimate(exact, Screened(), n_players=700, budget=600, rng=5, batch_size=batch_size, n_jobs=2)
    assert one.values.tobytes() == two.values.tobytes()
    assert one.std_errors.tobytes() == two.std_errors.tobytes()
    other = estimate(exact, Screened(), n_players=700, budget=600, rng=6)
    assert one.values.tobytes() != other.values.tobytes()


def test_ample_budgets_and_few_players_fall_back_and_say_so():
    game, _ = few_matter(20, 5, np.random.default_rng(0))
    assert estimate(game, Screened(), n_players=20, budget=20 * 48).method != "screened"
    assert estimate(game, Auto(screen=True), n_players=20, budget=200).method == "sparse_odd"
    assert estimate(game, Screened(), n_players=20, budget=30).method == "singles_first"
    wide, _ = few_matter(1_600, 5, np.random.default_rng(0))
    assert Run(wide, Auto(screen=True), n_players=1_600, budget=16 * 1_600).estimate().method == "leverage"


def test_less_than_the_least_is_refused_by_name():
    with pytest.raises(BudgetError, match="at least 64"):
        estimate(lambda s: s.sum(axis=1), Screened(), n_players=300, budget=63)
    with pytest.raises(OptionError, match="`screen` and `unbiased`"):
        Auto(screen=True, unbiased=True)


def test_an_interrupted_run_answers_at_any_moment():
    n = 300
    game, truth = few_matter(n, 10, np.random.default_rng(1))
    run = Run(game, Screened(), n_players=n, budget=400, batch_size=5)
    total = truth.sum()
    for _ in range(60):
        run._loop.step(5)
        now = run.estimate()
        assert abs(now.values.sum() - total) < 1e-9
    assert run.finish().status == "BUDGET_SPENT"


@pytest.mark.parametrize("scale", [1e-150, 1.0, 1e150])
def test_scales_do_not_matter(scale):
    game, truth = few_matter(300, 8, np.random.default_rng(2))
    found = estimate(lambda s: scale * game(s), Screened(), n_players=300, budget=280, rng=0)
    np.testing.assert_allclose(found.values / scale, truth, atol=1e-9)
    nothing = estimate(lambda s: np.zeros(len(s)), Screened(), n_players=300, budget=280)
    assert not nothing.values.any()


def test_explanations_say_who_was_screened_out(tmp_path):
    n = 400
    rng = np.random.default_rng(4)
    weights = np.zeros(n)
    weights[rng.choice(n, 6, replace=False)] = 1.0 + rng.random(6)
    explainer = shap.KernelExplainer(lambda X: X @ weights, np.zeros((1, n)), method=Screened())
    rows = rng.normal(size=(3, n))
    found = explainer(rows, nsamples=250)
    np.testing.assert_allclose(found.values, rows * weights, atol=1e-12)
    assert len(found.screening) == 3
    assert sorted(np.concatenate(found[1].screening.groups)) == list(range(n))
    assert "groups of the others" in repr(found.screening[0])
    found.save(tmp_path / "found.npz")  # files keep everything but who was screened out
    assert shap.Explanation.load(tmp_path / "found.npz").screening is None
    with pytest.raises(BudgetError, match="at least 62"):
        explainer(rows, nsamples=50)


@pytest.mark.parametrize("screen", ["yes", 1, 0, None, 0.5])
def test_screen_is_true_or_false(screen):
    with pytest.raises(OptionError, match=r"`screen` is .*, but must be True or False"):
        Auto(screen=screen)
