"""Reductions, order, op-chains and history."""

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from ferroshap.explanation import Explanation, OpChain


def explained(rng=None):
    rng = rng or np.random.default_rng(0)
    return Explanation(
        rng.normal(size=(6, 4, 2)),
        rng.normal(size=(6, 2)),
        rng.normal(size=(6, 4)),
        feature_names=list("abcd"),
        output_names=["no", "yes"],
        error_std=np.ones((6, 4, 2)),
        n_evaluations=np.arange(6),
        status="BUDGET_SPENT",
        compute_time=2.0,
    )


@given(
    values=arrays(float, array_shapes(min_dims=1, max_dims=3, max_side=5), elements=st.floats(-1e3, 1e3)),
    name=st.sampled_from(["mean", "max", "min", "sum"]),
    data=st.data(),
)
def test_reductions_are_numpys_own(values, name, data):
    axis = data.draw(st.one_of(st.none(), st.integers(-values.ndim, values.ndim - 1)))
    reduced = getattr(Explanation(values), name)(axis)
    assert np.array_equal(reduced.values, getattr(np, name)(values, axis=axis))
    assert len(reduced.axes) == np.ndim(reduced.values)


def test_a_reduction_over_rows_keeps_what_stays_true():
    sv = explained()
    mean = sv.mean(0)
    assert np.array_equal(mean.base_values, sv.base_values.mean(0))
    assert np.array_equal(mean.data, sv.data.mean(0))
    assert (mean.feature_names, mean.output_names, mean.axes) == (list("abcd"), ["no", "yes"], ("feature", "output"))
    assert (mean.error_std, mean.n_evaluations, mean.compute_time, mean.status) == (None, 15, 2.0, "BUDGET_SPENT")
    assert sv.max(0).base_values is None
    assert Explanation(np.ones((3, 2)), [4.0, 4.0, 4.0]).max(0).base_values == 4.0


def test_a_reduction_over_features_or_outputs_drops_their_names():
    sv = explained()
    assert (sv.sum(1).feature_names, sv.sum(1).data, sv.sum(1).axes) == (None, None, ("row", "output"))
    assert np.array_equal(sv.sum(1).base_values, sv.base_values)
    assert sv.mean(-1).output_names is None
    assert np.array_equal(sv.mean(-1).base_values, sv.base_values.mean(-1))
    assert np.array_equal(sv.mean(-1).data, sv.data)
    assert sv.sum().axes == ()


def test_data_that_are_no_numbers_do_not_survive_a_mean():
    sv = Explanation(np.ones((2, 1)), data=np.array([["a"], ["b"]], dtype=object))
    assert sv.mean(0).data is None


def test_an_axis_that_is_not_there_is_refused():
    with pytest.raises(IndexError, match="`axis` is 3"):
        explained().mean(3)


def test_abs_keeps_names_data_and_errors_and_drops_bounds():
    sv = Explanation([-1.0, 2.0], 3.0, [5, 6], error_std=[0.1, 0.2], upper_bounds=[0.0, 3.0]).abs
    assert (sv.values.tolist(), sv.base_values, sv.data.tolist()) == ([1.0, 2.0], 3.0, [5, 6])
    assert (sv.error_std.tolist(), sv.upper_bounds) == ([0.1, 0.2], None)


def test_argsort_is_stable_on_the_last_axis_and_drops_what_stood_at_the_positions():
    order = Explanation([[2.0, 1.0, 1.0]], 0.0, [[7, 8, 9]]).argsort
    assert order.values.tolist() == [[1, 2, 0]]
    assert (order.data, order.base_values, order.feature_names) == (None, None, None)


def test_flip_turns_every_axis_with_its_names_and_data():
    sv = explained()
    assert np.array_equal(sv.flip.values, np.flip(sv.values))
    assert np.array_equal(sv.flip.data, np.flip(sv.data))
    assert (sv.flip.feature_names, sv.flip.output_names) == (list("dcba"), ["yes", "no"])
    assert np.array_equal(sv.flip.flip.base_values, sv.base_values)


def test_history_tells_what_was_done():
    history = explained()[:3].abs.mean(0)[..., "yes"].op_history
    assert [(item.name, item.prev_shape) for item in history] == [
        ("__getitem__", (6, 4, 2)),
        ("abs", (3, 4, 2)),
        ("mean", (3, 4, 2)),
        ("__getitem__", (4, 2)),
    ]
    assert [item.collapsed_instances for item in history] == [False, False, True, False]
    assert explained().mean().op_history[0].collapsed_instances


def test_a_chain_does_what_its_links_say():
    sv = explained()[..., 0]
    assert np.array_equal(Explanation.abs.mean(0).apply(sv).values, sv.abs.mean(0).values)
    assert np.array_equal(Explanation.abs.max.apply(sv).values, sv.abs.max().values)
    assert np.array_equal(Explanation[:, "b"].apply(sv).values, sv[:, "b"].values)
    assert Explanation.identity.apply(sv) is sv
    assert np.array_equal(Explanation.sum(axis=1).apply(sv).values, sv.sum(1).values)


def test_two_chains_from_one_start_are_two_chains():
    start = Explanation.abs.mean
    first, second = start(0), start(1)
    assert repr(first) == "Explanation.abs.mean(0)"
    assert repr(second) == "Explanation.abs.mean(1)"
    assert repr(start) == "Explanation.abs.mean"


def test_a_chain_is_written_as_it_was_typed():
    assert repr(Explanation.abs.mean(0).argsort.flip[:5]) == "Explanation.abs.mean(0).argsort.flip[:5]"
    assert repr(Explanation[..., 1:9:2].sum(axis=0)) == "Explanation[..., 1:9:2].sum(axis=0)"


def test_chains_are_copied_pickled_and_hashed():
    chain = Explanation[np.arange(3), 1:].abs.mean(0)
    for other in (pickle.loads(pickle.dumps(chain)), copy.deepcopy(chain), Explanation[np.arange(3), 1:].abs.mean(0)):
        assert other == chain
        assert hash(other) == hash(chain)
    assert chain != Explanation[np.arange(3), 1:].abs.mean(1)
    assert chain != 3


@pytest.mark.parametrize("name", ["_repr_html_", "__len__", "shape", "percentle"])
def test_a_chain_has_no_other_names(name):
    with pytest.raises(AttributeError, match="has no operation"):
        getattr(Explanation.abs, name)


def test_a_chain_is_called_once_an_operation_and_not_iterated_over():
    with pytest.raises(TypeError, match="cannot be called"):
        Explanation.mean(0)(1)
    with pytest.raises(TypeError, match="cannot be called"):
        OpChain()(1)
    with pytest.raises(TypeError, match="no elements"):
        iter(Explanation.abs)


def test_long_chains_of_operations_do_not_exhaust_the_stack():
    sv = explained()
    data = sv.data
    for _ in range(5_000):
        sv = sv * 1.0
    assert np.array_equal(sv.data, data)


def test_instances_do_not_see_the_chains_of_the_class():
    assert isinstance(Explanation.mean, OpChain)
    assert isinstance(explained().abs, Explanation)
