"""Detectors on scenes whose objects are known: maps point to what was detected, and what is elsewhere plays no part."""

import numpy as np
import pytest
from tests.scenes import CANVAS, DIGIT, draw_scene, trained_detector

import ferroshap as shap
from ferroshap.maskers import Image
from ferroshap.metrics import energy_inside, pointing_game
from ferroshap.models import Detector, Targets
from ferroshap.models.boxes import suppressed

NAMES = [str(digit) for digit in range(10)]


@pytest.fixture(scope="session")
def digits():
    return trained_detector()


def scene_of(seed, number, **options):
    return draw_scene(np.random.default_rng([seed, 89, number]), **options)


def detected(digits, scene):
    """The objects of a scene that are found where they are, as targets."""
    targets = Targets(scene.boxes, scene.labels)
    found = Detector(digits, targets)(scene.image[None])[0] > 0.5
    return Detector(digits, targets[found], class_names=NAMES) if found.any() else None


def explained(detector, scene, **options):
    return shap.Explainer(detector, Image(0.0))(scene.image[None], silent=True, **{"max_evals": 100} | options)


def test_maps_of_a_hundred_evaluations_point_into_the_boxes(digits, seed):
    """Must: 95 % of the maps, 0.9 of what is positive. The share of a good map in its box is that of the box alone."""
    hits, energies = [], []
    for number in range(14):
        scene = scene_of(seed, number)
        detector = detected(digits, scene)
        if detector is None:
            continue
        explanation = explained(detector, scene)
        boxes = detector.targets.boxes
        hits += pointing_game(explanation, boxes)[0].tolist()
        energies += energy_inside(explanation, boxes)[0].tolist()
    assert len(hits) >= 25
    assert np.mean(hits) >= 0.95
    assert np.mean(energies) >= 0.9


def test_values_add_up_from_the_worth_that_was_measured_on_the_masked_image(digits, seed):
    scene = scene_of(seed, 0, n_digits=3)
    detector = Detector(digits, (scene.boxes, scene.labels), class_names=NAMES)
    explanation = explained(detector, scene)
    assert explanation.values.shape == (1, CANVAS, CANVAS, 1, 3)
    assert list(explanation.output_names) == detector.output_names
    nothing = detector(np.zeros_like(scene.image)[None])
    np.testing.assert_allclose(explanation.base_values, nothing, rtol=0, atol=1e-15)
    total = explanation.base_values + explanation.values.sum(axis=(1, 2, 3))
    np.testing.assert_allclose(total, detector(scene.image[None]), rtol=0, atol=1e-12)


def test_all_targets_share_their_evaluations(digits, seed):
    scene = scene_of(seed, 1, n_digits=4)
    before = digits.n_images
    explanation = explained(Detector(digits, (scene.boxes, scene.labels)), scene, max_evals=60)
    assert digits.n_images - before == explanation.n_evaluations[0] <= 60


def test_targets_together_get_the_values_they_get_alone(digits, seed):
    """Where regions are evaluated in full: a tree is split where most is at stake for any of the targets."""
    scene = scene_of(seed, 2, n_digits=3)
    masker = Image(0.0, segments=(2, 3))
    together = shap.ExactExplainer(Detector(digits, (scene.boxes, scene.labels)), masker)(scene.image[None])
    for t in range(3):
        alone = Detector(digits, (scene.boxes[[t]], scene.labels[[t]]))
        values = shap.ExactExplainer(alone, masker)(scene.image[None]).values[..., 0]
        np.testing.assert_allclose(together.values[..., t], values, rtol=0, atol=1e-13)


def test_what_is_far_from_a_target_plays_no_part(digits, seed):
    near, far = [4, 5], [30, 32]
    scene = scene_of(seed, 3, corners=np.array([near, far]))
    detector = Detector(digits, (scene.boxes[:1], scene.labels[:1]))
    without = scene.image.copy()
    without[32 : 32 + DIGIT, 30 : 30 + DIGIT] = 0.05
    np.testing.assert_array_equal(detector(without[None]), detector(scene.image[None]))
    values = explained(detector, scene, max_evals=400).values[0]
    # No window that overlaps the target reaches further than its box and seven pixels more.
    reach = np.zeros((CANVAS, CANVAS), dtype=bool)
    reach[: near[1] + 2 * DIGIT, : near[0] + 2 * DIGIT] = True
    exact = shap.ExactExplainer(detector, Image(0.0, segments=np.where(reach, 0, 1)))(scene.image[None])
    assert not exact.values[0, ~reach].any()
    assert np.abs(values[~reach]).sum() <= 0.1 * np.abs(values).sum() + 1e-3


@pytest.mark.parametrize("corner", [(0, 0), (40, 0), (0, 40), (40, 40), (20, 0)])
def test_objects_may_touch_the_border(digits, corner, seed):
    for number in range(4, 12):
        scene = scene_of(seed, number, corners=np.array([corner, (20, 20)]))
        detector = Detector(digits, (scene.boxes[:1], scene.labels[:1]))
        if detector(scene.image[None]) > 0.5:
            break
    explanation = explained(detector, scene)
    assert pointing_game(explanation, scene.boxes[0]) == 1.0
    assert energy_inside(explanation, scene.boxes[0]) >= 0.8


def test_worths_are_between_zero_and_one(digits, seed):
    rng = np.random.default_rng([seed, 102])
    scene = scene_of(seed, 12)
    detector = Detector(digits, (scene.boxes, scene.labels))
    masked = scene.image * (rng.uniform(size=(64, CANVAS, CANVAS, 1)) < rng.uniform(size=(64, 1, 1, 1)))
    worths = detector(masked)
    assert ((worths >= 0.0) & (worths <= 1.0)).all()


class Suppressing:
    """The detector after suppression: mostly without any detection in masked images."""

    def __init__(self, digits):
        self.digits = digits
        self.n_empty = 0

    def __call__(self, images):
        output, found = self.digits(images), []
        for boxes, objectness, probs in zip(output["boxes"], output["objectness"], output["class_probs"], strict=True):
            hopeful = np.flatnonzero(objectness > 0.5)
            kept = hopeful[suppressed(boxes[hopeful], objectness[hopeful])]
            self.n_empty += len(kept) == 0
            found.append((boxes[kept], objectness[kept], probs[kept]))
        return found


def test_images_without_detections_are_worth_nothing(digits, seed):
    """A peer's sums take the shape of the first masked image's detections: none there, none anywhere."""
    scene = scene_of(seed, 13, n_digits=2)
    detect = Suppressing(digits)
    detector = Detector.of(detect, scene.image, class_names=NAMES)
    explanation = explained(detector, scene)
    assert detect.n_empty > 10
    assert not explanation.base_values.any()
    total = explanation.values.sum(axis=(1, 2, 3))
    np.testing.assert_allclose(total, detector(scene.image[None]), rtol=0, atol=1e-12)
    assert (pointing_game(explanation, detector.targets.boxes) == 1.0).all()


def test_a_detector_that_never_finds_anything_gets_zeros():
    detector = Detector(lambda images: [([], [], [])] * len(images), ([[1, 1, 9, 9]], [0]))
    explanation = shap.Explainer(detector, Image(0.0))(np.ones((1, 16, 16, 3)), max_evals=50, silent=True)
    assert not explanation.values.any()
    assert not explanation.base_values.any()
