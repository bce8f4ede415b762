"""The forms in which images are accepted: Explanations, ours and the incumbent's, arrays, lists, one image."""

from types import SimpleNamespace

import numpy as np
import pytest

from ferroshap import plots
from ferroshap.errors import DimensionError
from ferroshap.explanation import Explanation
from ferroshap.plots.images.inputs import from_arrays

RNG = np.random.default_rng(3)
ROWS, HEIGHT, WIDTH, OUTPUTS = 2, 12, 16, 3
NAMES = ["cat", "dog", "owl"]


def photos(n_rows=ROWS):
    return RNG.integers(0, 256, (n_rows, HEIGHT, WIDTH, 3)).astype(np.uint8)


def explained(n_rows=ROWS, **fields):
    values = RNG.normal(size=(n_rows, HEIGHT, WIDTH, 3, OUTPUTS))
    base = np.zeros((n_rows, OUTPUTS))
    return Explanation(values, base, photos(n_rows), **({"output_names": NAMES} | fields))


def values_in(ax):
    """The map that is drawn on top."""
    return np.ma.filled(ax.images[-1].get_array(), np.nan)


def titles(axes):
    return [[ax.get_title() for ax in line] for line in axes]


LEGACY = {  # how they come, and what they are: (rows, height, width, channels, outputs)
    "array": (lambda v: v[..., 0], [0]),
    "list": (lambda v: [v[..., k] for k in range(5)], range(5)),
    "tuple": (lambda v: (v[..., 2], v[..., 4]), [2, 4]),
    "outputs last": (lambda v: v, range(5)),
    "list of one": (lambda v: [v[..., 3]], [3]),
    "summed channels": (lambda v: v[..., 0].sum(axis=-1), [0]),
    "summed channels of outputs": (lambda v: v.sum(axis=3), range(5)),
}


@pytest.mark.parametrize("form, outputs", LEGACY.values(), ids=LEGACY)
def test_arrays_and_lists_are_drawn_with_their_pixels(form, outputs):
    values, pixels = RNG.normal(size=(ROWS, HEIGHT, WIDTH, 3, 5)), photos()
    axes = plots.image(form(values), pixels, show=False)
    assert axes.shape == (ROWS, 1 + len(outputs))
    assert np.array_equal(axes[1, 0].images[0].get_array(), pixels[1])
    for k, output in enumerate(outputs):
        assert np.array_equal(values_in(axes[1, 1 + k]), values[1, ..., output].sum(axis=-1))


def test_one_image_needs_no_row_axis():
    values, pixels = RNG.normal(size=(HEIGHT, WIDTH, 3)), photos()[0]
    assert plots.image(values, pixels, show=False).shape == (1, 2)
    assert plots.image([values, values], pixels, show=False).shape == (1, 3)
    assert plots.image(values[..., 0], pixels[..., 0], show=False).shape == (1, 2)
    assert plots.image(explained()[0], show=False).shape == (1, 1 + OUTPUTS)
    assert plots.image(explained()[0, ..., 1], show=False).shape == (1, 2)


@pytest.mark.parametrize(
    "values, pixels, shape, roles",
    [
        ((2, 5, 6, 3), (2, 5, 6, 3), (2, 5, 6, 3), "rfff"),
        ((2, 5, 6, 3, 4), (2, 5, 6, 3), (2, 5, 6, 3, 4), "rfffo"),
        ((2, 5, 6, 4), (2, 5, 6), (2, 5, 6, 1, 4), "rfffo"),
        ((2, 5, 6), (2, 5, 6), (2, 5, 6, 1), "rfff"),
        ((2, 5, 6), (2, 5, 6, 3), (2, 5, 6, 1), "rfff"),
        ((2, 5, 6, 1), (2, 5, 6, 3), (2, 5, 6, 1), "rfff"),
        ((5, 6, 3), (5, 6, 3), (5, 6, 3), "fff"),
        ((5, 6), (5, 6), (5, 6, 1), "fff"),
        ((2, 5, 6, 3), None, (2, 5, 6, 3), "rfff"),
        ((2, 5, 6, 3, 7), None, (2, 5, 6, 3, 7), "rfffo"),
        ((5, 6, 3), None, (5, 6, 3), "fff"),
    ],
)
def test_axes_of_arrays_follow_from_the_pixels(values, pixels, shape, roles):
    sv = from_arrays(np.zeros(values), None if pixels is None else np.zeros(pixels))
    assert sv.shape == shape
    assert "".join(role[0] for role in sv.axes) == roles


def test_arrays_without_pixels_are_drawn_without_an_image():
    axes = plots.image(RNG.normal(size=(2, 6, 6, 3)), show=False)
    assert not axes[0, 0].images
    assert len(axes[0, 1].images) == 1


def foreign(sv, **changes):
    names = ("values", "base_values", "data", "output_names")
    return SimpleNamespace(**({name: getattr(sv, name) for name in names} | changes))


def test_the_incumbents_explanations_are_drawn():
    sv = explained()
    assert titles(plots.image(foreign(sv), show=False)) == [["", *NAMES]] * ROWS
    per_row = [["a", "b", "c"], ["d", "e", "f"]]
    assert titles(plots.image(foreign(sv, output_names=per_row), show=False)) == [["", *line] for line in per_row]
    axes = plots.image(foreign(sv[0]), show=False)
    assert axes.shape == (1, 1 + OUTPUTS)
    assert axes[0, 1].get_xlabel().startswith("f(x)")
    plots.image(foreign(sv, output_names=None, base_values=np.zeros(7)), show=False)


def test_pixels_may_be_shown_that_were_not_explained():
    sv, shown = explained(), photos()
    axes = plots.image(sv, shown, show=False)
    assert np.array_equal(axes[1, 0].images[0].get_array(), shown[1])
    axes = plots.image(sv, -shown[..., 0].astype(float), show=False)  # a negative, grey
    assert axes[0, 0].images[0].get_array().shape == (HEIGHT, WIDTH, 3)


def test_what_is_no_image_is_refused_with_what_to_pass():
    with pytest.raises(TypeError, match="pass an Explanation of images"):
        plots.image("picture.png", show=False)
    with pytest.raises(TypeError, match="pass an Explanation of images"):
        plots.image([], show=False)
    with pytest.raises(DimensionError, match="is for images"):
        plots.image(Explanation(np.zeros((2, 3))), show=False)
    with pytest.raises(DimensionError, match="nothing to draw"):
        plots.image(Explanation(np.zeros((0, 8, 8, 3)), data=np.zeros((0, 8, 8, 3))), show=False)
    with pytest.raises(DimensionError, match="the pixels must agree"):
        plots.image(np.zeros((2, 8, 8, 3)), np.zeros((2, 8, 9, 3)), show=False)
    with pytest.raises(DimensionError, match="they must be equal"):
        plots.image([np.zeros((8, 8)), np.zeros((8, 9))], np.zeros((8, 8)), show=False)
    with pytest.raises(DimensionError, match=r"channels first.*np\.moveaxis"):
        plots.image(np.zeros((2, 3, 8, 9)), np.zeros((2, 3, 8, 9)), show=False)
    with pytest.raises(TypeError, match="draw each by itself"):
        plots.image([explained(), explained()], show=False)
    with pytest.raises(DimensionError, match="`pixel_values` has shape"):
        plots.image(explained(), photos(3), show=False)
