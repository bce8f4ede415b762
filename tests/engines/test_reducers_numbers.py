"""What reducers answer, judged by NumPy on all rows at once."""

from fractions import Fraction
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from ferroshap import Explanation
from ferroshap.engines import reducers
from ferroshap.errors import OptionError

FINITE = st.floats(allow_nan=False, allow_infinity=False)


def of(values, data=None, **fields):
    """An Explanation of one feature, or of as many as there are columns."""
    values = np.asarray(values, dtype=float)
    values = values[:, None] if values.ndim == 1 else values
    data = None if data is None else np.reshape(data, (len(values), -1))
    return Explanation(values, 0.0, data, feature_names=[f"f{j}" for j in range(values.shape[1])], **fields)


@given(st.lists(FINITE, min_size=1, max_size=40))
def test_moments_are_the_doubles_nearest_to_the_true_ones(values):
    exact = [Fraction(value) for value in values]
    n = len(exact)
    mean = sum(exact) / n
    mean_abs = sum(map(abs, exact)) / n
    variance = sum((value - mean) ** 2 for value in exact) / n
    found = reducers.Importance().update(of(values)).result()
    assert found.mean[0] == nearest(mean)
    assert found.mean_abs[0] == nearest(mean_abs)
    assert reducers.Variance().update(of(values)).result().values[0] == nearest(variance)
    assert (found.least[0], found.greatest[0]) == (min(values), max(values))
    if n > 1:
        assert found.mean_error[0] == np.sqrt(nearest(variance / (n - 1)))
        spread = sum((abs(value) - mean_abs) ** 2 for value in exact)
        assert found.mean_abs_error[0] == np.sqrt(nearest(spread / (n - 1) / n))
        assert reducers.Variance(ddof=1).update(of(values)).result().values[0] == nearest(variance * n / (n - 1))


def nearest(number):
    """The nearest double: Python divides whole numbers with one rounding."""
    try:
        return number.numerator / number.denominator
    except OverflowError:
        return np.inf if number > 0 else -np.inf


def test_nothing_cancels_far_from_zero():
    values = 1e15 + np.arange(1000) % 2
    assert reducers.Variance().update(of(values)).result().values[0] == 0.25


def test_numbers_that_are_not_finite_do_what_they_do_in_numpy():
    columns = np.array([[1.0, 1.0, 1.0, 1.0], [2.0, np.nan, np.inf, -np.inf], [3.0, 4.0, 5.0, np.inf]])
    found = reducers.Importance().update(of(columns)).result()
    with np.errstate(invalid="ignore"):
        assert np.array_equal(found.mean, columns.mean(axis=0), equal_nan=True)
        assert np.array_equal(found.mean_abs, np.abs(columns).mean(axis=0), equal_nan=True)
        assert np.array_equal(np.isnan(found.std), [False, True, True, True])
    assert np.array_equal(found.least, columns.min(axis=0), equal_nan=True)
    assert np.array_equal(found.greatest, columns.max(axis=0), equal_nan=True)
    assert found.n_not_finite.tolist() == [0, 1, 1, 2]


def test_one_row_has_no_standard_error():
    found = reducers.MeanAbs().update(of([-2.0])).result()
    assert found.values[0] == 2.0
    assert np.isnan(found.std_errors[0])


def test_the_standard_error_covers_the_mean_of_all_rows():
    rng = np.random.default_rng(0)
    n_runs, n_rows = 4000, 50
    covered = 0
    for _ in range(n_runs):
        found = reducers.Mean().update(of(rng.standard_normal(n_rows))).result()
        covered += abs(found.values[0]) < 2.0096 * found.std_errors[0]  # 95 % of Student's t with 49 degrees
    assert abs(covered / n_runs - 0.95) < 5 * np.sqrt(0.95 * 0.05 / n_runs)


@given(st.lists(st.floats(width=64, allow_nan=False, allow_infinity=False), min_size=1), st.floats(0, 1))
def test_quantiles_are_within_a_256th(values, q):
    found = reducers.Quantiles([q]).update(of(values)).result().values[0, 0]
    rank = max(int(np.ceil(q * len(values))), 1)
    true = sorted(values)[rank - 1]
    # Below the normal doubles digits are lost: there the error is absolute.
    assert abs(found - true) <= max(abs(true) * 2.0**-8, 2.0**-1029)


def test_quantiles_are_those_of_numpy():
    values = np.random.default_rng(0).standard_normal((10_000, 3)) ** 3
    q = [0.0, 0.01, 0.25, 0.5, 0.9, 1.0]
    found = reducers.Quantiles(q).update(of(values)).result()
    true = np.quantile(values, q, axis=0, method="inverted_cdf")
    assert np.all(np.abs(found.values - true) <= np.abs(true) * 2.0**-8)
    frame = found.to_pandas()
    assert list(frame.columns) == ["q0", "q0.01", "q0.25", "q0.5", "q0.9", "q1"]


def test_quantiles_know_infinities_and_nan():
    columns = np.array([[-np.inf, 1.0], [0.0, np.nan], [np.inf, 2.0]])
    found = reducers.Quantiles([0.1, 0.5, 1.0]).update(of(columns)).result().values
    assert found[:, 0].tolist() == [-np.inf, 0.0, np.inf]
    assert np.isnan(found[:, 1]).all()


def test_a_histogram_counts_every_number_once():
    values = np.random.default_rng(0).standard_normal(5000)
    quantiles = reducers.Quantiles().update(of(values))
    lower, upper, count = quantiles.histogram("f0")
    assert np.all(lower[1:] >= upper[:-1])
    assert np.array_equal(count, [((values >= a) & (values <= b)).sum() for a, b in zip(lower, upper, strict=True)])
    assert np.array_equal(count, quantiles.histogram(0)[2])
    with pytest.raises(OptionError, match="`feature` is 'f1', but must be the name or the place of one of 1 features"):
        quantiles.histogram("f1")


@given(arrays.arrays(float, st.tuples(st.integers(1, 30), st.integers(1, 8)), elements=st.integers(-3, 3).map(float)))
def test_top_counts_are_those_of_a_stable_sort(values):
    found = reducers.TopCounts(k=3).update(of(values)).result()
    k = min(3, values.shape[1])
    want = np.zeros((values.shape[1], k), dtype=int)
    for row in np.abs(values):
        for rank, feature in enumerate(np.argsort(-row, kind="stable")[:k]):
            want[feature, rank] += row[feature] > 0
    assert np.array_equal(found.by_rank, want)
    assert np.array_equal(found.counts, want.sum(axis=1))
    assert np.array_equal(found.share, want.sum(axis=1) / len(values))


def test_few_numbers_have_a_bucket_each():
    rng = np.random.default_rng(0)
    x = rng.choice([-1.5, 0.0, 2.0, 1990.0, 1991.0, np.nan], 2000)
    values = rng.standard_normal(2000)
    curve = reducers.Dependence(bins=5).update(of(values, x)).result()["f0"]
    assert np.array_equal(curve.x, [-1.5, 0.0, 2.0, 1990.0, 1991.0, np.nan], equal_nan=True)
    assert np.array_equal(curve.lower, curve.upper, equal_nan=True)
    groups = [values[x == number] for number in curve.x[:-1]] + [values[np.isnan(x)]]
    assert curve.count.tolist() == [len(group) for group in groups]
    # A value keeps 24 bits, so it moves by 2^-24 of itself at most.
    for mean, std, group in zip(curve.mean, curve.std, groups, strict=True):
        assert abs(mean - group.mean()) <= 2.0**-23 * np.abs(group).mean()
        assert abs(std - group.std()) <= 2.0**-22 * np.abs(group).max()


@pytest.mark.parametrize("draw", ["normal", "lognormal", "far", "whole"])
def test_many_numbers_share_no_more_buckets_than_granted(draw):
    rng = np.random.default_rng(0)
    x = {
        "normal": rng.standard_normal(20_000),
        "lognormal": rng.lognormal(sigma=4, size=20_000),
        "far": 1e6 + rng.random(20_000),
        "whole": rng.integers(-5000, 5000, 20_000).astype(float),
    }[draw]
    curve = reducers.Dependence(bins=200).update(of(np.sin(x), x)).result()["f0"]
    assert 100 <= len(curve.count) <= 200  # one level less would be more than 200; halves at most go together
    assert curve.count.sum() == 20_000
    assert np.all(curve.lower[1:] > curve.upper[:-1])
    for lower, upper, count, mean in zip(curve.lower, curve.upper, curve.count, curve.mean, strict=True):
        inside = (x >= lower) & (x <= upper)
        assert inside.sum() == count
        assert abs(mean - np.sin(x[inside]).mean()) <= 2.0**-23


def test_dependence_follows_the_features_that_it_is_told():
    rng = np.random.default_rng(0)
    values, x = rng.standard_normal((50, 4)), rng.integers(0, 3, (50, 4)).astype(float)
    every = reducers.Dependence().update(of(values, x)).result()
    some = reducers.Dependence(["f3", 1]).update(of(values, x)).result()
    assert list(some) == ["f3", "f1"]
    for name in some:
        assert np.array_equal(some[name].mean, every[name].mean)
    assert np.array_equal(some[0].count, every["f3"].count)
    with pytest.raises(KeyError, match="one of 2 features"):
        some["f0"]
    with pytest.raises(OptionError, match="`feature` is 'f9'"):
        reducers.Dependence(["f9"]).update(of(values, x))
    with pytest.raises(OptionError, match="names a feature twice"):
        reducers.Dependence(["f1", 1]).update(of(values, x))


def test_a_reservoir_keeps_the_rows_of_the_smallest_priorities():
    n_rows, size, seed = 3000, 40, 7
    values = np.random.default_rng(0).standard_normal((n_rows, 2))
    found = reducers.Reservoir(size, seed).update(of(values, values)).result()
    kept = sorted(range(n_rows), key=lambda row: mixed(row * 0x9E3779B97F4A7C15 + seed))[:size]
    assert [int(name) for name in found.instance_names] == sorted(kept)
    assert np.array_equal(found.values, values[sorted(kept)])


def mixed(z):
    """The finaliser of SplitMix64, in whole numbers of any size."""
    z &= 2**64 - 1
    z = ((z ^ z >> 30) * 0xBF58476D1CE4E5B9) & (2**64 - 1)
    z = ((z ^ z >> 27) * 0x94D049BB133111EB) & (2**64 - 1)
    return z ^ z >> 31


def test_every_row_is_as_likely_as_any_other():
    values = np.arange(200.0)[:, None]
    counts = np.zeros(200)
    n_runs = 2000
    for seed in range(n_runs):
        counts[reducers.Reservoir(50, seed * 2**40).update(of(values)).result().values[:, 0].astype(int)] += 1
    # Each count has variance n/4 (1 - 1/4), so the sum has mean 200, and about the spread of 199 degrees of freedom.
    chi_square = ((counts - n_runs / 4) ** 2 / (n_runs / 4 * 0.75)).sum()
    assert abs(chi_square - 200) < 5 * np.sqrt(2 * 199)


class Numbered(NamedTuple):
    """Rows that carry numbers of their own."""

    values: np.ndarray
    base_values: np.ndarray
    error_std: object
    data: np.ndarray
    first_row: int
    row_keys: object


def test_rows_can_bring_their_numbers_or_be_known_by_what_is_in_them():
    rng = np.random.default_rng(0)
    x = rng.integers(0, 50, (500, 2)).astype(float)
    rows = Numbered(x[:, :, None] * 2, np.zeros((500, 1)), None, x, 0, np.arange(500) + 1000)
    counted = rows._replace(first_row=1000, row_keys=None)
    one, other = (reducers.Reservoir(30).update(block) for block in (rows, counted))
    assert one.to_bytes() == other.to_bytes()
    known = reducers.Reservoir(30).update(rows._replace(row_keys="content"))
    shuffled = rng.permutation(500)
    again = rows._replace(values=rows.values[shuffled], data=x[shuffled], row_keys="content")
    assert reducers.Reservoir(30).update(again).to_bytes() == known.to_bytes()


def test_errors_of_sampled_values_stay_with_their_rows():
    values = np.random.default_rng(0).standard_normal((60, 2))
    found = reducers.Reservoir(10).update(of(values, error_std=np.abs(values))).result()
    assert np.array_equal(found.error_std, np.abs(found.values))


@pytest.mark.parametrize(
    "make,said",
    [
        (lambda: reducers.Reservoir(0), "`size` is 0"),
        (lambda: reducers.Reservoir(10, seed=-1), "`seed` is -1"),
        (lambda: reducers.TopCounts(0), "`k` is 0"),
        (lambda: reducers.TopCounts(True), "`k` is True"),
        (lambda: reducers.Quantiles([1.5]), r"`q` is \[1.5\]"),
        (lambda: reducers.Quantiles([]), r"`q` is \[\]"),
        (lambda: reducers.Quantiles("half"), "`q` is 'half'"),
        (lambda: reducers.Variance(ddof=-1), "`ddof` is -1"),
        (lambda: reducers.Dependence(bins=1), "`bins` is 1"),
        (lambda: reducers.Dependence([]), "`features` is"),
    ],
)
def test_options_are_checked_at_once(make, said):
    with pytest.raises(OptionError, match=said):
        make()


def test_results_become_tables():
    pytest.importorskip("pandas")
    values = np.random.default_rng(0).standard_normal((30, 2, 3))
    rows = Explanation(values, np.zeros(3), feature_names=["a", "b"], output_names=list("xyz"))
    frame = reducers.Importance().update(rows).result().to_pandas()
    assert list(frame.index[:3]) == [("a", "x"), ("a", "y"), ("a", "z")]
    assert frame.loc[("b", "z"), "least"] == values[:, 1, 2].min()
    counts = reducers.TopCounts(k=1).update(rows).result().to_pandas()
    assert counts["rank_1"].sum() == 90
    assert reducers.Mean().update(rows).result().to_dict()["a"]["values"] == pytest.approx(values.mean(axis=0)[0])


def test_a_curve_is_drawn_where_its_means_are():
    pyplot = pytest.importorskip("matplotlib.pyplot")
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.standard_normal(20_000), np.repeat(np.nan, 50)])
    values = np.where(np.isnan(x), 5.0, np.nan_to_num(x) ** 2)
    curve = reducers.Dependence().update(of(values, x)).result()["f0"]
    figure, axes = pyplot.subplots()
    assert curve.plot(axes) is axes
    drawn = axes.lines[0].get_xydata()
    assert 60 < len(drawn) < len(curve.count)
    assert np.all(np.diff(drawn[:, 0]) > 0)
    # Buckets between -2 and 2 are an eighth wide at most; the mean square of numbers that differ by no more than w is
    # within w squared of the square of some mean, and what is drawn joins two of them at most.
    inside = np.abs(drawn[:, 0]) < 1.5
    assert np.all(np.abs(drawn[inside, 1] - drawn[inside, 0] ** 2) < 4 * 1.5 * 0.125)
    assert axes.get_xlabel() == "f0"
    pyplot.close(figure)
    few = reducers.Dependence().update(of(values[:3], [1.0, 2.0, 2.0])).result()["f0"].plot()
    assert few.lines[0].get_xydata()[:, 0].tolist() == [1.0, 2.0]
    pyplot.close("all")


def test_a_curve_becomes_a_table():
    pytest.importorskip("pandas")
    values = np.random.default_rng(0).standard_normal((30, 1, 2))
    x = np.arange(30.0)[:, None] % 3
    rows = Explanation(values, np.zeros(2), x, feature_names=["a"], output_names=["low", "high"])
    frame = reducers.Dependence().update(rows).result()["a"].to_pandas()
    assert list(frame.columns) == ["x", "lower", "upper", "count", "mean_low", "mean_high", "std_low", "std_high"]
    assert frame["count"].tolist() == [10, 10, 10]
