"""Targets that can be differentiated: laws of the soft maximum, what is pinned, and gradients through autograd."""

import autograd
import autograd.numpy as anp
import numpy as np
import pytest

from ferroshap.errors import DimensionError, InvalidModelError, OptionError
from ferroshap.models import Detector, Targets, as_model
from ferroshap.models.pinned_target import PinnedTarget
from ferroshap.models.soft_target import soft_maximum

TEMPERATURES = [1e-3, 0.05, 1.0]


def naive(scores, temperature):
    return temperature * np.log1p(np.expm1(scores / temperature).sum(axis=-2))


def drawn_scores(seed, n=40):
    rng = np.random.default_rng([seed, 86])
    scores = rng.uniform(size=(5, n, 3)) * (rng.uniform(size=(5, n, 3)) < 0.4)
    scores[0], scores[1, 3, :], scores[2, :2] = 0.0, 1.0, 1.0
    return scores


@pytest.mark.parametrize("temperature", TEMPERATURES)
def test_the_soft_maximum_lies_between_the_maximum_and_its_bound(temperature, seed):
    for n in [1, 2, 40]:
        scores = drawn_scores(seed)[:, :n]
        found, top = soft_maximum(scores, temperature), scores.max(axis=1)
        rounding = 8 * n * 2**-53
        assert (found >= top - rounding).all()
        assert (found <= top + temperature * np.log(n) + rounding).all()
        assert (found[0] == 0.0).all()  # nothing is detected
    np.testing.assert_array_equal(soft_maximum(drawn_scores(seed)[:, :0], temperature), np.zeros((5, 3)))


def test_the_soft_maximum_is_its_formula(seed):
    scores = drawn_scores(seed)
    for temperature in [0.05, 1.0]:
        # The plain formula loses digits where its sum of exponentials minus one is small beside one.
        np.testing.assert_allclose(soft_maximum(scores, temperature), naive(scores, temperature), rtol=0, atol=1e-13)


@pytest.mark.parametrize("temperature", TEMPERATURES)
def test_the_soft_maximum_rises_with_each_score(temperature, seed):
    slopes = autograd.grad(lambda scores: soft_maximum(scores, temperature).sum())(drawn_scores(seed))
    assert np.isfinite(slopes).all()
    assert (slopes >= -1e-15).all()
    np.testing.assert_allclose(slopes[0], 1.0, rtol=1e-14)  # where all are 0, each counts in full
    raised = drawn_scores(seed)
    raised[:, 7] += 0.25
    assert (soft_maximum(raised, temperature) >= soft_maximum(drawn_scores(seed), temperature) - 1e-15).all()


def dense_detector(seed, n_anchors=6, n_classes=3):
    """Boxes, objectness and classes that depend smoothly on images of 36 by 36 pixels."""
    rng = np.random.default_rng([seed, 87])
    corners = rng.uniform(0.0, 20.0, (n_anchors, 2))
    fixed = np.concatenate([corners, corners + rng.uniform(5.0, 15.0, (n_anchors, 2))], axis=1)
    weights = [rng.normal(size=(36 * 36, n_anchors, width)) / 40 for width in (4, 1, n_classes)]

    def detect(images):
        flat = images.reshape(len(images), -1)
        boxes, objectness, classes = (anp.tensordot(flat, w, axes=1) for w in weights)
        exponents = anp.exp(classes)
        return {
            "boxes": fixed + anp.tanh(boxes),
            "objectness_logits": objectness[..., 0],
            "objectness": 1 / (1 + anp.exp(-objectness[..., 0])),
            "class_logits": classes,
            "class_probs": exponents / exponents.sum(axis=-1, keepdims=True),
        }

    images = rng.normal(size=(4, 36, 36, 1))
    return Detector.of(detect, images[0], min_score=0.0, max_iou=0.9), images


@pytest.mark.parametrize("temperature", TEMPERATURES)
def test_the_soft_target_is_the_soft_maximum_of_the_worth_s_similarities(temperature, seed):
    detector, images = dense_detector(seed)
    target = detector.soft(temperature)
    found, worths = target(images), detector(images)
    assert target.output_names == detector.output_names == as_model(target).output_names
    assert found.shape == worths.shape
    assert (found >= worths - 1e-14).all()
    assert (found <= worths + temperature * np.log(6) + 1e-14).all()


@pytest.mark.parametrize("mode", ["soft", "class", "objectness"])
def test_gradients_are_those_of_differences(mode, seed):
    detector, images = dense_detector(seed)
    target = detector.soft() if mode == "soft" else detector.pinned(mode)
    for number in range(len(detector.targets)):
        slope = autograd.grad(lambda x, number=number: target(x[None])[0, number])(images[1])
        step, direction = 1e-6, np.random.default_rng(seed).normal(size=images[1].shape)
        sides = target(np.stack([images[1] + step * direction, images[1] - step * direction]))[:, number]
        expected = (sides[0] - sides[1]) / (2 * step)
        # The third derivative times step^2, and rounding divided by step.
        np.testing.assert_allclose((slope * direction).sum(), expected, rtol=1e-5, atol=1e-7)


def test_gradients_are_finite_where_nothing_is_like_the_target():
    def detect(images):
        level = anp.maximum(images.reshape(len(images), -1)[:, :1], 0.0)
        boxes = anp.array([[0.0, 0, 0, 0], [30, 30, 31, 31]]) + 0 * level[..., None]
        return boxes, level * anp.ones((1, 2)), anp.zeros((1, 2, 2)) * level[..., None]

    target = Detector(detect, ([[0, 0, 9, 9]], [[0.0, 0.0]])).soft(1e-3)
    x = np.zeros((1, 2, 2, 1))
    assert target(x) == 0.0
    assert np.isfinite(autograd.grad(lambda x: target(x).sum())(x)).all()


def test_pinned_targets_follow_their_own_anchor(seed):
    detector, images = dense_detector(seed)
    anchors, classes = detector.targets.anchors, detector.targets.classes
    output = detector.detect(images)
    np.testing.assert_array_equal(detector.pinned("class")(images), output["class_logits"][:, anchors, classes])
    np.testing.assert_array_equal(detector.pinned("objectness")(images), output["objectness_logits"][:, anchors])
    distances = np.abs(output["boxes"][:, anchors] - detector.targets.boxes).sum(axis=-1)
    np.testing.assert_allclose(detector.pinned("box")(images), -distances, rtol=0, atol=1e-13)
    assert not detector.pinned("box")(images[:1]).any()


def test_a_detector_of_one_class_may_leave_its_axis_out():
    def detect(images):
        logits = images.reshape(len(images), -1)
        boxes = np.tile([0.0, 0.0, 9.0, 9.0], (*logits.shape, 1))
        return {"boxes": boxes, "objectness": logits, "class_probs": np.ones_like(logits), "class_logits": logits}

    targets = Targets([[0, 0, 9, 9]], [0], anchors=[1], n_anchors=2)
    image = np.array([0.2, 0.7]).reshape(1, 1, 2)
    assert Detector(detect, targets).pinned()(image) == 0.7
    np.testing.assert_allclose(Detector(detect, targets).soft(1e-3)(image), 0.7)


def test_what_cannot_be_followed_is_refused(seed):
    detector, images = dense_detector(seed)
    with pytest.raises(OptionError, match="did you mean 'class'"):
        detector.pinned("klass")
    with pytest.raises(OptionError, match="temperature"):
        detector.soft(0.0)
    with pytest.raises(OptionError, match="which output of the detector"):
        Detector(detector.detect, ([[0, 0, 9, 9]], [0])).pinned()
    with pytest.raises(InvalidModelError, match="logits are needed"):
        detector.pinned(detect=lambda x: {"class_probs": detector.detect(x)["class_probs"]})(images)
    with pytest.raises(DimensionError, match="when the targets were found"):
        detector.pinned(detect=lambda x: {"class_logits": detector.detect(x)["class_logits"][:, :4]})(images)
    with pytest.raises(InvalidModelError, match="without 'objectness'"):
        detector.soft(detect=lambda x: {"boxes": detector.detect(x)["boxes"]})(images)
    with pytest.raises(InvalidModelError, match="of all images together"):
        detector.soft(detect=lambda x: [])(images)
    with pytest.raises(DimensionError, match=r"\(m, J, 4\)"):
        detector.soft(detect=lambda x: (np.zeros((4, 2, 4)), np.zeros((4, 3)), np.zeros((4, 2, 3))))(images)
    with pytest.raises(DimensionError, match="5 classes"):
        detector.soft(detect=lambda x: (np.zeros((4, 2, 4)), np.zeros((4, 2)), np.zeros((4, 2, 5))))(images)
    assert PinnedTarget(detector.detect, detector.targets[:1], "box", ["a"])(images).shape == (4, 1)
