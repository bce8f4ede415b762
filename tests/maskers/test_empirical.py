"""Conditional filling from the nearest rows, against plain loops over the definition."""

import itertools
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import ferroshap as shap
from ferroshap import _native
from ferroshap.errors import InvalidMaskerError, OptionError

pytestmark = pytest.mark.filterwarnings("error")


def weights_by_definition(X, W, x, present, bandwidth):
    """What each background row counts: loops over the definition, nothing shared with the package."""
    W = W / W.sum()
    present = present & ~(X[0] == X).all(axis=0)
    if not present.any():
        return W
    X, x = X[:, present], x[present]
    spread = np.sqrt(W @ (X - W @ X) ** 2)
    Z, z = (X - W @ X) / spread, (x - W @ X) / spread
    covariance = sum(w * np.outer(row, row) for w, row in zip(W, Z, strict=True))
    distances = np.array([(z - row) @ np.linalg.solve(covariance, z - row) for row in Z]) / present.sum()
    counts = W * np.exp(-(distances - distances.min()) / (2 * bandwidth**2))
    order = np.argsort(distances, kind="stable")
    last = np.searchsorted(np.cumsum(counts[order]), 0.95 * counts.sum() * (1 - 1e-9))
    counts[distances > distances[order[last]]] = 0.0
    return counts / counts.sum()


def all_coalitions(n):
    return np.array(list(itertools.product([False, True], repeat=n)))


def chosen(masker, rows, present, *, bandwidth=0.1, n_samples=10**6, n_threads=1, seed=0):
    """Weights of all background rows: ``(coalitions, rows, background)``."""
    native = masker._fitted
    words = _native.pack_coalitions(np.ascontiguousarray(present))
    explained = list(range(len(rows)))
    selection = native.draw(native.rows(rows), words, explained, [bandwidth], n_samples, seed, n_threads)
    starts, entries, weights = selection.lists()
    found = np.zeros((len(present) * len(rows), masker.n_background))
    for number, (first, end) in enumerate(itertools.pairwise(starts)):
        np.add.at(found[number], entries[first:end], weights[first:end])
    return found.reshape(len(present), len(rows), -1)


@pytest.mark.parametrize("bandwidth", [0.1, 0.4, 3.0])
def test_rows_are_weighted_as_defined(seed, bandwidth):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(50, 5)) @ rng.normal(size=(5, 5)) * [1e-6, 1.0, 1e6, 1.0, 1.0] + [0, 0, 0, 1e3, 0]
    X[:, 1] = 3.0
    W = rng.uniform(0.1, 1.0, size=50)
    rows = X[:3] + rng.normal(size=(3, 5)) * X.std(axis=0)
    masker = shap.maskers.Empirical(X, weights=W)
    present = all_coalitions(5)
    found = chosen(masker, rows, present, bandwidth=bandwidth)
    for number, members in enumerate(present):
        for row in range(3):
            expected = weights_by_definition(X, W, rows[row], members, bandwidth)
            # Exponents are distances, of 1e4 at most, whose rounding grows with the condition of the correlations.
            assert np.abs(found[number, row] - expected).max() < 1e-8


def test_values_are_those_of_the_brute_force_game(seed):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(80, 4))
    X[:, 1] += X[:, 0]
    x = rng.normal(size=4)

    def f(Z):
        return np.tanh(Z[:, 0] * Z[:, 1]) + Z[:, 2] * Z[:, 3] + Z[:, 3]

    masker = shap.maskers.Empirical(X, bandwidth=0.3)
    game = shap.Game(f, masker, x)
    for members in all_coalitions(4):
        weights = weights_by_definition(X, np.ones(80), x, members, 0.3)
        expected = weights @ f(np.where(members, x, X)) if members.any() else f(X).mean()
        if members.all():
            expected = f(x[None])[0]
        assert game(members[None])[0] == pytest.approx(expected, abs=1e-9)


def test_a_tiny_bandwidth_gives_the_conditional_means_of_a_discrete_table(seed):
    rng = np.random.default_rng(seed)
    X = rng.integers(0, 3, size=(400, 3)).astype(float)
    X[:, 1] = (X[:, 0] + X[:, 1]) % 3
    rows = np.unique(X, axis=0)

    def f(Z):
        return Z[:, 0] * Z[:, 1] + Z[:, 2] ** 2

    masker = shap.maskers.Empirical(X, bandwidth=1e-6, n_samples=400)
    for x in rows:
        game = shap.Game(f, masker, x)
        for members in all_coalitions(3)[1:]:
            same = (X[:, members] == x[members]).all(axis=1)
            expected = f(np.where(members, x, X[same])).mean()
            assert game(members[None])[0] == pytest.approx(expected, abs=400 * 2**-52 * 20)


def test_equal_columns_share_what_one_of_them_does(seed):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(300, 3))
    X[:, 1] = X[:, 0]
    rows = X[:5]

    def f(Z):
        return 3.0 * Z[:, 0] + Z[:, 2]

    # So narrow a kernel sees rows of equal entries alone: whichever of the two is present, the other one follows.
    shared = shap.ExactExplainer(f, shap.maskers.Empirical(X, bandwidth=1e-6))(rows).values
    assert np.abs(shared[:, 0] - shared[:, 1]).max() < 1e-12
    assert np.abs(shared[:, 0]).min() > 0.0
    marginal = shap.ExactExplainer(f, X)(rows).values
    assert np.abs(marginal[:, 1]).max() < 1e-14


def test_a_row_of_weight_two_is_two_rows(seed):
    rng = np.random.default_rng(seed)
    X, x = rng.normal(size=(60, 4)), rng.normal(size=(2, 4))
    weights = rng.integers(1, 4, size=60)
    once = chosen(shap.maskers.Empirical(X, weights=weights), x, all_coalitions(4), bandwidth=0.3)
    often = chosen(shap.maskers.Empirical(np.repeat(X, weights, axis=0)), x, all_coalitions(4), bandwidth=0.3)
    ends = np.cumsum(weights)
    summed = np.stack([often[:, :, end - k : end].sum(axis=2) for end, k in zip(ends, weights, strict=True)], axis=2)
    assert np.abs(once - summed).max() < 1e-9


def test_same_bits_for_any_threads_batches_and_company(seed):
    rng = np.random.default_rng(seed)
    X, rows = rng.normal(size=(500, 6)), rng.normal(size=(7, 6))
    masker = shap.maskers.Empirical(X, n_samples=20, seed=seed, bandwidth=0.5)

    def f(Z):  # adds column by column: rounding must not depend on the batch
        return Z[:, 0] * Z[:, 1] + Z[:, 2] + Z[:, 3] * Z[:, 4] * Z[:, 5]

    whole = shap.ExactExplainer(f, masker, n_jobs=1)(rows).values
    for n_jobs in (2, 7):
        for batch_size in (1, 37, "auto"):
            again = shap.ExactExplainer(f, masker, n_jobs=n_jobs)(rows, batch_size=batch_size).values
            assert again.tobytes() == whole.tobytes()
    alone = np.concatenate([shap.ExactExplainer(f, masker)(row[None]).values for row in rows])
    assert alone.tobytes() == whole.tobytes()


def test_thinned_lists_are_right_on_average():
    rng = np.random.default_rng(0)
    X, x = rng.normal(size=(400, 3)), rng.normal(size=(1, 3))
    masker = shap.maskers.Empirical(X)
    present = np.array([[True, False, False], [True, True, False]])
    whole = chosen(masker, x, present, bandwidth=0.5)
    runs = np.stack([chosen(masker, x, present, bandwidth=0.5, n_samples=30, seed=run) for run in range(1000)])
    assert (np.count_nonzero(runs, axis=3) <= 30).all()
    errors = runs.std(axis=0) / np.sqrt(1000)
    assert (np.abs(runs.mean(axis=0) - whole) <= 5 * errors + 1e-12).all()


def test_independent_columns_agree_with_marginal_filling():
    rng = np.random.default_rng(1)
    X, rows = rng.normal(size=(4000, 3)), rng.normal(size=(20, 3))

    def f(Z):
        return Z[:, 0] * Z[:, 1] + Z[:, 2]

    conditional = shap.ExactExplainer(f, shap.maskers.Empirical(X, n_samples=4000, bandwidth=0.2))(rows).values
    marginal = shap.ExactExplainer(f, X)(rows).values
    # Some 100 neighbours of standard deviation 1 or so stand for 4000 rows; 60 numbers are compared.
    assert np.sqrt(np.mean((conditional - marginal) ** 2)) < 0.3


def criterion(X, y, present, bandwidth):
    """The corrected criterion, in loops."""
    n = len(X)
    Z = ((X - X.mean(axis=0)) / X.std(axis=0))[:, present]
    inverse = np.linalg.inv(Z.T @ Z / n)
    H = np.empty((n, n))
    for i, j in itertools.product(range(n), repeat=2):
        distance = (Z[i] - Z[j]) @ inverse @ (Z[i] - Z[j]) / present.sum()
        H[i, j] = np.exp(-distance / (2 * bandwidth**2))
    H /= H.sum(axis=1, keepdims=True)
    trace = np.trace(H)
    if n - trace - 2 <= 0:
        return np.inf
    return np.log(np.mean((y - H @ y) ** 2)) + 1 + 2 * (trace + 1) / (n - trace - 2)


def test_aicc_finds_the_bandwidths_of_a_plain_implementation(seed):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(40, 3))
    outputs = np.stack([np.sin(2 * X[:, 0]) + X[:, 1], X[:, 2] * X[:, 1]], axis=1)
    grid = np.geomspace(0.02, 2.0, 10)
    expected = []
    for size in (1, 2, 3):  # fewer than eight coalitions of each size: all are tried
        sums = [
            sum(
                criterion(X, outputs[:, output], members, h)
                for members in all_coalitions(3)
                if members.sum() == size
                for output in (0, 1)
            )
            for h in grid
        ]
        expected.append(grid[np.argmin(sums)])
    masker = shap.maskers.Empirical(X, bandwidth="aicc")
    assert masker.bandwidths is None
    explainer = shap.ExactExplainer(
        lambda Z: np.stack([np.sin(2 * Z[:, 0]) + Z[:, 1], Z[:, 2] * Z[:, 1]], axis=1), masker
    )
    assert np.allclose(masker.bandwidths[1:], expected, rtol=1e-12)
    rows = X[:3]
    assert explainer(rows).values.sum(axis=1) + explainer.expected_value == pytest.approx(outputs[:3])


def test_the_unit_of_the_outputs_does_not_matter(seed):
    background = np.random.default_rng([seed, 31]).normal(size=(60, 3))
    found = []
    for unit in (1.0, 2.0**-700, 2.0**900):
        masker = shap.maskers.Empirical(background, bandwidth="aicc")
        masker.learn(unit * np.tanh(background[:, :2] * background[:, 1:]))
        found.append(masker.bandwidths)
    assert np.array_equal(found[1], found[0])
    assert np.array_equal(found[2], found[0])


def test_two_models_may_share_a_masker_that_learns():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(100, 2))
    masker = shap.maskers.Empirical(X, bandwidth="aicc")
    wavy = shap.ExactExplainer(lambda Z: np.sin(6 * Z[:, 0]), masker)
    before = wavy(X[:4]).values
    shap.ExactExplainer(lambda Z: Z[:, 1], masker)
    assert wavy(X[:4]).values.tobytes() == before.tobytes()


@pytest.mark.parametrize("n_rows", [1, 2, 3, 5])
def test_few_rows_and_dependent_columns_are_right(n_rows):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n_rows, 6))
    X[:, 2] = X[:, 0] + X[:, 1]
    X[:, 3] = 1.0

    def f(Z):
        return Z[:, 0] * Z[:, 4] + Z[:, 5]

    for bandwidth in (0.1, "aicc"):
        rows = rng.normal(size=(2, 6))
        found = shap.ExactExplainer(f, shap.maskers.Empirical(X, n_samples=50, bandwidth=bandwidth))(rows)
        assert found.values.sum(axis=1) + found.base_values == pytest.approx(f(rows), abs=1e-12)
        assert np.abs(found.values[:, 3]).max() < 1e-12, "a constant column tells nothing"


def test_missing_values_and_categories_are_refused_by_column():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"age": [1.0, 2.0, 3.0], "work": ["a", "b", "a"]})
    with pytest.raises(InvalidMaskerError, match=r"column 'work' of `data`.*maskers.Forest"):
        shap.maskers.Empirical(frame)
    gaps = pandas.DataFrame({"age": [1.0, np.nan, 3.0], "size": [1.0, 2.0, 3.0]})
    with pytest.raises(
        InvalidMaskerError, match=r"column 'age' of `data` has entries that are missing.*maskers.Forest"
    ):
        shap.maskers.Empirical(gaps)
    masker = shap.maskers.Empirical(gaps.fillna(2.0))
    with pytest.raises(InvalidMaskerError, match=r"column 'age' of `X` has entries that are missing"):
        shap.ExactExplainer(lambda Z: np.asarray(Z)[:, 0], masker)(gaps)
    with pytest.raises(InvalidMaskerError, match="column 0 of `data` has entries that are missing or infinite"):
        shap.maskers.Empirical([[np.inf, 1.0], [0.0, 1.0]])


@pytest.mark.parametrize("bandwidth", [0.0, -1.0, np.inf, np.nan, "rule", None, True, [1.0]])
def test_bandwidths_that_are_none_are_refused(bandwidth):
    with pytest.raises(OptionError, match="`bandwidth` is .* positive number"):
        shap.maskers.Empirical([[1.0], [2.0]], bandwidth=bandwidth)


def test_pickles_and_other_orders_of_the_columns_give_the_same(seed):
    rng = np.random.default_rng(seed)
    X, rows = rng.normal(size=(60, 3)), rng.normal(size=(2, 3))
    masker = shap.maskers.Empirical(X, bandwidth=0.3, n_samples=10)

    def values(of):
        return shap.ExactExplainer(np.prod, of)

    again = pickle.loads(pickle.dumps(masker))
    present = all_coalitions(3)
    assert (chosen(again, rows, present) == chosen(masker, rows, present)).all()
    turned = masker.reordered([2, 0, 1])
    found = chosen(turned, np.ascontiguousarray(rows[:, [2, 0, 1]]), present[:, [2, 0, 1]])
    assert np.abs(found - chosen(masker, rows, present)).max() < 1e-9


def test_integers_frames_and_booleans_keep_their_dtypes(seed):
    pandas = pytest.importorskip("pandas")
    rng = np.random.default_rng(seed)
    frame = pandas.DataFrame(
        {"a": rng.integers(0, 9, 50), "b": rng.normal(size=50), "c": rng.integers(0, 2, 50).astype(bool)}
    )
    seen = []

    def f(rows):
        seen.append(tuple(rows.dtypes))
        return rows["a"].to_numpy() * rows["b"].to_numpy() + rows["c"].to_numpy()

    found = shap.ExactExplainer(f, shap.maskers.Empirical(frame))(frame.iloc[:4])
    assert set(seen) == {tuple(frame.dtypes)}
    assert found.values.sum(axis=1) + found.base_values == pytest.approx(f(frame.iloc[:4]))


@given(
    data=st.data(),
    n_columns=st.integers(1, 5),
    n_rows=st.integers(1, 30),
    bandwidth=st.floats(1e-3, 10.0),
    n_samples=st.integers(1, 40),
)
def test_values_add_up_and_come_again_for_any_table(data, n_columns, n_rows, bandwidth, n_samples):
    cells = st.floats(-100, 100, allow_subnormal=False).map(lambda cell: round(cell, 2))
    table = st.lists(st.lists(cells, min_size=n_columns, max_size=n_columns), min_size=1, max_size=n_rows)
    X, rows = np.array(data.draw(table)), np.array(data.draw(table))[:3]
    masker = shap.maskers.Empirical(X, bandwidth=bandwidth, n_samples=n_samples)

    def f(Z):
        return Z.sum(axis=1) + Z[:, 0] * Z[:, -1]

    explain = shap.ExactExplainer(f, masker)
    found = explain(rows)
    assert found.values.tobytes() == explain(rows).values.tobytes()
    # Some thirty worths of at most 1e4 + 500, each a mean of as many as thirty outputs.
    assert np.abs(found.values.sum(axis=1) + found.base_values - f(rows)).max() < 1e-8
    constant = shap.ExactExplainer(lambda Z: np.full(len(Z), 2.0), masker)(rows)
    assert np.abs(constant.values).max() < 1e-14


def test_thinning_by_the_models_outputs_errs_less_than_keeping_the_heaviest():
    rng = np.random.default_rng(0)
    X = rng.multivariate_normal(np.zeros(6), 0.5 * np.eye(6) + 0.5, size=3000)
    rows, slopes = X[:10] + 0.01, rng.normal(size=6)

    def f(Z):
        return np.tanh(Z @ slopes) + Z[:, 0] * Z[:, 1]

    present = np.eye(6, dtype=bool)
    whole, few = shap.maskers.Empirical(X), shap.maskers.Empirical(X, n_samples=50)
    errors = {"thinned": [], "heaviest": []}
    for x in rows:
        weights = chosen(whole, x[None], present)[:, 0]
        exact = shap.Game(f, shap.maskers.Empirical(X, n_samples=3000), x)(present)
        errors["thinned"].extend(shap.Game(f, few, x)(present) - exact)
        for members, counts, worth in zip(present, weights, exact, strict=True):
            kept = np.argsort(-counts, kind="stable")[:50]
            errors["heaviest"].append(counts[kept] / counts[kept].sum() @ f(np.where(members, x, X[kept])) - worth)
    spread = {name: np.sqrt(np.mean(np.square(found))) for name, found in errors.items()}
    assert spread["thinned"] < spread["heaviest"] / 2
