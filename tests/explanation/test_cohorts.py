"""Cohorts: a partition of the rows whose names are true."""

import copy
import pickle
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ferroshap.errors import DimensionError, OptionError
from ferroshap.explanation import Cohorts, Explanation
from ferroshap.explanation.cohort_tree import between, parted

CONDITION = re.compile(r"(\w+) (<|>=|=|is missing|is known)(?: (.*))?")


def holds(condition, row):
    """Judge one condition of a name by the words alone."""
    name, relation, text = CONDITION.fullmatch(condition).groups()
    value = row[name]
    is_missing = value is None or value != value  # noqa: PLR0124 - NaN
    if relation in {"is missing", "is known"}:
        return is_missing == (relation == "is missing")
    if is_missing:
        return False
    if relation == "=":
        return str(value) == text
    threshold = text if isinstance(value, str) else float(text)
    return value < threshold if relation == "<" else value >= threshold


@st.composite
def explained(draw):
    n_rows = draw(st.integers(1, 30))
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    numbers = rng.integers(-3, 4, n_rows) / draw(st.sampled_from([1, 3, 1e7]))
    gaps = np.where(rng.random(n_rows) < draw(st.sampled_from([0.0, 0.3, 1.0])), np.nan, rng.normal(size=n_rows))
    columns = {"number": numbers, "gaps": gaps}
    if draw(st.booleans()):
        columns["word"] = rng.choice(np.array(["a", "b", "c", None], dtype=object), n_rows)
        columns["flag"] = rng.random(n_rows) < 0.5
        data = np.empty((n_rows, 4), dtype=object)
        for at, column in enumerate(columns.values()):
            data[:, at] = column
    else:
        data = np.column_stack(list(columns.values()))
    values = rng.normal(size=data.shape) + np.where(np.isnan(gaps), 3.0, 0.0)[:, None] + 5 * numbers[:, None]
    return Explanation(values, 0.0, data, feature_names=list(columns), n_evaluations=np.arange(n_rows))


@given(sv=explained(), n_cohorts=st.integers(1, 7))
def test_cohorts_are_a_partition_and_their_names_are_true(sv, n_cohorts):
    cohorts = sv.cohorts(n_cohorts).cohorts
    assert 1 <= len(cohorts) <= n_cohorts
    assert sorted(np.concatenate([part.n_evaluations for part in cohorts.values()])) == list(range(len(sv)))
    conditions = {name: name.split(" & ") if name != "all rows" else [] for name in cohorts}
    for name, part in cohorts.items():
        assert len(part)
        for number in part.n_evaluations:
            row = dict(zip(sv.feature_names, sv.data[number], strict=True))
            fits = [other for other, tests in conditions.items() if all(holds(test, row) for test in tests)]
            assert fits == [name]  # true for its own rows, and for no others


@given(seed=st.integers(0, 10**6), n_rows=st.integers(2, 40), n_parts=st.integers(2, 5))
def test_the_tree_explains_as_much_as_the_one_users_know(seed, n_rows, n_parts):
    tree = pytest.importorskip("sklearn.tree")
    rng = np.random.default_rng(seed)
    data, targets = rng.normal(size=(n_rows, 3)), rng.normal(size=(n_rows, 2))

    def spread(groups):
        return sum(((targets[rows] - targets[rows].mean(axis=0)) ** 2).sum() for rows in groups)

    leaves = tree.DecisionTreeRegressor(max_leaf_nodes=n_parts, random_state=0).fit(data, targets).apply(data)
    theirs = [np.flatnonzero(leaves == leaf) for leaf in np.unique(leaves)]
    ours = [part.rows for part in parted(data, targets, n_parts)]
    assert spread(ours) <= spread(theirs) + n_rows * 2**-50 * (targets**2).sum()


@given(a=st.floats(allow_nan=False), b=st.floats(allow_nan=False))
def test_a_threshold_tells_two_numbers_apart(a, b):
    below, above = sorted((a, b))
    if below < above:
        assert below < between(below, above) <= above


def test_columns_of_many_values_are_cut_between_them():
    rng = np.random.default_rng(0)
    data = np.column_stack([np.exp(rng.normal(size=5_000)), np.where(rng.random(5_000) < 0.9, 0.0, rng.random(5_000))])
    sv = Explanation(10.0 * (data > [2.0, 0.5]), 0.0, data, feature_names=["a", "b"], n_evaluations=np.arange(5_000))
    cohorts = sv.cohorts(4).cohorts
    assert sorted(np.concatenate([part.n_evaluations for part in cohorts.values()])) == list(range(5_000))
    for name, part in cohorts.items():
        for condition in name.split(" & "):
            assert all(holds(condition, dict(zip("ab", row, strict=True))) for row in part.data[::50])
    left = sum(((part.values - part.values.mean(0)) ** 2).sum() for part in cohorts.values())
    assert (
        left < 0.01 * ((sv.values - sv.values.mean(0)) ** 2).sum()
    )  # a cut is at most 5 of 5,000 rows beside the best


def test_nothing_is_cut_where_nothing_is_explained():
    constant = Explanation(np.ones((4, 2)), 0.0, np.arange(8.0).reshape(4, 2))
    assert list(constant.cohorts(3).cohorts) == ["all rows"]
    same = Explanation(np.arange(8.0).reshape(4, 2), 0.0, np.ones((4, 2)))
    assert list(same.cohorts(3).cohorts) == ["all rows"]


def test_labels_make_one_cohort_each_in_their_own_order():
    sv = Explanation(np.arange(10.0).reshape(5, 2))
    assert {name: len(part) for name, part in sv.cohorts([10, 9, 10, 2, 9]).cohorts.items()} == {
        "2": 1,
        "9": 2,
        "10": 2,
    }
    assert list(sv.cohorts(np.array(["m", "f", "f", "m", "f"])).cohorts) == ["f", "m"]
    assert list(sv.cohorts(["b", None, 1, "b", float("nan")]).cohorts) == ["1", "b", "None", "nan"]
    pandas = pytest.importorskip("pandas")
    assert list(sv.cohorts(pandas.Series(["m", "f", "f", "m", "f"], index=list("vwxyz"))).cohorts) == ["f", "m"]


def test_what_cannot_be_split_is_refused():
    outputs = Explanation(np.ones((3, 2, 2)), output_names=["no", "yes"])
    with pytest.raises(ValueError, match=r"Cohorts cannot be calculated on multiple outputs at once.*'yes'"):
        outputs.cohorts(2)
    sv = Explanation(np.ones((3, 2)))
    with pytest.raises(DimensionError, match="has none: pass labels"):
        sv.cohorts(2)
    with pytest.raises(DimensionError, match="2 labels, but there are 3 rows"):
        sv.cohorts(["a", "b"])
    with pytest.raises(OptionError, match="at least 1"):
        sv.cohorts(0)
    for wrong in ("abc", True, 2.5, None, {"a": 1}):
        with pytest.raises(TypeError, match="`cohorts` is a"):
            sv.cohorts(wrong)
    with pytest.raises(DimensionError, match="needs rows"):
        sv[0].cohorts(2)


def test_a_single_column_and_interactions_can_be_split():
    data = np.arange(12.0).reshape(6, 2)
    sv = Explanation(data**2, 0.0, data, feature_names=["a", "b"])
    assert next(iter(sv[:, "a"].cohorts(2).cohorts)).startswith("a < ")
    cube = Explanation(data[:, :, None] * data[:, None, :], np.zeros(6), data)
    assert len(cube.cohorts(3).cohorts) == 3


def test_attributes_indices_and_calls_are_forwarded():
    sv = Explanation(np.arange(12.0).reshape(6, 2) - 5, 0.0, feature_names=["a", "b"])
    cohorts = sv.cohorts(list("xxyyyy"))
    for name, mean in cohorts.abs.mean(0).cohorts.items():
        assert np.array_equal(mean.values, cohorts.cohorts[name].abs.mean(0).values)
    assert cohorts[:, "b"].cohorts["x"].feature_names == "b"
    assert cohorts.shape.cohorts == {"x": (2, 2), "y": (4, 2)}
    assert np.array_equal(cohorts.values.cohorts["y"], sv.values[2:])
    assert (len(cohorts), list(cohorts)) == (2, ["x", "y"])
    assert repr(cohorts) == "<Cohorts: x [2], y [4]>"
    assert repr(cohorts.mean) == "<Cohorts: x.mean, y.mean>"


def test_cohorts_hold_explanations_only_and_are_copied():
    sv = Explanation(np.ones((3, 2)))
    cohorts = Cohorts(**{"self": sv, "two words": sv[:1]})
    for other in (copy.deepcopy(cohorts), pickle.loads(pickle.dumps(cohorts))):
        assert list(other.cohorts) == ["self", "two words"]
    with pytest.raises(TypeError, match="cohort 'a' is a list"):
        Cohorts(a=[1, 2])
    with pytest.raises(TypeError, match="pass a dict"):
        cohorts.cohorts = [sv]
    with pytest.raises(ValueError, match="No methods"):
        cohorts()
    with pytest.raises(AttributeError, match="_repr_png_"):
        cohorts._repr_png_  # noqa: B018 - notebooks probe for it
