"""Reducers: the same bytes for any split, and what NumPy says of all rows at once."""

import itertools
import pickle
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import ferroshap
from ferroshap import Explanation
from ferroshap.engines import reducers
from ferroshap.errors import DimensionError, OptionError, ReducerError

NAMES = ("age", "bmi", "sex")

#: Every reducer, with options that are not the default.
MAKERS = {
    "Mean": reducers.Mean,
    "MeanAbs": reducers.MeanAbs,
    "Variance": lambda: reducers.Variance(ddof=1),
    "Importance": reducers.Importance,
    "Quantiles": lambda: reducers.Quantiles([0.1, 0.5]),
    "TopCounts": lambda: reducers.TopCounts(k=2),
    "Dependence": lambda: reducers.Dependence(bins=9),
    "Dependence of two": lambda: reducers.Dependence(["sex", "age"], bins=40),
    "Reservoir": lambda: reducers.Reservoir(12, seed=3),
}


class Explained(NamedTuple):
    """What `explain_block` returns, as far as reducers look."""

    values: np.ndarray
    base_values: np.ndarray
    error_std: np.ndarray | None
    data: np.ndarray
    first_row: int
    feature_names: tuple = NAMES
    output_names: tuple = ("low", "high")
    row_keys: object = None

    def rows(self, first, last):
        """Rows of a table as a block of its own."""
        parts = (part if part is None else part[first:last] for part in self[:4])
        keys = self.row_keys if self.row_keys is None or isinstance(self.row_keys, str) else self.row_keys[first:last]
        return self._replace(**dict(zip(self._fields, parts, strict=False)), first_row=first, row_keys=keys)


def table(seed, n_rows, n_outputs=2, dtype=np.float64, errors=False):
    rng = np.random.default_rng(seed)
    values = rng.standard_normal((n_rows, 3, n_outputs)) * 10.0 ** rng.integers(-9, 9, (n_rows, 3, n_outputs))
    values[rng.random(values.shape) < 0.1] = 0.0
    data = np.stack([rng.standard_normal(n_rows), rng.integers(0, 5, n_rows), rng.lognormal(size=n_rows)], axis=1)
    data[rng.random(data.shape) < 0.05] = np.nan
    base = np.broadcast_to(rng.standard_normal(n_outputs), (n_rows, n_outputs))
    error_std = np.abs(values) / 8 if errors else None
    outputs = ("low", "high")[:n_outputs] if n_outputs > 1 else ()
    return Explained(values.astype(dtype), base, error_std, data, 0, NAMES, outputs)


@pytest.mark.parametrize("make", MAKERS.values(), ids=list(MAKERS))
@given(data=st.data())
def test_any_split_in_any_order_gives_the_same_bytes(make, data):
    n_rows = data.draw(st.integers(1, 300), label="rows")
    whole = table(data.draw(st.integers(0, 2**32), label="seed"), n_rows, data.draw(st.integers(1, 2)))
    cuts = data.draw(st.lists(st.integers(0, n_rows), max_size=5).map(sorted), label="cuts")
    parts = [make().part(whole.rows(*pair)) for pair in itertools.pairwise([0, *cuts, n_rows])]
    merged = make()
    for part in data.draw(st.permutations(parts), label="order"):
        merged.merge(part)
    running = make()
    for pair in itertools.pairwise([0, *cuts, n_rows]):
        running.update(whole.rows(*pair), n_jobs=2)
    want = make().update(whole).to_bytes()
    assert merged.to_bytes() == want
    assert running.to_bytes() == want


@pytest.mark.parametrize("make", MAKERS.values(), ids=list(MAKERS))
def test_bytes_and_pickles_come_back_as_they_went(make):
    for reducer in (make(), make().update(table(1, 50))):
        for back in (reducers.from_bytes(reducer.to_bytes()), pickle.loads(pickle.dumps(reducer)), reducer.copy()):
            assert type(back) is type(reducer)
            assert repr(back) == repr(reducer)
            assert back.to_bytes() == reducer.to_bytes()
        more = table(2, 30)
        assert back.update(more).to_bytes() == reducer.update(more).to_bytes()


@pytest.mark.parametrize("make", MAKERS.values(), ids=list(MAKERS))
def test_bytes_cut_anywhere_or_changed_anywhere_are_refused(make):
    data = make().update(table(1, 6)).to_bytes()
    for end in range(len(data)):
        with pytest.raises(ReducerError):
            reducers.from_bytes(data[:end])
    for place in range(0, len(data), 7):
        changed = bytearray(data)
        changed[place] ^= 0x10
        with pytest.raises(ReducerError):
            reducers.from_bytes(changed)
    with pytest.raises(ReducerError, match="more was put behind it"):
        reducers.from_bytes(data + b"more")


def test_bytes_of_a_newer_version_and_of_something_else_say_so():
    data = bytearray(reducers.Mean().to_bytes())
    data[4] = 9
    with pytest.raises(ReducerError, match="version 9.*update ferroshap"):
        reducers.from_bytes(data)
    with pytest.raises(ReducerError, match="not the bytes of a reducer"):
        reducers.from_bytes(b"PAR1" + bytes(100))
    with pytest.raises(ReducerError, match="must be bytes"):
        reducers.from_bytes("text")
    with pytest.raises(ReducerError, match=r"use Mean\.from_bytes"):
        reducers.MeanAbs.from_bytes(reducers.Mean().to_bytes())


@pytest.mark.parametrize(
    "head,said",
    [
        ({"reducer": "Means"}, "did you mean 'Mean'"),
        ({"reducer": ["Mean"]}, "not known"),
        ({"options": {"k": 3}}, "options that Mean does not take"),
        ({"options": None}, "options that Mean does not take"),
        ({"features": [1, 2, 3]}, "names that are none"),
        ({"features": "abc"}, "names that are none"),
        ({"features": ["a"]}, "state of shape"),
        ({"outputs": None}, "names that are none"),
    ],
)
def test_heads_that_promise_something_else_are_refused(head, said):
    from ferroshap.engines.reducers import packing

    found, state = packing.unpacked(reducers.Mean().update(table(1, 6)).to_bytes())
    with pytest.raises(ReducerError, match=said):
        reducers.from_bytes(packing.packed(found | head, state))


def test_others_are_not_merged():
    mean = reducers.Mean().update(table(1, 6))
    with pytest.raises(ReducerError, match="MeanAbs, which cannot be merged into <Mean"):
        mean.merge(reducers.MeanAbs())
    with pytest.raises(ReducerError, match="ddof=1, but this Variance has ddof=0"):
        reducers.Variance().merge(reducers.Variance(ddof=1))
    with pytest.raises(ReducerError, match="`other` has 'height' as feature 1, where this Mean has 'bmi'"):
        mean.merge(reducers.Mean().update(table(1, 6)._replace(feature_names=("age", "height", "sex"))))
    with pytest.raises(ReducerError, match="`explained` has 1 outputs, but this Mean has seen 2"):
        mean.update(table(1, 6, n_outputs=1))
    before = mean.to_bytes()
    assert mean.merge(reducers.Mean()).to_bytes() == before
    assert reducers.Mean().merge(mean).to_bytes() == before


def test_what_is_merged_lives_on_by_itself():
    first, second = (reducers.Reservoir(5).update(table(seed, 6)) for seed in (1, 2))
    taken = reducers.Reservoir(5).merge(first)
    taken.update(table(3, 50).rows(20, 50))
    second_before = second.to_bytes()
    assert first.to_bytes() == reducers.Reservoir(5).update(table(1, 6)).to_bytes()
    first.merge(second)
    assert second.to_bytes() == second_before


def test_a_reducer_can_be_merged_into_itself():
    for make in MAKERS.values():
        reducer = make().update(table(1, 6))
        assert reducer.merge(reducer).n_rows == 12


@pytest.mark.parametrize("make", MAKERS.values(), ids=list(MAKERS))
def test_no_rows_have_no_result_but_are_no_error(make):
    reducer = make()
    assert reducer.n_rows == 0
    assert "no rows yet" in repr(reducer)
    for _ in range(2):
        with pytest.raises(ReducerError, match="has seen no rows yet"):
            reducer.result()
        reducer.update(table(1, 0))
    assert reducer.feature_names == NAMES
    assert reducer.output_names == ("low", "high")
    assert reducer.update(table(1, 5)).to_bytes() == make().update(table(1, 5)).to_bytes()


@pytest.mark.parametrize("make", MAKERS.values(), ids=list(MAKERS))
@pytest.mark.parametrize("order", ["F", "gaps"])
def test_the_order_of_memory_changes_nothing(make, order):
    rows = table(4, 200)
    if order == "F":
        other = rows._replace(values=np.asfortranarray(rows.values), data=np.asfortranarray(rows.data))
    else:
        other = rows._replace(values=np.repeat(rows.values, 2, axis=1)[:, ::2])
    assert make().update(other).to_bytes() == make().update(rows).to_bytes()


@pytest.mark.parametrize("name", [name for name in MAKERS if name != "Reservoir"])
def test_singles_are_the_numbers_that_they_are(name):
    make = MAKERS[name]
    rows = table(4, 200, dtype=np.float32)
    double = rows._replace(values=rows.values.astype(np.float64))
    assert make().update(rows).to_bytes() == make().update(double).to_bytes()


def test_interactions_and_other_things_are_refused():
    rows = table(1, 4)
    with pytest.raises(DimensionError, match="interactions"):
        reducers.Mean().update(rows._replace(values=np.zeros((4, 3, 3, 2))))
    with pytest.raises(DimensionError, match="axes"):
        reducers.Mean().update(Explanation(np.zeros((4, 3, 3)), axes=("row", "feature", "feature")))
    with pytest.raises(DimensionError, match="axes"):
        reducers.Mean().update(Explanation(np.zeros(3)))
    with pytest.raises(OptionError, match="ndarray, but must be what `explain_block` returns"):
        reducers.Mean().update(np.zeros((4, 3)))


def test_blocks_of_an_explainer_bind_its_names():
    pytest.importorskip("pyarrow")
    from ferroshap.engines.arrow import explain_block

    pandas = pytest.importorskip("pandas")
    rng = np.random.default_rng(0)
    frame = pandas.DataFrame(rng.standard_normal((80, 3)), columns=list(NAMES))
    explainer = ferroshap.LinearExplainer((np.array([1.0, -2.0, 0.5]), 0.0), frame.iloc[:20])
    whole = reducers.Importance().update(explain_block(explainer, frame))
    halves = [reducers.Importance().part(explain_block(explainer, frame.iloc[s], first_row=s.start)) for s in HALVES]
    assert whole.feature_names == NAMES
    assert halves[1].merge(halves[0]).to_bytes() == whole.to_bytes()
    values = explainer.shap_values(frame)
    np.testing.assert_allclose(whole.result().mean_abs, np.abs(values).mean(axis=0), rtol=1e-13)
    with pytest.raises(DimensionError, match="interactions"):
        reducers.Mean().update(explain_block(ferroshap.TreeExplainer(_stump()), frame, interactions=True))


HALVES = (slice(0, 30), slice(30, 80))


def _stump():
    tree = pytest.importorskip("sklearn.tree")
    rng = np.random.default_rng(0)
    x = rng.standard_normal((50, 3))
    return tree.DecisionTreeRegressor(max_depth=3, random_state=0).fit(x, x[:, 0] * x[:, 1])


def test_an_explanation_is_a_block_too():
    values = np.random.default_rng(0).standard_normal((20, 3))
    rows = Explanation(values, 1.0, values * 2, feature_names=list(NAMES))
    found = reducers.Reservoir(5).update(rows).result()
    kept = [int(name) for name in found.instance_names]
    assert np.array_equal(found.values, values[kept])
    assert np.array_equal(found.data, values[kept] * 2)
    assert np.array_equal(found.base_values, np.ones(5))


def test_standard_reducers_see_all_that_a_report_shows():
    rows = table(1, 100, n_outputs=1)
    found = {name: reducer.update(rows).result() for name, reducer in reducers.standard(rows=10).items()}
    assert found["importance"].mean_abs.shape == (3,)
    assert found["quantiles"].values.shape == (5, 3)
    assert found["top_counts"].counts.sum() == (rows.values != 0).sum()
    assert list(found["dependence"]) == list(NAMES)
    assert found["rows"].shape == (10, 3)
