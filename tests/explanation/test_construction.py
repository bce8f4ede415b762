"""Axis roles are inferred as documented, and every field is checked against the values."""

import copy
import pickle

import cloudpickle
import numpy as np
import pytest

from ferroshap.errors import DimensionError
from ferroshap.explanation import Explanation, NameTable

ROWS, FEATURES, OUTPUTS = 5, 4, 3


def zeros(*shape):
    return np.zeros(shape)


@pytest.mark.parametrize(
    "values, base, data, names, roles",
    [
        (zeros(4), None, None, None, ("feature",)),
        (zeros(4), 1.0, zeros(4), None, ("feature",)),
        (zeros(4), zeros(4), zeros(4), "age", ("row",)),
        (zeros(5, 4), None, None, None, ("row", "feature")),
        (zeros(5, 4), zeros(5), zeros(5, 4), None, ("row", "feature")),
        (zeros(5, 3), zeros(5, 3), zeros(5), "age", ("row", "output")),
        (zeros(4, 3), zeros(3), zeros(4), None, ("feature", "output")),
        (zeros(4, 4), 0.0, zeros(4), None, ("feature", "feature")),
        (zeros(4, 4), zeros(4), zeros(4), None, ("feature", "output")),
        (zeros(5, 4, 3), None, None, None, ("row", "feature", "output")),
        (zeros(5, 4, 3), zeros(5, 3), zeros(5, 4), None, ("row", "feature", "output")),
        (zeros(5, 4, 4), zeros(5), zeros(5, 4), None, ("row", "feature", "feature")),
        (zeros(5, 4, 4), 0.0, zeros(5, 4), None, ("row", "feature", "feature")),
        (zeros(5, 4, 4), zeros(5, 4), zeros(5, 4), None, ("row", "feature", "output")),
        (zeros(5, 4, 4, 3), zeros(5, 3), zeros(5, 4), None, ("row", "feature", "feature", "output")),
        (zeros(2, 6, 7, 3), zeros(2), zeros(2, 6, 7, 3), None, ("row", "feature", "feature", "feature")),
        (zeros(2, 6, 7, 3, 4), None, zeros(2, 6, 7, 3), None, ("row", *["feature"] * 3, "output")),
        (np.float64(3.0), None, None, None, ()),
    ],
)
def test_roles_are_inferred(values, base, data, names, roles):
    assert Explanation(values, base, data, feature_names=names).axes == roles


def test_square_values_give_their_names_to_the_features():
    square = Explanation(zeros(4, 4), data=zeros(4, 4), feature_names=list("abcd"))
    assert square[:, "b"].shape == (4,)
    with pytest.raises(KeyError, match="row"):
        square["b"]


@pytest.mark.parametrize(
    "field, value, message",
    [
        ("feature_names", ["a", "b"], "`feature_names` has 2 names, but `values` has 4 features"),
        ("feature_names", "age", "give a list"),
        ("instance_names", ["a", "b"], "`instance_names` has 2 names, but `values` has 5 rows"),
        ("output_names", ["a", "b"], "`output_names` has 2 names, but `values` has 3 outputs"),
        ("base_values", zeros(7), "`base_values`"),
        ("data", zeros(5, 3), "`data` has 3 features, but `values` has 4"),
        ("data", zeros(6, 4), "`data` has 6 rows, but `values` has 5"),
        ("error_std", zeros(5, 4), "`error_std` has shape"),
        ("n_evaluations", zeros(2), "`n_evaluations` has 2 rows"),
        ("clustering", zeros(4, 4), "`clustering` has shape"),
        ("gap", zeros(5, 2), "`gap` has 2 outputs"),
        ("axes", ("row", "feature"), "`axes` names 2 roles"),
        ("axes", ("feature", "row", "output"), "`axes` is"),
    ],
)
def test_a_field_of_the_wrong_length_is_refused_by_name(field, value, message):
    with pytest.raises(DimensionError, match=message) as caught:
        Explanation(zeros(ROWS, FEATURES, OUTPUTS), **{field: value})
    assert isinstance(caught.value, ValueError)


def test_ragged_values_and_values_that_are_no_numbers_are_refused():
    with pytest.raises(DimensionError, match="ragged"):
        Explanation([[1.0, 2.0], [3.0]])
    with pytest.raises(TypeError, match="no numbers"):
        Explanation(np.array(["a", None], dtype=object))
    with pytest.raises(TypeError, match="real numbers"):
        Explanation([1j])


def test_base_values_of_one_row_or_output_are_repeated_for_all():
    values = zeros(ROWS, FEATURES, OUTPUTS)
    assert np.array_equal(Explanation(values, [1, 2, 3]).base_values, np.tile([1, 2, 3], (ROWS, 1)))
    assert Explanation(values, np.arange(5)).base_values.shape == (ROWS, OUTPUTS)
    assert Explanation(zeros(5, 4), zeros(5, 1)).base_values.shape == (5,)
    assert Explanation(values, 2.0).base_values == 2.0


def test_an_explanation_is_copied_with_all_its_fields():
    original = Explanation(zeros(5, 4), 1.0, status="EXACT", feature_names=list("abcd")).abs
    copied = Explanation(original, base_values=2.0)
    assert copied.feature_names == list("abcd")
    assert (copied.status, copied.base_values, original.base_values) == ("EXACT", 2.0, 1.0)
    assert [item.name for item in copied.op_history] == ["abs"]


def test_features_are_named_where_nobody_did():
    assert Explanation(zeros(5, 2)).feature_names == ["Feature 0", "Feature 1"]
    assert Explanation(zeros(5, 2, 2, 3)).feature_names == ["Feature 0", "Feature 1"]


def test_settable_fields_are_checked_and_slices_made_before_keep_the_old_value():
    sv = Explanation(zeros(5, 2), data=np.ones((5, 2)), feature_names=["a", "b"])
    row = sv[0]
    sv.data = np.full((5, 2), 7.0)
    sv.feature_names = ["c", "d"]
    assert row.data.tolist() == [1.0, 1.0]
    assert row.feature_names == ["a", "b"]
    assert sv[0, "d"].data == 7.0
    with pytest.raises(DimensionError):
        sv.feature_names = ["c"]
    with pytest.raises(AttributeError, match="cannot be set"):
        sv.status = "EXACT"
    with pytest.raises(DimensionError):
        sv.values = zeros(5, 3)
    sv.values = np.ones((5, 2))
    assert sv.sum().values == 10.0


def test_std_errors_is_another_name_of_error_std():
    sv = Explanation(zeros(2), error_std=[0.1, 0.2])
    assert sv.std_errors is sv.error_std


@pytest.mark.parametrize(
    "copied",
    [
        lambda e: pickle.loads(pickle.dumps(e, protocol=5)),
        lambda e: cloudpickle.loads(cloudpickle.dumps(e)),
        copy.deepcopy,
    ],
    ids=["pickle", "cloudpickle", "deepcopy"],
)
def test_copies_hold_every_field_of_a_slice(copied):
    table = NameTable(["a", "b", "c", "d"])
    fields = {"base_values": np.arange(5.0), "data": np.arange(20.0).reshape(5, 4), "feature_names": table}
    sv = Explanation._trusted(np.arange(20.0).reshape(5, 4), ("row", "feature"), fields | {"seed": 3})[1:3, ["d", "a"]]
    new = copied(sv)
    assert new.values.tolist() == sv.values.tolist() == [[7.0, 4.0], [11.0, 8.0]]
    assert new.data.tolist() == new.values.tolist()
    assert new.feature_names == ["d", "a"]
    assert (new.base_values.tolist(), new.seed, new.axes) == ([1.0, 2.0], 3, sv.axes)
    assert new.op_history == sv.op_history


def test_a_pickled_row_does_not_carry_the_table_it_was_cut_from():
    sv = Explanation(zeros(2000, 20), data=zeros(2000, 20))
    assert len(pickle.dumps(sv[0])) < 5_000


def test_repr_shows_what_is_there_and_a_status_that_may_still_move():
    sv = Explanation(np.array([1.0, 2.0]), 0.5, [3, 4], status="EXACT")
    assert repr(sv) == ".values =\narray([1., 2.])\n\n.base_values =\n0.5\n\n.data =\narray([3, 4])"
    assert repr(Explanation(sv, status="BUDGET_SPENT")).endswith("\n\n.status = BUDGET_SPENT")


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_a_frame_as_data_gives_its_column_names(library):
    frames = pytest.importorskip(library)
    data = frames.DataFrame({"age": [30.0, 40.0], "city": ["Ulm", "Bonn"]})
    sv = Explanation(zeros(2, 2), data=data)
    assert sv.feature_names == ["age", "city"]
    assert sv[1, "city"].data == "Bonn"
