"""What a call of the usual size takes: memory for batches, never for all evaluations."""

import tracemalloc

import numpy as np
import pytest

import ferroshap as shap
from ferroshap import maskers


@pytest.mark.parametrize("segments", ["bpt", "slic"])
@pytest.mark.parametrize("fill", ["blur", "fill"])
def test_five_hundred_evaluations_of_a_photograph_fit_into_two_batches(segments, fill):
    """500 images of 224 x 224 x 3 in single precision are 300 MB; a batch is 64 MiB at the most, and two are in use."""
    image = np.random.default_rng(0).random((1, 224, 224, 3), dtype=np.float32)
    explainer = shap.Explainer(lambda X: X[:, ::9, ::9].sum(axis=(1, 2, 3)), maskers.Image(fill, segments=segments))
    tracemalloc.start()  # NumPy tells it of arrays
    explanation = explainer(image, max_evals=500)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert explanation.n_evaluations[0] == 500
    assert peak < 2 * 2**26 + 20 * 8 * image.size
    small = shap.Explainer(explainer.model, maskers.Image(fill, segments=segments), memory_limit="32 MiB")
    tracemalloc.start()
    assert small(image, max_evals=500).values.tobytes() == explanation.values.tobytes()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2**25 + 20 * 8 * image.size


def test_the_same_memory_is_painted_over_again():
    """A model that does not keep its images is shown all of them in two places."""
    image, places = np.random.default_rng(0).random((1, 64, 64, 3)), set()

    def model(X):
        places.add(X.__array_interface__["data"][0])
        return X.sum(axis=(1, 2, 3))

    shap.Explainer(model, maskers.Image(segments=(8, 8)), n_jobs=1)(image, max_evals=500, batch_size=20)
    assert len(places) <= 2
