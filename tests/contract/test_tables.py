"""Exact values and interactions from all worths, against brute force."""

import itertools
import math

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from ferroshap.errors import DimensionError, OptionError, WorthError
from ferroshap.tables import INDICES, interaction_values, shapley_values

# Sums of 2^n worths in [-1, 1] whose weights have absolute sum 2, each worth with a few roundings.
ROUNDING = 1_000 * 2.0**-53


def shapley_by_definition(worths):
    """Each player's gain, averaged over all orders."""
    n = len(worths).bit_length() - 1
    gains = np.zeros((n, *worths.shape[1:]))
    for order in itertools.permutations(range(n)):
        coalition = 0
        for player in order:
            gains[player] += worths[coalition | 1 << player] - worths[coalition]
            coalition |= 1 << player
    return gains / math.factorial(n)


def faithful_by_definition(worths, order, *, is_shapley):
    """The polynomial of degree `order` closest to the game: FSII, or FBII."""
    n = len(worths).bit_length() - 1
    smallest = 1 if is_shapley else 0
    sets = [s for size in range(smallest, order + 1) for s in itertools.combinations(range(n), size)]
    holds = np.array([[all(c >> i & 1 for i in s) for s in sets] for c in range(2**n)], dtype=float)
    if not is_shapley:
        return np.linalg.lstsq(holds, worths, rcond=None)[0][1:]
    size = holds[:, :n].sum(axis=1)
    weight = [1 / (k * (n - k) * math.comb(n, int(k))) if 0 < k < n else 0.0 for k in size]
    target = worths - worths[0]
    system = np.block(
        [[holds.T * weight @ holds, np.ones((len(sets), 1))], [np.ones((1, len(sets))), np.zeros((1, 1))]]
    )
    return np.linalg.solve(system, np.append(holds.T * weight @ target, target[-1]))[:-1]


def games(n_outputs=()):
    shapes = st.integers(0, 5).map(lambda n: (2**n, *n_outputs))
    worths = st.floats(-1, 1, allow_subnormal=False)
    return shapes.flatmap(lambda shape: arrays.arrays(np.float64, shape, elements=worths))


@hypothesis.given(games() | games((3,)))
def test_values_are_the_average_over_all_orders(worths):
    values = shapley_values(worths)
    np.testing.assert_allclose(values, shapley_by_definition(worths), rtol=0, atol=ROUNDING)


@hypothesis.given(games() | games((2,)))
def test_values_add_up_to_the_grand_coalition(worths):
    total = shapley_values(worths).sum(axis=0)
    np.testing.assert_allclose(total, worths[-1] - worths[0], rtol=0, atol=5 * ROUNDING)


@hypothesis.given(games(), st.floats(-2, 2), st.randoms(use_true_random=False))
def test_values_are_linear_and_follow_the_names_of_the_players(worths, factor, random):
    n = len(worths).bit_length() - 1
    new_name = random.sample(range(n), n)
    renamed = np.empty_like(worths)
    for coalition, worth in enumerate(worths):
        renamed[sum(1 << new_name[i] for i in range(n) if coalition >> i & 1)] = worth
    values = shapley_values(worths)
    np.testing.assert_allclose(shapley_values(renamed)[new_name], values, rtol=0, atol=2 * ROUNDING)
    mixed = shapley_values(factor * worths + renamed)
    np.testing.assert_allclose(mixed, factor * values + shapley_values(renamed), rtol=0, atol=8 * ROUNDING)


@hypothesis.given(games())
def test_a_player_who_adds_nothing_gets_nothing(worths):
    values = shapley_values(np.concatenate([worths, worths]))
    assert abs(values[-1]) <= ROUNDING
    np.testing.assert_allclose(values[:-1], shapley_values(worths), rtol=0, atol=2 * ROUNDING)


@pytest.mark.parametrize("index", ["FSII", "FBII"])
@pytest.mark.parametrize("order", [1, 2, 3, 5])
def test_faithful_indices_are_the_closest_polynomials(index, order, seed):
    worths = np.random.default_rng([seed, order]).uniform(-1, 1, 32)
    expected = faithful_by_definition(worths, order, is_shapley=index == "FSII")
    # The oracle's matrix has a condition below 1e5.
    np.testing.assert_allclose(interaction_values(worths, index, order).values, expected, rtol=0, atol=1e5 * ROUNDING)


@hypothesis.given(games(), st.integers(1, 6))
def test_interactions_of_dividends(worths, order):
    """In terms of Harsanyi's dividends each index is a short sum: the second road to SII, BII and STII."""
    n = len(worths).bit_length() - 1
    subsets = [[b for b in range(2**n) if b & ~c == 0] for c in range(2**n)]
    dividend = [sum((-1) ** (c ^ b).bit_count() * worths[b] for b in below) for c, below in enumerate(subsets)]

    def total(players, factor):
        s = sum(1 << i for i in players)
        return sum(factor(c.bit_count()) * dividend[c] for c in range(2**n) if c & s == s)

    for index in ("SII", "BII", "STII"):
        found = interaction_values(worths, index, order)
        for players, value in zip(found.sets, found.values, strict=True):
            size = len(players)
            factor = {
                "SII": lambda t, s=size: 1 / (t - s + 1),
                "BII": lambda t, s=size: 0.5 ** (t - s),
                "STII": lambda t, s=size: 1 / math.comb(t, s) if s == min(order, n) else float(t == s),
            }[index]
            # 3^5 terms in a dividend's sum of sums.
            assert abs(value - total(players, factor)) <= 243 * ROUNDING, (index, players)


@hypothesis.given(games((2,)), st.integers(1, 4), st.sampled_from(["k-SII", "STII", "FSII"]))
def test_efficient_indices_share_out_the_whole_worth(worths, order, index):
    total = interaction_values(worths, index, order).values.sum(axis=0)
    np.testing.assert_allclose(total, worths[-1] - worths[0], rtol=0, atol=100 * ROUNDING)


@hypothesis.given(games() | games((2,)))
def test_rows_of_the_matrix_sum_to_the_values(worths):
    values = shapley_values(worths)
    for index in ("SII", "k-SII"):
        matrix = interaction_values(worths, index).matrix()
        assert matrix.shape == (len(values), *values.shape)
        np.testing.assert_array_equal(matrix, np.swapaxes(matrix, 0, 1))
        np.testing.assert_allclose(matrix.sum(axis=1), values, rtol=0, atol=50 * ROUNDING)


def test_the_matrix_holds_half_of_every_pair(seed):
    worths = np.random.default_rng(seed).normal(size=64)
    for index in INDICES:
        found = interaction_values(worths, index)
        matrix = found.matrix()
        for players, value in zip(found.sets, found.values, strict=True):
            if len(players) == 2:
                assert matrix[players] == matrix[players[::-1]] == value / 2
            elif index not in {"SII", "BII"}:
                assert matrix[players * 2] == value


def test_sets_stand_by_size_and_then_in_lexicographic_order():
    found = interaction_values(np.zeros(8), order=9)
    assert found.sets == ((0,), (1,), (2,), (0, 1), (0, 2), (1, 2), (0, 1, 2))
    assert (found.index, found.order) == ("SII", 9)
    assert found.values.shape == (7,)
    assert interaction_values(np.zeros((8, 3)), order=1).values.shape == (3, 3)


@pytest.mark.parametrize("n", [5, 14, 16])
def test_bits_do_not_depend_on_threads_or_on_the_layout(n, seed):
    worths = np.random.default_rng(seed).normal(size=(2**n, 2))
    once, pairs = shapley_values(worths, n_jobs=1), interaction_values(worths, n_jobs=1).values
    for n_jobs in (2, 7):
        assert shapley_values(worths, n_jobs=n_jobs).tobytes() == once.tobytes()
        assert interaction_values(worths, n_jobs=n_jobs).values.tobytes() == pairs.tobytes()
    assert shapley_values(np.asfortranarray(worths)).tobytes() == once.tobytes()
    assert shapley_values(worths[:, 1]).tobytes() == once[:, 1].tobytes()


def test_the_worths_are_read_and_never_written(seed):
    worths = np.random.default_rng(seed).normal(size=2**13)
    before = worths.copy()
    worths.flags.writeable = False
    shapley_values(worths)
    interaction_values(worths)
    np.testing.assert_array_equal(worths, before)


def test_tiny_games_work():
    assert shapley_values([3.0]).shape == (0,)
    np.testing.assert_array_equal(shapley_values([3, 5]), [2.0])
    np.testing.assert_array_equal(shapley_values([[3, 1], [5, 1]]), [[2.0, 0.0]])
    for index in INDICES:
        assert interaction_values([3.0], index).matrix().shape == (0, 0)
        np.testing.assert_array_equal(interaction_values([3.0, 5.0], index).matrix(), [[2.0]])


@pytest.mark.parametrize(
    "worths,error,message",
    [
        ([1.0, 2.0, 3.0], DimensionError, r"`worths` has 3 rows, but a game of n players has 2\^n"),
        ([], DimensionError, "`worths` has 0 rows"),
        (5.0, DimensionError, r"`worths` has shape \(\)"),
        (np.zeros((2, 2, 2)), DimensionError, r"`worths` has shape \(2, 2, 2\)"),
        (np.zeros((4, 0)), DimensionError, r"`worths` has shape \(4, 0\)"),
        ([[1.0], [1.0, 2.0]], DimensionError, "its rows differ in length"),
        (["a", "b"], WorthError, "`worths` has dtype <U1, but must hold real numbers"),
        ([1j, 2.0], WorthError, "dtype complex128"),
        ([0.0, 1.0, math.nan, 1.0], WorthError, "worth NaN at evaluation 2, output 0"),
        ([[0.0, 1.0], [1.0, -math.inf]], WorthError, "worth -inf at evaluation 1, output 1"),
    ],
)
def test_tables_that_are_no_game_are_refused(worths, error, message):
    for refuse in (shapley_values, interaction_values):
        with pytest.raises(error, match=message):
            refuse(worths)


@pytest.mark.parametrize(
    "options,message",
    [
        ({"index": "sii"}, r"`index` is 'sii', which is not known; did you mean 'SII'\? Known: SII, k-SII, STII"),
        ({"index": "STI"}, "did you mean 'STII'"),
        ({"index": None}, "`index` is None, which is not known"),
        ({"order": 0}, "`order` is 0, but must be an integer of at least 1"),
        ({"order": 1.5}, "`order` is 1.5"),
        ({"order": True}, "`order` is True"),
        ({"n_jobs": 0}, "`n_jobs` is 0"),
    ],
)
def test_unknown_options_are_refused(options, message):
    with pytest.raises(OptionError, match=message):
        interaction_values([0.0, 1.0], **options)


def test_too_many_sets_are_refused_before_memory_is_taken(monkeypatch):
    monkeypatch.setattr("ferroshap.tables.exact.as_bytes", lambda _limit: 10_000)
    with pytest.raises(MemoryError, match=r"interactions on 12 players needs .* lower the order"):
        interaction_values(np.zeros(2**12), order=6)


def test_only_pairs_make_a_matrix():
    with pytest.raises(OptionError, match="these have `order=3`"):
        interaction_values(np.zeros(8), order=3).matrix()
