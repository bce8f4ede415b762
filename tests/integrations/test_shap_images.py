"""The axis tree is shap's: a whole tree gives its values, in every context."""

import numpy as np
import pytest

import ferroshap
from ferroshap import maskers

shap = pytest.importorskip("shap", reason="the incumbent is not installed")


@pytest.mark.filterwarnings("ignore")  # whatever shap and its dependencies say
@pytest.mark.parametrize("shape", [(4, 4, 1), (4, 6, 1), (5, 7, 1), (3, 4, 2), (1, 5, 3)])
@pytest.mark.parametrize("fixed_context", [None, 0, 1])
def test_values_of_a_whole_axis_tree_are_those_of_shap(seed, shape, fixed_context):
    rng = np.random.default_rng(seed)
    images, weights = rng.random((2, *shape)), rng.normal(size=(np.prod(shape), 3))

    def model(X):
        return np.tanh(X.reshape(len(X), -1) @ weights)

    theirs = shap.Explainer(model, shap.maskers.Image(np.zeros(shape), shape))
    ours = ferroshap.Explainer(model, maskers.Image(0.0, shape, segments="axis"))
    expected = theirs(images, max_evals=20_000, fixed_context=fixed_context, silent=True)
    found = ours(images, max_evals=20_000, fixed_context=fixed_context)
    assert found.status == "EXACT"
    # shap goes on into channels, whose sums are those of their pixels
    by_pixel = expected.values.sum(axis=3)
    assert np.allclose(found.sum_channels().values, by_pixel, rtol=0, atol=1e-9)
    assert np.allclose(found.base_values, expected.base_values, rtol=0, atol=1e-12)
