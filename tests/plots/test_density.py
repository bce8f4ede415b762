"""Densities and running means against their definitions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ferroshap.plots.swarms.density import bandwidth_of, density, least_bandwidth, running_mean


def by_definition(values, at, h):
    kernels = np.exp(-0.5 * ((at[:, None] - values[None, :]) / h) ** 2) / (h * np.sqrt(2 * np.pi))
    return kernels.mean(axis=1)


@given(seed=st.integers(0, 1000), n_values=st.integers(1, 3_000))
def test_the_density_is_that_of_gaussian_kernels(seed, n_values):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=n_values) * 10.0 ** rng.integers(-6, 6)
    least = least_bandwidth(values)
    at = np.linspace(values.min() - least, values.max() + least, 30)
    h = bandwidth_of(values, least)
    # A value stands for one at most an eighth of h away, the mean of its cell: second order, f'' <= f_max / h^2.
    tolerance = 0.5 * (1 / 8) ** 2 / (h * np.sqrt(2 * np.pi))
    assert np.allclose(density(values, at, least), by_definition(values, at, h), atol=tolerance, rtol=0)


def test_a_density_has_area_one_also_for_one_value():
    for values in (np.random.default_rng(0).normal(size=500), np.full(7, 3.0), np.array([-2.0])):
        least = least_bandwidth(values)
        h = bandwidth_of(values, least)
        at = np.linspace(values.min() - 9 * h, values.max() + 9 * h, 4_001)
        assert np.trapezoid(density(values, at, least), at) == pytest.approx(1.0, abs=1e-9)


def test_scipy_agrees_on_scotts_rule():
    kde = pytest.importorskip("scipy.stats").gaussian_kde
    values = np.random.default_rng(0).gamma(2.0, size=60)
    at = np.linspace(0, 8, 50)
    assert np.allclose(density(values, at, 0.0), kde(values)(at), atol=2e-3)


def test_the_running_mean_is_that_of_the_nearest_in_rank():
    values = np.arange(100.0)
    shades = values / 100
    at = np.array([50.0, -5.0, 200.0])
    found = running_mean(shades, values, at)
    assert np.allclose(found, [shades[40:60].mean(), shades[:20].mean(), shades[80:].mean()])
    shades[:30] = np.nan
    assert np.isnan(running_mean(shades, values, np.array([2.0]))[0])
    assert np.allclose(running_mean(np.array([0.2, 0.4]), np.array([1.0, 2.0]), np.array([1.5])), 0.3)
