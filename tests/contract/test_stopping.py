"""The stopping rule: a run ends at a checkpoint where its own intervals say so, and nowhere else."""

import itertools
import time
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.contract.games import KINDS, MODELS, Table, Windows, dense, drawn, network, sparse, trees, two_additive
from tests.contract.test_same_bits import bits

from ferroshap.errors import ConvergenceWarning, OptionError
from ferroshap.estimators import Auto, Exact, Leverage, Permutation
from ferroshap.explanation import student_quantile
from ferroshap.run import Run, estimate

#: Methods whose sequence does not depend on the budget.
NAMED = [Leverage(), Leverage(sequence="kernel"), Leverage(sequence="star"), Permutation()]
PLAYERS = 10


def unit(method, n):
    """Evaluations of a unit, and those before the first that counts."""
    return (2 * (n - 1), 2) if isinstance(method, Permutation) else (2, 2 + 2 * n)


def checkpoints(method, n, budget):
    """Where a run is looked at: whole units at 3n, 4n, 6n, 8n, ..., from eight units on, and its end."""
    size, before = unit(method, n)
    ladder = (k * n << j for j in itertools.count() for k in (3, 4))
    all_of_it = 2 + (budget - 2) // size * size
    if not isinstance(method, Permutation):
        all_of_it = min(all_of_it, 2**n)
    looks = (2 + (m - 2) // size * size for m in ladder)
    return [*itertools.takewhile(lambda m: m < all_of_it, (m for m in looks if m >= before + 8 * size)), all_of_it]


def reach(result):
    """The largest half-width of an interval of 90 %, relative to the range of its output's values."""
    n = len(result.values)
    values, errors = result.values.reshape(n, -1), result.std_errors.reshape(n, -1)
    with np.errstate(divide="ignore"):
        shares = student_quantile(0.9, result.interval_df) * errors.max(axis=0) / np.ptp(values, axis=0)
    return np.where(errors.any(axis=0), shares, 0.0).max()


def stopped_by_hand(game, method, budget, tol, seed):
    """The rule, written out: a run of its own for each checkpoint."""
    was_small = False
    for m in checkpoints(method, game.n_players, budget):
        result = estimate(game, method, budget=m, rng=seed)
        if result.status == "EXACT":
            break
        share = reach(result) / tol
        if share <= 1 / 3 or (share <= 1 and was_small):
            return result, "CONVERGED"
        was_small = share <= 1
    return result, result.status


def run(game, method, tol, **options):
    """A run whose warnings are of no interest."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return estimate(game, method, tol=tol, **options)


@given(
    kind=st.sampled_from(KINDS),
    number=st.integers(0, 20),
    method=st.sampled_from(NAMED),
    budget=st.integers(40, 1024),
    tol=st.floats(1e-3, 1.0),
    seed=st.integers(0, 2**64 - 1),
)
def test_a_run_ends_where_the_rule_says_with_the_bits_of_that_budget(kind, number, method, budget, tol, seed):
    game = drawn(kind, PLAYERS, number)[0]
    expected, status = stopped_by_hand(game, method, budget, tol, seed)
    result = run(Table(game.worths), method, tol, budget=budget, rng=seed)
    assert result.status == status
    assert result.n_evaluations == expected.n_evaluations <= budget
    for name in ("values", "std_errors", "interval_df", "base_value", "gap"):
        assert np.asarray(getattr(result, name)).tobytes() == np.asarray(getattr(expected, name)).tobytes(), name


def test_what_stopped_paid_for_no_more(seed):
    for kind, method in itertools.product(MODELS, NAMED):
        game = Table(drawn(kind, PLAYERS, seed)[0].worths)
        result = run(game, method, 0.1, budget=900, rng=seed)
        assert game.n_evaluations == result.n_evaluations <= 900


def test_a_larger_tolerance_never_costs_more(record, seed):
    for kind in KINDS:
        game = drawn(kind, PLAYERS, seed)[0]
        budget = max(1000, record.least(PLAYERS))
        paid = [
            run(game, record.method, tol, budget=budget, rng=seed).n_evaluations for tol in (1.0, 0.3, 0.1, 0.03, 0.01)
        ]
        assert paid == sorted(paid)


def test_threads_and_batches_change_nothing_of_where_a_run_ends(record, seed):
    game = drawn(trees, PLAYERS, seed)[0]
    outputs = np.stack([game.worths, drawn(network, PLAYERS, seed)[0].worths], axis=1)
    for worths in (game.worths, outputs):
        budget = max(700, record.least(PLAYERS))
        expected = run(Table(worths), record.method, 0.1, budget=budget, rng=seed)
        for n_jobs, batch_size in [(1, 1), (2, 7), (7, 10**6), (2, 64)]:
            options = {"n_jobs": n_jobs, "batch_size": batch_size, "budget": budget, "rng": seed}
            result = run(Table(worths), record.method, 0.1, **options)
            assert bits(result) == bits(expected)
            assert result.predicted_budget == expected.predicted_budget


def test_every_output_must_be_sure(seed):
    """A run of two outputs ends no sooner than that of either."""
    method = Leverage()
    one, two = (drawn(kind, PLAYERS, seed)[0].worths for kind in (sparse, dense))
    alone = [run(Table(w), method, 0.2, budget=1000, rng=seed).n_evaluations for w in (one, two)]
    both = run(Table(np.stack([one, two], axis=1)), method, 0.2, budget=1000, rng=seed)
    assert both.n_evaluations >= max(alone)
    assert reach(both) <= 0.2 or both.status != "CONVERGED"


@pytest.mark.parametrize("method", NAMED, ids=repr)
@pytest.mark.parametrize("worth", [0.0, 1.0, 0.1, 1e-300, 1e300])
def test_constant_games_converge_at_the_first_look(method, worth):
    n = 12
    game = Table(np.full(2**n, worth))
    result = estimate(game, method, budget=4000, tol=0.01)
    assert result.status == "CONVERGED"
    assert result.n_evaluations == checkpoints(method, n, 4000)[0]
    assert np.abs(result.values).max() <= 1e-12 * worth


@pytest.mark.parametrize("scale", [1e-150, 1.0, 1e150])
@pytest.mark.parametrize("method", [*NAMED, Auto()], ids=repr)
def test_games_without_higher_interactions_converge_at_the_first_look_on_any_scale(method, scale, seed):
    n = 12
    game = Table(scale * drawn(two_additive, n, seed)[0].worths)
    result = estimate(game, method, budget=4000, tol=0.01, rng=seed)
    assert result.status == "CONVERGED"
    assert result.n_evaluations <= checkpoints(Permutation(), n, 4000)[0]


def test_exact_values_need_no_rule():
    game = drawn(trees, 9, 0)[0]
    assert estimate(game, Exact(), budget=512, tol=1e9).status == "EXACT"
    result = estimate(game, Leverage(), budget=4000, tol=1e-9)
    assert (result.status, result.n_evaluations) == ("EXACT", 512)
    result = estimate(game, Auto(), budget=4000, tol=0.3)
    assert (result.status, result.n_evaluations < 512) == ("CONVERGED", True)
    assert estimate(game, Auto(), budget=4000).status == "EXACT"


def test_a_budget_spent_says_how_far_the_errors_reach_and_what_would_do():
    game = drawn(dense, 12, 0)[0]
    with pytest.warns(
        ConvergenceWarning, match=r"intervals of 90 % reach up to .*`tol=0.01`.*about [\d,]+ eval"
    ) as told:
        result = estimate(game, Leverage(), budget=200, tol=0.01)
    assert len(told) == 1
    assert told[0].filename == __file__
    assert (result.status, result.warnings) == ("BUDGET_SPENT", (str(told[0].message),))
    assert 200 < result.predicted_budget <= 4096
    assert estimate(game, Leverage(), budget=200).warnings == ()  # nothing was asked for
    assert estimate(game, Leverage(), budget=200).predicted_budget is None


def test_unknown_errors_never_converge():
    game = drawn(trees, 12, 0)[0]
    with pytest.warns(ConvergenceWarning, match="too few evaluations for an error estimate .* give at least 48"):
        assert estimate(game, Leverage(), budget=20, tol=1e9).status == "BUDGET_SPENT"
    with pytest.warns(ConvergenceWarning, match="too few evaluations for an error estimate"):
        estimate(game, Auto(), budget=20)
    assert estimate(game, Permutation(), budget=24).warnings != ()  # an order, in no hurry


def test_forecasts_are_within_a_factor_of_three(seed):
    """Asked with a quarter of what a run needs, the forecast is what it needs, for three runs in four."""
    ratios = []
    for kind, number, method in itertools.product(MODELS, range(8), [Leverage(), Permutation()]):
        game = drawn(kind, 12, number)[0]
        for tol in (0.1, 0.05):
            whole = run(game, method, tol, budget=3000, rng=seed)
            if whole.status != "CONVERGED" or whole.n_evaluations < 8 * checkpoints(method, 12, 3000)[0] / 3:
                continue
            part = run(game, method, tol, budget=whole.n_evaluations // 3, rng=seed)
            if part.status == "BUDGET_SPENT" and part.predicted_budget is not None:
                ratios.append(part.predicted_budget / whole.n_evaluations)
    ratios = np.array(ratios)
    assert len(ratios) > 20
    assert np.mean((ratios >= 1 / 3) & (ratios <= 3)) >= 0.75, np.sort(ratios)
    assert 1 / 2 <= np.median(ratios) <= 2


def test_a_deadline_ends_what_a_tolerance_does_not():
    def slow(coalitions):
        time.sleep(0.02)
        return Windows(40, 0)(coalitions)[:, 0]

    result = estimate(slow, Leverage(), n_players=40, budget=10**6, tol=1e-9, deadline_seconds=0.3, batch_size=50)
    assert result.status == "INTERRUPTED"
    assert result.warnings == ()
    assert result.n_evaluations < 10**6
    assert np.isfinite(result.values).all()


@pytest.mark.parametrize("tol", [0, -1, np.nan, np.inf, "0.1", True])
def test_a_tolerance_that_is_none_is_refused(tol):
    with pytest.raises(OptionError, match="`tol` is"):
        estimate(drawn(trees, 9, 0)[0], budget=100, tol=tol)


def test_snapshots_show_the_way_to_the_end(seed):
    game = drawn(trees, 12, seed)[0]
    snapshots = list(Run(game, Leverage(), budget=4000, tol=0.05, rng=seed))
    assert [s.status for s in snapshots[:-1]] == ["INTERRUPTED"] * (len(snapshots) - 2) + ["CONVERGED"]
    assert snapshots[-1].status == "CONVERGED"
    assert bits(snapshots[-1]) == bits(run(game, Leverage(), 0.05, budget=4000, rng=seed))


def test_a_run_that_failed_goes_on_to_the_same_end(seed):
    worths = drawn(trees, 12, seed)[0].worths
    table, calls = Table(worths), itertools.count()

    def failing(coalitions):
        if next(calls) == 5:
            msg = "once"
            raise RuntimeError(msg)
        return table(coalitions)

    going = Run(failing, Leverage(), n_players=12, budget=2000, tol=0.05, rng=seed, batch_size=30)
    with pytest.raises(RuntimeError, match="once"):
        going.finish()
    assert bits(going.finish()) == bits(run(Table(worths), Leverage(), 0.05, budget=2000, rng=seed))
