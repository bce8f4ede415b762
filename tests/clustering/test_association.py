"""Associations by their definitions, and the laws that make numbers and categories comparable."""

import numpy as np
import pandas as pd
import pytest

from ferroshap.clustering import column_distances


def association(first, second, *, weights=None):
    frame = pd.DataFrame({"a": first, "b": second})
    return 1.0 - column_distances(frame, "association", weights=weights)[0, 1]


def sample(seed, n_rows=300):
    rng = np.random.default_rng([seed, 41])
    group = rng.integers(0, 4, size=n_rows)
    x = rng.normal(size=n_rows) + 0.8 * group
    other = np.where(rng.random(n_rows) < 0.5, group, rng.integers(0, 3, size=n_rows))
    return x, np.array(list("abcd"))[group], np.array(list("wxyz"))[other]


def test_two_numbers_by_the_definition(seed):
    rng = np.random.default_rng([seed, 42])
    x = rng.normal(size=200)
    y = -0.7 * x + rng.normal(size=200)
    square = np.corrcoef(x, y)[0, 1] ** 2
    assert association(x, y) == pytest.approx(np.sqrt(1 - (1 - square) * 199 / 198), rel=1e-12)


def test_a_number_and_a_category_by_the_definition(seed):
    x, group, _ = sample(seed)
    frame = pd.DataFrame({"x": x, "g": group})
    means = frame.groupby("g")["x"].transform("mean")
    square = ((means - x.mean()) ** 2).sum() / ((x - x.mean()) ** 2).sum()
    wanted = np.sqrt(1 - (1 - square) * 299 / 296)
    assert association(x, group) == pytest.approx(wanted, rel=1e-12)
    assert association(group, x) == pytest.approx(wanted, rel=1e-12)


def test_two_categories_by_the_definition(seed):
    _, group, other = sample(seed)
    table = pd.crosstab(group, other).to_numpy()
    expected = table.sum(axis=1)[:, None] * table.sum(axis=0) / 300
    contingency = ((table - expected) ** 2 / expected).sum() / 300
    r, c = table.shape
    contingency -= (r - 1) * (c - 1) / 299
    r, c = r - (r - 1) ** 2 / 299, c - (c - 1) ** 2 / 299
    assert association(group, other) == pytest.approx(np.sqrt(contingency / (min(r, c) - 1)), rel=1e-11)


def test_for_columns_of_two_values_all_three_are_one_number(seed):
    rng = np.random.default_rng([seed, 43])
    a = rng.random(80) < 0.4
    b = np.where(rng.random(80) < 0.3, a, rng.random(80) < 0.5)
    words = np.array(["no", "yes"])[a.astype(int)], np.array(["no", "yes"])[b.astype(int)]
    numbers = association(a.astype(float), b.astype(float))
    assert association(words[0], b.astype(float)) == pytest.approx(numbers, abs=1e-7)  # a root of what rounds at 1e-16
    assert association(*words) == pytest.approx(numbers, abs=1e-7)


def test_what_tells_another_column_is_at_distance_zero():
    word = np.array(list("aabbcc"))
    number = np.array([1.0, 1.0, 5.0, 5.0, 2.0, 2.0])
    assert association(word, number) == pytest.approx(1.0)
    assert association(word, np.array(list("zzyyxx"))) == pytest.approx(1.0)
    assert association(number, -3.0 * number + 1.0) == pytest.approx(1.0)


def test_independent_columns_are_far_apart_however_many_categories_they_have(seed):
    rng = np.random.default_rng([seed, 44])
    many = rng.integers(0, 100, size=400).astype(str)
    others = rng.integers(0, 50, size=400).astype(str), rng.normal(size=400)
    # Unadjusted these would be about 0.35 and 0.5; adjusted squares have mean 0 and standard deviation below 0.04.
    assert all(association(many, other) ** 2 < 0.2 for other in others)


def test_columns_without_variation_or_rows_tell_nothing():
    assert association(np.array(["a"] * 4), np.array([1.0, 2.0, 3.0, 4.0])) == 0
    assert association(np.array(["a"] * 4), np.array(list("wxyz"))) == 0
    assert association(np.array(list("abcd")), np.array(list("wxyz"))) == 0  # as many categories as rows
    assert association(np.array(list("abcd")), np.array([1.0, 2.0, 3.0, 4.0])) == 0
    assert association(np.array([1.0, 2.0]), np.array([1.0, 2.0])) == 0  # any two points are on a line


def test_missing_words_are_a_category_of_their_own():
    gaps = np.array(["a", None, "a", None, "b", "b"], dtype=object)
    filled = np.array(list("aoaobb"))
    other = np.array([1.0, 4.0, 2.0, 5.0, 1.0, 1.5])
    assert association(gaps, other) == association(filled, other)


def test_order_of_rows_and_names_of_categories_do_not_matter(seed):
    x, group, other = sample(seed)
    frame = pd.DataFrame({"x": x, "g": group, "o": other})
    shuffled = frame.sample(frac=1.0, random_state=seed)
    shuffled["g"] = shuffled["g"].map({"a": "q", "b": "r", "c": "k", "d": "l"}).astype("category")
    first, second = (column_distances(table, "association") for table in (frame, shuffled))
    assert np.allclose(first, second, rtol=0, atol=1e-12)


def test_weighted_rows_count_by_their_shares(seed):
    x, group, other = sample(seed)
    counts = np.random.default_rng([seed, 45]).integers(1, 4, size=300)
    frame = pd.DataFrame({"x": x, "g": group, "o": other, "y": x**2})
    weighted = column_distances(frame, "association", weights=counts.astype(float))
    repeated = frame.loc[np.repeat(np.arange(300), counts)]
    # Shares are the same; only the number of rows that chance is judged by differs, by less than a factor of three.
    assert np.abs(weighted - column_distances(repeated, "association")).max() < 0.1
