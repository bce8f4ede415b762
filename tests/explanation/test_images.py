"""Explanations of images: their fields, how they are cut, and coarser maps of them."""

import pickle
import tracemalloc

import numpy as np
import pytest

from ferroshap.errors import DimensionError, OptionError
from ferroshap.explanation import Explanation

ROWS, HEIGHT, WIDTH, CHANNELS, OUTPUTS, REPLICATES = 3, 9, 12, 3, 4, 5
NAMES = ["cat", "dog", "fox", "owl"]
OF_MAPS = ("relative_error", "channel_error_std", "pooled_error_std", "replicates", "segments")


def fields_of_maps(rng, shape=(ROWS,), outputs=(OUTPUTS,)):
    return {
        "relative_error": rng.random(shape + outputs),
        "channel_error_std": rng.random((*shape, HEIGHT, WIDTH, *outputs)),
        "pooled_error_std": rng.random((*shape, 2, 2, *outputs)),
        "replicates": rng.random((*shape, REPLICATES, HEIGHT, WIDTH, CHANNELS, *outputs)),
        "segments": rng.integers(-1, 7, (*shape, HEIGHT, WIDTH)).astype(np.int32),
    }


def colour(seed=0, **fields):
    """Values of three images and four outputs, with every field that images have."""
    rng = np.random.default_rng(seed)
    shape = (ROWS, HEIGHT, WIDTH, CHANNELS)
    given = fields_of_maps(rng) | {"forward_rows": [7, 8, 9], "gap": rng.normal(size=(ROWS, OUTPUTS))}
    return Explanation(
        rng.normal(size=(*shape, OUTPUTS)),
        rng.normal(size=(ROWS, OUTPUTS)),
        rng.integers(0, 256, shape).astype(np.uint8),
        output_names=NAMES,
        **given | fields,
    )


def grey(n_outputs=None):
    rng = np.random.default_rng(1)
    tail = () if n_outputs is None else (n_outputs,)
    return Explanation(rng.normal(size=(ROWS, 8, 8, *tail)), data=rng.random((ROWS, 8, 8)))


@pytest.mark.parametrize(
    "values, data, roles",
    [
        ((2, 6, 7, 3), (2, 6, 7, 3), ("row", "feature", "feature", "feature")),
        ((2, 6, 7, 3, 4), (2, 6, 7, 3), ("row", "feature", "feature", "feature", "output")),
        ((2, 6, 7, 3, 4), None, ("row", "feature", "feature", "feature", "output")),
        ((2, 6, 7), (2, 6, 7), ("row", "feature", "feature")),
        ((2, 6, 7, 4), (2, 6, 7), ("row", "feature", "feature", "output")),
        ((2, 6, 7), (2, 6, 7, 3), ("row", "feature", "feature")),
        ((2, 6, 6), (2, 6), ("row", "feature", "feature")),  # interactions
    ],
)
def test_roles_follow_from_the_data(values, data, roles):
    base = np.zeros(2) if values == (2, 6, 6) else None
    assert Explanation(np.zeros(values), base, None if data is None else np.zeros(data)).axes == roles


def test_pixels_have_no_names_but_interactions_have():
    assert colour().feature_names is None
    assert grey().feature_names is None
    assert Explanation(np.zeros((2, 6, 6)), np.zeros(2), np.zeros((2, 6))).feature_names[0] == "Feature 0"


def test_fields_of_maps_follow_rows_and_outputs():
    sv = colour()
    one = sv[1][..., "fox"]
    assert one.axes == ("feature",) * 3
    assert one.output_names == "fox"
    assert np.array_equal(one.data, sv.data[1])
    for name in OF_MAPS:
        whole = getattr(sv, name)
        assert np.array_equal(getattr(one, name), whole[1] if name == "segments" else whole[1][..., 2]), name
    assert (one.forward_rows, sv.n_forward_rows.tolist()) == (8, [7, 8, 9])
    two = sv[[2, 0], ..., ["owl", "cat"]]
    assert np.array_equal(two.channel_error_std, sv.channel_error_std[[2, 0]][..., [3, 0]])
    assert np.array_equal(two.replicates, sv.replicates[[2, 0]][..., [3, 0]])
    assert np.array_equal(two.segments, sv.segments[[2, 0]])


def test_fields_of_maps_go_when_a_part_of_the_picture_is_taken():
    for part in (colour()[:, 2:5], colour()[:, :, 3], colour()[..., :2, :], colour().sum(1), colour().flip):
        assert [getattr(part, name) for name in OF_MAPS] == [None] * len(OF_MAPS)
    assert colour()[:, 2:5].data.shape == (ROWS, 3, WIDTH, CHANNELS)


def test_reductions_keep_what_stays_true():
    sv = colour()
    assert sv.mean(0).forward_rows == 24
    assert sv.mean(0).relative_error is None
    assert np.array_equal(sv.mean(0).data, sv.data.mean(0))
    assert sv.mean(-1).channel_error_std is None
    assert np.array_equal(sv.mean(-1).segments, sv.segments)
    assert sv.abs.channel_error_std is None
    assert np.array_equal(sv.abs.relative_error, sv.relative_error)
    assert sv.argsort.segments is None
    assert np.array_equal(sv.sum().values, sv.values.sum())


def test_a_factor_scales_errors_and_replicates():
    sv = colour()
    halved = sv / -2.0
    assert np.array_equal(halved.channel_error_std, sv.channel_error_std / 2.0)
    assert np.array_equal(halved.replicates, sv.replicates / -2.0)
    assert np.array_equal(halved.relative_error, sv.relative_error)
    assert (sv * sv.values).replicates is None
    assert (sv + sv).forward_rows is None


@pytest.mark.parametrize(
    "field, value, message",
    [
        ("relative_error", np.zeros((3, 5)), "`relative_error` has 5 outputs, but `values` has 4"),
        ("forward_rows", np.zeros(2), "`forward_rows` has 2 rows"),
        ("channel_error_std", np.zeros((3, 9, 11, 4)), "`channel_error_std` has 11 pixel columns"),
        ("pooled_error_std", np.zeros((3, 1, 2, 4)), "`pooled_error_std` has 1 block rows, but `values` has 2"),
        ("replicates", np.zeros((3, 5, 9, 12, 3)), "`replicates` has shape"),
        ("segments", np.zeros((3, 9, 5), dtype=int), "`segments` has 5 pixel columns"),
        ("data", np.zeros((3, 9, 12)), "`data` has shape"),
    ],
)
def test_fields_of_the_wrong_shape_are_refused_by_name(field, value, message):
    with pytest.raises(DimensionError, match=message):
        colour(**{field: value}) if field != "data" else Explanation(colour(), data=value)


def test_fields_of_maps_belong_to_maps():
    with pytest.raises(DimensionError, match="belongs to maps of pixels"):
        Explanation(np.zeros((2, 3)), segments=np.zeros((2, 3), dtype=int))
    with pytest.raises(TypeError, match="whole number of each pixel's segment"):
        colour(segments=np.zeros((ROWS, HEIGHT, WIDTH)))
    table = Explanation(np.zeros((2, 3)), replicates=np.zeros((2, 4, 3)), relative_error=[0.1, 0.2])
    assert table[0].replicates.shape == (4, 3)


def test_one_segmentation_may_serve_all_rows():
    segments = np.arange(HEIGHT * WIDTH).reshape(HEIGHT, WIDTH)
    sv = colour(segments=segments)
    assert np.array_equal(sv[2].segments, segments)
    assert np.array_equal(sv[0, ..., 0].segments, segments)


def test_pickles_hold_every_field_of_a_slice():
    sv = colour()[1:, ..., "dog"]
    new = pickle.loads(pickle.dumps(sv))
    for name in (*OF_MAPS, "forward_rows", "data", "base_values", "values"):
        assert np.array_equal(getattr(new, name), getattr(sv, name)), name
    assert new.axes == sv.axes


def test_chains_choose_among_outputs():
    strongest = Explanation.argsort.flip[:2].apply(Explanation([0.1, 0.7, 0.2, 0.4]))
    assert strongest.values.tolist() == [1, 3]
    assert colour()[0][..., strongest].output_names == ["dog", "owl"]


def test_names_may_differ_from_row_to_row():
    names = np.array([["cat", "dog"], ["owl", "fox"]], dtype=object)
    values = np.zeros((2, 4, 5, 3, 2))
    sv = Explanation(values, data=np.zeros((2, 4, 5, 3)), output_names=names)
    assert sv[1].output_names == ["owl", "fox"]
    assert sv[1][..., "fox"].output_names == "fox"
    assert sv[..., 0].output_names.tolist() == ["cat", "owl"]


def test_a_cut_of_large_maps_is_a_view():
    sv = Explanation(np.zeros((4, 64, 64, 3, 10)), data=np.zeros((4, 64, 64, 3)))
    sv[0]
    tracemalloc.start()
    one = sv[0][..., 3]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert one.shape == (64, 64, 3)
    assert peak < 10_000


def test_channels_are_summed_with_the_errors_of_sums_and_over_the_same_picture():
    sv = colour()
    summed = sv.sum_channels()
    assert summed.axes == ("row", "feature", "feature", "output")
    assert np.array_equal(summed.values, sv.values.sum(axis=3))
    assert np.array_equal(summed.error_std, sv.channel_error_std)
    assert np.array_equal(summed.data, sv.data)
    assert np.array_equal(summed.gap, sv.gap)
    assert summed.output_names == NAMES
    assert np.array_equal(summed[1].data, sv.data[1])
    assert np.array_equal(summed[:, 2:4].data, sv.data[:, 2:4])
    assert summed[:, 2].data is None
    assert Explanation(pickle.loads(pickle.dumps(summed[0]))).shape == (HEIGHT, WIDTH, OUTPUTS)
    assert summed.op_history[-1].name == "sum_channels"
    for one in (sv[0, ..., 1], sv[0], sv[..., 1]):
        assert np.array_equal(one.sum_channels().values, one.values.sum(axis=one.axes.index("feature") + 2))


def test_errors_of_sums_are_never_made_from_errors_of_pixels():
    known = dict.fromkeys(OF_MAPS)
    sv = colour(error_std=np.ones((ROWS, HEIGHT, WIDTH, CHANNELS, OUTPUTS)), **known)
    assert np.isnan(sv.sum_channels().error_std).all()
    assert np.isnan(sv.pooled().error_std).all()
    exact = colour(error_std=np.zeros((ROWS, HEIGHT, WIDTH, CHANNELS, OUTPUTS)), **known)
    assert not exact.pooled().error_std.any()
    assert colour(**known).pooled().error_std is None


@pytest.mark.parametrize("size", [1, 3, 4, 8, 100])
def test_blocks_are_sums_over_pixels_and_channels(size):
    sv = colour()
    blocks = sv.pooled(size)
    pixels = sv.values.sum(axis=3)
    starts = [range(0, side, size) for side in (HEIGHT, WIDTH)]
    wanted = [[pixels[:, i : i + size, k : k + size].sum(axis=(1, 2)) for k in starts[1]] for i in starts[0]]
    # A sum of at most 3 * 108 terms, each below 6 in size.
    assert np.allclose(blocks.values, np.moveaxis(wanted, 2, 0), rtol=0, atol=2 * 324**2 * 6 * 2.0**-53)
    means = [[sv.data[:, i : i + size, k : k + size].mean(axis=(1, 2)) for k in starts[1]] for i in starts[0]]
    assert np.array_equal(blocks.data, np.rint(np.moveaxis(means, 2, 0)).astype(np.uint8))
    assert blocks.error_std.shape == blocks.shape


def test_blocks_of_eight_have_the_errors_that_were_computed_and_others_those_of_replicates(seed):
    rng = np.random.default_rng(seed)
    sv = colour(seed)
    assert np.array_equal(sv.pooled(8).error_std, sv.pooled_error_std)
    replicates = rng.normal(size=(ROWS, REPLICATES, HEIGHT, WIDTH, CHANNELS, OUTPUTS))
    wanted = Explanation(sv, replicates=replicates).pooled(100).error_std[:, 0, 0]
    totals = replicates.sum(axis=(2, 3, 4))
    assert np.allclose(wanted, totals.std(axis=1, ddof=1) / np.sqrt(REPLICATES), rtol=1e-12)


def test_grey_images_have_no_channels_to_sum():
    sv = grey(2)
    assert np.array_equal(sv.sum_channels().values, sv.values)
    by_hand = sv.values[0, :4, 4:].sum(axis=(0, 1))  # 16 terms, each below 6 in size
    assert np.allclose(sv.pooled(4)[0].values[0, 1], by_hand, rtol=0, atol=2 * 16**2 * 6 * 2.0**-53)


def test_maps_without_data_are_still_those_of_images():
    sv = Explanation(np.ones((2, 4, 4, 3)), axes=("row", "feature", "feature", "feature"))
    assert sv.sum_channels()[0].pooled(2).values.tolist() == [[12.0, 12.0], [12.0, 12.0]]


def test_only_images_have_coarser_maps():
    for sv in (Explanation(np.zeros((2, 3))), Explanation(np.zeros((2, 3, 3)), np.zeros(2), np.zeros((2, 3)))):
        with pytest.raises(DimensionError, match="`sum_channels` is for images"):
            sv.sum_channels()
        with pytest.raises(DimensionError, match="`pooled` is for images"):
            sv.pooled(8)
    for size in (0, -1, 2.5, "8"):
        with pytest.raises(OptionError, match="`size` is"):
            colour().pooled(size)
