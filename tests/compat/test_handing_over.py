"""What is handed to explainerdashboard and MLflow: the arguments themselves, without those packages."""

import numpy as np
import pytest

from ferroshap import Explanation, errors
from ferroshap.compat.explainerdashboard import shap_arguments
from ferroshap.compat.mlflow import log_explanation, shared_base

N, M = 6, 3


def explanation(n_outputs=None, base=0.25):
    shape = (N, M) if n_outputs is None else (N, M, n_outputs)
    values = np.random.default_rng(0).normal(size=shape)
    return Explanation(values, np.full((N, *shape[2:]), base), axes=("row", "feature", "output")[: len(shape)])


@pytest.mark.parametrize("scale,total", [("probability", 1.0), ("logodds", 0.0)])
def test_the_two_labels_of_one_output_are_complements(scale, total):
    """The explained numbers of both labels sum to 1 (probabilities) or to 0 (log-odds) in every row."""
    base, values = shap_arguments(explanation(), 2, scale)
    sums = [b + phi.sum(axis=1) for b, phi in zip(base, values, strict=True)]
    np.testing.assert_allclose(sums[0] + sums[1], total, atol=4 * M * 2.0**-53)


@pytest.mark.parametrize("n_outputs", [2, 3])
def test_every_output_is_a_label(n_outputs):
    given = explanation(n_outputs)
    base, values = shap_arguments(given, n_outputs)
    assert [type(b) for b in base] == [float] * n_outputs
    np.testing.assert_array_equal(np.stack(values, axis=2), given.values)


@pytest.mark.parametrize("n_outputs", [None, 1])
def test_a_regression_is_a_number_and_an_array(n_outputs):
    given = explanation(n_outputs)
    base, values = shap_arguments(given)
    assert (type(base), base) == (float, 0.25)
    np.testing.assert_array_equal(values, given.values.reshape(N, M))


def test_rows_with_bases_of_their_own_are_refused():
    given = Explanation(np.ones((N, M)), np.arange(N) / N)
    assert shared_base(given).shape == (N,)
    with pytest.raises(errors.DimensionError, match="all rows with the same base value"):
        shap_arguments(given)


def test_what_cannot_be_a_label_or_a_scale_is_refused():
    with pytest.raises(errors.DimensionError, match="has 3 outputs, but `n_labels` is 2"):
        shap_arguments(explanation(3), 2)
    with pytest.raises(errors.OptionError, match="'margin'"):
        shap_arguments(explanation(), 2, "margin")


def test_a_single_row_is_no_summary():
    with pytest.raises(errors.ExplainerError, match="is of one row"):
        log_explanation(explanation()[0])
