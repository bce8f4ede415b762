"""Fields that are set on an Explanation that is there."""

import numpy as np
import pytest

from ferroshap.errors import DimensionError
from ferroshap.explanation import Explanation


def explained(shape=(5, 3, 2), **fields):
    rng = np.random.default_rng(0)
    given = {
        "base_values": rng.normal(size=(shape[0], shape[-1])),
        "data": rng.normal(size=shape[:-1]),
        "output_names": [f"y{i}" for i in range(shape[-1])],
    }
    return Explanation(rng.normal(size=shape), **(given | fields))


def test_values_of_one_output_replace_those_of_all():
    sv = explained(feature_names=list("abc"), error_std=np.ones((5, 3, 2)), n_evaluations=np.arange(5))
    one = sv[..., 1]
    sv.values = sv.values[..., 1]
    assert (sv.base_values, sv.output_names, sv.error_std) == (None, None, None)  # they were of two outputs
    assert (sv.axes, sv.feature_names, sv.n_evaluations.tolist()) == (("row", "feature"), list("abc"), [0, 1, 2, 3, 4])
    sv.base_values = one.base_values
    assert np.array_equal(sv.values, one.values)
    assert np.array_equal(sv.data, one.data)
    assert np.array_equal(sv[2].base_values, one[2].base_values)


def test_base_values_may_be_set_first():
    sv = explained()
    base = sv.base_values[:, 1].copy()
    sv.base_values = base
    sv.values = sv.values[..., 1]
    assert np.array_equal(sv.base_values, base)


def test_a_list_of_one_array_an_output_is_stacked():
    images = explained((1, 6, 6, 3, 4))
    values, data = images.values, images.data
    images.data = data[0]
    images.values = [part for part in np.moveaxis(values[0], -1, 0)]  # noqa: C416 - as it stands in notebooks
    assert np.array_equal(images.values, values)
    assert np.array_equal(images.data, data)
    assert images.output_names == ["y0", "y1", "y2", "y3"]
    table = explained()
    table.values = list(np.moveaxis(2 * table.values, -1, 0))
    assert np.array_equal(table.values, 2 * explained().values)


def test_outputs_may_come_and_the_axis_of_a_single_row_may_go():
    sv = explained()[..., 0]
    sv.values = sv.values[..., None]
    assert sv.axes == ("row", "feature", "output")
    row = explained((1, 3, 2))
    row.values = row.values[0]
    assert (row.axes, row.shape) == (("feature", "output"), (3, 2))
    assert (row.data.shape, row.base_values) == ((3,), None)


def test_slices_made_before_keep_what_they_saw():
    sv = explained()
    before = sv[1]
    values, base = before.values.copy(), before.base_values.copy()
    sv.values = sv.values[..., 1]
    assert np.array_equal(before.values, values)
    assert np.array_equal(before.base_values, base)


@pytest.mark.parametrize("wrong", [np.ones((5, 3, 2, 2, 2)), np.ones(5), np.ones((3, 5)), np.ones((5, 3, 2, 1))])
def test_values_of_other_axes_are_refused(wrong):
    with pytest.raises(DimensionError, match=r"`values` has shape .* but this Explanation has \(5, 3, 2\)"):
        explained().values = wrong


def test_other_lengths_are_refused_by_the_field_that_does_not_fit():
    sv = explained(data=None, output_names=None, feature_names=list("abc"))
    with pytest.raises(DimensionError, match="`feature_names` has 3 names"):
        sv.values = sv.values[:, :2]
    with pytest.raises(DimensionError, match="`base_values`"):
        explained(data=None).values = np.ones((4, 3, 2))
    with pytest.raises(TypeError, match="real numbers"):
        sv.values = np.ones((5, 3, 2), dtype=complex)


def test_names_are_set_in_any_container():
    sv = explained()
    for names in (["a", "b", "c"], ("a", "b", "c"), np.array(["a", "b", "c"])):
        sv.feature_names = names
        assert sv.feature_names == ["a", "b", "c"]
        assert sv[0, "b"].shape == (2,)
    sv.output_names = np.array(["no", "yes"])
    assert sv[..., "yes"].shape == (5, 3)
    with pytest.raises(DimensionError, match="2 names"):
        sv.feature_names = ["a", "b"]
    with pytest.raises(AttributeError, match="`plan` cannot be set"):
        sv.plan = "x"


@pytest.mark.parametrize("name", ["data", "display_data", "main_effects", "hierarchical_values", "clustering"])
def test_other_fields_are_set_and_checked(name):
    fitting = {"data": (5, 3), "display_data": (5, 3), "clustering": (2, 4)}.get(name, (5, 3, 2))
    sv = explained()
    setattr(sv, name, np.ones(fitting))
    assert getattr(sv, name).shape == fitting
    with pytest.raises(DimensionError, match=f"`{name}`"):
        setattr(sv, name, np.ones((7, 9)))
    setattr(sv, name, None)
    assert getattr(sv, name) is None
