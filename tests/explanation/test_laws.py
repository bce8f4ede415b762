"""Laws of the algebra: cutting first or computing first comes to the same, in values and in every field."""

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.export.explained import assert_same, explanations

from ferroshap.explanation import Explanation

TABLES = [("row", "feature"), ("row", "feature", "output")]

# Each acts on every row by itself, so rows may be chosen before or after.
BY_ROW = {
    "abs": lambda sv: sv.abs,
    "negated": lambda sv: -sv,
    "scaled": lambda sv: 3.0 * sv / 2.0,
    "shifted": lambda sv: 1.0 - sv,
    "squared": lambda sv: sv**2,
    "summed over features": lambda sv: sv.sum(1),
    "argsort": lambda sv: sv.argsort,
    "doubled": lambda sv: sv + sv,
    "last output or feature": lambda sv: sv[..., -1:],
}

# Each acts on every feature by itself.
BY_FEATURE = {
    "abs": lambda sv: sv.abs,
    "scaled": lambda sv: sv * -2.0,
    "summed over rows": lambda sv: sv.sum(0),
    "largest of rows": lambda sv: sv.abs.max(0) if len(sv) else sv,
    "percentile of rows": lambda sv: sv.percentile(25, 0) if len(sv) else sv,
    "of some rows": lambda sv: sv[::-2],
    "sampled": lambda sv: sv.sample(2),
}


def keys(data, size):
    """A slice, positions or a mask."""
    part = st.integers(-size - 1, size + 1)
    return data.draw(
        st.one_of(
            st.builds(slice, part, part, st.sampled_from([None, 1, 2, -1])),
            st.lists(st.integers(-size, size - 1), max_size=5) if size else st.just([]),
            st.lists(st.booleans(), min_size=size, max_size=size).map(lambda mask: np.array(mask, dtype=bool)),
        )
    )


@given(sv=explanations(axes=TABLES), data=st.data())
@pytest.mark.parametrize("name", BY_ROW)
def test_rows_are_chosen_before_or_after(name, sv, data):
    rows, operation = keys(data, len(sv)), BY_ROW[name]
    # A status stands for all rows that were there when two Explanations met.
    assert_same(operation(sv)[rows], operation(sv[rows]))


@given(sv=explanations(axes=TABLES), data=st.data())
@pytest.mark.parametrize("name", BY_FEATURE)
def test_features_are_chosen_before_or_after(name, sv, data):
    features, operation = keys(data, sv.shape[1]), BY_FEATURE[name]
    first, second = operation(sv[:, features]), operation(sv)
    cut = second[:, features] if second.axes[0] == "row" else second[features]
    assert_same(first, cut)


@given(sv=explanations(axes=TABLES), data=st.data())
def test_two_cuts_are_one(sv, data):
    rows, features = keys(data, len(sv)), keys(data, sv.shape[1])
    assert_same(sv[rows][:, features], sv[rows, features])
    assert_same(sv[:, features][rows], sv[rows, features])


@given(sv=explanations(axes=TABLES), data=st.data())
def test_names_find_what_their_positions_find(sv, data):
    if not sv.shape[1] or len(set(sv.feature_names)) < sv.shape[1]:
        return
    chosen = data.draw(st.lists(st.integers(0, sv.shape[1] - 1), max_size=4))
    assert_same(sv[:, [sv.feature_names[i] for i in chosen]], sv[:, chosen])
    for i in chosen:
        assert_same(sv[:, sv.feature_names[i]], sv[:, i])


@given(sv=explanations())
def test_copies_are_the_same(sv):
    for other in (copy.copy(sv), copy.deepcopy(sv), pickle.loads(pickle.dumps(sv)), Explanation(sv)):
        assert_same(other, sv)


@given(sv=explanations(axes=TABLES))
def test_what_is_put_together_was_whole(sv):
    for at in range(sv.shape[1] + 1):
        whole = sv[:, :at].hstack(sv[:, at:])
        assert np.array_equal(whole.values, sv.values)
        assert whole.feature_names == sv.feature_names


@given(sv=explanations(axes=TABLES), data=st.data())
def test_groups_are_sums_of_their_features(sv, data):
    if len(set(sv.feature_names)) < sv.shape[1]:
        return
    groups = [data.draw(st.sampled_from("ABC")) for _ in sv.feature_names]
    grouped = sv.sum(grouping=dict(zip(sv.feature_names, groups, strict=True)))
    assert grouped.feature_names == list(dict.fromkeys(groups))
    for at, group in enumerate(grouped.feature_names):
        members = [i for i, other in enumerate(groups) if other == group]
        assert np.array_equal(grouped.values[:, at], sv.values.take(members, 1).sum(1))
