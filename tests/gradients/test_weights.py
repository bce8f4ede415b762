"""Weights of background rows: a row of weight two counts as two rows, one of weight zero as none."""

import numpy as np
import pytest
from tests.gradients.models import Net

import ferroshap
from ferroshap.gradients import Quadrature

pytestmark = pytest.mark.filterwarnings("ignore::ferroshap.errors.PrecisionWarning")


def made(seed, n_background=6):
    rng = np.random.default_rng(seed)
    return Net(5, 2, seed=seed), rng.normal(size=(n_background, 5)), rng.normal(size=(3, 5)), rng


def test_integer_weights_are_repeated_rows(seed):
    model, background, x, rng = made(seed)
    weights = rng.integers(1, 4, 6)
    method = Quadrature(nodes=16)
    weighted = ferroshap.GradientExplainer(model, background, weights=weights, method=method)(x)
    repeated = ferroshap.GradientExplainer(model, np.repeat(background, weights, axis=0), method=method)(x)
    assert np.allclose(weighted.values, repeated.values, rtol=0, atol=1e-12)
    assert np.allclose(weighted.base_values, repeated.base_values, rtol=0, atol=1e-12)


@pytest.mark.parametrize("n_points", [4, 64])
def test_rows_without_weight_change_no_bit(seed, n_points):
    model, background, x, rng = made(seed)
    weights = rng.random(6) + 0.1
    plain = ferroshap.GradientExplainer(model, background, weights=weights)(x, nsamples=n_points)
    spoilt = np.insert(background, 3, 1e9, axis=0)
    with_zero = ferroshap.GradientExplainer(model, spoilt, weights=np.insert(weights, 3, 0.0))(x, nsamples=n_points)
    assert plain.values.tobytes() == with_zero.values.tobytes()


@pytest.mark.parametrize("factor", [2.0**-1000, 0.25, 2.0**1000])
def test_the_scale_of_the_weights_does_not_matter(seed, factor):
    model, background, x, rng = made(seed)
    weights = rng.random(6) + 0.1
    one = ferroshap.GradientExplainer(model, background, weights=weights)(x, nsamples=40)
    other = ferroshap.GradientExplainer(model, background, weights=weights * factor)(x, nsamples=40)
    assert one.values.tobytes() == other.values.tobytes()


@pytest.mark.parametrize("n_points", [1, 3, 8, 64, 256])
def test_weights_between_a_millionth_and_one_run_in_either_regime(seed, n_points):
    model, background, x, rng = made(seed, 8)
    weights = 10.0 ** -rng.uniform(0, 6, 8)
    explainer = ferroshap.GradientExplainer(model, background, weights=weights)
    found = explainer(x, nsamples=n_points)
    assert np.allclose(found.values.sum(1) + found.base_values, model.forward((x,)), rtol=0, atol=1e-9)
    assert (found.n_evaluations == 2 * n_points).all()


@pytest.mark.parametrize("weights", [[1.0], [1.0, -1.0], [0.0, 0.0], [1.0, np.nan], [1.0, np.inf]])
def test_weights_that_are_none_are_refused(weights):
    model = Net(2)
    with pytest.raises(ferroshap.errors.WeightsError, match="`weights`"):
        ferroshap.GradientExplainer(model, np.eye(2), weights=weights)


def test_a_masker_of_rows_stands_for_them_and_their_weights(seed):
    model, background, x, rng = made(seed)
    weights = rng.random(6) + 0.1
    masker = ferroshap.maskers.Independent(background, weights=weights)
    wanted = ferroshap.GradientExplainer(model, background, weights=weights).shap_values(x)
    assert np.allclose(ferroshap.GradientExplainer(model, masker).shap_values(x), wanted, rtol=0, atol=1e-12)
    assert ferroshap.GradientExplainer.supports_model_with_masker(model, masker)


@pytest.mark.parametrize("options", [{"weights": np.ones(6)}, {}])
def test_other_maskers_and_weights_twice_are_refused(options):
    model, background, *_ = made(0)
    masker = ferroshap.maskers.Independent(background) if options else ferroshap.maskers.Gaussian(background)
    with pytest.raises(ferroshap.errors.OptionError, match="maskers.Independent|masker alone"):
        ferroshap.GradientExplainer(model, masker, **options)
