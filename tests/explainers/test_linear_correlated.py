"""`LinearExplainer` with correlated features, against brute force over all coalitions."""

import copy
import itertools
import math
import pickle

import numpy as np
import pandas as pd
import pytest

import ferroshap
from ferroshap import maskers
from ferroshap.errors import InvalidMaskerError, OptionError, PlausibilityWarning


def drawn(seed, n=5, n_rows=60):
    rng = np.random.default_rng([seed, 31])
    table = rng.normal(size=(n_rows + 4, n)) @ (rng.normal(size=(n, n)) + 2.0 * np.eye(n)) + rng.normal(size=n)
    return table[:n_rows], table[n_rows:], rng.normal(size=n)


def moments(rows, weights=None):
    weights = np.full(len(rows), 1 / len(rows)) if weights is None else weights / weights.sum()
    mean = weights @ rows
    return mean, (rows - mean).T @ (weights[:, None] * (rows - mean))


def brute_force(slopes, mean, cov, row):
    """Values of the game of conditional expectations, by the definition."""
    n = len(slopes)

    def worth(coalition):
        present = np.isin(np.arange(n), list(coalition))
        filled = mean.copy()
        if present.any():
            away = np.linalg.solve(cov[np.ix_(present, present)], (row - mean)[present])
            filled += cov[:, present] @ away
        filled[present] = row[present]
        return filled @ slopes

    values = np.zeros(n)
    for player in range(n):
        others = [other for other in range(n) if other != player]
        for size in range(n):
            weight = math.factorial(size) * math.factorial(n - size - 1) / math.factorial(n)
            for chosen in itertools.combinations(others, size):
                values[player] += weight * (worth({*chosen, player}) - worth(chosen))
    return values


def test_values_are_those_of_the_definition(seed):
    background, rows, slopes = drawn(seed)
    weights = np.random.default_rng(seed).random(len(background))
    mean, cov = moments(background, weights)
    for masker in (
        maskers.Gaussian(background, weights=weights),
        maskers.Impute(background, weights=weights),
        maskers.Gaussian({"mean": mean, "cov": cov}),
        maskers.Impute((mean, cov)),
    ):
        explainer = ferroshap.LinearExplainer((slopes, 0.5), masker)
        explained = explainer(rows, error_bounds=True)
        for row, values in zip(rows, explained.values, strict=True):
            assert np.abs(values - brute_force(slopes, mean, cov, row)).max() < 1e-10 * np.abs(row).max()
        assert np.abs(explainer.cov - cov).max() < 1e-12 * np.abs(cov).max()
        assert abs(explainer.expected_value - mean @ slopes - 0.5) < 1e-12 * np.abs(mean).max()
        assert np.abs(explained.base_values + explained.values.sum(axis=1) - rows @ slopes - 0.5).max() < 1e-11
        assert explained.status == "EXACT"
        assert (explained.error_std == 0.0).all()
        assert explainer.plan.route == "linear"
        assert "correlation" in explainer.plan.reason


def test_sampling_the_same_masker_agrees(seed):
    background, rows, slopes = drawn(seed)
    for masker in (maskers.Gaussian(background, n_samples=3), maskers.Impute(background)):
        sampled = ferroshap.ExactExplainer(lambda X: X @ slopes + 0.5, masker)(rows).values
        closed = ferroshap.LinearExplainer((slopes, 0.5), masker).shap_values(rows)
        assert np.abs(sampled - closed).max() < 1e-10 * np.abs(rows).max()


def test_several_outputs_are_several_models(seed):
    background, rows, _ = drawn(seed)
    slopes = np.random.default_rng(seed).normal(size=(8, 5))  # more outputs than features
    masker = maskers.Gaussian(background)
    for n_outputs in (1, 2, 8):
        values = ferroshap.LinearExplainer((slopes[:n_outputs], np.zeros(n_outputs)), masker).shap_values(rows)
        assert values.shape == (4, 5, n_outputs)
        for output in range(n_outputs):
            alone = ferroshap.LinearExplainer((slopes[output], 0.0), masker).shap_values(rows)
            assert np.abs(values[:, :, output] - alone).max() < 1e-11 * np.abs(rows).max()


def test_uncorrelated_blocks_are_games_of_their_own(seed):
    rng = np.random.default_rng(seed)
    n, sizes = 40, (1, 3, 12, 5, 16, 2, 1)
    cov, mean, slopes = np.zeros((n, n)), rng.normal(size=n), rng.normal(size=n)
    places = rng.permutation(n)
    blocks = np.split(places, np.cumsum(sizes)[:-1])
    for block in blocks:
        mix = rng.normal(size=(len(block), len(block))) + 2.0 * np.eye(len(block))
        cov[np.ix_(block, block)] = mix @ mix.T
    row = rng.normal(size=n)
    explainer = ferroshap.LinearExplainer((slopes, 0.0), maskers.Gaussian({"mean": mean, "cov": cov}))
    explained = explainer(row)
    assert explained.status == "EXACT"
    for block in blocks:
        if len(block) <= 5:
            want = brute_force(slopes[block], mean[block], cov[np.ix_(block, block)], row[block])
            assert np.abs(explained.values[block] - want).max() < 1e-10 * np.abs(row - mean).max()
        total = slopes[block] @ (row - mean)[block]
        assert abs(explained.values[block].sum() - total) < 1e-10 * np.abs(row - mean).max()


def test_many_correlated_features_are_estimated_with_their_errors(seed):
    rng = np.random.default_rng(seed)
    n = 20
    # One factor: given S, the others are expected at loading * m(S), so the game is one of sums, and the values
    # of symmetric features with equal entries are equal: w (x - mean) shared by what the others tell.
    cov = 0.5 * np.eye(n) + 0.5
    slopes = np.zeros(n)
    slopes[0] = 1.0
    row = np.ones(n)
    worth = lambda s, has: 1.0 if has else 0.5 * s / (0.5 + 0.5 * s)  # noqa: E731
    first = sum(worth(s + 1, True) - worth(s, False) for s in range(n)) / n
    masker = maskers.Gaussian({"mean": np.zeros(n), "cov": cov})
    explainer = ferroshap.LinearExplainer((slopes, 0.0), masker, nsamples=400, seed=seed)
    explained = explainer(row)
    assert explained.status == "BUDGET_SPENT"
    assert "estimated" in explainer.plan.reason
    want = np.full(n, (1.0 - first) / (n - 1))
    want[0] = first
    # Twenty groups: the tails of Student's distribution with 19 degrees of freedom are longer, 6 for 5.
    assert (np.abs(explained.values - want) <= 6 * explained.error_std + 1e-13).all()
    assert 0.0 < explained.error_std.max() < 0.02
    rows = rng.normal(size=(300, n))
    many = explainer(rows)
    assert np.abs(many.values.sum(axis=1) - rows @ slopes).max() < 1e-12 * n
    again = ferroshap.LinearExplainer((slopes, 0.0), masker, nsamples=400, seed=seed, n_jobs=1)
    assert np.array_equal(again(rows).values, many.values)
    assert np.array_equal(explainer(rows[7]).values, many.values[7])
    assert np.array_equal(explainer(rows[7]).error_std, many.error_std[7])


def test_duplicates_share_the_credit_and_constant_features_keep_to_themselves(seed):
    background, rows, _ = drawn(seed, n=3)
    background, rows = background[:, [0, 0, 1, 2]], rows[:, [0, 0, 1, 2]]
    background[:, 3] = 2.0
    values = ferroshap.LinearExplainer((np.array([1.0, 0.0, 2.0, 3.0]), 0.0), maskers.Impute(background)).shap_values(
        rows
    )
    assert np.abs(values[:, 0] - values[:, 1]).max() < 1e-5 * np.abs(rows).max()
    assert np.abs(values[:, 3] - 3.0 * (rows[:, 3] - 2.0)).max() < 1e-14 * np.abs(rows).max()


def test_the_deprecated_option_means_a_masker(seed):
    background, rows, slopes = drawn(seed)
    pair, (mean, cov) = (slopes, 0.0), moments(background)
    want = ferroshap.LinearExplainer(pair, maskers.Impute(background)).shap_values(rows)
    for data in (background, (mean, cov), {"mean": mean, "cov": cov}, pd.DataFrame(background)):
        with pytest.warns(FutureWarning, match="`feature_perturbation` is deprecated"):
            explainer = ferroshap.LinearExplainer(pair, data, feature_perturbation="correlation_dependent")
        assert isinstance(explainer.masker, maskers.Impute)
        assert np.abs(explainer.shap_values(rows) - want).max() < 1e-10 * np.abs(rows).max()
    weights = np.random.default_rng(seed).random(len(background))
    with pytest.warns(FutureWarning):
        explainer = ferroshap.LinearExplainer(
            pair, background, feature_perturbation="correlation_dependent", weights=weights
        )
    assert np.abs(explainer.cov - moments(background, weights)[1]).max() < 1e-12 * np.abs(cov).max()
    plain = ferroshap.LinearExplainer(pair, (mean, cov))
    assert plain.cov is None
    assert np.abs(plain.shap_values(rows) - slopes * (rows - mean)).max() < 1e-13 * np.abs(rows).max()
    with pytest.warns(FutureWarning):
        ferroshap.LinearExplainer(pair, maskers.Impute(background), feature_perturbation="correlation_dependent")
    for masker, option in (
        (maskers.Gaussian(background), "interventional"),
        (maskers.Independent(background), "correlation_dependent"),
    ):
        with (
            pytest.warns(FutureWarning),
            pytest.raises(OptionError, match="`feature_perturbation` is .*leave the former"),
        ):
            ferroshap.LinearExplainer(pair, masker, feature_perturbation=option)


def test_what_has_no_closed_form_is_refused(seed):
    background, rows, slopes = drawn(seed)
    with pytest.raises(InvalidMaskerError, match="Copula.*not even a linear model has values in closed form"):
        ferroshap.LinearExplainer((slopes, 0.0), maskers.Copula(background))
    with pytest.raises(OptionError, match="`main_effects` is True, but correlated features"):
        ferroshap.LinearExplainer((slopes, 0.0), maskers.Gaussian(background))(rows, main_effects=True)
    with pytest.raises(InvalidMaskerError, match="`weights` and a masker"):
        ferroshap.LinearExplainer((slopes, 0.0), maskers.Gaussian(background), weights=np.ones(60))


def test_the_choice_falls_on_the_closed_form(seed):
    linear_model = pytest.importorskip("sklearn.linear_model")
    background, rows, slopes = drawn(seed)
    model = linear_model.LinearRegression().fit(background, background @ slopes)
    for masker in (maskers.Gaussian(background), maskers.Impute(background)):
        explainer = ferroshap.Explainer(model, masker)
        assert isinstance(explainer, ferroshap.LinearExplainer)
        assert explainer.coef.shape == (5,)
        want = ferroshap.LinearExplainer((slopes, 0.0), masker).shap_values(rows)
        assert np.abs(explainer(rows).values - want).max() < 1e-10 * np.abs(rows).max()
    assert not isinstance(ferroshap.Explainer(model, maskers.Copula(background)), ferroshap.LinearExplainer)


def test_frames_pickles_and_copies(seed):
    background, rows, slopes = drawn(seed)
    want = ferroshap.LinearExplainer((slopes, 0.0), maskers.Gaussian(background)).shap_values(rows)
    names = list("abcde")
    explainer = ferroshap.LinearExplainer((slopes, 0.0), maskers.Gaussian(pd.DataFrame(background, columns=names)))
    turned = explainer(pd.DataFrame(rows, columns=names)[names[::-1]])
    assert turned.feature_names == names[::-1]
    assert np.array_equal(turned.values[:, ::-1], want)
    for twin in (pickle.loads(pickle.dumps(explainer)), copy.deepcopy(explainer)):
        assert np.array_equal(twin.shap_values(rows), want)


def test_a_covariance_of_too_few_rows_is_doubted():
    rows = np.random.default_rng(0).normal(size=(8, 10))
    with pytest.warns(PlausibilityWarning, match="8 background rows of 10 features have a singular covariance"):
        ferroshap.LinearExplainer((np.ones(10), 0.0), maskers.Impute(rows))
    ferroshap.LinearExplainer((np.ones(10), 0.0), maskers.Impute({"mean": np.zeros(10), "cov": np.eye(10)}))
