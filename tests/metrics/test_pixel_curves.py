"""Insertion and deletion: closed forms on models that count pixels, ties, fills and axes."""

import numpy as np
import pytest

from ferroshap import Explanation
from ferroshap.errors import DimensionError, OptionError, WorthError
from ferroshap.metrics import deletion, infidelity, insertion

AXES = ("row", "feature", "feature", "feature", "output")


def explained(values, data, **fields):
    return Explanation(values, data=data, axes=AXES[: values.ndim], **fields)


def share_of(mask):
    """A model that counts which pixels of the mask are there: those that are 1."""
    return lambda images: (images.reshape(len(images), *mask.shape, -1)[:, mask] == 1.0).mean(axis=(1, 2))


@pytest.mark.parametrize("n_inside", [1, 13, 50, 100])
def test_areas_of_a_perfect_map_are_the_closed_forms(n_inside, seed):
    """With a share `s` of pixels that count, the curve rises to 1 at `s`: areas 1 - s/2 and s/2."""
    rng = np.random.default_rng([seed, 94])
    mask = rng.permutation(100).reshape(10, 10) < n_inside
    images, values = np.ones((1, 10, 10, 3)), np.repeat(mask[None, ..., None], 3, axis=3) / 3.0
    s = n_inside / 100
    for metric, area in [(insertion, 1 - s / 2), (deletion, s / 2)]:
        found = metric(explained(values, images), share_of(mask), fill=0.0, rng=seed)
        np.testing.assert_allclose(found.area, [area], rtol=0, atol=1e-13)
        assert found.outputs.shape == (1, 101)
        np.testing.assert_array_equal(found.fractions, np.arange(101) / 100)
        ends = [0.0, 1.0] if metric is insertion else [1.0, 0.0]
        np.testing.assert_array_equal(found.outputs[0, [0, -1]], ends)


def test_ties_come_in_random_order_from_the_seed(seed):
    """A constant map of a model that counts the upper half: random order makes the curve straight."""
    mask = np.zeros((40, 40), dtype=bool)
    mask[:20] = True
    values, image = np.zeros((1, 40, 40)), np.ones((1, 40, 40))
    found = [insertion(values, share_of(mask), data=image, fill=0.0, rng=seed + k) for k in range(2)]
    # The count after half of the pixels is hypergeometric: its share of 800 has the deviation 0.0125.
    for curve in found:
        assert abs(curve.outputs[0, 50] - 0.5) < 5 * 0.0125
    assert not np.array_equal(found[0].outputs, found[1].outputs)
    again = insertion(values, share_of(mask), data=image, fill=0.0, rng=seed, batch_size=7)
    np.testing.assert_array_equal(again.outputs, found[0].outputs)


def test_curves_are_those_of_one_pixel_after_the_other(seed):
    rng = np.random.default_rng([seed, 95])
    images, values = rng.uniform(size=(2, 3, 4, 2)), rng.normal(size=(2, 3, 4, 2, 2))
    weights = rng.normal(size=(24, 2))

    def model(batch):
        return np.tanh(batch.reshape(len(batch), -1) @ weights)

    for metric in [insertion, deletion]:
        found = metric(explained(values, images), model, fill=0.3, n_steps=500)
        assert found.outputs.shape == (2, 2, 13)
        for row in range(2):
            for output in range(2):
                current = np.full((3, 4, 2), 0.3) if metric is insertion else images[row].copy()
                expected = [model(current[None])[0, output]]
                for place in np.argsort(-values[row, ..., output].sum(axis=-1), axis=None):
                    y, x = np.unravel_index(place, (3, 4))
                    current[y, x] = images[row, y, x] if metric is insertion else 0.3
                    expected.append(model(current[None])[0, output])
                np.testing.assert_allclose(found.outputs[row, output], expected, rtol=0, atol=1e-14)
                area = (sum(expected) - (expected[0] + expected[-1]) / 2) / 12
                np.testing.assert_allclose(found.area[row, output], area, rtol=0, atol=1e-14)


def test_axes_that_are_not_there_are_not_answered(seed):
    rng = np.random.default_rng([seed, 96])
    images, values = rng.uniform(size=(2, 4, 4, 3)), rng.normal(size=(2, 4, 4, 3, 2))
    explanation = explained(values, images, output_indexes=[2, 0])

    def model(batch):
        total = batch.sum(axis=(1, 2, 3))
        return np.stack([total, total**2, -total], axis=1)

    areas = insertion(explanation, model).area
    assert areas.shape == (2, 2)
    np.testing.assert_array_equal(insertion(explanation[..., 1], model).area, areas[:, 1])
    np.testing.assert_array_equal(insertion(explanation[0], model).area, areas[0])
    assert insertion(explanation[0, ..., 1], model).area == areas[0, 1]
    assert isinstance(insertion(explanation[0, ..., 1], model).area, float)


def test_summed_channels_give_the_same_curves(seed):
    rng = np.random.default_rng([seed, 106])
    images, values = rng.uniform(size=(2, 4, 5, 3)), rng.integers(-9, 9, (2, 4, 5, 3, 2)).astype(float)
    explanation = explained(values, images)
    weights = rng.normal(size=(60, 2))

    def model(batch):
        return batch.reshape(len(batch), -1) @ weights

    for fill in ["blur", 0.0]:
        found = insertion(explanation, model, fill=fill)
        summed = insertion(explanation.sum_channels(), model, fill=fill)
        np.testing.assert_array_equal(summed.outputs, found.outputs)
        one = insertion(explanation.sum_channels()[0, :, :, 1], lambda X: model(X)[:, 1], fill=fill)
        np.testing.assert_allclose(one.area, found.area[0, 1], rtol=1e-13)
    with pytest.raises(DimensionError, match="before channels are summed"):
        infidelity(explanation.sum_channels(), model, images[0])


def test_interactions_are_no_maps():
    interactions = Explanation(np.zeros((2, 4, 4)), data=np.zeros((2, 4)), axes=("row", "feature", "feature"))
    with pytest.raises(DimensionError, match="explains rows of shape"):
        insertion(interactions, lambda X: X.sum(axis=1), fill=0.0)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_the_model_gets_the_images_own_dtype_and_layout(dtype):
    seen = set()

    def model(batch):
        seen.add((batch.dtype.name, batch.shape[1:], batch.flags.c_contiguous))
        return batch.reshape(len(batch), -1).mean(axis=1, dtype=float)

    images = np.arange(60, dtype=dtype).reshape(1, 4, 5, 3)
    found = insertion(explained(np.ones((1, 4, 5, 3)), images), model, layout="NCHW", fill="mean")
    assert seen == {(np.dtype(dtype).name, (3, 4, 5), True)}
    np.testing.assert_allclose(found.outputs[0, [0, -1]], 29.5, atol=0.5)


def test_rows_of_tables_have_features_for_pixels():
    values = np.array([[3.0, 1.0, 2.0]])
    found = deletion(values, lambda X: X @ [4.0, 1.0, 2.0], data=np.ones((1, 3)), fill=[0.0, 0.0, 0.0])
    np.testing.assert_array_equal(found.outputs, [[7, 3, 1, 0]])


def test_a_constant_image_stays_constant_under_its_fills():
    image = np.full((1, 30, 20, 3), 0.7)
    for fill in ["blur", "mean"]:
        found = insertion(
            explained(np.ones(image.shape), image), lambda X: X.reshape(len(X), -1).std(axis=1), fill=fill
        )
        np.testing.assert_allclose(found.outputs, 0.0, atol=1e-13)


@pytest.mark.parametrize(
    "options,error,message",
    [
        ({"fill": "means"}, OptionError, "did you mean 'mean'"),
        ({"fill": np.zeros(5)}, DimensionError, r"\(5,\)"),
        ({"n_steps": 0}, OptionError, "n_steps"),
        ({"layout": "HWC"}, OptionError, "'HWC'"),
        ({"batch_size": -1}, OptionError, "batch_size"),
        ({"data": np.zeros((1, 4, 5))}, DimensionError, "data"),
    ],
)
def test_options_that_cannot_be_are_refused(options, error, message):
    with pytest.raises(error, match=message):
        insertion(explained(np.zeros((1, 4, 4)), np.zeros((1, 4, 4))), share_of(np.ones((4, 4), dtype=bool)), **options)


def test_what_is_not_there_is_asked_for():
    def model(batch):
        return np.zeros((len(batch), 3))

    with pytest.raises(OptionError, match="pass the explained rows"):
        insertion(np.zeros((1, 4, 4)), model)
    with pytest.raises(DimensionError, match="3 outputs"):
        insertion(np.zeros((1, 4, 4)), model, data=np.zeros((1, 4, 4)))
    with pytest.raises(OptionError, match="is for images"):
        insertion(np.zeros((1, 4)), model, data=np.zeros((1, 4)))
    with pytest.raises(DimensionError, match="need"):
        insertion(np.zeros((2, 4)), model, data=np.zeros((1, 4)))
    with pytest.raises(WorthError, match="finite"):
        insertion(np.zeros((1, 4)), lambda X: np.full(len(X), np.nan), data=np.zeros((1, 4)), fill=0.0)
