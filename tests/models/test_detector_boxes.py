"""Overlap, cosine and suppression against their definitions, the edges among them."""

import numpy as np
import pytest

from ferroshap.errors import InvalidModelError
from ferroshap.models.arrays import namespace_of
from ferroshap.models.boxes import overlaps, suppressed
from ferroshap.models.similarity import cosines, similarities


def test_overlaps_count_pixels(seed):
    rng = np.random.default_rng([seed, 83])
    corners = rng.integers(0, 12, (9, 2, 2))
    boxes = np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1).astype(float)  # some are empty
    y, x = np.mgrid[:12, :12]
    pixels = np.array([(x >= x0) & (x < x1) & (y >= y0) & (y < y1) for x0, y0, x1, y1 in boxes])
    shared = (pixels[:, None] & pixels).sum(axis=(2, 3))
    union = (pixels[:, None] | pixels).sum(axis=(2, 3))
    expected = np.divide(shared, union, out=np.zeros(shared.shape), where=union > 0)
    np.testing.assert_array_equal(overlaps(boxes, boxes), expected)


def test_overlaps_of_odd_boxes():
    boxes = np.array([[0, 0, 0, 0], [5, 5, 2, 2], [0, 0, 4, 4], [4, 0, 8, 4]], dtype=float)
    np.testing.assert_array_equal(overlaps(boxes, boxes[2:]), [[0, 0], [0, 0], [1, 0], [0, 1]])
    np.testing.assert_array_equal(overlaps(boxes, boxes[:1]), np.zeros((4, 1)))
    assert overlaps(boxes[:0], boxes).shape == (0, 4)


def test_cosines_with_zero_are_zero():
    probs = np.array([[0.0, 0.0], [0.3, 0.4]])
    np.testing.assert_array_equal(cosines(probs, [[0.0, 0.0], [1.0, 0.0]]), [[0, 0], [0, 0.6]])


def test_leading_axes_are_a_batch(seed):
    rng = np.random.default_rng([seed, 84])
    boxes = np.sort(rng.uniform(size=(3, 6, 2, 2)), axis=2).reshape(3, 6, 4)
    objectness, probs = rng.uniform(size=(3, 6)), rng.dirichlet(np.ones(4), (3, 6))
    targets = boxes[0, :2], probs[1, :2]
    together = similarities(boxes, objectness, probs, *targets)
    apart = [similarities(*found, *targets) for found in zip(boxes, objectness, probs, strict=True)]
    np.testing.assert_allclose(together, apart, rtol=1e-15, atol=0)


def test_suppression_keeps_what_no_better_box_covers(seed):
    rng = np.random.default_rng([seed, 85])
    corners = rng.uniform(0, 20, (40, 2))
    boxes, scores = np.concatenate([corners, corners + 6.0], axis=1), rng.uniform(size=40)
    kept = suppressed(boxes, scores, 0.4)
    assert (np.diff(scores[kept]) <= 0).all()
    overlap = overlaps(boxes, boxes[kept])
    for place in range(40):
        better = scores[kept] > scores[place]
        assert (place in kept) == (overlap[place, better] <= 0.4).all()


def test_of_equal_scores_the_first_is_kept():
    boxes = np.array([[0, 0, 4, 4], [0, 0, 4, 4], [9, 9, 10, 10]], dtype=float)
    assert suppressed(boxes, np.array([0.5, 0.5, 0.5])).tolist() == [0, 2]
    assert suppressed(boxes[:0], np.zeros(0)).tolist() == []
    assert suppressed(boxes, np.array([0.5, 0.5, 0.5]), 1.0).tolist() == [0, 1, 2]


def test_arrays_of_unknown_libraries_are_refused():
    with pytest.raises(InvalidModelError, match="none of autograd, jax, numpy, torch"):
        namespace_of([1.0])
