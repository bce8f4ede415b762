"""The mean over random shifts is the integral; errors say how far one shift is from it."""

import numpy as np
import pytest
from tests.gradients.models import Net
from tests.gradients.oracle import quadrature

import ferroshap
from ferroshap.gradients import ExpectedGradients, Quadrature

pytestmark = pytest.mark.filterwarnings("ignore::ferroshap.errors.PrecisionWarning")

B = 8
N_SHIFTS = 1000


def runs(seed, n_points, weights=None, **options):
    """One row explained with a thousand shifts, and its quadrature."""
    rng = np.random.default_rng(seed)
    model, background, x = Net(4, seed=seed), rng.normal(size=(B, 4)), rng.normal(size=4)
    shares = np.full(B, 1 / B) if weights is None else weights / weights.sum()
    method = ExpectedGradients(budget=n_points, **options)
    explainer = ferroshap.GradientExplainer(model, background, weights=weights, method=method, rng=seed)
    return explainer(np.tile(x, (N_SHIFTS, 1))), quadrature(model.at(), x, background, shares, 64)


@pytest.mark.parametrize("n_points", [1, 3, B - 1, B, B + 1, 4 * B])
@pytest.mark.parametrize("weights", [None, np.array([0.2, 9.0, 1.0, 1.0, 3.0, 0.5, 1.0, 2.0])])
def test_the_plan_alone_is_unbiased(seed, n_points, weights):
    found, truth = runs(seed, n_points, weights, control=False, residual=False)
    values = found.values
    error = np.abs(values.mean(0) - truth)
    # With several places on every path the shift's effect is smooth and tiny: what is left is rounding.
    assert (error <= 5 * values.std(0, ddof=1) / np.sqrt(N_SHIFTS) + 1e-12).all()


@pytest.mark.parametrize("n_points", [16, 64])
def test_the_bias_of_the_fitted_control_is_small_beside_the_error(seed, n_points):
    found, truth = runs(seed, n_points, residual=False)
    values = found.values
    bias = np.linalg.norm(values.mean(0) - truth)
    noise = np.sqrt(values.var(0, ddof=1).sum() / N_SHIFTS)
    rmse = np.sqrt(np.square(values - truth).sum(1).mean())
    assert bias <= 0.05 * rmse + 5 * noise


@pytest.mark.parametrize("n_points", [3, 6, 16, 64])
def test_reported_errors_are_honest(seed, n_points):
    found, truth = runs(seed, n_points)
    if n_points < 4:
        assert np.isnan(found.error_std).all()
        return
    true = np.sqrt(np.square(found.values - truth).sum(1).mean())
    said = np.sqrt(np.square(found.error_std).sum(1).mean())
    assert 0.5 <= said / true <= 8.0  # a smooth net is integrated better by the whole lattice than by its quarters


@pytest.mark.parametrize("n_points,n_background", [(64, 64), (64, 16)])
def test_nine_of_ten_intervals_hold_the_truth_and_errors_are_no_fairy_tale(seed, n_points, n_background):
    """Of a net of ReLU units, whose gradients jump; the errors of features are not independent, those of runs are."""
    rng = np.random.default_rng(seed)
    n_runs = 500
    model, background, x = (
        Net(8, seed=seed, units=24, is_relu=True),
        rng.normal(size=(n_background, 8)),
        rng.normal(size=8),
    )
    truth = ferroshap.GradientExplainer(model, background, method=Quadrature(nodes=400)).shap_values(x)
    found = ferroshap.GradientExplainer(model, background, rng=seed)(np.tile(x, (n_runs, 1)), nsamples=n_points)
    low, high = found.confidence_interval(level=0.9)
    held = ((low <= truth) & (truth <= high)).mean()
    assert held >= 0.85 - 5 * np.sqrt(0.85 * 0.15 / n_runs)
    true = np.square(found.values - truth).sum(1).mean()
    said = np.square(found.error_std).sum(1).mean()
    assert 0.8 <= np.sqrt(said / true) <= 4
