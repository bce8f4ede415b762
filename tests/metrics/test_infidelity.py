"""Infidelity and sensitivity-n: perfect on additive models, and by their definitions on others."""

import numpy as np
import pytest

import ferroshap as shap
from ferroshap import Explanation
from ferroshap.errors import DimensionError, OptionError, WeightsError
from ferroshap.metrics import infidelity, sensitivity_n


def additive(X):
    return np.tanh(X[..., :3]).sum(axis=-1) + 2.0 * X[..., 3] ** 2 - X[..., 4]


def crossed(X):
    return np.stack([additive(X) + X[:, 0] * X[:, 4], X[:, 1] * X[:, 2]], axis=1)


def drawn(seed, n=6, n_rows=3):
    rng = np.random.default_rng([seed, 97])
    return rng.normal(size=(n, 5)), rng.normal(size=(n_rows, 5)), rng.uniform(0.1, 1.0, n)


def test_values_of_an_additive_model_are_perfect(seed):
    background, rows, weights = drawn(seed)
    masker = shap.maskers.Independent(background, weights=weights)
    explanation = shap.ExactExplainer(additive, masker)(rows)
    found = infidelity(explanation, additive, background, weights=weights)
    assert found.shape == (3,)
    assert (found <= 1e-25).all()
    # Falls from the mean differ from those from all rows by a number for each feature: correlated, not equal.
    one = shap.ExactExplainer(additive, background[:1])(rows)
    np.testing.assert_allclose(sensitivity_n(one, additive, background[0]).correlations, 1.0, rtol=0, atol=1e-12)


def test_infidelity_is_its_mean_over_all_sets(seed):
    background, rows, weights = drawn(seed)
    shares = weights / weights.sum()
    rng = np.random.default_rng([seed, 98])
    values = rng.normal(size=(3, 5, 2))
    explanation = Explanation(values, data=rows, axes=("row", "feature", "output"))
    found = infidelity(explanation, crossed, background, weights=weights, n_sets=20_000, rng=seed)
    assert found.shape == (3, 2)
    sets = (np.arange(32)[:, None] >> np.arange(5) & 1).astype(bool)
    for row, x in enumerate(rows):
        means = np.array([shares @ crossed(np.where(is_in, background, x)) for is_in in sets])
        falls = crossed(x[None])[0] - means
        squares = (sets @ values[row] - falls) ** 2
        expected = squares.mean(axis=0) / (falls**2).mean(axis=0)
        # The deviation of a ratio of means, to first order.
        error = np.sqrt(((squares - expected * falls**2) ** 2).mean(axis=0) / 20_000) / (falls**2).mean(axis=0)
        assert (np.abs(found[row] - expected) < 5.5 * error).all()


def test_sensitivity_is_the_correlation_over_the_sets(seed):
    background, rows, weights = drawn(seed, n_rows=1)
    mean = np.average(background, axis=0, weights=weights)
    values = np.random.default_rng([seed, 99]).normal(size=(1, 5))

    def model(X):
        return crossed(X)[:, 0]

    found = sensitivity_n(values, model, background, data=rows, weights=weights, sizes=[1, 4], n_sets=30_000, rng=seed)
    sets = (np.arange(32)[:, None] >> np.arange(5) & 1).astype(bool)
    for place, size in enumerate([1, 4]):
        chosen = sets[sets.sum(axis=1) == size]
        falls = model(rows) - model(np.where(chosen, mean, rows))
        expected = np.corrcoef(chosen @ values[0], falls)[0, 1]
        # Of five equally likely points none is further than 2 deviations from the mean: the influence of one on the
        # correlation, z1 z2 - rho (z1^2 + z2^2) / 2, has a deviation of at most 4.
        assert abs(found.correlations[0, place] - expected) < 5 * 4 / np.sqrt(30_000)


def test_numbers_do_not_depend_on_batches_or_company(seed):
    background, rows, _ = drawn(seed)
    values = np.random.default_rng(seed).normal(size=(3, 5, 2))
    for metric in [infidelity, lambda *args, **kw: sensitivity_n(*args, **kw).correlations]:
        options = {"rng": seed, "n_sets": 40}
        found = metric(values, crossed, background, data=rows, **options)
        np.testing.assert_allclose(
            metric(values, crossed, background, data=rows, batch_size=7, **options), found, rtol=1e-12, atol=0
        )
        np.testing.assert_array_equal(metric(values[:2], crossed, background, data=rows[:2], **options), found[:2])
        explanation = Explanation(values, data=rows, axes=("row", "feature", "output"))
        np.testing.assert_array_equal(metric(explanation[0], crossed, background, **options), found[0])
        first = metric(explanation[0, :, 1], lambda X: crossed(X)[:, 1], background, **options)
        np.testing.assert_allclose(first, found[0, 1], rtol=1e-12, atol=0)


def test_nothing_over_nothing():
    rows = np.ones((1, 4))

    def constant(X):
        return np.zeros(len(X))

    assert infidelity(np.zeros((1, 4)), constant, np.zeros(4), data=rows) == [0.0]
    assert infidelity(np.ones((1, 4)), constant, np.zeros(4), data=rows) == [np.inf]
    found = sensitivity_n(np.ones((1, 4)), lambda X: X.sum(axis=1) ** 2, np.zeros(4), data=rows)
    assert np.isnan(found.correlations).all()
    assert np.isnan(sensitivity_n(np.arange(4.0)[None], constant, np.zeros(4), data=rows).correlations).all()


def test_sizes_are_eight_steps_of_their_logarithms():
    values = np.zeros((1, 10, 10))
    found = sensitivity_n(values, lambda X: X.sum(axis=(1, 2)), np.zeros((10, 10)), data=values, n_sets=2)
    np.testing.assert_array_equal(found.sizes, np.rint(80.0 ** (np.arange(8) / 7)))
    assert found.correlations.shape == (1, 8)
    one = sensitivity_n(np.zeros((1, 1)), lambda X: X[:, 0], np.zeros(1), data=np.ones((1, 1)))
    assert one.sizes.tolist() == [1]


@pytest.mark.parametrize("metric", [infidelity, sensitivity_n])
def test_images_stay_images(metric):
    seen = set()

    def model(batch):
        seen.add((batch.dtype, batch.shape[1:]))
        return batch.mean(axis=(1, 2, 3), dtype=float)

    images = np.arange(48, dtype=np.uint8).reshape(1, 4, 4, 3)
    backgrounds = np.stack([images[0], images[0] + np.uint8(1)])
    metric(np.ones((1, 4, 4, 3)), model, backgrounds, data=images, layout="NCHW", n_sets=3)
    assert seen == {(np.dtype(np.uint8), (3, 4, 4))}


def test_what_cannot_be_is_refused():
    values, rows = np.zeros((1, 4)), np.zeros((1, 4))
    with pytest.raises(DimensionError, match="background"):
        infidelity(values, additive, np.zeros((2, 5)), data=rows)
    with pytest.raises(WeightsError, match="2 numbers"):
        infidelity(values, additive, np.zeros((2, 4)), data=rows, weights=[1.0, -1.0])
    with pytest.raises(OptionError, match="from 1 to 4"):
        sensitivity_n(values, additive, np.zeros(4), data=rows, sizes=[5])
    with pytest.raises(OptionError, match="n_sets"):
        infidelity(values, additive, np.zeros(4), data=rows, n_sets=0)
