"""Expected Gradients of detections: pinned windows by hand, and the soft target through autograd."""

import autograd.numpy as anp
import numpy as np
import pytest
from tests.scenes import CANVAS, DIGIT, PinnedDigits, draw_scene, trained_detector

import ferroshap as shap
from ferroshap.gradients import Quadrature
from ferroshap.metrics import energy_inside
from ferroshap.models import Detector


@pytest.fixture(scope="session")
def digits():
    return trained_detector()


def pinned_of(digits, seed, number):
    scene = draw_scene(np.random.default_rng([seed, 103, number]), n_digits=3)
    detector = Detector(digits, (scene.boxes, scene.labels)).pin(scene.image)
    return scene, detector, PinnedDigits(digits, detector.targets)


def test_the_pinned_logit_is_that_of_the_dense_detector(digits, seed):
    scene, detector, pinned = pinned_of(digits, seed, 0)
    images = np.stack([scene.image, 0.5 * scene.image])
    np.testing.assert_allclose(pinned.forward((images,)), detector.pinned("class")(images), rtol=1e-12)


def test_pinned_gradients_vanish_outside_of_their_window(digits, seed):
    scene, detector, pinned = pinned_of(digits, seed, 1)
    rng = np.random.default_rng([seed, 104])
    background = rng.uniform(0.0, 2.0, (8, CANVAS, CANVAS, 1)) / 16.0
    explanation = shap.GradientExplainer(pinned, background)(scene.image[None])
    assert explanation.values.shape == (1, CANVAS, CANVAS, 1, 3)
    for t, box in enumerate(detector.targets.boxes.astype(int)):
        outside = np.ones((CANVAS, CANVAS), dtype=bool)
        outside[box[1] : box[3], box[0] : box[2]] = False
        assert not explanation.values[0, outside, 0, t].any()
    total = explanation.base_values + explanation.values.sum(axis=(1, 2, 3))
    np.testing.assert_allclose(total, pinned.forward((scene.image[None],)), rtol=1e-9)


def test_soft_targets_complete_and_point_to_their_object(seed):
    """A detector of brightness: windows whose mean is high, differentiated by autograd."""
    corners = np.stack(np.meshgrid(np.arange(0, 17, 4), np.arange(0, 17, 4)), axis=-1).reshape(-1, 2)
    boxes = np.concatenate([corners, corners + DIGIT], axis=1).astype(float)

    def detect(images):
        means = [images[:, y : y + DIGIT, x : x + DIGIT].mean(axis=(1, 2, 3)) for x, y in corners]
        objectness = 1.0 / (1.0 + anp.exp(4.0 - 8.0 * anp.stack(means, axis=1)))
        return np.tile(boxes, (len(images), 1, 1)), objectness, anp.ones_like(objectness)

    rng = np.random.default_rng([seed, 105])
    image = rng.uniform(0.0, 0.2, (24, 24, 1))
    image[4 : 4 + DIGIT, 12 : 12 + DIGIT] += 0.8
    detector = Detector.of(detect, image)
    assert detector.targets.boxes[0].tolist() == [12, 4, 20, 12]
    target = detector.soft()
    background = rng.uniform(0.0, 0.2, (3, 24, 24, 1))
    explanation = shap.GradientExplainer(target, background, method=Quadrature(nodes=32))(image[None])
    assert list(explanation.output_names) == detector.output_names
    total = explanation.base_values + explanation.values.sum(axis=(1, 2, 3))
    np.testing.assert_allclose(total, target(image[None]), rtol=1e-9)
    assert energy_inside(explanation[..., 0], [12, 4, 20, 12]) > 0.7
