"""How images are cut into regions."""

import numpy as np
import pytest
from tests.images import oracle

import ferroshap as shap
from ferroshap import maskers


def regions_of(segments, shape=(8, 10, 3), **options):
    image = np.random.default_rng(0).random(shape)
    masker = maskers.Image(0.0, segments=segments, **options)
    return masker.segmentation.of(masker.read(image[None]).image(0))


@pytest.mark.parametrize("segments", ["bpt", "axis", "grid", (3, 4), "slic", "slic(7)", "slic( 7 )"], ids=str)
@pytest.mark.parametrize("tree", [False, True])
def test_every_pixel_has_a_region_and_every_region_a_pixel(segments, tree):
    regions = regions_of(segments, tree=tree)
    assert regions.labels.dtype == np.int32
    assert np.array_equal(np.unique(regions.labels), np.arange(regions.n_players))
    assert regions.areas.sum() == regions.labels.size
    assert (regions.merges is not None) == (tree or segments in ("bpt", "axis"))


@pytest.mark.parametrize(
    "segments", ["bpt", "axis", (3, 4), "slic(9)", np.arange(80).reshape(8, 10) // 11 - 1], ids=str
)
def test_trees_join_all_regions_once(segments):
    regions = regions_of(segments, tree=True)
    walk = regions.walk
    assert sorted(step for step in walk if step >= 0) == list(range(regions.n_players))
    assert walk.count(-2) == regions.n_players - 1 == len(walk) - regions.n_players


def test_the_coalitions_of_a_tree_are_counted():
    regions = regions_of("axis", (2, 2, 1))
    assert regions.n_players == 4
    assert regions.n_coalitions == 2 + 2 + 2 * 4
    assert regions_of((1, 1), tree=True).n_coalitions == 2


def test_cells_are_two_pixels_wide_from_128_on():
    assert regions_of("bpt", (128, 130, 1)).n_players == 64 * 65
    assert regions_of("axis", (127, 130, 1)).n_players == 127 * 130
    assert regions_of("bpt", cell=4).n_players == 2 * 3


@pytest.mark.parametrize("tree", [False, True])
def test_labels_of_the_user_may_have_gaps_and_minus_one_is_never_hidden(seed, tree):
    labels = np.array([[70, 70, -1], [-5, -1, 70], [-5, 9, 9]])
    image = np.random.default_rng(seed).random((1, 3, 3, 2))
    model = oracle.Recorder(oracle.curved(1, seed, (3, 3, 2)))
    explanation = shap.Explainer(model, maskers.Image(0.0, segments=labels, tree=tree))(image)
    assert np.array_equal(explanation.segments[0], [[2, 2, -1], [0, -1, 2], [0, 1, 1]])
    assert (model.images[:, labels == -1] == image[0][labels == -1]).all()
    assert not explanation.values[0][labels == -1].any()
    assert explanation.status == "EXACT"
    for player in range(3):
        inside = explanation.values[0][explanation.segments[0] == player]
        assert np.ptp(inside) == 0.0
    total = explanation.base_values + explanation.values.sum(axis=(1, 2, 3))
    assert np.allclose(total, model.function(image), rtol=0, atol=2.0**-48)


def test_an_image_of_which_nothing_may_be_hidden_has_no_values(seed):
    image = np.random.default_rng(seed).random((1, 3, 3, 2))
    model = oracle.curved(1, seed, (3, 3, 2))
    for route in (shap.Explainer, shap.ExactExplainer, shap.PartitionExplainer, shap.KernelExplainer):
        explanation = route(model, maskers.Image(0.0, segments=np.full((3, 3), -1)))(image)
        assert not explanation.values.any()
        assert explanation.status == "EXACT"
        assert np.array_equal(explanation.base_values, model(image))


def test_each_image_has_a_tree_of_its_own(seed):
    """The left half of one image is one colour, the upper half of the other: the first split follows."""
    images = np.zeros((2, 8, 8, 1))
    images[0, :, 4:] = 1.0
    images[1, 4:] = 1.0
    model = lambda X: X[:, 2:6, 2:6].sum(axis=(1, 2, 3)) ** 2  # noqa: E731 - a model in one line
    explanation = shap.Explainer(model, maskers.Image(0.5))(images, max_evals=4)
    left, upper = explanation.values[0, :, :, 0], explanation.values[1, :, :, 0]
    assert np.ptp(left[:, :4]) == np.ptp(left[:, 4:]) == 0.0 != left[0, 0] - left[0, 7]
    assert np.ptp(upper[:4]) == np.ptp(upper[4:]) == 0.0 != upper[0, 0] - upper[7, 0]


def test_the_tree_follows_the_colours_where_a_halving_cannot(seed):
    """An object in one corner of the middle: a few splits find it."""
    rng = np.random.default_rng(seed)
    image = rng.normal(size=(1, 16, 16, 1)) * 0.01
    image[0, 5:10, 6:11] += 1.0
    inside = np.zeros((16, 16), dtype=bool)
    inside[5:10, 6:11] = True
    model = lambda X: X[:, 5:10, 6:11].mean(axis=(1, 2, 3))  # noqa: E731 - a model in one line
    found = {}
    for segments in ("bpt", "axis"):
        values = shap.Explainer(model, maskers.Image(0.0, segments=segments))(image, max_evals=20).values[0, :, :, 0]
        found[segments] = values[inside].sum() / np.abs(values).sum()
    assert found["bpt"] > 0.99 > found["axis"]


def test_d27_regions_follow_the_image_and_halves_of_rectangles_can_be_asked_for():
    image = np.zeros((16, 16))
    image[3:7, 4:13] = 1.0  # a bar whose edges no halving meets

    def ink(images):
        return images[:, 3:7, 4:13].sum(axis=(1, 2))

    found = {
        segments: shap.PartitionExplainer(ink, maskers.Image(0, (16, 16), segments=segments))(image[None], max_evals=30)
        for segments in ("bpt", "axis")
    }
    off = {segments: float(np.abs(sv.values[0][image == 0]).sum()) for segments, sv in found.items()}
    assert off["bpt"] == 0.0
    assert off["axis"] > 0.1 * image.sum()
    assert all(np.isclose(sv.values.sum(), image.sum()) for sv in found.values())
