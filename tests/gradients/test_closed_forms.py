"""Where the answer is known: linear, quadratic and multilinear functions, and completeness for all."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.gradients.models import Multilinear, Net, linear, quadratic
from tests.gradients.oracle import quadrature

import ferroshap
from ferroshap.gradients import ExpectedGradients, Quadrature

pytestmark = pytest.mark.filterwarnings("ignore::ferroshap.errors.PrecisionWarning")


@given(
    n_points=st.integers(1, 40),
    n_background=st.integers(1, 12),
    spread=st.sampled_from([0.0, 1.0, 6.0]),
    seed=st.integers(0, 2**32 - 1),
)
def test_linear_functions_are_exact_with_any_points_weights_and_regime(n_points, n_background, spread, seed):
    rng = np.random.default_rng(seed)
    slopes, background, x = rng.normal(size=5), rng.normal(size=(n_background, 5)), rng.normal(size=(3, 5))
    weights = np.exp(spread * rng.normal(size=n_background))
    explainer = ferroshap.GradientExplainer(linear(slopes), background, weights=weights)
    mean = weights / weights.sum() @ background
    found = explainer(x, nsamples=n_points)
    assert np.allclose(found.values, slopes * (x - mean), rtol=0, atol=1e-12 * 100)
    assert np.isclose(explainer.expected_value, mean @ slopes, rtol=0, atol=1e-12)


def test_one_node_integrates_a_quadratic_function(seed):
    rng = np.random.default_rng(seed)
    matrix = rng.normal(size=(4, 4))
    matrix += matrix.T
    background, x = rng.normal(size=(6, 4)), rng.normal(size=4)
    found = ferroshap.GradientExplainer(quadratic(matrix), background, method=Quadrature(nodes=1)).shap_values(x)
    d, middle = x - background, (x + background) / 2
    assert np.allclose(found, (d * (2 * middle @ matrix)).mean(0), rtol=0, atol=1e-12)


@pytest.mark.parametrize("weights", [None, np.array([1.0, 2.0, 0.5, 3.0, 1.0])])
def test_multilinear_functions_agree_with_exact_shapley_values(seed, weights):
    rng = np.random.default_rng(seed)
    terms = [(rng.normal(), s) for s in [(0,), (1, 2), (0, 2, 3), (0, 1, 2, 3)]]
    f, background, x = Multilinear(terms), rng.normal(size=(5, 4)), rng.normal(size=(3, 4))
    gradients = ferroshap.GradientExplainer(f, background, weights=weights, method=Quadrature(nodes=3))(x)
    exact = ferroshap.ExactExplainer(f.__call__, background, weights=weights)(x)
    assert np.allclose(gradients.values, exact.values, rtol=0, atol=1e-10)
    assert np.allclose(gradients.base_values, exact.base_values, rtol=0, atol=1e-10)


def test_a_squared_feature_takes_two_thirds_where_its_shapley_value_is_a_half():
    def f(x):
        return x[:, 0] ** 2 * x[:, 1], np.stack([2 * x[:, 0] * x[:, 1], x[:, 0] ** 2], axis=1)

    x = np.array([[1.5, 2.0]])
    values = ferroshap.GradientExplainer(f, np.zeros((1, 2)), method=Quadrature(nodes=2)).shap_values(x)
    whole = 1.5**2 * 2
    assert np.allclose(values, [[whole * 2 / 3, whole / 3]], rtol=0, atol=1e-12)
    exact = ferroshap.ExactExplainer(lambda x: f(x)[0], np.zeros((1, 2)))(x).values
    assert np.allclose(exact, [[whole / 2, whole / 2]], rtol=0, atol=1e-12)


@pytest.mark.parametrize("n_points", [1, 5, 16, 100])
@pytest.mark.parametrize("n_outputs", [None, 3])
def test_values_and_base_add_up_to_the_output(seed, n_points, n_outputs):
    rng = np.random.default_rng(seed)
    model, x = Net(6, n_outputs, seed=seed), rng.normal(size=(4, 6))
    found = ferroshap.GradientExplainer(model, rng.normal(size=(20, 6)))(x, nsamples=n_points)
    assert np.allclose(found.values.sum(1) + found.base_values, model.forward((x,)), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("is_relu", [False, True])
def test_the_raw_gap_of_a_dense_quadrature_is_small(seed, is_relu):
    rng = np.random.default_rng(seed)
    model, x = Net(6, seed=seed, is_relu=is_relu), rng.normal(size=(4, 6))
    background = rng.normal(size=(20, 6))
    method = Quadrature(nodes=64)
    found = ferroshap.GradientExplainer(model, background, method=method)(x)
    # Along a path every ReLU unit is a step; a rule is wrong on a step by at most its largest weight.
    steps = np.abs((x[:, None] - background) @ model.first * model.last[:, 0]).sum(2).mean(1)
    bound = steps * method.rule()[1].max() if is_relu else 1e-8
    assert (np.abs(found.gap) <= bound).all()
    assert np.isnan(found.error_std).all()


def test_without_a_residual_the_sum_is_off_by_the_gap(seed):
    rng = np.random.default_rng(seed)
    model, x, background = Net(5, seed=seed), rng.normal(size=(3, 5)), rng.normal(size=(7, 5))
    raw = ferroshap.GradientExplainer(model, background, method=ExpectedGradients(budget=16, residual=False))(x)
    assert np.allclose(raw.base_values + raw.values.sum(1) + raw.gap, model.forward((x,)), rtol=0, atol=1e-12)
    shared = ferroshap.GradientExplainer(model, background, method=ExpectedGradients(budget=16))(x)
    assert np.array_equal(shared.gap, raw.gap)


def test_quadrature_is_the_integral(seed):
    rng = np.random.default_rng(seed)
    model, x, background = Net(5, seed=seed), rng.normal(size=5), rng.normal(size=(7, 5))
    weights = rng.random(7) + 0.1
    found = ferroshap.GradientExplainer(model, background, weights=weights, method=Quadrature(nodes=32)).shap_values(x)
    assert np.allclose(found, quadrature(model.at(), x, background, weights / weights.sum(), 32), rtol=0, atol=1e-8)


@pytest.mark.parametrize("nodes", [1, 2, 5, 50, 64])
def test_the_weights_of_every_rule_sum_to_one_and_integrate_squares(nodes):
    positions, weights = Quadrature(nodes=nodes).rule()
    assert abs(weights.sum() - 1) <= nodes * 2.0**-53
    if nodes > 1:
        assert abs(weights @ positions**2 - 1 / 3) <= 1e-12


def test_integrated_gradients_of_a_square_are_exact_to_the_last_digits():
    """Grids with both ends at equal weight integrate x² to a third plus 1 / (6 n²)."""
    explainer = ferroshap.GradientExplainer(
        lambda x: ((x**3).sum(1), 3 * x**2), np.zeros((1, 1)), method=Quadrature(nodes=8)
    )
    assert explainer.shap_values(np.array([[1.0]]))[0, 0] == pytest.approx(1.0, abs=1e-12)
