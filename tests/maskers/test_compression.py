"""Summaries of backgrounds: rows of theirs, with weights, that average as they do."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

import ferroshap
from ferroshap import compress
from ferroshap.errors import OptionError, WeightsError


def drawn(seed, n_rows=200):
    rng = np.random.default_rng([seed, 7])
    common = rng.normal(size=(n_rows, 1))
    return np.hstack([rng.normal(size=(n_rows, 2)) + common, np.exp(rng.normal(size=(n_rows, 1))), common > 0])


def test_a_summary_holds_rows_of_the_background_and_weights_of_sum_one(seed):
    X = drawn(seed)
    for size in [1, 2, 25, 100]:
        summary = compress(X, size)
        assert len(summary.data) == len(summary.weights) <= size
        assert len(summary.data) >= 0.9 * size
        assert (summary.weights > 0).all()
        assert abs(summary.weights.sum() - 1) < 1e-12
        assert {tuple(row) for row in summary.data} <= {tuple(row) for row in X}
        assert summary.n_summarised == 200


def test_means_under_coalitions_are_kept_better_than_by_random_rows(seed):
    """Averages of products of random functions of few columns: what masked averages are made of."""
    rng = np.random.default_rng(seed)
    X = drawn(seed, 400)
    scale = X.std(axis=0)

    def averages(rows, weights):
        functions = np.random.default_rng(seed)
        found = []
        for _ in range(60):
            absent = functions.random(4) < functions.random()
            cuts, signs = functions.normal(size=4), functions.choice([-1, 1], size=4)
            steps = np.where(absent, np.tanh(signs * (rows - X.mean(axis=0)) / scale - cuts), 1.0)
            found.append(weights @ steps.prod(axis=1))
        return np.array(found)

    whole = averages(X, np.full(400, 1 / 400))
    for size in [20, 60]:
        summary = compress(X, size)
        own = np.mean((averages(summary.data, summary.weights) - whole) ** 2)
        samples = [X[rng.choice(400, size, replace=False)] for _ in range(30)]
        random = np.mean([(averages(rows, np.full(size, 1 / size)) - whole) ** 2 for rows in samples])
        # Three times fewer rows do as well, at least: squared errors of random rows fall as one over their number.
        assert own < random / 3


def test_scales_and_repetitions_do_not_matter(seed):
    X = drawn(seed)
    summary = compress(X, 20)
    scaled = compress(X * [1024.0, 1 / 8, 16.0, 2.0], 20)  # powers of two: no rounding
    np.testing.assert_array_equal(scaled.data, summary.data * [1024.0, 1 / 8, 16.0, 2.0])
    np.testing.assert_array_equal(scaled.weights, summary.weights)
    weights = np.random.default_rng(seed).integers(0, 4, size=len(X))
    weighted = compress(X, 20, weights=weights)
    repeated = compress(np.repeat(X, weights, axis=0), 20)
    merged = pd.DataFrame(repeated.data).assign(w=repeated.weights).groupby([0, 1, 2, 3], sort=True).w.sum()
    other = pd.DataFrame(weighted.data).assign(w=weighted.weights).groupby([0, 1, 2, 3], sort=True).w.sum()
    pd.testing.assert_series_equal(merged, other, atol=1e-6, rtol=0)


def test_the_container_stays_and_categories_are_welcome(seed):
    X = drawn(seed)
    frame = pd.DataFrame(X[:, :3], columns=list("abc")).assign(d=np.where(X[:, 3] > 0, "up", "down"))
    frame.loc[::7, "a"] = np.nan
    summary = compress(frame, 30)
    assert isinstance(summary.data, pd.DataFrame)
    assert list(summary.data) == list("abcd")
    assert summary.group_names == list("abcd")
    share = summary.weights[(summary.data.d == "up").to_numpy()].sum()
    assert abs(share - (frame.d == "up").mean()) < 0.05
    missing = summary.weights[summary.data.a.isna().to_numpy()].sum()
    assert abs(missing - frame.a.isna().mean()) < 0.1
    other = compress(pl.from_pandas(frame), 30)
    assert isinstance(other.data, pl.DataFrame)
    np.testing.assert_array_equal(other.weights, summary.weights)


def test_every_row_is_kept_where_there_are_no_more():
    X = drawn(0, 6)
    summary = compress(X, 6, weights=np.arange(1, 7))
    np.testing.assert_array_equal(summary.data, X)
    np.testing.assert_allclose(summary.weights, np.arange(1, 7) / 21)


def test_large_backgrounds_are_drawn_from_by_the_seed():
    X = drawn(0, 3000)
    first, again, other = compress(X, 5), compress(X, 5, rng=0), compress(X, 5, rng=1)
    np.testing.assert_array_equal(first.data, again.data)
    np.testing.assert_array_equal(first.weights, again.weights)
    assert not np.array_equal(first.data, other.data)


def test_degenerate_backgrounds_are_summarised_too():
    assert compress(np.ones((50, 3)), 5).weights.sum() == pytest.approx(1)
    twice = compress(np.repeat([[0.0, 1.0], [1.0, 0.0]], 20, axis=0), 10)
    assert twice.weights @ twice.data == pytest.approx([0.5, 0.5])
    missing = compress(np.full((20, 2), np.nan), 3)
    assert np.isnan(missing.data).all()


def test_what_is_explained_on_a_summary_says_so(seed):
    X = drawn(seed)
    masker = ferroshap.maskers.Independent(compress(X, 10))
    assert masker.n_background <= 10
    explainer = ferroshap.ExactExplainer(lambda rows: rows.sum(axis=1), compress(X, 10))
    explanation = explainer(X[:2])
    assert "a summary of 200 background rows" in str(explanation.plan)
    exact = ferroshap.ExactExplainer(lambda rows: rows.sum(axis=1), X)
    assert "summary" not in str(exact.plan)


def test_what_is_no_size_is_refused():
    for size in [0, -1, 2.5, True]:
        with pytest.raises(OptionError, match="`size`"):
            compress(drawn(0), size)
    with pytest.raises(WeightsError):
        compress(drawn(0), 5, weights=[1.0])
