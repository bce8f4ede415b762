"""`maskers.Gaussian` against conditional normal distributions written out with NumPy."""

import copy
import itertools
import math
import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import ferroshap
from ferroshap import maskers
from ferroshap.errors import DimensionError, InvalidMaskerError, MemoryLimitError, OptionError


def correlated(seed, n_rows=80, n_features=4):
    rng = np.random.default_rng([seed, 21])
    mix = rng.normal(size=(n_features, n_features)) + 2.0 * np.eye(n_features)
    return rng.normal(size=(n_rows, n_features)) @ mix + rng.normal(size=n_features)


def conditional(mean, cov, row, present):
    """Mean and covariance of the absent features, by the textbook."""
    absent = ~present
    slopes = np.linalg.solve(cov[np.ix_(present, present)], cov[np.ix_(present, absent)]).T
    given = mean[absent] + slopes @ (row - mean)[present]
    return given, cov[np.ix_(absent, absent)] - slopes @ cov[np.ix_(present, absent)]


def shapley(worth, n):
    """Values by the definition, over all coalitions."""
    values = np.zeros(n)
    for player in range(n):
        others = [other for other in range(n) if other != player]
        for size in range(n):
            weight = math.factorial(size) * math.factorial(n - size - 1) / math.factorial(n)
            for chosen in itertools.combinations(others, size):
                values[player] += weight * (worth({*chosen, player}) - worth(set(chosen)))
    return values


def mask_of(coalition, n):
    return np.isin(np.arange(n), list(coalition))


def moments(rows, weights=None):
    weights = np.full(len(rows), 1 / len(rows)) if weights is None else weights / weights.sum()
    mean = weights @ rows
    return mean, (rows - mean).T @ (weights[:, None] * (rows - mean))


def asked(masker, row, present):
    """The model rows of one coalition."""
    seen = []

    def model(rows):
        seen.append(np.array(rows, dtype=np.float64))
        return np.zeros(len(rows))

    game = ferroshap.Game(model, masker, row)
    game(np.asarray(present)[None, :])
    seen.clear()  # also the worths of nobody and everybody, asked once
    game(np.asarray(present)[None, :])
    return np.concatenate(seen)


@pytest.mark.parametrize("n_samples", [1, 2, 7, 100])
def test_linear_models_are_exact_however_few_the_draws(seed, n_samples):
    background = correlated(seed)
    weights = np.random.default_rng(seed).random(len(background))
    slopes = np.array([1.0, -2.0, 0.5, 3.0])
    mean, cov = moments(background, weights)
    masker = maskers.Gaussian(background, n_samples=n_samples, weights=weights, seed=seed)
    rows = correlated(seed + 1000, n_rows=3)
    explained = ferroshap.ExactExplainer(lambda X: X @ slopes, masker)(rows)
    for row, values in zip(rows, explained.values, strict=True):

        def worth(coalition, row=row):
            present = mask_of(coalition, 4)
            filled = row.copy()
            filled[~present] = conditional(mean, cov, row, present)[0]
            return filled @ slopes

        assert np.abs(values - shapley(worth, 4)).max() < 1e-10 * np.abs(row).max()


def test_quadratic_models_are_exact_where_draws_are_whitened(seed):
    # The background of the worth of nobody is the data itself, whose second moments are those of the draws.
    background = correlated(seed)
    mean, cov = moments(background)
    form = np.random.default_rng(seed).normal(size=(4, 4))
    masker = maskers.Gaussian(background, n_samples=12, seed=seed)
    row = correlated(seed + 1000, n_rows=1)[0]
    values = ferroshap.ExactExplainer(lambda X: np.einsum("ri,ij,rj->r", X, form, X), masker)(row).values

    def worth(coalition):
        present = mask_of(coalition, 4)
        filled, spread = row.copy(), np.zeros((4, 4))
        given, left = conditional(mean, cov, row, present)
        filled[~present] = given
        spread[np.ix_(~present, ~present)] = left
        return filled @ form @ filled + (form * spread).sum()

    size = np.abs(form).sum() * (np.abs(row) + np.abs(mean) + np.sqrt(cov.diagonal())).max() ** 2
    assert np.abs(values - shapley(worth, 4)).max() < 1e-11 * size


def test_other_models_are_within_five_standard_errors_of_independent_draws(seed):
    def model(X):
        return np.tanh(X[:, 0] * X[:, 1]) + np.abs(X[:, 2] - X[:, 3])

    background, row = correlated(seed), correlated(seed + 1000, n_rows=1)[0]
    mean, cov = moments(background)
    rng = np.random.default_rng([seed, 5])
    for present in np.array([[True, False, False, True], [False, True, False, False]]):
        given, left = conditional(mean, cov, row, present)
        filled = np.repeat(row[None, :], 40_000, axis=0)
        filled[:, ~present] = rng.multivariate_normal(given, left, size=40_000)
        outputs = model(filled)
        # Forty seeds: the spread of the worth itself counts too. Bias is below 1 / 1000 of the model's spread.
        worths = np.array(
            [
                ferroshap.Game(model, maskers.Gaussian(background, n_samples=1000, seed=number), row)(present[None, :])
                for number in range(40)
            ]
        ).ravel()
        error = np.sqrt(outputs.var() / len(outputs) + worths.var(ddof=1) / len(worths))
        assert abs(worths.mean() - outputs.mean()) < 5 * error + outputs.std() / 1000


def test_rows_keep_what_is_present_and_have_the_conditional_moments(seed):
    background, row = correlated(seed, n_features=6), correlated(seed + 1000, n_rows=1, n_features=6)[0]
    row[1] = -0.0
    mean, cov = moments(background)
    present = np.array([False, True, True, False, False, True])
    rows = asked(maskers.Gaussian(background, n_samples=41, seed=seed), row, present)
    assert rows.shape == (41, 6)
    assert np.array_equal(rows[:, present].view(np.uint64), np.repeat(row[None, present], 41, axis=0).view(np.uint64))
    given, left = conditional(mean, cov, row, present)
    drawn_mean, drawn_cov = moments(rows[:, ~present])
    scale = np.sqrt(np.diagonal(cov)).max() + np.abs(row).max() + np.abs(mean).max()
    assert np.abs(drawn_mean - given).max() < 1e-12 * scale
    assert np.abs(drawn_cov - left).max() < 1e-12 * scale**2


def test_duplicates_share_the_credit_and_do_not_under_marginal_filling(seed):
    background = correlated(seed, n_features=3)[:, [0, 0, 1]]
    row = correlated(seed + 1000, n_rows=1, n_features=3)[0][[0, 0, 1]]

    def model(X):
        return np.sin(X[:, 0]) + X[:, 2]

    values = ferroshap.ExactExplainer(model, maskers.Gaussian(background))(row).values
    # The diagonal is raised by 1e-10, and what that leaves is divided by as little.
    assert abs(values[0] - values[1]) < 1e-5
    marginal = ferroshap.ExactExplainer(model, background)(row).values
    assert abs(marginal[1]) < 1e-13
    assert abs(values[1]) > 1e-6


def test_without_correlation_it_is_marginal_filling_by_normal_draws(seed):
    n = 4
    mean, row = np.arange(4.0), np.random.default_rng(seed).normal(size=n)

    def model(X):
        return np.tanh(X[:, 0] * X[:, 1]) + X[:, 2] ** 2 * X[:, 3]

    masker = maskers.Gaussian({"mean": mean, "cov": np.diag([1.0, 4.0, 9.0, 0.25])}, seed=seed)
    values = ferroshap.ExactExplainer(model, masker)(row).values
    marginal = ferroshap.ExactExplainer(model, maskers.Independent(masker.data))(row).values
    assert np.abs(values - marginal).max() < 1e-12 * np.abs(masker.data).max() ** 3


def test_a_mean_and_a_covariance_stand_for_data(seed):
    background = correlated(seed)
    mean, cov = moments(background)
    row = correlated(seed + 1000, n_rows=1)[0]
    slopes = np.array([1.0, -2.0, 0.5, 3.0])
    of_rows = ferroshap.ExactExplainer(lambda X: X @ slopes, maskers.Gaussian(background))(row).values
    for data in ({"mean": mean, "cov": cov}, (mean, cov), {"mean": pd.Series(mean, list("abcd")), "cov": cov}):
        masker = maskers.Gaussian(data, n_samples=9)
        explained = ferroshap.ExactExplainer(lambda X: X @ slopes, masker)(row)
        assert masker.data.shape == (9, 4)
        assert np.abs(explained.values - of_rows).max() < 1e-11 * np.abs(of_rows).max()
        assert abs(explained.base_values - mean @ slopes) < 1e-12 * np.abs(mean).max()
    assert masker.feature_names == list("abcd")


def test_names_tell_which_covariance_is_whose():
    mean = pd.Series([1.0, 2.0, 3.0], ["a", "b", "c"])
    cov = pd.DataFrame([[4.0, 1.0, 0.0], [1.0, 9.0, 0.5], [0.0, 0.5, 1.0]], ["a", "b", "c"], ["a", "b", "c"])
    turned = cov.loc[["c", "a", "b"], ["c", "a", "b"]]
    known, found = (maskers.Gaussian((mean, given), n_samples=5).data for given in (cov, turned))
    assert np.array_equal(found, known)
    with pytest.raises(OptionError, match="cov"):
        maskers.Gaussian((mean, cov.rename(columns={"c": "d"})))


@pytest.mark.parametrize("cov", ["many", [[1.0], [0.0, 1.0]], [[1.0, None], [{}, 1.0]]])
def test_a_covariance_that_is_no_array_of_numbers_is_refused(cov):
    with pytest.raises(OptionError, match="cov"):
        maskers.Gaussian(([0.0, 0.0], cov))


def test_a_mean_is_refused_in_the_name_of_its_masker():
    with pytest.raises(InvalidMaskerError, match=r"maskers\.Impute"):
        maskers.Impute(([np.nan, 0.0], np.eye(2)))


def test_more_draws_than_memory_holds_are_refused(monkeypatch):
    monkeypatch.setattr("ferroshap.maskers.shifted.available_bytes", lambda: 2**28)
    data = np.eye(3)
    for make in (maskers.Gaussian, maskers.Copula, lambda _, **options: maskers.Gaussian((data[0], data), **options)):
        with pytest.raises(MemoryLimitError, match="n_samples"):
            make(data, n_samples=10**7)


def test_columns_that_never_change_stay_and_tell_nothing(seed):
    background = correlated(seed, n_features=3)
    background[:, 1] = 0.1
    row = np.array([1.0, 5.0, 2.0])
    for n_samples in (1, 10):
        rows = asked(maskers.Gaussian(background, n_samples=n_samples), row, [True, False, False])
        assert (rows[:, 1] == 0.1).all()
        told = asked(maskers.Gaussian(background, n_samples=n_samples), row, [True, True, False])
        assert (told[:, 1] == 5.0).all()
        assert np.array_equal(told[:, 2], rows[:, 2])


def test_one_row_is_all_there_is_to_know():
    rows = asked(maskers.Gaussian([[1.0, 2.0, 3.0]], n_samples=4), np.array([7.0, 8.0, 9.0]), [False, True, False])
    assert np.array_equal(rows, np.repeat([[1.0, 8.0, 3.0]], 4, axis=0))


def test_fewer_rows_than_columns_and_dependent_ones_are_explained(seed):
    background = correlated(seed, n_rows=5, n_features=8)
    background = np.hstack([background, background @ np.ones((8, 1))])
    row = background[2]  # what was seen can be told from any four of its columns
    present = np.arange(9) < 6
    rows = asked(maskers.Gaussian(background, n_samples=20, seed=seed), row, present)
    assert np.abs(rows - row).max() < 1e-4 * np.abs(background).max()
    explained = ferroshap.ExactExplainer(lambda X: X[:, 0] * X[:, 8], maskers.Gaussian(background))(row)
    assert abs(explained.base_values + explained.values.sum() - row[0] * row[8]) < 1e-10 * np.abs(background).max() ** 2


def test_units_do_not_matter(seed):
    background, row = correlated(seed), correlated(seed + 1000, n_rows=1)[0]
    background[:, 3] = background[:, 0] + 1e-4 * background[:, 3]
    units = np.array([2.0**-40, 1.0, 2.0**30, 2.0**12])
    plain = asked(maskers.Gaussian(background), row, [True, False, True, False])
    scaled = asked(maskers.Gaussian(background * units), row * units, [True, False, True, False])
    assert np.abs(scaled / units - plain).max() < 1e-9 * np.abs(background).max()


def test_threads_batches_and_company_change_no_bit(seed):
    background, rows = correlated(seed, n_features=7), correlated(seed + 1000, n_rows=4, n_features=7)

    def model(X):
        return np.tanh(X[:, 0] * X[:, 1]) + X[:, 2] * X[:, 6]

    masker = maskers.Gaussian(background, n_samples=11)
    known = ferroshap.ExactExplainer(model, masker, n_jobs=1)(rows).values
    for n_jobs, batch_size in itertools.product([1, 2, 7], [1, 13, 64, "auto"]):
        explainer = ferroshap.ExactExplainer(model, masker, n_jobs=n_jobs)
        assert np.array_equal(explainer(rows, batch_size=batch_size).values, known)
    for row, values in zip(rows, known, strict=True):
        assert np.array_equal(ferroshap.ExactExplainer(model, masker)(row).values, values)


def test_whole_numbers_become_double_precision_in_the_same_container(seed):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "count": rng.integers(0, 9, 50),
            "flag": rng.random(50) < 0.5,
            "single": rng.normal(size=50).astype(np.float32),
            "double": rng.normal(size=50),
        }
    )
    for table, kind in ((frame, pd.DataFrame), (pl.from_pandas(frame), pl.DataFrame)):
        seen = []

        def model(X, seen=seen):
            seen.append(X)
            return np.asarray(X["count"], dtype=np.float64) * np.asarray(X["double"], dtype=np.float64)

        explained = ferroshap.ExactExplainer(model, maskers.Gaussian(table, n_samples=10))(table[:2])
        assert all(isinstance(rows, kind) and list(rows.columns) == list(frame.columns) for rows in seen)
        total = explained.base_values + explained.values.sum(axis=1)
        assert np.abs(total - frame["count"][:2] * frame["double"][:2]).max() < 1e-12


def test_what_is_no_number_is_refused_by_name():
    frame = pd.DataFrame({"age": [1.0, 2.0, 3.0], "city": ["a", "b", "a"]})
    with pytest.raises(InvalidMaskerError, match="column 'city' of `data` is .*maskers.Gaussian.*maskers.Forest"):
        maskers.Gaussian(frame)
    with pytest.raises(InvalidMaskerError, match="column 1 of `data`.*missing or infinite.*maskers.Surrogate"):
        maskers.Gaussian([[1.0, np.nan], [2.0, 3.0]])
    with pytest.raises(InvalidMaskerError, match="column 0 of `data`.*missing or infinite"):
        maskers.Gaussian([[np.inf, 1.0], [2.0, 3.0]])
    masker = maskers.Gaussian(frame[["age"]].assign(city=[0.0, 1.0, 0.0]))
    explainer = ferroshap.ExactExplainer(lambda X: np.zeros(len(X)), masker)
    with pytest.raises(InvalidMaskerError, match="column 'age' of `X`.*missing"):
        explainer(pd.DataFrame({"age": [np.nan], "city": [1.0]}))


def test_moments_that_are_none_are_refused():
    for mean, cov in (([0.0, 0.0], [1.0, 1.0]), ([0.0, 0.0], np.eye(3))):
        with pytest.raises(DimensionError, match="`cov` has shape"):
            maskers.Gaussian({"mean": mean, "cov": cov})
    for cov in ([[1.0, 0.5], [0.4, 1.0]], [[-1.0, 0.0], [0.0, 1.0]], [[1.0, np.nan], [np.nan, 1.0]]):
        with pytest.raises(OptionError, match="`cov` must be symmetric"):
            maskers.Gaussian({"mean": [0.0, 0.0], "cov": cov})
    with pytest.raises(OptionError, match="`cov` is not positive semi-definite"):
        maskers.Gaussian({"mean": [0.0, 0.0], "cov": [[1.0, 2.0], [2.0, 1.0]]})
    with pytest.raises(InvalidMaskerError, match="`weights` were given with a mean"):
        maskers.Gaussian({"mean": [0.0], "cov": [[1.0]]}, weights=[1.0])


def test_seeds_give_other_draws_and_the_same_one_the_same(seed):
    background, row = correlated(seed), correlated(seed + 1000, n_rows=1)[0]
    present = [True, False, True, False]
    first = asked(maskers.Gaussian(background, seed=seed), row, present)
    assert np.array_equal(first, asked(maskers.Gaussian(background, seed=seed), row, present))
    assert not np.array_equal(first, asked(maskers.Gaussian(background, seed=seed + 1), row, present))
    masker = maskers.Gaussian(background, seed=seed)
    asked(masker, row, present)
    for twin in (pickle.loads(pickle.dumps(masker)), copy.deepcopy(masker)):
        assert np.array_equal(first, asked(twin, row, present))


@given(st.integers(0, 2**32), st.integers(2, 9), st.integers(1, 30), st.integers(1, 12))
def test_any_table_gives_finite_rows_that_keep_what_is_present(number, n_features, n_rows, n_samples):
    rng = np.random.default_rng(number)
    background = rng.integers(-3, 4, size=(n_rows, n_features)) * 10.0 ** rng.integers(-8, 9, size=n_features)
    row = rng.normal(size=n_features)
    present = rng.random(n_features) < 0.5
    present[0], present[-1] = True, False
    rows = asked(maskers.Gaussian(background, n_samples=n_samples, seed=number), row, present)
    assert rows.shape == (n_samples, n_features)
    assert np.isfinite(rows).all()
    assert (rows[:, present] == row[present]).all()


def test_tables_of_any_kind_are_the_same_table(seed):
    background, rows = correlated(seed), correlated(seed + 1000, n_rows=2)
    scipy_sparse = pytest.importorskip("scipy.sparse")
    pyarrow = pytest.importorskip("pyarrow")

    def model(X):
        if hasattr(X, "to_pandas"):
            X = X.to_pandas()
        X = np.asarray(X)
        return np.tanh(X[:, 0] * X[:, 1]) + X[:, 2] * X[:, 3]

    want = ferroshap.ExactExplainer(model, maskers.Gaussian(background))(rows).values
    for make in (
        scipy_sparse.csr_matrix,
        lambda X: pyarrow.table(dict(zip("abcd", X.T, strict=True))),
        lambda X: pl.DataFrame(X, schema=list("abcd")),
        lambda X: pd.DataFrame(X, columns=list("abcd")),
        lambda X: X.tolist(),
    ):
        found = ferroshap.ExactExplainer(model, maskers.Gaussian(make(background)))(make(rows))
        assert np.array_equal(found.values, want)


def test_numbers_of_any_size_are_drawn(seed):
    background, row = correlated(seed), correlated(seed + 1000, n_rows=1)[0]
    present = [True, False, True, False]
    plain = asked(maskers.Gaussian(background), row, present)
    units = 2.0 ** np.array([900, -900, 600, -600])
    rows = asked(maskers.Gaussian(background * units), row * units, present)
    assert np.abs(rows / units - plain).max() < 1e-10 * np.abs(background).max()
