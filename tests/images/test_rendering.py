"""What models are shown: every image in the user's layout and type, visible pixels untouched."""

import numpy as np
import pytest
from tests.images import oracle

import ferroshap as shap
from ferroshap import _native, maskers
from ferroshap.game import image_batches

FILLS = ["blur", "blur(3,2)", "mean", "fill", 7, lambda image, hidden: image[::-1]]


def bytes_of(seed, shape):
    return np.random.default_rng([seed, 2]).integers(0, 256, size=shape, dtype=np.uint8)


def painted(masker, images, words):
    """The images of coalitions, as the model is shown them, and the regions."""
    read = masker.read(images)
    regions = masker.segmentation.of(read.image(0))
    out = np.empty((len(words), *read.canvas_shape), dtype=read.dtype)
    masker.filling.painter(read, read.image(0), regions, 1).paint(words, 0, out, 2)
    return out, regions


@pytest.mark.parametrize("fill", FILLS, ids=str)
@pytest.mark.parametrize("dtype", [np.uint8, np.float16, np.float32, np.float64])
@pytest.mark.parametrize("layout", ["NHWC", "NCHW"])
def test_visible_pixels_are_never_touched(seed, fill, dtype, layout):
    images = bytes_of(seed, (1, 6, 7, 3)).astype(dtype)
    labels = np.arange(42).reshape(6, 7) % 7 - 1
    given = images if layout == "NHWC" else images.transpose(0, 3, 1, 2)
    masker = maskers.Image(fill, given.shape[1:], segments=labels, layout=layout)
    present = oracle.coalitions(6)
    out, regions = painted(masker, given, _native.pack_coalitions(present))
    out = out if layout == "NHWC" else out.transpose(0, 2, 3, 1)
    assert np.array_equal(regions.labels, labels)
    for shown, visible in zip(out, present, strict=True):
        stays = np.append(visible, True)[labels]
        assert shown[stays].tobytes() == images[0][stays].tobytes()
        if fill != "fill":
            fixed = images[0, ::-1] if callable(fill) else out[0]
            assert shown[~stays].tobytes() == fixed[~stays].tobytes()
    assert out[-1].tobytes() == images[0].tobytes()


def test_a_model_is_asked_about_the_image_itself_first_and_the_hidden_one_next(seed):
    images = bytes_of(seed, (1, 6, 7, 3))
    model = oracle.Recorder(lambda X: X.astype(float).mean(axis=(1, 2, 3)))
    labels = np.arange(42).reshape(6, 7) % 5 - 1
    explanation = shap.ExactExplainer(model, maskers.Image(0, segments=labels))(images)
    seen = model.images
    expected = {oracle.masked(images[0], 0, labels, present).tobytes() for present in oracle.coalitions(4)}
    assert seen.dtype == np.uint8
    assert len(seen) == 2**4
    assert {shown.tobytes() for shown in seen} == expected
    assert seen[0].tobytes() == images[0].tobytes()
    assert seen[1].tobytes() == oracle.masked(images[0], 0, labels, np.zeros(4, dtype=bool)).tobytes()
    assert explanation.base_values[0] == model.function(seen[1:2])[0]


@pytest.mark.parametrize("fill", ["blur", "fill", "mean", "segment_mean"])
@pytest.mark.parametrize("dtype", [np.uint8, np.float16, np.float32])
def test_fills_stay_within_the_range_of_the_image(seed, fill, dtype):
    images = bytes_of(seed, (1, 9, 8, 3)).astype(dtype)
    model = oracle.Recorder(lambda X: X.astype(float).mean(axis=(1, 2, 3)))
    shap.ExactExplainer(model, maskers.Image(fill, segments=(2, 2)))(images)
    low, high = images.min(axis=(1, 2)), images.max(axis=(1, 2))
    assert (model.images >= low[:, None, None]).all()
    assert (model.images <= high[:, None, None]).all()


@pytest.mark.parametrize(
    "fill", ["blur", "fill", "mean", np.array([10, 20, 30]), lambda image, hidden: image[:, ::-1]], ids=str
)
@pytest.mark.parametrize("segments", ["bpt", (2, 3), "slic(6)"], ids=str)
def test_layouts_agree(seed, fill, segments):
    images = bytes_of(seed, (2, 8, 9, 3))
    model = oracle.curved(2, seed, (8, 9, 3))
    last = shap.Explainer(model, maskers.Image(fill, segments=segments))(images, max_evals=70)
    first_model = oracle.Recorder(lambda X: model(np.ascontiguousarray(X.transpose(0, 2, 3, 1))))
    first = shap.Explainer(first_model, maskers.Image(fill, segments=segments, layout="NCHW"))(
        images.transpose(0, 3, 1, 2), max_evals=70
    )
    assert first_model.images.shape[1:] == (3, 8, 9)
    assert first.values.tobytes() == last.values.tobytes()
    assert np.array_equal(first.data, last.data)
    assert first.data.shape == (2, 8, 9, 3)


def test_grey_images_have_no_axis_of_channels(seed):
    images = bytes_of(seed, (2, 6, 5))
    model = oracle.Recorder(oracle.curved(1, seed, (6, 5)))
    explanation = shap.Explainer(model, maskers.Image("blur", (6, 5)))(images, max_evals=50)
    assert explanation.values.shape == (2, 6, 5, 1)
    assert explanation.axes == ("row", "feature", "feature", "output")
    assert model.images.shape[1:] == (6, 5)
    with_axis = shap.Explainer(oracle.curved(1, seed, (6, 5, 1)), maskers.Image("blur"))(
        images[..., None], max_evals=50
    )
    # the other model adds 30 products in another order
    assert np.allclose(with_axis.values[:, :, :, 0], explanation.values, rtol=0, atol=2.0**-40)


@pytest.mark.parametrize("shape", [(6, 5), (6, 5, 3), (6, 5, 2)])
def test_flat_rows_reach_the_model_flat(seed, shape):
    images = bytes_of(seed, (2, *shape)) / 255
    flat = oracle.Recorder(lambda X: np.tanh(X @ np.linspace(-1, 1, int(np.prod(shape)))))
    explanation = shap.Explainer(flat, maskers.Image("blur", shape))(images.reshape(2, -1), max_evals=40)
    assert flat.images.shape[1:] == (np.prod(shape),)
    assert explanation.values.shape == images.shape
    whole = shap.Explainer(lambda X: flat.function(X.reshape(len(X), -1)), maskers.Image("blur", shape))
    assert np.allclose(whole(images, max_evals=40).values, explanation.values, rtol=0, atol=2.0**-45)


@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 1, 3), (1, 7, 3), (7, 1, 1), (2, 2, 5), (3, 3, 3)])
@pytest.mark.parametrize("fill", ["blur", "fill", "mean", 0])
@pytest.mark.parametrize("layout", ["NHWC", "NCHW"])
def test_small_images_are_explained(seed, shape, fill, layout):
    images = bytes_of(seed, (2, *shape))
    given = images if layout == "NHWC" else images.transpose(0, 3, 1, 2)
    explainer = shap.Explainer(
        lambda X: X.astype(float).sum(axis=(1, 2, 3)), maskers.Image(fill, given.shape[1:], layout=layout)
    )
    explanation = explainer(given)
    assert explanation.values.shape == images.shape
    total = explanation.base_values + explanation.values.sum(axis=(1, 2, 3))
    assert np.allclose(total, images.sum(axis=(1, 2, 3)), rtol=1e-12, atol=1e-9)


def test_one_image_of_the_named_shape_has_no_axis_of_rows(seed):
    images = bytes_of(seed, (1, 6, 5, 3))
    model = oracle.curved(2, seed, (6, 5, 3))
    explainer = shap.Explainer(model, maskers.Image("blur", (6, 5, 3)))
    one, row = explainer(images[0], max_evals=30), explainer(images, max_evals=30)
    assert one.values.shape == (6, 5, 3, 2)
    assert one.base_values.shape == (2,)
    assert one.segments.shape == (6, 5)
    assert one.data.shape == (6, 5, 3)
    assert one.values.tobytes() == row.values[0].tobytes()


@pytest.mark.parametrize("segments", ["bpt", (3, 4)], ids=str)
@pytest.mark.parametrize("fill", ["blur", "fill"])
@pytest.mark.parametrize("ahead", [False, True])
def test_batches_and_threads_change_no_bit(seed, segments, fill, ahead, monkeypatch):
    """Also where the next batch is painted by another thread, however small it is."""
    monkeypatch.setattr(image_batches, "LEAST_BYTES_AHEAD", 0 if ahead else 1 << 60)
    images = bytes_of(seed, (3, 12, 10, 3))
    model = oracle.Recorder(oracle.curved(2, seed, (12, 10, 3)))
    found = set()
    for n_jobs in (1, 2, 7):
        for batch_size in (7, 64, "auto") if ahead else (1, 7, "auto"):
            model.calls.clear()
            explainer = shap.Explainer(model, maskers.Image(fill, segments=segments), n_jobs=n_jobs)
            found.add(explainer(images, max_evals=90, batch_size=batch_size).values.tobytes())
            assert batch_size == "auto" or max(model.calls) <= batch_size
    assert len(found) == 1


def test_a_model_may_keep_or_overwrite_what_it_is_shown(seed):
    images = bytes_of(seed, (1, 8, 8, 3)) / 255
    kept = []

    def spoiling(X):
        kept.append(X)
        result = X.sum(axis=(1, 2, 3))
        X *= 0
        return result

    masker = maskers.Image("blur")
    spoiled = shap.Explainer(spoiling, masker)(images, max_evals=60, batch_size=5)
    clean = shap.Explainer(lambda X: X.sum(axis=(1, 2, 3)), masker)(images, max_evals=60)
    assert spoiled.values.tobytes() == clean.values.tobytes()
    assert images.any()
    assert all(not X.any() for X in kept)
