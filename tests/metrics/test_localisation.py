"""Pointing, energy and overlap: closed forms, ties, and what boxes and masks may look like."""

import numpy as np
import pytest

from ferroshap import Explanation
from ferroshap.errors import DimensionError, OptionError
from ferroshap.metrics import best_iou, energy_inside, iou_at_size, pointing_game

ALL = [pointing_game, energy_inside, iou_at_size, best_iou]


def of_box(box, height, width):
    y, x = np.mgrid[:height, :width]
    x0, y0, x1, y1 = box
    return (x >= x0) & (x < x1) & (y >= y0) & (y < y1)


def by_sorting(values, mask):
    """The overlap of the pixels above each threshold with the mask."""
    return max(((values >= level) & mask).sum() / ((values >= level) | mask).sum() for level in np.unique(values))


@pytest.mark.parametrize("metric", ALL)
def test_the_mask_itself_scores_one_and_its_opposite_zero(metric):
    mask = of_box([2, 1, 5, 7], 9, 8)
    assert metric(mask.astype(float), mask) == 1.0
    if metric is not best_iou:  # the whole image is one of the thresholds
        assert metric(-mask.astype(float), mask) == 0.0


@pytest.mark.parametrize("metric", ALL)
def test_boxes_are_masks(metric, seed):
    rng = np.random.default_rng([seed, 90])
    values, box = rng.normal(size=(9, 8)), [2, 1, 5, 7]
    assert metric(values, box) == metric(values, of_box(box, 9, 8))
    assert metric(values, np.add(box, [0.4, -0.4, 0.4, 0.4])) == metric(values, of_box(box, 9, 8))


def test_a_constant_map_scores_the_share_of_the_object():
    mask = of_box([0, 0, 4, 2], 8, 8)
    values = np.full((8, 8), 0.25)
    assert pointing_game(values, mask) == energy_inside(values, mask) == best_iou(values, mask) == 1 / 8
    assert iou_at_size(values, mask) == 1 / 15  # one pixel of 8 is shared, 15 are covered
    assert pointing_game(0 * values, mask) == 1 / 8
    assert energy_inside(0 * values, mask) == 0.0
    assert energy_inside(-values, mask) == 0.0


def test_tied_pixels_count_by_their_share():
    values = np.array([[2.0, 2.0, 1.0], [1.0, 1.0, 1.0]])
    mask = np.array([[True, False, True], [True, False, False]])
    assert pointing_game(values, mask) == 0.5
    # The third pixel is one of four, of which two are inside.
    assert iou_at_size(values, mask) == 1.5 / 4.5
    assert best_iou(values, mask) == 0.5


def test_best_overlap_is_that_of_the_best_threshold(seed):
    rng = np.random.default_rng([seed, 91])
    for levels in [3, 1000]:
        values, mask = rng.integers(0, levels, (11, 12)) / 7.0, rng.uniform(size=(11, 12)) < 0.2
        assert best_iou(values, mask) == by_sorting(values, mask)
        assert best_iou(values, mask) >= iou_at_size(values, mask) - 1e-12 or levels == 3


def test_random_maps_score_near_the_share_of_the_object(seed):
    rng = np.random.default_rng([seed, 92])
    mask = of_box([0, 0, 20, 10], 40, 40)
    share = mask.mean()
    values = rng.permuted(np.tile(np.arange(1600.0), (1000, 1)), axis=1).reshape(1000, 40, 40)
    shared = iou_at_size(values, mask)
    shared = 2 * mask.sum() * shared / (1 + shared)  # how many of its pixels are among the 200 largest
    for found, expected in [(pointing_game(values, mask), share), (shared / mask.sum(), share)]:
        assert abs(found.mean() - expected) < 5 * found.std(ddof=1) / np.sqrt(1000)


def test_channels_are_summed_and_axes_kept(seed):
    rng = np.random.default_rng([seed, 93])
    values = rng.integers(-50, 50, (3, 7, 6, 2, 4)).astype(float)  # sums are exact
    axes = ("row", "feature", "feature", "feature", "output")
    explanation = Explanation(values, np.zeros((3, 4)), np.zeros((3, 7, 6, 2)), axes=axes)
    boxes = np.tile([1.0, 2.0, 4.0, 6.0], (3, 4, 1))
    boxes[1:, 2] += 1.0
    for metric in ALL:
        found = metric(explanation, boxes)
        assert found.shape == (3, 4)
        np.testing.assert_array_equal(found, metric(values.sum(axis=3), boxes))
        np.testing.assert_array_equal(found[1], metric(explanation[1], boxes[1]))
        np.testing.assert_array_equal(found[:, 2], metric(explanation[..., 2], boxes[:, 2]))
        assert found[1, 2] == metric(explanation[1, ..., 2], boxes[1, 2])
        masks = np.stack([[of_box(box, 7, 6) for box in row] for row in boxes])
        np.testing.assert_array_equal(found, metric(explanation, np.moveaxis(masks, 1, -1)))


@pytest.mark.parametrize(
    "inside,error,message",
    [
        ([5, 5, 5, 9], OptionError, "without any pixel"),
        ([20, 0, 24, 4], OptionError, "without any pixel"),
        ([np.nan, 0, 4, 4], OptionError, "without any pixel"),
        (np.zeros((8, 8), dtype=bool), OptionError, "without any pixel"),
        ([0, 0, 4], DimensionError, r"\(3,\)"),
        (np.ones((4, 4), dtype=bool), DimensionError, "8 by 8 pixels"),
        (np.ones(8, dtype=bool), DimensionError, "masks"),
        (np.zeros((3, 4)), DimensionError, "2 rows of 1 maps"),
        (1.0, DimensionError, "boxes"),
    ],
)
def test_boxes_and_masks_that_cannot_be_are_refused(inside, error, message):
    with pytest.raises(error, match=message):
        pointing_game(np.zeros((2, 8, 8)), inside)


def test_values_that_are_no_maps_are_refused():
    with pytest.raises(DimensionError, match="maps are"):
        best_iou(np.zeros(4), [0, 0, 1, 1])
    with pytest.raises(DimensionError, match="images"):
        best_iou(Explanation(np.zeros((2, 4)), data=np.zeros((2, 4))), [0, 0, 1, 1])
    with pytest.raises(OptionError, match="not finite"):
        best_iou(np.full((4, 4), np.nan), [0, 0, 1, 1])


def test_what_is_neither_mask_nor_boxes_is_refused():
    maps = np.ones((2, 4, 4))
    for inside in ("a", [[[0, 0, 2, 2]], []]):
        with pytest.raises(OptionError, match="`inside` is neither"):
            pointing_game(maps, inside)
    with pytest.raises(DimensionError, match="holds numbers"):
        pointing_game(maps, np.ones((2, 4, 4)))
    with pytest.raises(OptionError, match="`explanation` is a function"):
        pointing_game(lambda x: x, np.ones((4, 4), dtype=bool))
