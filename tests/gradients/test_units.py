"""Units of inputs change nothing, plans tell what a call does, and what is no number is named."""

import warnings

import numpy as np
import pytest

from ferroshap import GradientExplainer
from ferroshap.errors import OptionError, PrecisionWarning, WeightsError
from ferroshap.gradients import ExpectedGradients


def smooth(x):
    slope = 1 / np.cosh(x[:, 2]) ** 2
    return x[:, 0] ** 2 * x[:, 1] + np.tanh(x[:, 2]), np.stack([2 * x[:, 0] * x[:, 1], x[:, 0] ** 2, slope], axis=1)


@pytest.mark.parametrize("exponent", [-400, 400])
def test_the_unit_of_the_inputs_changes_no_bit(exponent, seed):
    rng = np.random.default_rng(seed)
    background, rows, unit = rng.normal(size=(12, 3)), rng.normal(size=(3, 3)), 2.0**exponent

    def in_units(x):
        outputs, gradients = smooth(x / unit)
        return outputs, gradients / unit

    warnings.simplefilter("ignore", PrecisionWarning)
    plain = GradientExplainer(smooth, background, seed=seed)(rows)
    scaled = GradientExplainer(in_units, background * unit, seed=seed)(rows * unit)
    np.testing.assert_array_equal(scaled.values, plain.values)
    np.testing.assert_array_equal(scaled.error_std, plain.error_std)


def test_the_plan_is_that_of_the_call():
    rng = np.random.default_rng(0)
    explainer = GradientExplainer(smooth, rng.normal(size=(10, 3)))
    rows = rng.normal(size=(1, 3))
    assert "at 256 places" in str(explainer(rows).plan)
    assert "at 100 places: 10 evenly" in str(explainer(rows, nsamples=100).plan)
    assert "at 256 places" in str(explainer.plan)


def test_what_is_no_number_is_named():
    background = np.eye(3)
    with pytest.raises(WeightsError, match="`weights` is 'a'"):
        GradientExplainer(smooth, background, weights="a")
    with pytest.raises(OptionError, match="`tol` is 'a'"):
        ExpectedGradients(tol="a")
