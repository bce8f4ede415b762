"""Conditional filling by the leaves of trees, against tables whose conditional distributions are known."""

import itertools
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import ferroshap as shap
from ferroshap import _native
from ferroshap.errors import OptionError
from ferroshap.inputs import pair

pytestmark = pytest.mark.filterwarnings("error")


def all_coalitions(n):
    return np.array(list(itertools.product([False, True], repeat=n)))


def conditional_worths(f, X, x, present, weights=None):
    """Means over the rows that agree with `x` on the present columns, in a loop."""
    weights = np.ones(len(X)) if weights is None else weights
    worths = []
    for members in present:
        same = (X[:, members] == x[members]).all(axis=1)
        rows = X[same].copy()
        rows[:, members] = x[members]
        worths.append(np.average(f(rows), weights=weights[same]))
    return np.array(worths)


def discrete_table(rng):
    """Two columns that go together and one that does not: twelve kinds of rows, each a hundred times or more."""
    first = np.repeat(np.arange(4), 300)
    second = (first + rng.integers(0, 2, len(first))) % 4
    X = np.stack([first, second, rng.integers(0, 2, len(first))], axis=1).astype(float)
    return X[rng.permutation(len(X))]


def product(rows):
    return rows[:, 0] * rows[:, 1] + rows[:, 2] * (1.0 + rows[:, 0])


def test_pure_leaves_give_the_conditional_means_of_a_discrete_table(seed):
    rng = np.random.default_rng(seed)
    X = discrete_table(rng)
    W = rng.uniform(0.5, 2.0, len(X))
    masker = shap.maskers.Forest(X, n_samples=len(X), n_trees=5, weights=W, seed=seed)
    present = all_coalitions(3)
    for x in np.unique(X, axis=0):
        worths = shap.Game(product, masker, x)(present)
        # Means of at most 1200 numbers below 30.
        assert np.abs(worths - conditional_worths(product, X, x, present, W)).max() < 1200 * 2**-53 * 30 * 4


@pytest.mark.parametrize("least", [1e-17, 1e-40, 1e-300])
def test_rows_of_hardly_any_weight_are_rows(seed, least):
    X = np.random.default_rng([seed, 61]).normal(size=(100, 3))
    weights = np.r_[np.full(95, least), np.ones(5)]
    explained = shap.ExactExplainer(lambda rows: rows[:, 0], shap.maskers.Forest(X, n_trees=5, weights=weights))(X[:3])
    assert np.abs(explained.base_values + explained.values.sum(axis=1) - X[:3, 0]).max() < 1e-14


def test_categories_do_what_their_numbers_do(seed):
    pandas = pytest.importorskip("pandas")
    rng = np.random.default_rng(seed)
    X = discrete_table(rng)
    names = np.array(["north", "east", "south", "west"])
    frame = pandas.DataFrame(
        {"a": names[X[:, 0].astype(int)], "b": pandas.Categorical(names[X[:, 1].astype(int)]), "c": X[:, 2] > 0}
    )

    def of_frame(rows):
        codes = [pandas.Index(names).get_indexer(rows[column].astype(object)) for column in ("a", "b")]
        return product(np.stack([*codes, rows["c"].to_numpy()], axis=1).astype(float))

    masker = shap.maskers.Forest(frame, n_samples=len(X), n_trees=5, seed=seed)
    present = all_coalitions(3)
    for row in range(5):
        worths = shap.Game(of_frame, masker, frame.iloc[[row]])(present)
        assert np.abs(worths - conditional_worths(product, X, X[row], present)).max() < 1e-10


def test_equal_columns_share_what_one_of_them_does(seed):
    rng = np.random.default_rng(seed)
    X = discrete_table(rng)
    X[:, 1] = X[:, 0]

    def f(rows):
        return 3.0 * rows[:, 0]

    shared = shap.ExactExplainer(f, shap.maskers.Forest(X, n_samples=len(X), seed=seed))(X[:8]).values
    assert np.abs(shared[:, 0] - shared[:, 1]).max() < 1e-10
    assert np.abs(shared[:, 2]).max() < 1.0
    marginal = shap.ExactExplainer(f, X)(X[:8]).values
    assert np.abs(marginal[:, 1]).max() < 1e-12


def test_a_forest_tells_more_than_the_margins_where_columns_go_together(seed):
    rng = np.random.default_rng(seed)
    X = rng.multivariate_normal(np.zeros(2), [[1.0, 0.95], [0.95, 1.0]], size=2000)
    rows = X[:40]
    masker = shap.maskers.Forest(X, seed=seed)

    def f(Z):
        return Z[:, 1]

    worths = np.array([shap.Game(f, masker, x)(np.array([[True, False]]))[0] for x in rows])
    # E[second | first] = 0.95 first, with standard deviation 0.31 about it; leaves of some 20 rows, 50 trees.
    assert np.sqrt(np.mean((worths - 0.95 * rows[:, 0]) ** 2)) < 0.3
    assert np.sqrt(np.mean((X[:, 1].mean() - 0.95 * rows[:, 0]) ** 2)) > 0.6


def test_thinned_lists_are_right_on_average(seed):
    rng = np.random.default_rng(seed)
    X = discrete_table(rng)
    x, present = X[0], all_coalitions(3)[1:-1]
    expected = conditional_worths(product, X, x, present)
    runs = []
    for run in range(1000):
        # Pure leaves, whatever the seed: only the choice among the rows differs.
        masker = shap.maskers.Forest(X, n_samples=15, n_trees=2, seed=1000 * seed + run)
        runs.append(shap.Game(product, masker, x)(present))
    errors = np.std(runs, axis=0) / np.sqrt(1000)
    assert (np.abs(np.mean(runs, axis=0) - expected) <= 5 * errors + 1e-10).all()


def test_same_bits_for_any_threads_batches_and_company(seed):
    rng = np.random.default_rng(seed)
    X, rows = rng.normal(size=(600, 6)), rng.normal(size=(7, 6))
    X[:, 1] += X[:, 0]
    masker = shap.maskers.Forest(X, n_samples=20, n_trees=10, seed=seed)

    def f(Z):  # adds column by column: rounding must not depend on the batch
        return Z[:, 0] * Z[:, 1] + Z[:, 2] + Z[:, 3] * Z[:, 4] * Z[:, 5]

    whole = shap.ExactExplainer(f, masker, n_jobs=1)(rows).values
    for n_jobs in (2, 7):
        for batch_size in (1, 37, "auto"):
            again = shap.ExactExplainer(f, masker, n_jobs=n_jobs)(rows, batch_size=batch_size).values
            assert again.tobytes() == whole.tobytes()
    alone = np.concatenate([shap.ExactExplainer(f, masker)(row[None]).values for row in rows])
    assert alone.tobytes() == whole.tobytes()


def mixed_frame(rng, n_rows):
    pandas = pytest.importorskip("pandas")
    numbers = rng.normal(size=n_rows)
    gaps = np.where(rng.uniform(size=n_rows) < 0.2, np.nan, numbers)
    text = np.array(["low", "mid", "high"], dtype=object)[np.digitize(numbers, [-0.5, 0.5])]
    text[rng.uniform(size=n_rows) < 0.1] = None
    return pandas.DataFrame(
        {
            "number": numbers,
            "gaps": gaps,
            "text": text,
            "kind": pandas.Categorical(rng.choice(["x", "y"], n_rows)),
            "flag": numbers > 0,
            "when": pandas.Timestamp("2020-01-01") + pandas.to_timedelta((numbers * 1e6).astype(int), unit="s"),
            "count": rng.integers(0, 5, n_rows).astype(np.int8),
        }
    )


def of_mixed(rows):
    """A model that looks at the dtypes of all columns."""
    assert [str(dtype) for dtype in rows.dtypes[["number", "gaps", "flag", "count"]]] == [
        "float64",
        "float64",
        "bool",
        "int8",
    ]
    gaps = rows["gaps"].isna().to_numpy()
    when = (rows["when"].to_numpy() - np.datetime64("2020-01-01")) / np.timedelta64(1, "D")
    kinds = rows["kind"].astype(object).eq("x").to_numpy() * 2.0
    high = rows["text"].eq("high").to_numpy()
    return rows["number"].to_numpy() + gaps + kinds * rows["flag"].to_numpy() + high + 0.01 * when + rows["count"]


def test_mixed_columns_gaps_and_dates_reach_the_model_as_they_are(seed):
    rng = np.random.default_rng(seed)
    frame = mixed_frame(rng, 400)
    rows = frame.iloc[:6]
    found = shap.ExactExplainer(of_mixed, shap.maskers.Forest(frame, n_samples=20, seed=seed))(rows)
    assert found.values.sum(axis=1) + found.base_values == pytest.approx(of_mixed(rows).to_numpy(), abs=1e-10)
    # Dates and numbers say the same: the first explains a good part of the second.
    only_when = shap.Game(lambda Z: Z["number"].to_numpy(), shap.maskers.Forest(frame, seed=seed), rows.iloc[[0]])
    members = np.array([[False] * 5 + [True, False]])
    assert abs(only_when(members)[0] - rows["number"].iloc[0]) < 1.0


def test_gaps_tell_where_the_background_has_some(seed):
    rng = np.random.default_rng(seed)
    answer = rng.integers(0, 2, 600).astype(float)
    X = np.stack([np.where(answer == 1, np.nan, rng.normal(size=600)), answer], axis=1)
    game = shap.Game(lambda Z: Z[:, 1], shap.maskers.Forest(X, n_samples=600, seed=seed), np.array([np.nan, 1.0]))
    assert game(np.array([[True, False]]))[0] == pytest.approx(1.0)
    other = shap.Game(lambda Z: Z[:, 1], shap.maskers.Forest(X, n_samples=600, seed=seed), np.array([0.1, 1.0]))
    assert other(np.array([[True, False]]))[0] == pytest.approx(0.0)


def test_what_the_background_never_saw_tells_nothing(seed):
    rng = np.random.default_rng(seed)
    X = discrete_table(rng).astype(object)
    X[:, 0] = [f"kind {int(value)}" for value in X[:, 0]]
    unseen = X[:1].copy()
    unseen[0, 0] = "another kind"
    seen = []

    def f(Z):
        seen.extend(Z[:, 0])
        return Z[:, 1].astype(float)

    masker = shap.maskers.Forest(X, n_samples=len(X), n_trees=3, seed=seed)
    worths = shap.Game(f, masker, unseen)(np.array([[True, False, False], [False, False, False]]))
    assert worths[0] == pytest.approx(worths[1], abs=1e-10)
    assert "another kind" in seen
    gap = np.asarray(discrete_table(rng))
    x = gap[:1].copy()
    x[0, 0] = np.nan
    of_gap = shap.Game(lambda Z: Z[:, 1], shap.maskers.Forest(gap, n_samples=len(gap), n_trees=3), x)
    assert of_gap(np.array([[True, False, False]]))[0] == pytest.approx(gap[:, 1].mean(), abs=1e-10)


@pytest.mark.parametrize("n_rows", [1, 2, 15, 40])
def test_small_backgrounds_are_right(n_rows):
    rng = np.random.default_rng(0)
    X, rows = rng.normal(size=(n_rows, 5)), rng.normal(size=(2, 5))
    X[:, 2] = 1.0

    def f(Z):
        return Z[:, 0] * Z[:, 1] + Z[:, 3] * Z[:, 2]

    found = shap.ExactExplainer(f, shap.maskers.Forest(X))(rows)
    assert found.values.sum(axis=1) + found.base_values == pytest.approx(f(rows), abs=1e-12)
    if n_rows <= 15:  # a tree of fewer than 20 rows has one leaf: nothing tells about anything
        assert found.values == pytest.approx(shap.ExactExplainer(f, X)(rows).values, abs=1e-12)


def test_infinite_numbers_have_their_place(seed):
    rng = np.random.default_rng(seed)
    X = discrete_table(rng)
    X[X[:, 0] == 3, 0] = np.inf
    X[X[:, 0] == 0, 0] = -np.inf

    def f(Z):
        return Z[:, 1]

    x = np.array([np.inf, 3.0, 0.0])
    worth = shap.Game(f, shap.maskers.Forest(X, n_samples=len(X), n_trees=4, seed=seed), x)(
        np.array([[True, False, False]])
    )
    assert worth[0] == pytest.approx(X[X[:, 0] == np.inf, 1].mean(), abs=1e-10)


@pytest.mark.parametrize("n_trees", [0, -1, 2.5, None, True])
def test_numbers_of_trees_that_are_none_are_refused(n_trees):
    with pytest.raises(OptionError, match="`n_trees` is .* positive integer"):
        shap.maskers.Forest([[1.0], [2.0]], n_trees=n_trees)


def test_pickles_and_other_orders_of_the_columns_are_maskers_too(seed):
    rng = np.random.default_rng(seed)
    X = discrete_table(rng)
    masker = shap.maskers.Forest(X, n_samples=50, seed=seed)
    present = all_coalitions(3)
    before = shap.Game(product, masker, X[0])(present)
    again = shap.Game(product, pickle.loads(pickle.dumps(masker)), X[0])(present)
    assert again.tobytes() == before.tobytes()
    whole = shap.maskers.Forest(X, n_samples=len(X), seed=seed)
    order = [2, 0, 1]
    turned = shap.Game(lambda Z: product(Z[:, [1, 2, 0]]), whole.reordered(order), X[0, order])(present[:, order])
    assert turned == pytest.approx(shap.Game(product, whole, X[0])(present), abs=1e-10)


def test_a_model_changes_the_order_of_the_rows_and_not_the_trees(seed):
    rng = np.random.default_rng(seed)
    X = discrete_table(rng).astype(object)
    X[:, 0] = [f"kind {value}" for value in X[:, 0]]
    masker = shap.maskers.Forest(X, n_samples=len(X), n_trees=5, seed=seed)
    learnt = masker.learn(np.stack([X[:, 1].astype(float), -X[:, 2].astype(float)], axis=1))
    pairing = pair(masker.table, masker.table.take_rows(slice(0, 4)), as_frame=None)
    words = _native.pack_coalitions(all_coalitions(3))
    found = []
    for one in (masker, learnt, pickle.loads(pickle.dumps(learnt))):
        prepared = one.prepare(pairing, masker.table.take_rows(slice(0, 4)), n_threads=1)
        draws = prepared.draw(words, np.arange(4), n_threads=1)
        out = [np.empty((draws.n_model_rows, block.shape[1]), block.dtype) for block in prepared.like]
        draws.fill(out, 0, is_immediate=True).wait()
        found.append([part.tolist() for part in out])
    assert found[1] == found[2]
    assert [sorted(map(tuple, part)) for part in found[0]] == [sorted(map(tuple, part)) for part in found[1]]


def test_lists_are_as_long_as_asked_for(seed):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(1000, 4))
    for n_samples, n_trees in [(1, 1), (7, 50), (100, 3), (2000, 2)]:
        masker = shap.maskers.Forest(X, n_samples=n_samples, n_trees=n_trees, seed=seed)
        native = masker._fitted
        words = _native.pack_coalitions(all_coalitions(4))
        selection = native.draw(native.rows(X[:5], 1), words, list(range(5)), n_samples, seed, 1)
        starts, rows, weights = selection.lists()
        assert 1 <= np.diff(starts).min() <= np.diff(starts).max() <= n_samples
        for first, end in itertools.pairwise(starts):
            assert (np.diff(rows[first:end].astype(int)) > 0).all()
            assert weights[first:end].sum() == pytest.approx(1.0, abs=1e-12)


@given(
    data=st.data(),
    n_columns=st.integers(1, 4),
    n_samples=st.integers(1, 60),
    n_trees=st.integers(1, 6),
)
def test_values_add_up_and_come_again_for_any_table(data, n_columns, n_samples, n_trees):
    cells = st.sampled_from([0.0, 1.0, -2.5, 1e9, np.nan])
    table = st.lists(st.lists(cells, min_size=n_columns, max_size=n_columns), min_size=1, max_size=60)
    X, rows = np.array(data.draw(table)), np.array(data.draw(table))[:3]
    masker = shap.maskers.Forest(X, n_samples=n_samples, n_trees=n_trees)

    def f(Z):
        numbers = np.nan_to_num(Z, nan=3.0)
        return numbers.sum(axis=1) + np.isnan(Z[:, -1])

    explain = shap.ExactExplainer(f, masker)
    found = explain(rows)
    assert found.values.tobytes() == explain(rows).values.tobytes()
    # Sixteen worths, each a mean of at most sixty outputs of at most 4e9.
    assert np.abs(found.values.sum(axis=1) + found.base_values - f(rows)).max() < 1e-4
    constant = shap.ExactExplainer(lambda Z: np.full(len(Z), 2.0), masker)(rows)
    assert np.abs(constant.values).max() < 1e-13
