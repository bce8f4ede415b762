"""Indexing agrees with `numpy.ix_` on every axis, and the fields follow the values."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ferroshap.explanation import Explanation


def numbered(*shape):
    return np.arange(np.prod(shape), dtype=float).reshape(shape)


def explained(n_rows=5, n_features=4, n_outputs=3):
    """Values, data and bases tell their own position."""
    return Explanation(
        numbered(n_rows, n_features, n_outputs),
        numbered(n_rows, n_outputs),
        numbered(n_rows, n_features),
        instance_names=[f"r{i}" for i in range(n_rows)],
        feature_names=[f"f{i}" for i in range(n_features)],
        output_names=[f"o{i}" for i in range(n_outputs)],
        error_std=numbered(n_rows, n_features, n_outputs) / 10,
        n_evaluations=np.arange(n_rows),
        gap=numbered(n_rows, n_outputs),
    )


@st.composite
def keys(draw, size, letter):
    """A key for one axis, and the positions it means: an int where the axis goes."""
    position = st.integers(-size, size - 1)
    kind = draw(st.sampled_from(["int", "slice", "list", "array", "mask", "name", "names", "explanation"]))
    if kind == "int":
        at = draw(position)
        return at, at % size
    if kind == "name":
        at = draw(st.integers(0, size - 1))
        return f"{letter}{at}", at
    if kind == "slice":
        part = draw(st.slices(size))
        return part, np.arange(size)[part]
    if kind == "mask":
        mask = draw(st.lists(st.booleans(), min_size=size, max_size=size))
        return draw(st.sampled_from([mask, np.array(mask), Explanation(np.array(mask))])), np.flatnonzero(mask)
    at = draw(st.lists(position, max_size=6))
    meant = np.array([i % size for i in at], dtype=int)
    if kind == "names":
        return [f"{letter}{i}" for i in meant], meant
    if kind == "explanation":
        return Explanation(np.array(at, dtype=int)), meant
    return (np.array(at, dtype=int) if kind == "array" else at), meant


@given(data=st.data(), sizes=st.tuples(*[st.integers(1, 5)] * 3))
def test_every_mixture_of_keys_selects_what_ix_selects(data, sizes):
    sv = explained(*sizes)
    pairs = [data.draw(keys(size, letter)) for size, letter in zip(sizes, "rfo", strict=True)]
    pairs = pairs[: data.draw(st.integers(0, 3))]
    cut = sv[tuple(key for key, _ in pairs)]
    wanted = [at for _, at in pairs] + [np.arange(size) for size in sizes[len(pairs) :]]
    picked = tuple(axis for axis, at in enumerate(wanted) if isinstance(at, int))
    rows, features, outputs = (np.atleast_1d(at) for at in wanted)

    def expected(array, *parts):
        axes = tuple(i for i, part in enumerate(parts) if isinstance(wanted[part], int))
        return array[np.ix_(*([rows, features, outputs][part] for part in parts))].squeeze(axes)

    assert np.array_equal(cut.values, expected(sv.values, 0, 1, 2))
    assert np.array_equal(cut.error_std, expected(sv.error_std, 0, 1, 2))
    assert np.array_equal(cut.base_values, expected(sv.base_values, 0, 2))
    assert np.array_equal(cut.gap, expected(sv.gap, 0, 2))
    assert np.array_equal(cut.data, expected(sv.data, 0, 1))
    assert np.array_equal(cut.n_evaluations, expected(sv.n_evaluations, 0))
    assert cut.axes == tuple(role for axis, role in enumerate(sv.axes) if axis not in picked)
    for field, at, letter in zip(("instance_names", "feature_names", "output_names"), wanted, "rfo", strict=True):
        names = [f"{letter}{i}" for i in np.atleast_1d(at)]
        assert getattr(cut, field) == (names[0] if isinstance(at, int) else names)


@given(data=st.data())
def test_cutting_twice_is_cutting_once(data):
    sv = explained(6, 5, 2)
    first, second = data.draw(st.slices(6)), data.draw(st.slices(len(range(6)[first := data.draw(st.slices(6))]) or 1))
    twice, once = sv[first][second], sv[np.arange(6)[first][second]]
    for field in ("values", "data", "base_values", "instance_names", "n_evaluations"):
        assert np.array_equal(getattr(twice, field), getattr(once, field))


def test_an_ellipsis_stands_for_the_axes_left_out():
    sv = explained()
    assert np.array_equal(sv[..., "o1"].values, sv.values[..., 1])
    assert np.array_equal(sv[..., :2, 0].values, sv.values[:, :2, 0])
    assert np.array_equal(sv[1, ...].values, sv.values[1])


def test_op_chains_are_applied_to_what_they_index():
    sv = explained()[..., 0]
    strongest = Explanation.abs.mean(0).argsort.flip[:2]
    assert sv[:, strongest].feature_names == ["f3", "f2"]
    assert sv[:, sv.abs.mean(0).argsort.flip[:2]].feature_names == ["f3", "f2"]


def test_a_row_of_a_column_answers_to_names_too():
    sv = explained()
    assert sv["r2"]["f1"]["o0"].values == sv.values[2, 1, 0]
    assert sv[..., "Output 2"].output_names == "o2"
    assert sv[:, ["f1", 0]].feature_names == ["f1", "f0"]


def test_slices_are_views():
    sv = explained()
    assert np.shares_memory(sv[1:3].values, sv.values)
    assert np.shares_memory(sv[1:3].data, sv.data)


def test_interactions_keep_the_data_of_the_axis_that_stays():
    sv = Explanation(numbered(5, 3, 3), np.zeros(5), numbered(5, 3), feature_names=["a", "b", "c"])
    one = sv[:, "b"]
    assert (one.axes, one.feature_names, one.data.shape) == (("row", "feature"), ["a", "b", "c"], (5, 3))
    assert sv[:, "b", "c"].feature_names == one[:, "c"].feature_names == "b * c"
    assert sv[:, :2].feature_names == [["a", "b"], ["a", "b", "c"]]


def test_labels_that_differ_from_row_to_row_are_looked_up_in_their_row():
    labels = [["cat", "dog"], ["dog", "owl"]]
    sv = Explanation(numbered(2, 3, 2), output_names=labels, output_indexes=[[0, 1], [1, 2]])
    assert sv[1][:, "owl"].values.tolist() == sv.values[1, :, 1].tolist()
    assert sv[1].output_indexes.tolist() == [1, 2]
    with pytest.raises(KeyError, match="pick a row first"):
        sv[..., "owl"]


@pytest.mark.parametrize(
    "item, error, message",
    [
        (7, IndexError, r"index 7 is out of range for axis 0 \(rows\) with 5 entries"),
        ((0, -5), IndexError, r"axis 1 \(features\) with 4"),
        ((0, [0, 9]), IndexError, r"index 9 .*axis 1 \(features\)"),
        ((0, 0, 0, 0), IndexError, "4 indices came, but this Explanation has 3 axes"),
        ((0, [True, False]), IndexError, r"the mask has 2 entries, but axis 1 \(features\) has 4"),
        (1.5, IndexError, "whole numbers, names or masks"),
        ([0.0], IndexError, "whole numbers, names or masks, got float64"),
        (None, IndexError, "None is no index"),
        (True, IndexError, "True is no index"),
        ((..., ...), IndexError, "single ellipsis"),
        ([[0, 1]], IndexError, "2 axes"),
        ((0, "f9"), KeyError, "no feature is called 'f9'; nearest: 'f"),
        ((0, ["f1", "x"]), KeyError, "no feature is called 'x'"),
        ("f1", KeyError, "no row is called 'f1'"),
        ((..., "Output 7"), IndexError, r"axis 2 \(outputs\) with 3"),
    ],
)
def test_a_wrong_index_says_which_axis_and_what_it_means(item, error, message):
    with pytest.raises(error, match=message):
        explained()[item]


def test_a_surplus_index_says_that_there_is_one_output():
    with pytest.raises(IndexError, match="no output axis: the model has one output"):
        Explanation(numbered(5, 4))[0, 0, 0]


def test_names_that_are_missing_or_stand_twice_ask_for_a_number():
    with pytest.raises(KeyError, match="no names"):
        Explanation(numbered(5, 4))["r1"]
    with pytest.raises(KeyError, match="2 positions"):
        Explanation(numbered(5, 2), feature_names=["a", "a"])[:, "a"]


def test_the_three_nearest_names_are_named():
    sv = Explanation(numbered(2, 4), feature_names=["Age", "Wage", "Page", "zzz"])
    with pytest.raises(KeyError, match=r"nearest: 'Age', '[PW]age', '[PW]age'"):
        sv[:, "age"]


def test_rows_are_iterated_over_and_counted():
    sv = explained()
    assert len(sv) == 5
    assert [row.instance_names for row in sv] == [f"r{i}" for i in range(5)]
    with pytest.raises(TypeError, match="single number"):
        len(sv[0, 0, 0])
    assert float(sv[0, 1, 0]) == 3.0
