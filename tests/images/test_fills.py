"""What hides regions, against definitions."""

import sys
import types

import numpy as np
import pytest
from tests.images import oracle

import ferroshap as shap
from ferroshap import maskers


def images_of(seed, count=1, shape=(8, 9, 3)):
    return np.random.default_rng([seed, 3]).random((count, *shape))


def nobody(masker, images):
    """What the model is shown where all is hidden."""
    model = oracle.Recorder(lambda X: X.astype(float).mean(axis=tuple(range(1, X.ndim))))
    shap.ExactExplainer(model, masker)(images)
    return model.seen[1][0]


@pytest.mark.parametrize("shape", [(9, 9, 3), (12, 7, 1), (1, 5, 2), (5, 1, 3)])
@pytest.mark.parametrize("kx,ky", [(3, 3), (4, 2), (1, 5), (2, 7)])
def test_blurs_of_shap_are_means_over_boxes(seed, shape, kx, ky):
    images = images_of(seed, 1, shape)
    found = nobody(maskers.Image(f"blur({kx},{ky})", segments=(1, 1)), images)
    assert np.allclose(found, oracle.box_mean(images[0], kx, ky), rtol=0, atol=2.0**-48)


def test_the_default_blur_is_three_boxes_of_a_sixth_of_the_side(seed):
    images = images_of(seed, 1, (30, 41, 3))
    blurred = images[0]
    for _ in range(3):
        blurred = oracle.box_mean(blurred, 5, 5)
    assert np.allclose(nobody(maskers.Image(segments=(1, 1)), images), blurred, rtol=0, atol=2.0**-46)


@pytest.mark.parametrize("as_rows", ["images", "grey", "flat"])
def test_a_fill_belongs_to_its_image_and_not_to_its_address(as_rows):
    """The incumbent kept blurs by `id()`: the second image was filled with the first one's (defect 9)."""
    shape = (6, 6) if as_rows == "grey" else (6, 6, 1)
    masker = maskers.Image("blur", shape, segments=(1, 2))
    explainer = shap.Explainer(lambda X: X.reshape(len(X), -1).mean(axis=1), masker)
    for level in range(50):
        image = np.full((1, *shape), float(level))
        explanation = explainer(image.reshape(1, -1) if as_rows == "flat" else image)
        assert explanation.base_values[0] == level
        assert not explanation.values.any()
        del image


def test_constants_colours_images_and_means(seed):
    images = images_of(seed)
    expected = {
        "number": (0.5, np.full((8, 9, 3), 0.5)),
        "colour": ([0.1, 0.2, 0.3], np.broadcast_to([0.1, 0.2, 0.3], (8, 9, 3))),
        "image": (images[0] ** 2, images[0] ** 2),
        "flat image": ((images[0] ** 2).ravel(), images[0] ** 2),
        "mean": ("mean", np.broadcast_to(images[0].mean(axis=(0, 1)), (8, 9, 3))),
    }
    for value, fill in expected.values():
        assert np.array_equal(nobody(maskers.Image(value, (8, 9, 3), segments=(2, 2)), images), fill)


def test_bytes_are_rounded_half_to_even():
    images = np.full((1, 2, 2, 1), 10, dtype=np.uint8)
    assert (nobody(maskers.Image(0.5, segments=(1, 1)), images) == 0).all()
    assert (nobody(maskers.Image(1.5, segments=(1, 1)), images) == 2).all()


def test_segments_may_be_hidden_by_their_own_means(seed):
    images = images_of(seed)
    found = nobody(maskers.Image("segment_mean", segments=(2, 3)), images)
    labels = maskers.Image(segments=(2, 3)).segmentation.of(images[0]).labels
    for player in range(6):
        inside = labels == player
        assert np.allclose(found[inside], images[0][inside].mean(axis=0), rtol=0, atol=2.0**-48)


@pytest.mark.parametrize("route", [shap.Explainer, shap.PartitionExplainer])
@pytest.mark.parametrize("weights", [None, [3.0, 0.5, 1.5]])
def test_background_images_are_averaged_over_by_weight(seed, route, weights):
    images, background = images_of(seed, 2), images_of(seed + 1, 3)
    model = oracle.curved(2, seed, (8, 9, 3))
    masker = maskers.Image(background, segments=(2, 2), tree=route is shap.PartitionExplainer, weights=weights)
    recorder = oracle.Recorder(model)
    found = route(recorder, masker)(images, max_evals=400)
    shares = np.array(weights or [1, 1, 1]) / np.sum(weights or 3)
    single = [
        route(model, maskers.Image(fill, segments=(2, 2), tree=route is shap.PartitionExplainer))(images, max_evals=400)
        for fill in background
    ]
    expected = sum(share * explanation.values for share, explanation in zip(shares, single, strict=True))
    assert found.status == "EXACT"
    assert np.allclose(found.values, expected, rtol=0, atol=2.0**-46)
    assert (found.forward_rows == 1 + 3 * (found.n_evaluations - 1)).all()
    assert len(recorder.images) == found.forward_rows.sum()
    assert "3 background images" in str(found.plan)


def test_a_background_of_flat_rows_is_one_of_images(seed):
    images, background = images_of(seed), images_of(seed + 1, 3)
    model = oracle.curved(1, seed, (8, 9, 3))
    found = [
        shap.Explainer(model, maskers.Image(given, (8, 9, 3), segments=(2, 2)))(images).values
        for given in (background, background.reshape(3, -1))
    ]
    assert np.array_equal(*found)


def test_functions_see_the_image_and_what_is_hidden(seed):
    images = images_of(seed, 1, (4, 4))
    seen = []

    def fill(image, hidden):
        seen.append((image.copy(), hidden.copy(), image.flags.writeable))
        return np.where(hidden, -1.0, np.nan_to_num(image) + 5)

    model = oracle.Recorder(lambda X: X.sum(axis=(1, 2)))
    shap.ExactExplainer(model, maskers.Image(fill, (4, 4), segments=(2, 2)))(images)
    assert all(np.array_equal(image, images[0]) and not writeable for image, _, writeable in seen)
    assert len(seen) == 2**4 - 1  # the image itself needs no fill
    for hidden in (mask for _, mask, _ in seen):
        assert any(np.array_equal(shown, np.where(hidden, -1.0, images[0])) for shown in model.images)


@pytest.mark.parametrize(
    "fill,error,words",
    [
        (lambda image, hidden: image[:2], shap.errors.DimensionError, "whole image"),
        (lambda image, hidden: image * np.nan, shap.errors.OptionError, "finite"),
        (lambda image, hidden: "no image", shap.errors.DimensionError, "whole image"),
    ],
    ids=["half", "NaN", "text"],
)
def test_functions_that_return_no_image_are_refused(fill, error, words):
    explainer = shap.Explainer(lambda X: X.sum(axis=(1, 2, 3)), maskers.Image(fill, segments=(2, 2)))
    with pytest.raises(error, match=words):
        explainer(np.ones((1, 4, 4, 3)))


def test_an_exception_of_the_users_function_passes_as_it_is():
    error = KeyError("mine")

    def fill(image, hidden):
        raise error

    explainer = shap.Explainer(lambda X: X.sum(axis=(1, 2, 3)), maskers.Image(fill))
    with pytest.raises(KeyError) as raised:
        explainer(np.ones((1, 4, 4, 3)))
    assert raised.value is error


def test_inpainting_without_opencv_names_the_fill_that_is_built_in(monkeypatch):
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(shap.errors.InvalidMaskerError, match="mask_value='fill'"):
        maskers.Image("inpaint_telea")


@pytest.mark.parametrize("dtype,shape", [(np.uint8, (6, 5, 3)), (np.float64, (6, 5, 3)), (np.uint8, (6, 5))])
def test_inpainting_asks_opencv(monkeypatch, dtype, shape):
    asked = []

    def inpaint(image, mask, radius, flag):
        asked.append((image.dtype, image.shape, mask.dtype, flag))
        assert image.dtype == np.uint8 or image.ndim == 2
        return np.where(mask[..., None] if image.ndim == 3 else mask, 9, image).astype(image.dtype)

    module = types.SimpleNamespace(inpaint=inpaint, INPAINT_TELEA="telea", INPAINT_NS="ns")
    monkeypatch.setitem(sys.modules, "cv2", module)
    image = np.full((1, *shape), 3, dtype=dtype)
    model = oracle.Recorder(lambda X: X.reshape(len(X), -1).sum(axis=1).astype(float))
    shap.ExactExplainer(model, maskers.Image("inpaint_ns", shape, segments=(1, 2)))(image)
    assert {flag for *_, flag in asked} == {"ns"}
    assert all(np.isin(shown, (3, 9)).all() for shown in model.images)
    assert model.images.dtype == dtype
