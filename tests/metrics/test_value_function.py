"""MSEv: by its definition, within errors, and on the same coalitions for maskers that are held against each other."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

import ferroshap as shap
from ferroshap.errors import DimensionError, OptionError, WorthError
from ferroshap.maskers import Groups, Independent
from ferroshap.metrics import compare_maskers, value_function_error


def model(X):
    return np.tanh(X[:, 0] * X[:, 1]) + X[:, 2] * X[:, 3] - X[:, 3]


def two_outputs(X):
    return np.stack([model(X), X[:, 0] + 1.0], axis=1)


def by_definition(function, background, rows, weights=None, groups=None):
    """Errors by row, ``(rows, outputs)``, and by size: all coalitions, each size counting alike."""
    groups = groups or [[column] for column in range(background.shape[1])]
    n = len(groups)
    by_row, by_size = [], []
    for x in rows:
        full = np.atleast_1d(function(x[None, :])[0])
        means = []
        for size in range(1, n):
            errors = []
            for chosen in combinations(groups, size):
                masked = background.copy()
                for columns in chosen:
                    masked[:, columns] = x[columns]
                outputs = function(masked).reshape(len(masked), -1)
                errors.append((np.average(outputs, axis=0, weights=weights) - full) ** 2)
            means.append(np.mean(errors, axis=0))
        by_row.append(np.mean(means, axis=0))
        by_size.append(means)
    return np.array(by_row), np.mean(by_size, axis=0)


def drawn(seed, n=20, n_rows=7):
    rng = np.random.default_rng([seed, 70])
    return rng.normal(size=(n, 4)), rng.normal(size=(n_rows, 4)), rng.uniform(size=n)


@pytest.mark.parametrize("function", [model, two_outputs])
def test_errors_are_those_of_the_definition(function, seed):
    background, rows, weights = drawn(seed)
    found = value_function_error(function, Independent(background, weights=weights), rows)
    by_row, by_size = by_definition(function, background, rows, weights)
    want, spread = by_row.mean(axis=0), by_row.std(axis=0, ddof=1) / np.sqrt(7)
    # Each is a sum of at most 7 * 14 squares of means over 20 rows, in units of the largest.
    np.testing.assert_allclose(found.value, want if function is two_outputs else want[0], rtol=1e-12)
    np.testing.assert_allclose(found.std_error, spread if function is two_outputs else spread[0], rtol=1e-11)
    np.testing.assert_allclose(found.by_size, by_size if function is two_outputs else by_size[:, 0], rtol=1e-12)
    assert (found.n_coalitions, found.n_rows, found.is_exact) == (14, 7, True)


def test_a_sample_of_coalitions_meets_the_definition(seed):
    background, rows, _ = drawn(seed, n_rows=3)
    want = by_definition(model, background, rows)[0].mean()
    runs = np.array(
        [value_function_error(model, background, rows, n_coalitions=7, rng=1000 * seed + k).value for k in range(1000)]
    )
    assert abs(runs.mean() - want) < 5 * runs.std(ddof=1) / np.sqrt(len(runs))


def test_sizes_are_drawn_evenly_and_nothing_but_the_seed_decides(seed):
    rng = np.random.default_rng([seed, 71])
    background, rows = rng.normal(size=(10, 12)), rng.normal(size=(5, 12))
    found = [
        value_function_error(lambda X: np.tanh(X).sum(axis=1) ** 2, background, rows, n_coalitions=30, rng=seed, **how)
        for how in ({}, {"batch_size": 40, "n_jobs": 1}, {"n_jobs": 7}, {"batch_size": 1000})
    ]
    assert len({(one.value, one.std_error, one.by_size.tobytes()) for one in found}) == 1
    assert np.isfinite(found[0].by_size).all()  # 30 coalitions of 11 sizes: two or three of each
    assert not found[0].is_exact


def test_links_are_applied_to_means(seed):
    background, rows, _ = drawn(seed)

    def logit(p):
        return np.log(p / (1.0 - p))

    def probability(X):
        return 1.0 / (1.0 + np.exp(-model(X)))

    found = value_function_error(probability, background, rows, link="logit")
    squares = []
    for x in rows:
        sizes = []
        for size in (1, 2, 3):
            errors = []
            for chosen in combinations(range(4), size):
                masked = background.copy()
                masked[:, chosen] = x[list(chosen)]
                errors.append((logit(probability(masked).mean()) - model(x[None, :])[0]) ** 2)
            sizes.append(np.mean(errors))
        squares.append(np.mean(sizes))
    assert found.value == pytest.approx(np.mean(squares), rel=1e-10)


def test_groups_are_the_players(seed):
    background, rows, _ = drawn(seed)
    found = value_function_error(model, Groups(background, {"a": [0, 3]}), rows)
    by_row, by_size = by_definition(model, background, rows, groups=[[0, 3], [1], [2]])
    assert found.value == pytest.approx(by_row.mean(), rel=1e-12)
    assert len(found.by_size) == len(by_size) == 2


def test_maskers_are_sorted_and_differences_are_paired(seed):
    background, rows, _ = drawn(seed, n_rows=30)
    maskers = {"zeros": np.zeros((1, 4)), "rows": background, "mean": background.mean(axis=0)[None, :]}
    table = compare_maskers(maskers, model, rows)
    assert set(table.names) == set(maskers)
    assert np.all(np.diff(table.values) >= 0.0)
    errors = {name: by_definition(model, data, rows)[0][:, 0] for name, data in maskers.items()}
    best = errors[table.names[0]]
    for place, name in enumerate(table.names):
        assert table.values[place] == pytest.approx(errors[name].mean(), rel=1e-12)
        away = errors[name] - best
        assert table.differences[place] == pytest.approx(away.mean(), rel=1e-9, abs=1e-14)
        assert table.difference_errors[place] == pytest.approx(away.std(ddof=1) / np.sqrt(30), rel=1e-9, abs=1e-14)
        assert table.to_dict()[name]["value"] == table.values[place]
        assert table.results[name].value == pytest.approx(table.values[place], rel=30 * 2**-53)
    lines = str(table).splitlines()
    assert [line.split()[0] for line in lines] == ["masker", *table.names]


def test_players_are_matched_by_name(seed):
    background, rows, _ = drawn(seed)
    frame = pd.DataFrame(background, columns=list("abcd"))
    other = frame[list("dbca")]
    given = pd.DataFrame(rows, columns=list("abcd"))
    table = compare_maskers(
        {"first": frame, "again": other}, lambda X: model(X[list("abcd")].to_numpy()), given, n_coalitions=5
    )
    # The same rows in another order of columns: rounding alone.
    assert np.abs(table.differences).max() <= 1e-12 * table.values.max()


def test_what_has_no_answer_is_refused():
    rows = np.zeros((2, 3))
    with pytest.raises(DimensionError, match="`masker` has 1 player"):
        value_function_error(lambda X: X[:, 0], np.zeros((2, 1)), [[1.0]])
    with pytest.raises(DimensionError, match="`X` has 0 rows"):
        value_function_error(lambda X: X[:, 0], rows, np.zeros((0, 3)))
    with pytest.raises(OptionError, match="`n_coalitions` is 0"):
        value_function_error(lambda X: X[:, 0], rows, rows, n_coalitions=0)
    with pytest.raises(WorthError, match="for row 1 of `X`"):
        value_function_error(lambda X: np.where(X[:, 0] > 1, np.nan, 0.0), rows, [[0.0] * 3, [2.0] * 3])
    with pytest.raises(OptionError, match="must be a dict"):
        compare_maskers([rows], lambda X: X[:, 0], rows)
    with pytest.raises(OptionError, match="different players: 2 in 'b', 3 in 'a'"):
        compare_maskers({"a": rows, "b": Groups(rows, {"g": [0, 1]})}, lambda X: X[:, 0], rows)
    named = {"a": pd.DataFrame(rows, columns=list("abc")), "b": Groups(rows, {"g": [0]})}
    with pytest.raises(OptionError, match="name their players differently"):
        compare_maskers(named, lambda X: np.asarray(X)[:, 0], rows)


@pytest.mark.parametrize("route", [shap.ExactExplainer, shap.KernelExplainer])
@pytest.mark.parametrize("function", [model, two_outputs])
def test_explanations_measure_the_worths_they_evaluated(route, function, seed):
    background, rows, weights = drawn(seed)
    masker = Independent(background, weights=weights)
    explained = route(function, masker)(rows, msev=True)
    by_row, _ = by_definition(function, background, rows, weights)
    np.testing.assert_allclose(explained.msev, by_row if function is two_outputs else by_row[:, 0], rtol=1e-12)
    assert explained.shape[:1] + explained.shape[2:] == explained.msev.shape
    chosen = route(two_outputs, masker)(rows, msev=True, outputs=[1])
    np.testing.assert_allclose(chosen.msev, by_definition(two_outputs, background, rows, weights)[0][:, 1:], rtol=1e-11)
    one = route(function, masker)(rows[0], msev=True)
    np.testing.assert_allclose(one.msev, explained[0].msev, rtol=1e-12)


def test_sampled_sizes_count_alike(seed):
    """With one background row, each order tells the mean of every size without bias."""
    background, rows, _ = drawn(seed, n=1, n_rows=2)
    want, _ = by_definition(model, background, rows)
    runs = np.array(
        [
            shap.PermutationExplainer(model, background, max_evals=18, seed=1000 * seed + k)(rows, msev=True).msev
            for k in range(1000)
        ]
    )
    error = runs.mean(axis=0) - want[:, 0]
    assert np.all(np.abs(error) < 5 * runs.std(axis=0, ddof=1) / np.sqrt(len(runs)))


def test_interactions_and_main_effects_measure_too(seed):
    background, rows, _ = drawn(seed)
    want = by_definition(model, background, rows)[0][:, 0]
    explainer = shap.ExactExplainer(model, background)
    for options in ({"interactions": 2}, {"main_effects": True}):
        np.testing.assert_allclose(explainer(rows, msev=True, **options).msev, want, rtol=1e-12)
    explained = explainer(rows, interactions=2, plausibility=True)
    assert explained.plausibility.n_masked == 256
