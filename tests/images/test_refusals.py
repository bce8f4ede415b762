"""What cannot be explained is refused by name, with what to do."""

import numpy as np
import pytest

import ferroshap as shap
from ferroshap import maskers
from ferroshap.errors import (
    BudgetError,
    DimensionError,
    InvalidMaskerError,
    MemoryLimitError,
    OptionError,
    UnknownOptionError,
    WeightsError,
    WorthError,
)


def total(X):
    return X.sum(axis=(1, 2, 3))


BAD_MASKERS = {
    "unknown fill": ({"mask_value": "blu"}, OptionError, "did you mean 'blur'"),
    "unknown blur": ({"mask_value": "blur(0,3)"}, OptionError, "positive"),
    "text in a fill": ({"mask_value": ["a", "b"]}, OptionError, "pixels are numbers"),
    "NaN in a fill": ({"mask_value": np.nan}, OptionError, "finite"),
    "ragged fill": ({"mask_value": [[1, 2], [3]]}, OptionError, "mask_value"),
    "fill of another size": ({"mask_value": np.ones((3, 4)), "shape": (4, 4, 3)}, DimensionError, "(3, 4)"),
    "no background": ({"mask_value": np.ones((0, 4, 4, 3))}, DimensionError, "at least one"),
    "weights of nothing": ({"mask_value": 0.5, "weights": [1.0]}, WeightsError, "background images"),
    "too many weights": ({"mask_value": np.ones((2, 4, 4, 3)), "weights": [1, 2, 3]}, WeightsError, "weights"),
    "unknown segments": ({"segments": "bpd"}, OptionError, "did you mean 'bpt'"),
    "no superpixels": ({"segments": "slic(0)"}, OptionError, "slic"),
    "no rows": ({"segments": (0, 3)}, OptionError, "at least one row"),
    "real labels": ({"segments": np.ones((4, 4))}, OptionError, "integer array"),
    "labels of three axes": ({"segments": np.ones((2, 4, 4), dtype=int)}, OptionError, "integer array"),
    "one number": ({"segments": 5}, OptionError, "must be a name"),
    "unknown layout": ({"layout": "NHCW"}, OptionError, "did you mean"),
    "shape of one axis": ({"shape": 12}, DimensionError, "(H, W, C)"),
    "shape with rows": ({"shape": (1, 4, 4, 3)}, DimensionError, "(H, W, C)"),
    "shape of reals": ({"shape": (4.0, 4.0)}, DimensionError, "(H, W"),
    "cells of nothing": ({"cell": 0}, OptionError, "cell"),
    "cells of a grid": ({"segments": (2, 2), "cell": 2}, OptionError, "no cells"),
    "range reversed": ({"value_range": (1.0, 0.0)}, OptionError, "darkest"),
    "range of one": ({"value_range": 1.0}, OptionError, "darkest"),
    "tree of two": ({"tree": "yes"}, OptionError, "True or False"),
    "means of cells": ({"mask_value": "segment_mean"}, InvalidMaskerError, "segments='slic'"),
}


@pytest.mark.parametrize("options,error,words", BAD_MASKERS.values(), ids=BAD_MASKERS.keys())
def test_maskers_that_cannot_be(options, error, words):
    with pytest.raises(error) as raised:
        maskers.Image(**options)
    assert words in str(raised.value)


BAD_IMAGES = {
    "one image": (np.ones((4, 4, 3)), {}, DimensionError, "image[None]"),
    "grey without a shape": (np.ones((2, 4, 4)), {}, DimensionError, "shape=(H, W)"),
    "channels first": (np.ones((2, 3, 8, 8)), {}, DimensionError, "layout='NCHW'"),
    "channels last": (np.ones((2, 8, 8, 3)), {"layout": "NCHW"}, DimensionError, "layout='NHWC'"),
    "another shape": (np.ones((2, 4, 5, 3)), {"shape": (4, 4, 3)}, DimensionError, "shape=(4, 4, 3)"),
    "flat of another length": (np.ones((2, 47)), {"shape": (4, 4, 3)}, DimensionError, "48 numbers"),
    "several sizes": ([np.ones((4, 4, 3)), np.ones((5, 4, 3))], {}, DimensionError, "different sizes"),
    "NaN": (np.full((1, 4, 4, 3), np.nan), {}, OptionError, "finite"),
    "infinite": (np.full((1, 4, 4, 3), np.inf, dtype=np.float32), {}, OptionError, "in image 0 at (0, 0, 0)"),
    "integers": (np.ones((1, 4, 4, 3), dtype=np.int64), {}, OptionError, "uint8"),
    "no rows": (np.ones((1, 0, 4, 3)), {}, DimensionError, "no pixel"),
    "segments of another size": (np.ones((1, 4, 4, 3)), {"segments": np.zeros((3, 4), int)}, DimensionError, "4 x 4"),
    "fill of another size": (np.ones((1, 4, 4, 3)), {"mask_value": np.ones((3, 4, 3))}, DimensionError, "fits no"),
    "colour of another length": (np.ones((1, 4, 4, 3)), {"mask_value": [1, 2]}, DimensionError, "fits no"),
    "fill out of range": (np.ones((1, 4, 4, 3), np.uint8), {"mask_value": -1}, OptionError, "0 to 255"),
}


@pytest.mark.parametrize("images,options,error,words", BAD_IMAGES.values(), ids=BAD_IMAGES.keys())
def test_images_that_cannot_be(images, options, error, words):
    explainer = shap.Explainer(total, maskers.Image(**options))
    with pytest.raises(error) as raised:
        explainer(images)
    assert words in str(raised.value)
    assert explainer.partial is None


def test_a_named_shape_may_be_as_unusual_as_it_likes():
    explanation = shap.Explainer(total, maskers.Image(0.0, (3, 8, 9)))(np.ones((1, 3, 8, 9)), max_evals=20)
    assert explanation.values.shape == (1, 3, 8, 9)


IMAGE = np.ones((1, 4, 4, 3))
BAD_CALLS = {
    "no budget": ({"max_evals": 1}, BudgetError, "at least 2"),
    "half a budget": ({"max_evals": 10.5}, OptionError, "max_evals"),
    "unknown option": ({"max_eval": 10}, UnknownOptionError, "max_evals"),
    "unknown context": ({"fixed_context": 2}, OptionError, "fixed_context"),
    "truth as context": ({"fixed_context": True}, OptionError, "fixed_context"),
    "tolerance without errors": ({"tol": 0.1}, OptionError, "sampling='orders'"),
    "main effects": ({"main_effects": True}, OptionError, "main_effects"),
    "unknown output": ({"outputs": ["cat"]}, OptionError, "outputs"),
    "text as deadline": ({"deadline_seconds": "soon"}, OptionError, "number of seconds"),
    "no deadline": ({"deadline_seconds": np.nan}, OptionError, "number of seconds"),
    "no batch": ({"batch_size": 0}, OptionError, "batch_size"),
}


@pytest.mark.parametrize("options,error,words", BAD_CALLS.values(), ids=BAD_CALLS.keys())
def test_calls_that_cannot_be(options, error, words):
    explainer = shap.Explainer(lambda X: np.stack([total(X), -total(X)], axis=1), maskers.Image())
    with pytest.raises(error) as raised:
        explainer(IMAGE, **options)
    assert words in str(raised.value)


def test_routes_that_do_not_explain_images_name_those_that_do():
    masker = maskers.Image()
    for route in (shap.SamplingExplainer, shap.LinearExplainer, shap.TreeExplainer, shap.CoalitionExplainer):
        with pytest.raises(InvalidMaskerError, match="PartitionExplainer"):
            route(total, masker)
    with pytest.raises(InvalidMaskerError, match="regions of images"):
        shap.Game(total, masker, IMAGE)
    with pytest.raises(InvalidMaskerError, match="segments='slic'"):
        shap.KernelExplainer(total, masker)
    with pytest.raises(InvalidMaskerError, match="without a tree"):
        shap.PermutationExplainer(total, masker, method="leverage")


@pytest.mark.parametrize("name,value", [("feature_names", ["a"]), ("weights", [1.0]), ("rows_per_eval", 7)])
def test_options_of_tables_are_refused(name, value):
    with pytest.raises(OptionError, match=name):
        shap.PartitionExplainer(total, maskers.Image(), **{name: value})


@pytest.mark.parametrize(
    "route", [shap.Explainer, shap.PartitionExplainer, shap.ExactExplainer, shap.PermutationExplainer]
)
def test_unknown_options_name_the_nearest(route):
    with pytest.raises(UnknownOptionError, match="did you mean 'n_jobs'"):
        route(total, maskers.Image(segments=(2, 2)), n_job=1)


def test_too_few_evaluations_for_the_regions_are_refused_before_the_model_is_asked_twice():
    calls = []
    explainer = shap.PermutationExplainer(lambda X: calls.append(len(X)) or total(X), maskers.Image(segments=(4, 4)))
    with pytest.raises(BudgetError, match="16 regions needs at least 18"):
        explainer(IMAGE, max_evals=17)
    assert sum(calls) <= 1


def test_all_coalitions_of_many_regions_are_refused():
    with pytest.raises(BudgetError, match="16 regions"):
        shap.ExactExplainer(total, maskers.Image(segments=(4, 4)))(IMAGE, max_evals=1000)


@pytest.mark.parametrize("segments", ["axis", (2, 2)], ids=str)
def test_outputs_that_are_not_finite_name_image_and_regions(segments):
    images = np.ones((3, 4, 4, 3))
    images[1, 3, 3] = 2.0

    def model(X):
        result = total(X)
        result[(X[:, 3, 3, 0] == 2.0) & (X[:, 0, 0, 0] == 0.0)] = np.nan
        return result

    with pytest.raises(WorthError, match="image 1 when .* visible"):
        shap.Explainer(model, maskers.Image(0.0, segments=segments))(images)
    with pytest.raises(WorthError, match="image 0 of `X`"):
        shap.Explainer(lambda X: total(X) * np.inf, maskers.Image(0.0, segments=segments))(images)


def test_outputs_of_another_shape_are_refused():
    def model(X):
        return np.zeros((len(X), 2 if len(X) > 1 else 3))

    with pytest.raises(DimensionError, match="model"):
        shap.Explainer(model, maskers.Image(0.0, segments=(2, 2)))(IMAGE)


def test_more_values_than_memory_are_refused_with_the_remedy():
    explainer = shap.Explainer(lambda X: np.zeros((len(X), 1000)), maskers.Image(), memory_limit=100_000)
    with pytest.raises(MemoryLimitError, match="outputs="):
        explainer(IMAGE)
