"""How plausible masked rows are: distances by their definition, what is warned of, and that only the seed decides."""

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest

import ferroshap as shap
from ferroshap.errors import ConvergenceWarning, OptionError, PlausibilityWarning
from ferroshap.inputs import read_table
from ferroshap.inputs.numbers import as_numbers
from ferroshap.maskers import Conditional, Groups, Independent
from ferroshap.maskers.plausibility import judged

ROUTES = [shap.ExactExplainer, shap.KernelExplainer, shap.PermutationExplainer, shap.SamplingExplainer]


def model(X):
    rows = X.to_numpy() if hasattr(X, "to_numpy") else X
    return np.sin(rows[:, 0].astype(float)) + rows[:, 1].astype(float) * 2.0


def silently(explainer, rows, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PlausibilityWarning)
        warnings.simplefilter("ignore", ConvergenceWarning)
        return explainer(rows, plausibility=True, **options)


def distance(first, second, spreads, columns):
    """The distance of two rows of Python values, by the definition."""
    total = 0.0
    for column in columns:
        a, b = first[column], second[column]
        missing = [value is None or value != value for value in (a, b)]  # noqa: PLR0124 - NaN
        if any(missing):
            total += not all(missing)
        elif spreads[column] is None:
            total += a != b
        else:
            total += ((a - b) / spreads[column]) ** 2
    return total**0.5


def spread(values):
    known = np.array([value for value in values if value == value])  # noqa: PLR0124 - NaN
    away = np.abs(known - np.median(known))
    return float(np.median(away)) or float(away.mean()) or 1.0


def by_definition(background, masked, spreads, columns):
    own = [
        min(distance(row, other, spreads, columns) for k, other in enumerate(background) if k != place)
        for place, row in enumerate(background)
    ]
    found = np.array([min(distance(row, other, spreads, columns) for other in background) for row in masked])
    unit = float(np.median(own)) or float(np.mean(own)) or 1.0
    threshold = sorted(own)[-(-99 * len(own) // 100) - 1]
    return (found > threshold).mean(), found / unit, threshold / unit


def mixed(rng, n_rows):
    return pd.DataFrame(
        {
            "x": rng.normal(size=n_rows) * 1e3,
            "gaps": np.where(rng.random(n_rows) < 0.2, np.nan, rng.normal(size=n_rows)),
            "kind": pd.Categorical(rng.choice(list("uvw"), n_rows)),
            "few": rng.integers(0, 3, n_rows),
            "flag": rng.random(n_rows) < 0.3,
            "text": rng.choice(["a", "b"], n_rows),
            "same": 1.0,
        }
    )


def test_scores_and_ratios_are_those_of_the_definition(seed):
    rng = np.random.default_rng([seed, 50])
    n, m = 110, 40
    background, rows = mixed(rng, n), mixed(rng, m)
    rows["kind"] = pd.Categorical(rng.choice(list("uvwz"), m))  # one the background lacks
    drawn, filling = rng.integers(0, m, m), rng.integers(0, n, m)
    present = rng.random((m, 7)) < 0.5
    tables = read_table(background, argument="b"), read_table(rows, argument="r")
    names = list(background.columns)
    found, is_mixed = judged(tables[0], np.arange(n), tables[1], drawn, filling, present, names, n_threads=1)
    assert is_mixed
    known = background.astype(object).to_numpy().tolist()
    given = rows.astype(object).to_numpy().tolist()
    masked = [
        [given[r][j] if own else known[b][j] for j, own in enumerate(line)]
        for r, b, line in zip(drawn, filling, present, strict=True)
    ]
    spreads = [spread([row[j] for row in known]) if j in {0, 1, 3, 6} else None for j in range(7)]
    score, ratios, typical = by_definition(known, masked, spreads, range(7))
    # Sums of at most 7 squares of differences, each scaled: a few roundings each.
    np.testing.assert_allclose(found.ratios, ratios, rtol=1e-12)
    assert found.typical == pytest.approx(typical, rel=1e-12)
    assert found.score == pytest.approx(score)
    pairs = {(a, b): by_definition(known, masked, spreads, (a, b)) for a in range(7) for b in range(a + 1, 7)}
    assert found.pair_score == pytest.approx(max(pair[0] for pair in pairs.values()))
    worst = pairs[names.index(found.worst_pair[0]), names.index(found.worst_pair[1])]
    assert worst[0] == pytest.approx(found.pair_score)


@pytest.mark.parametrize("route", ROUTES)
def test_independent_columns_are_plausible(route, seed):
    rng = np.random.default_rng([seed, 51])
    n, n_rows = 600, 256
    explainer = route(model, rng.uniform(size=(n, 4)))
    found = explainer(rng.uniform(size=(n_rows, 4)), plausibility=True).plausibility  # a warning would fail here
    # A row drawn afresh is further away than the 99th percentile of n rows with probability 0.01, up to the error of
    # that percentile and one row; a masked one is closer, for it has entries in common with a background row.
    assert found.n_masked == 256
    assert found.score <= 0.01 + 1.0 / n + 5.0 * np.sqrt(0.01 * 0.99 * (1.0 / 256 + 1.0 / n))
    assert not found.is_doubtful


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("n_columns", [3, 12])
def test_equal_columns_are_not_and_are_named(route, n_columns, seed):
    rng = np.random.default_rng([seed, 52])
    table = rng.uniform(size=(400, n_columns))
    table[:, 2] = table[:, 0]
    names = [f"column {number}" for number in range(n_columns)]
    n_rows = 2 if route is shap.ExactExplainer else 64
    with pytest.warns(PlausibilityWarning, match="in 'column 0' and 'column 2' alone.*maskers.Gaussian") as caught:
        explained = route(model, table, feature_names=names)(table[:n_rows], plausibility=True)
    assert len(caught) == 1
    assert caught[0].filename == __file__
    found = explained.plausibility
    assert found.worst_pair == ("column 0", "column 2")
    # A third of the coalitions of uniform size have one of the two alone; then the pair misses its line.
    assert found.pair_score > 0.25
    assert n_columns > 3 or found.score > 0.1
    assert "column 2" in str(found)


def test_a_masked_row_is_what_the_model_was_asked_about(seed):
    """Rebuild the rows chosen from what the model saw."""
    rng = np.random.default_rng([seed, 53])
    table, rows = rng.normal(size=(7, 3)), rng.normal(size=(2, 3))
    seen = []

    def spy(X):
        seen.append(X.copy())
        return X.sum(axis=1)

    explained = silently(shap.ExactExplainer(spy, table), rows)
    # 2 rows, 6 coalitions, 7 background rows: all 84 are looked at.
    assert explained.plausibility.n_masked == 84
    scale = [spread(table[:, j]) for j in range(3)]
    everything = np.concatenate(seen)
    nearest = np.sqrt((((everything[:, None, :] - table) / scale) ** 2).sum(axis=2).min(axis=1))
    own = np.sqrt((((table[:, None, :] - table) / scale) ** 2).sum(axis=2) + np.diag([np.inf] * 7)).min(axis=1)
    ratios = nearest / np.median(own)
    for ratio in explained.plausibility.ratios:
        assert np.isclose(ratios, ratio, rtol=1e-10, atol=1e-14).any()


@pytest.mark.parametrize("tol", [None, 0.05, 0.4])
def test_only_the_seed_decides_which_rows_are_chosen(tol, seed):
    rng = np.random.default_rng([seed, 54])
    table, rows = rng.normal(size=(250, 9)), rng.normal(size=(5, 9))

    def bent(X):
        return np.tanh(X[:, 0] * X[:, 1] + X[:, 2]) + X[:, 3] * X[:, 4] * X[:, 5]

    def found(own_seed, batch_size, n_jobs):
        explainer = shap.PermutationExplainer(bent, table, seed=own_seed, n_jobs=n_jobs, max_evals=400)
        return silently(explainer, rows, batch_size=batch_size, tol=tol, msev=True)

    first = found(seed, "auto", 1)
    for batch_size, n_jobs in [(64, 1), (5000, 2), ("auto", 7)]:
        other = found(seed, batch_size, n_jobs)
        assert other.plausibility.ratios.tobytes() == first.plausibility.ratios.tobytes()
        assert other.plausibility.worst_pair == first.plausibility.worst_pair
        assert other.msev.tobytes() == first.msev.tobytes()
    assert found(seed + 1, "auto", 1).plausibility.ratios.tobytes() != first.plausibility.ratios.tobytes()


def test_looking_costs_no_call_of_the_model(seed):
    rng = np.random.default_rng([seed, 55])
    table, rows = rng.normal(size=(60, 8)), rng.normal(size=(6, 8))
    batches = []
    for options in ({}, {"plausibility": True, "msev": True}):
        seen = []

        def counted(X, seen=seen):
            seen.append(len(X))
            return np.tanh(X).prod(axis=1) + X[:, 0]

        shap.KernelExplainer(counted, table, nsamples=120)(rows, tol=0.5, **options)
        batches.append(seen)
    assert batches[0] == batches[1]


def test_categories_suggest_a_forest(seed):
    rng = np.random.default_rng([seed, 56])
    kind = rng.choice(list("uvwxyz"), 300)
    table = pd.DataFrame({"kind": kind, "place": [f"in {k}" for k in kind], "x": rng.normal(size=300)})
    explainer = shap.ExactExplainer(lambda X: X["x"].to_numpy() + (X["kind"] == "u"), table)
    with pytest.warns(PlausibilityWarning, match="in 'kind' and 'place' alone.*maskers.Forest"):
        found = explainer(table[:30], plausibility=True).plausibility
    # Six places, one of which goes with each kind: five sixths of the rows with one of the two alone cannot be.
    assert found.pair_score > 0.25


def test_columns_are_judged_where_groups_play(seed):
    rng = np.random.default_rng([seed, 57])
    table = rng.uniform(size=(300, 4))
    table[:, 3] = table[:, 0]
    together = Groups(table, {"a": [0, 3]})
    assert not shap.ExactExplainer(model, together)(table[:20], plausibility=True).plausibility.is_doubtful
    apart = Groups(table, {"a": [0, 1], "b": [2, 3]})
    assert silently(shap.ExactExplainer(model, apart), table[:20]).plausibility.worst_pair == ("Feature 0", "Feature 3")


def test_large_backgrounds_are_sampled(seed):
    rng = np.random.default_rng([seed, 58])
    table = rng.normal(size=(2500, 3))
    found = shap.PermutationExplainer(model, table)(table[:3], plausibility=True).plausibility
    assert found.n_background == 2000


def test_the_field_stays_with_slices_and_pickles_and_leaves_sums(seed):
    rng = np.random.default_rng([seed, 59])
    table = rng.normal(size=(50, 3))
    explained = shap.ExactExplainer(model, table)(table[:4], plausibility=True, msev=True)
    found = explained.plausibility
    assert explained[1].plausibility is explained[:, 0].plausibility is found
    twin = pickle.loads(pickle.dumps(explained))
    assert twin.plausibility.score == found.score
    assert np.array_equal(twin.plausibility.ratios, found.ratios)
    assert np.array_equal(twin.msev, explained.msev)
    assert explained[2].msev == explained.msev[2]
    total = explained + explained
    assert total.plausibility is None
    assert total.msev is None
    assert shap.Explanation(explained).plausibility is found
    assert explained.mean(0).msev is None


def test_rows_of_the_background_alone_have_no_masked_rows():
    table = np.tile([1.0, 2.0], (5, 1))
    explained = shap.ExactExplainer(model, table)(table[:1], plausibility=True, msev=True)
    assert np.isnan(explained.plausibility.score)
    assert str(explained.plausibility) == "no masked rows were evaluated"
    assert np.isnan(explained.msev).all()


def test_what_cannot_be_judged_is_refused():
    with pytest.raises(OptionError, match="`plausibility` is True, but the background has 2 rows"):
        shap.ExactExplainer(model, np.zeros((2, 3)))(np.ones((1, 3)), plausibility=True)

    class Known(Conditional):
        def __init__(self, data):
            self._read_conditional(data, 1, None, None)

    with pytest.raises(OptionError, match="`plausibility` is True, which asks about marginal filling, but the masker"):
        shap.KernelExplainer(model, Known(np.zeros((5, 3))))(np.ones((1, 3)), plausibility=True)


def test_tables_of_any_kind_become_the_same_numbers():
    frame = pd.DataFrame({"x": [1.0, np.nan, 3.0], "k": ["u", "v", "u"], "t": pd.to_datetime(["2026-01-01"] * 3)})
    array = np.array([[1.0, "u"], [np.nan, "v"], [3.0, "u"]], dtype=object)
    for table in (frame, array):
        read = read_table(table, argument="t")
        numbers = as_numbers(read, read)
        assert numbers.is_category[:2].tolist() == [False, True]
        assert np.array_equal(numbers.background[:, :2], [[1, 0], [np.nan, 1], [3, 0]], equal_nan=True)
        assert np.array_equal(numbers.background, numbers.rows, equal_nan=True)
    assert not as_numbers(read_table(frame, argument="t"), read_table(frame, argument="t")).is_category[2]


def test_weights_and_baselines_leave_the_reference_as_it_is(seed):
    rng = np.random.default_rng([seed, 60])
    table = rng.normal(size=(40, 3))
    masker = Independent(table, weights=rng.uniform(size=40))
    assert shap.ExactExplainer(model, masker)(table[:3], plausibility=True).plausibility.n_background == 40
