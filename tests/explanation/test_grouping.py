"""Percentiles, samples, orders, groups of features, and Explanations side by side."""

import numpy as np
import pytest

from ferroshap.errors import DimensionError, OptionError, StackError
from ferroshap.explanation import Explanation


def explained(**fields):
    rng = np.random.default_rng(0)
    given = {"base_values": 0.5, "data": rng.normal(size=(6, 4)), "feature_names": list("abcd")}
    return Explanation(rng.normal(size=(6, 4)), **(given | fields))


def test_a_percentile_is_numpys_own():
    sv = explained()
    for q, axis in ((30, 0), (0, 1), (100, None), (50.5, (0, 1))):
        assert np.array_equal(sv.percentile(q, axis).values, np.percentile(sv.values, q, axis=axis))
    assert np.array_equal(sv.percentile(30, 0).data, np.percentile(sv.data, 30, axis=0))
    assert sv.percentile(30, 0).base_values == 0.5
    assert [(item.name, item.args) for item in sv.percentile(95, 0).op_history] == [("percentile", (95, 0))]
    assert np.array_equal(Explanation.abs.percentile(95, 0).apply(sv).values, sv.abs.percentile(95, 0).values)
    for wrong in (101, -1, [5, 95], "5"):
        with pytest.raises(OptionError, match="`q` is"):
            sv.percentile(wrong)


def test_a_sample_has_rows_of_the_legacy_generator():
    sv = explained(n_evaluations=np.arange(6))
    chosen = np.random.RandomState(3).choice(6, 4, False)
    assert np.array_equal(sv.sample(4, random_state=3).values, sv.values[chosen])
    assert np.array_equal(sv.sample(4, random_state=3).data, sv.data[chosen])
    assert sorted(sv.sample(100).n_evaluations) == list(range(6))
    assert len(sv.sample(5, replace=True)) == 5
    assert [item.name for item in sv.sample(4).op_history] == ["sample"]
    assert sv.sample(0).shape == (0, 4)
    state = np.random.get_state()[1].copy()  # noqa: NPY002 - that nobody moves it is what is tested
    sv.sample(3)
    assert np.array_equal(np.random.get_state()[1], state)  # noqa: NPY002
    with pytest.raises(DimensionError, match="draws rows"):
        sv[0].sample(1)
    with pytest.raises(OptionError, match="`max_samples` is -1"):
        sv.sample(-1)


def test_hclust_orders_rows_or_features():
    sv = explained()
    assert sorted(sv.hclust()) == list(range(6))
    assert sorted(sv.hclust("correlation", axis=1)) == list(range(4))
    chain = Explanation.hclust()
    assert np.array_equal(chain.apply(sv), sv.hclust())
    assert np.array_equal(Explanation.hclust.apply(sv), sv.hclust())
    assert np.array_equal(sv[chain].values, sv.values[sv.hclust()])
    with pytest.raises(DimensionError, match=r"pick one output, as sv\[..., 0\]"):
        Explanation(np.ones((3, 2, 2))).hclust()
    with pytest.raises(OptionError, match="`axis` is 2"):
        sv.hclust(axis=2)


def test_groups_add_values_and_keep_what_is_left_alone():
    sv = explained(error_std=np.ones((6, 4)), main_effects=np.arange(24.0).reshape(6, 4), clustering=np.ones((3, 4)))
    grouped = sv.sum(grouping={"d": "place", "a": "place"})
    assert grouped.feature_names == ["place", "b", "c"]
    assert np.array_equal(grouped.values[:, 0], sv.values[:, 0] + sv.values[:, 3])
    assert np.array_equal(grouped.values[:, 1:], sv.values[:, 1:3])
    assert np.array_equal(grouped.main_effects[:, 0], sv.main_effects[:, [0, 3]].sum(1))
    assert np.isnan(grouped.data[:, 0]).all()
    assert np.array_equal(grouped.data[:, 1:], sv.data[:, 1:3])
    assert (grouped.error_std, grouped.clustering, grouped.base_values) == (None, None, 0.5)
    assert np.allclose(grouped.sum(1).values, sv.sum(1).values, rtol=0, atol=8 * 2**-52)
    assert grouped.op_history[0].kwargs == {"grouping": {"d": "place", "a": "place"}}
    for axis in (1, -1, None):
        assert np.array_equal(sv.sum(axis, {"d": "place", "a": "place"}).values, grouped.values)


def test_groups_of_words_of_one_row_of_outputs_and_of_interactions():
    words = explained(data=np.array([list("wxyz")] * 6, dtype=object)).sum(grouping={"a": "b"})
    assert words.data[0].tolist() == [None, "y", "z"]
    row = explained()[2].sum(grouping={"a": "ab", "b": "ab"})
    assert (row.feature_names, row.shape) == (["ab", "c", "d"], (3,))
    outputs = Explanation(np.arange(12.0).reshape(2, 3, 2), feature_names=list("abc")).sum(grouping={"c": "a"})
    assert outputs.values[0].tolist() == [[4.0, 6.0], [2.0, 3.0]]
    cube = Explanation(np.ones((2, 3, 3)), np.zeros(2), np.ones((2, 3)), feature_names=list("abc"))
    assert cube.sum(grouping={"a": "g", "b": "g"}).values[0].tolist() == [[4.0, 2.0], [2.0, 1.0]]
    renamed = explained().sum(grouping={"a": "A"})
    assert (renamed.feature_names, renamed.data is None) == (["A", "b", "c", "d"], False)


def test_groups_need_features_with_names():
    sv = explained()
    with pytest.raises(KeyError, match="'e'"):
        sv.sum(grouping={"e": "g"})
    with pytest.raises(DimensionError, match="`axis` is 0"):
        sv.sum(0, grouping={"a": "g"})
    with pytest.raises(DimensionError, match="by the names"):
        sv.mean(1).sum(grouping={"a": "g"})
    with pytest.raises(TypeError, match="pass a dict"):
        sv.sum(grouping=["a"])


def test_what_was_taken_apart_is_put_together():
    sv = explained(
        error_std=np.arange(24.0).reshape(6, 4),
        gap=np.arange(6.0),
        status="EXACT",
        n_evaluations=np.arange(6),
        instance_names=list("uvwxyz"),
    )
    whole = sv[:, :1].hstack(sv[:, 1:])
    for name in ("values", "data", "error_std", "gap", "n_evaluations"):
        assert np.array_equal(getattr(whole, name), getattr(sv, name))
    assert (whole.feature_names, whole.instance_names, whole.status) == (list("abcd"), list("uvwxyz"), "EXACT")
    row = sv[0, :2].hstack(sv[0, 2:])
    assert np.array_equal(row.values, sv[0].values)
    outputs = Explanation(np.arange(12.0).reshape(2, 3, 2), output_names=["no", "yes"])
    assert np.array_equal(outputs[:, :2].hstack(outputs[:, 2:]).values, outputs.values)


def test_what_is_known_of_one_side_only_goes():
    left, right = explained(error_std=np.ones((6, 4))), explained(data=None, status="INTERRUPTED")
    both = left.hstack(right)
    assert (both.data, both.error_std, both.status) == (None, None, None)
    words = explained(data=np.array([list("wxyz")] * 6, dtype=object))
    assert left.hstack(words).data[0, 4:].tolist() == list("wxyz")


def test_what_does_not_stand_side_by_side_is_refused():
    sv = explained()
    with pytest.raises(AssertionError, match="Can't hstack explanations with different numbers of rows: 6 and 2"):
        sv.hstack(sv[:2])
    with pytest.raises(ValueError, match="Can't hstack explanations with different base values"):
        sv.hstack(explained(base_values=0.5 + 2e-6))
    assert sv.hstack(explained(base_values=0.5 + 5e-7)).shape == (6, 8)
    with pytest.raises(StackError, match="axes"):
        sv.hstack(sv.mean(1))
    with pytest.raises(StackError, match="different names"):
        explained(instance_names=list("uvwxyz")).hstack(explained(instance_names=list("abcdef")))
    with pytest.raises(TypeError, match="`other` is a ndarray"):
        sv.hstack(np.ones((6, 2)))
