"""The native plan and its estimates against the oracle, and the laws of the plan itself."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.gradients.models import Net
from tests.gradients.oracle import GOLDEN, WORD, Plan, allocation, estimate, principal_scores, shift

import ferroshap
from ferroshap import _native
from ferroshap.gradients import ExpectedGradients, Quadrature
from ferroshap.gradients.quadrature import QuadraturePlan

pytestmark = pytest.mark.filterwarnings("ignore::ferroshap.errors.PrecisionWarning")


@st.composite
def designs(draw):
    """Weights, ranks, points, replicates, a seed, and whether to double."""
    n_background = draw(st.integers(1, 12))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    weights = np.exp(draw(st.sampled_from([0.0, 0.5, 4.0])) * rng.normal(size=n_background))
    ranks = rng.permutation(n_background).astype(np.uint32)
    n_points, n_replicates = draw(st.integers(1, 90)), draw(st.integers(1, 6))
    return weights / weights.sum(), ranks, n_points, n_replicates, int(rng.integers(0, 2**63)), draw(st.booleans())


def native(weights, ranks, n_points, n_replicates, seed, is_doubling):
    return _native.GradientPlan(weights, ranks, np.zeros((len(ranks), 0)), n_points, n_replicates, seed, is_doubling)


def in_order(points):
    return sorted(((int(b), float(a), float(w), int(r)) for b, a, w, r in points), key=lambda p: (p[0], p[1]))


@given(designs(), st.integers(0, 2**64 - 1))
def test_points_are_those_of_the_oracle_at_every_stage(design, key):
    plan, oracle = native(*design), Plan(*design)
    assert plan.is_stratified == oracle.is_stratified
    assert (plan.n_stages, plan.n_replicates) == (oracle.n_stages, oracle.n_replicates)
    keys, told = np.array([7, key], dtype=np.uint64), []
    for stage in range(plan.n_stages):
        own = plan.n_points(stage) - (plan.n_points(stage - 1) if stage else 0)
        row, *block, _ = plan.block(keys, stage, 0, 2 * own)
        assert row.tolist() == [0] * own + [1] * own
        told = [(b, a, w / 2, r) for b, a, w, r in told]
        told += list(zip(*(part[own:] for part in block), strict=True))
        wanted = oracle.points(key, stage)
        assert len(told) == len(wanted) == plan.n_points(stage) <= design[2]
        for mine, other in zip(in_order(told), in_order(wanted), strict=True):
            assert mine[0] == other[0]
            assert mine[3] == other[3]
            assert np.allclose(mine[1:3], other[1:3], rtol=0, atol=2e-9)  # doubling loses bits of the oracle's offset


@given(designs(), st.data())
def test_blocks_may_be_cut_anywhere(design, data):
    plan, keys = native(*design), np.array([3, 1, 4], dtype=np.uint64)
    total = 3 * plan.n_points(0)
    cut = data.draw(st.integers(0, total))
    whole = plan.block(keys, 0, 0, total)
    parts = [plan.block(keys, 0, 0, cut), plan.block(keys, 0, cut, total - cut)]
    for one, first, second in zip(whole, *parts, strict=True):
        assert np.array_equal(one, np.concatenate([first, second]))


@given(designs())
def test_weights_of_all_points_sum_to_one_and_every_row_gets_its_share(design):
    weights, _, n_points = design[:3]
    plan = native(*design)
    _, background, alpha, weight, replicate, _ = plan.block(np.zeros(1, dtype=np.uint64), 0, 0, plan.n_points(0))
    assert abs(weight.sum() - 1) <= n_points * 2.0**-53
    assert ((alpha >= 0) & (alpha < 1)).all()
    assert replicate.max(initial=0) < plan.n_replicates
    if plan.is_stratified:
        assert np.allclose(np.bincount(background, weight, len(weights)), weights, rtol=0, atol=1e-15 * n_points)


@given(st.integers(1, 12), st.integers(0, 2**32 - 1), st.integers(1, 200))
def test_allocations_sum_to_the_points_and_stray_by_less_than_one(n_background, seed, n_points):
    weights = np.exp(np.random.default_rng(seed).normal(size=n_background))
    weights /= weights.sum()
    counts = allocation(weights, n_points)
    ranks = np.arange(n_background, dtype=np.uint32)
    plan = native(weights, ranks, n_points, 1, 0, False)
    assert plan.is_stratified == (counts is not None and n_points >= n_background)
    if plan.is_stratified:
        background = plan.block(np.zeros(1, dtype=np.uint64), 0, 0, n_points)[1]
        found = np.bincount(background, minlength=n_background)
        assert found.tolist() == counts.tolist()
        assert found.sum() == n_points
        assert found.min() >= 1
        is_lifted = n_points * weights < 1
        assert (np.abs(found - n_points * weights)[~is_lifted] < 1).all()
        assert plan.positions(0) == (found.min(), found.max())


@pytest.mark.parametrize("n_doublings", [1, 2, 3, 4])
def test_doubling_makes_the_lattice_of_twice_as_many_points(seed, n_doublings):
    """The union is the lattice of `2^m n` points whose offset is the fraction of `2^m` times the first."""
    weights, ranks = np.array([0.5, 0.25, 0.25]), np.array([2, 0, 1], dtype=np.uint32)
    plan = native(weights, ranks, 16 * 2**n_doublings, 4, seed, True)
    assert plan.n_stages == n_doublings + 1
    keys, alphas = np.array([11], dtype=np.uint64), [[], [], []]
    for stage in range(plan.n_stages):
        own = plan.n_points(stage) - (plan.n_points(stage - 1) if stage else 0)
        _, background, alpha, *_ = plan.block(keys, stage, 0, own)
        for b, a in zip(background, alpha, strict=True):
            alphas[b].append(a)
    for b, rank in enumerate(ranks):
        n = len(alphas[b])
        offset = (2**n_doublings * ((rank * GOLDEN + shift(seed, 11)[0] / WORD) % 1.0)) % 1.0
        wanted = (np.arange(n) + offset) / n
        assert np.allclose(np.sort(alphas[b]), wanted, rtol=0, atol=1e-12 + 2.0**-52 * 2**n_doublings)


@pytest.mark.parametrize("n_background,n_points", [(16, 16), (16, 64), (100, 256), (100, 32), (300, 256), (4, 8)])
def test_every_replicate_visits_the_background(seed, n_background, n_points):
    weights = np.full(n_background, 1 / n_background)
    ranks = np.random.default_rng(seed).permutation(n_background).astype(np.uint32)
    plan = native(weights, ranks, n_points, 4, seed, False)
    for key in range(20):
        _, background, _, _, replicate, _ = plan.block(np.array([key], dtype=np.uint64), 0, 0, n_points)
        for r in range(4):
            visited = len(set(background[replicate == r].tolist()))
            assert visited >= min(n_background, n_points // 4) / 2


@pytest.mark.parametrize("n_points", [16, 64, 200])
def test_beginnings_of_a_row_are_spread_over_background_and_path(seed, n_points):
    weights, ranks = np.full(8, 1 / 8), np.arange(8, dtype=np.uint32)
    _, background, alpha, *_ = native(weights, ranks, n_points, 4, seed, False).block(
        np.zeros(1, dtype=np.uint64), 0, 0, n_points
    )
    half = n_points // 2
    assert len(set(background[:half].tolist())) >= 6
    assert 0.25 <= alpha[:half].mean() <= 0.75


@pytest.mark.parametrize("n_points", [1, 3, 9, 10, 40, 64])
@pytest.mark.parametrize("n_background", [1, 2, 10])
@pytest.mark.parametrize("control", [True, False])
def test_values_errors_and_replicates_are_those_of_the_oracle(seed, n_points, n_background, control):
    rng = np.random.default_rng(seed)
    model, x = Net(4, 2, seed=seed), rng.normal(size=(3, 4))
    background, weights = rng.normal(size=(n_background, 4)), rng.random(n_background) + 0.2
    weights /= weights.sum()
    method = ExpectedGradients(budget=n_points, control=control)
    explainer = ferroshap.GradientExplainer(model, background, weights=weights, method=method, rng=seed)
    found = explainer(x, keep_replicates=True)
    ranks, own_scores = _native.background_order(background, weights)
    scores = principal_scores(background, weights)
    assert np.allclose(np.abs(own_scores), np.abs(scores), rtol=0, atol=1e-5)  # of a power iteration
    oracle = Plan(weights, ranks, n_points, 4, seed, False)
    for row in range(3):
        points = oracle.points(row, 0)
        for output in range(2):
            target = (model.forward((x[[row]],)) - weights @ model.forward((background,)))[0, output]
            values, gap, errors, maps, shares = estimate(
                points,
                model.at(output),
                x[row],
                background,
                weights,
                target,
                oracle,
                scores=own_scores if control else None,
            )
            assert np.allclose(found.values[row, :, output], values, rtol=0, atol=1e-9)
            assert np.isclose(found.gap[row, output], gap, rtol=0, atol=1e-9)
            assert np.allclose(found.error_std[row, :, output], errors, rtol=0, atol=1e-8, equal_nan=True)
            filled = shares > 0
            equal = values + (filled.sum() * shares)[:, None] * (maps - values)
            assert np.allclose(found.replicates[row, ..., output], equal, rtol=0, atol=1e-8, equal_nan=True)
            assert np.allclose(shares[filled] @ maps[filled], values, rtol=0, atol=1e-12)


def test_ranks_follow_the_first_principal_component(seed):
    rng = np.random.default_rng(seed)
    background, weights = rng.normal(size=(20, 5)) * [3, 1, 1, 1, 1], rng.random(20) + 0.1
    weights /= weights.sum()
    ranks, _ = _native.background_order(background, weights)
    score = principal_scores(background, weights)[:, 0]
    wanted = np.argsort(np.argsort(score))
    assert ranks.tolist() in (wanted.tolist(), wanted[::-1].tolist(), (19 - wanted).tolist())


@given(st.integers(1, 6), st.integers(1, 9), st.integers(0, 60))
def test_blocks_of_a_quadrature_may_be_cut_anywhere(n_background, nodes, cut):
    weights = np.arange(1.0, n_background + 1)
    plan = QuadraturePlan(weights / weights.sum(), Quadrature(nodes=nodes))
    keys, total = np.zeros(2, dtype=np.uint64), 2 * plan.n_points(0)
    cut = min(cut, total)
    whole = plan.block(keys, 0, 0, total)
    for one, first, second in zip(
        whole, plan.block(keys, 0, 0, cut), plan.block(keys, 0, cut, total - cut), strict=True
    ):
        assert np.array_equal(one, np.concatenate([first, second]))
    assert len(set(zip(whole[0].tolist(), whole[1].tolist(), whole[2].tolist(), strict=True))) == total
    assert abs(whole[3].sum() - 2) <= total * 2.0**-52


def test_d26_untouched_budget_means_256_planned_points_and_many_large_images_are_summarised():
    def adds(images):
        return images.sum(axis=(1, 2, 3))

    images = np.random.default_rng(0).random((20, 32, 32, 1))
    explainer = ferroshap.GradientExplainer((adds, np.ones_like), images)
    assert "256 places" in str(explainer.plan)
    assert "summary of 20 background rows" in str(explainer.plan)
    assert "summary" not in str(ferroshap.GradientExplainer((adds, np.ones_like), images, background_rows=None).plan)
    explained = explainer(images[:1])
    assert int(explained.n_evaluations[0]) == 256
    assert np.isclose(explainer.expected_value + explained.values.sum(), images[0].sum())
