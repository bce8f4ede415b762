"""The incumbent's own Explanation: built and read without loss, and the same algebra where it is right."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.export.explained import assert_same, explanations

from ferroshap import utils
from ferroshap.explanation import Explanation
from ferroshap.export.shap import ABSENT

shap = pytest.importorskip("shap", reason="shap is not installed")
pytestmark = pytest.mark.skipif(
    getattr(shap, "Explanation", Explanation) is Explanation, reason="the name shap is answered by another package"
)

# What their class has no place for.
THEIRS_NOT = {"error_std", "n_evaluations", "status", "plan", "gap", "interval_df", "seed", "plausibility", "msev"}
WORDS = [st.text(max_size=4), st.floats(allow_nan=False), st.booleans()]


@given(sv=explanations(axes=[("row", "feature"), ("row", "feature", "output"), ("feature",)], entries=WORDS))
def test_there_and_back_loses_nothing_that_they_know(sv):
    assume(sv.data is None or np.ndim(sv.data) > 1 or len(sv.data))  # theirs looks at the first datum of a row
    theirs = sv.to_shap()
    assert type(theirs) is shap.Explanation
    assert np.array_equal(theirs.values, sv.values)
    if 0 in sv.shape:
        return  # without values their axes cannot be told apart
    again = Explanation.from_shap(theirs)
    assert again.shape == sv.shape
    if again.axes == sv.axes:  # else the base values are missing, and theirs says nothing of outputs
        assert_same(again, sv, but=THEIRS_NOT | {"output_names"})
    if sv.output_names is not None:
        assert again.output_names == sv.output_names


def test_their_class_is_really_theirs():
    X = np.random.default_rng(0).normal(size=(6, 3))
    theirs = Explanation(X, 0.5, X, feature_names=list("abc")).to_shap()
    assert theirs[:, "b"].shape == (6,)
    assert theirs[0].base_values == 0.5
    assert theirs.abs.mean(0).shape == (3,)
    history = Explanation(X, 0.5, X).abs.mean(0).to_shap().op_history
    assert [(item.name, item.prev_shape) for item in history] == [("abs", (6, 3)), ("mean", (6, 3))]


def test_what_their_explainers_return_is_read():
    X = np.random.default_rng(0).normal(size=(20, 4))
    one = shap.Explainer(lambda rows: rows[:, 0] * rows[:, 1] + rows[:, 2], X, feature_names=list("abcd"))(X[:5])
    sv = Explanation.from_shap(one)
    assert (sv.axes, sv.feature_names, sv.base_values.shape) == (("row", "feature"), list("abcd"), (5,))
    assert np.array_equal(sv.values, one.values)
    assert sv.compute_time == one.compute_time
    two = shap.Explainer(lambda rows: np.stack([rows[:, 0], -rows[:, 1]], 1), shap.maskers.Partition(X))(X[:5])
    sv = Explanation.from_shap(two)
    assert (sv.axes, sv.output_names) == (("row", "feature", "output"), ["Output 0", "Output 1"])
    assert sv.clustering.shape == (5, 3, 4)
    row = Explanation.from_shap(one[2])
    assert (row.axes, row.base_values) == (("feature",), one[2].base_values)
    assert Explanation.from_shap(sv) is sv


@pytest.mark.parametrize("n_outputs", [0, 2])
def test_texts_of_different_lengths_are_filled_up_and_shortened_again(n_outputs):
    rng = np.random.default_rng(0)
    lengths, outputs = (3, 5, 1), (n_outputs,) * bool(n_outputs)
    values, data = np.empty(3, dtype=object), []
    for at, n_words in enumerate(lengths):
        values[at] = rng.normal(size=(n_words, *outputs))
        data.append(np.array([f"w{at}{i} " for i in range(n_words)], dtype=object))
    ragged = shap.Explanation(values, np.zeros((3, *outputs)), tuple(data), feature_names=data)
    sv = Explanation.from_shap(ragged)
    assert sv.shape == (3, 5, *outputs)
    for at, n_words in enumerate(lengths):
        assert np.array_equal(sv[at].values[:n_words], values[at])
        assert np.array_equal(sv[at].sum(0).values, np.asarray(sv[at].values).sum(0))
        assert sv.data[at, :n_words].tolist() == data[at].tolist()
        assert all(word is ABSENT for word in sv.data[at, n_words:])
    again = sv.to_shap()
    assert [np.array_equal(a, b) for a, b in zip(again.values, values, strict=True)] == [True] * 3
    assert [np.array_equal(a, b) for a, b in zip(again.data, data, strict=True)] == [True] * 3


# Chains whose numbers the incumbent gets right; those of D16 are in tests/explanation.
CHAINS = {
    "abs.mean(0)": lambda sv: sv.abs.mean(0),
    "abs.max(0)": lambda sv: sv.abs.max(0),
    "min(0)": lambda sv: sv.min(0),
    "sum(1)": lambda sv: sv.sum(1),
    "sum(0)": lambda sv: sv.sum(0),
    "percentile(30, 0)": lambda sv: sv.percentile(30, 0),
    "flip": lambda sv: sv.flip,
    "argsort": lambda sv: sv.argsort,
    "abs.mean(0).argsort.flip[:3]": lambda sv: sv.abs.mean(0).argsort.flip[:3],
    "sample(4)": lambda sv: sv.sample(4),
    "sample(9, True, 3)": lambda sv: sv.sample(9, True, 3),
    "[:, 'b']": lambda sv: sv[:, "b"],
    "[2]": lambda sv: sv[2],
    "[1:5, 2]": lambda sv: sv[1:5, 2],
    "[mask]": lambda sv: sv[np.asarray(sv.values)[:, 0] > 0],
    "identity": lambda sv: sv.identity,
    "+ 1": lambda sv: sv + 1,
    "- itself": lambda sv: sv - sv,
    "* 2": lambda sv: sv * 2,
    "/ 4": lambda sv: sv / 4,
    "sum(1, grouping)": lambda sv: sv.sum(1, grouping={"a": "ab", "b": "ab"}),
    "hstack": lambda sv: sv.hstack(sv),
}


@pytest.mark.parametrize("name", CHAINS)
def test_the_same_chain_gives_the_same_numbers(name):
    rng = np.random.default_rng(1)
    fields = {"base_values": np.full(12, 0.5), "data": rng.normal(size=(12, 4)), "feature_names": list("abcd")}
    values = rng.normal(size=(12, 4))
    ours = CHAINS[name](Explanation(values, **fields))
    theirs = CHAINS[name](shap.Explanation(values, **fields))
    assert np.allclose(np.asarray(ours.values), np.asarray(theirs.values), rtol=4 * 2**-52, atol=16 * 2**-52)


def test_chains_on_the_class_give_the_same_numbers():
    rng = np.random.default_rng(2)
    values = rng.normal(size=(12, 4))
    ours, theirs = Explanation(values), shap.Explanation(values)
    for chain in (
        lambda cls: cls.abs.mean(0),
        lambda cls: cls.abs.max(0),
        lambda cls: cls.abs.mean(0).argsort.flip[:3],
    ):
        mine, other = chain(Explanation).apply(ours), chain(shap.Explanation).apply(theirs)
        assert np.allclose(mine.values, other.values, rtol=4 * 2**-52)


def test_cohorts_of_labels_are_the_same():
    rng = np.random.default_rng(3)
    values, labels = rng.normal(size=(12, 4)), rng.choice(["x", "y"], 12)
    ours = Explanation(values).cohorts(labels).abs.mean(0).cohorts
    theirs = shap.Explanation(values).cohorts(labels).abs.mean(0).cohorts
    assert list(ours) == list(theirs)
    assert all(np.allclose(ours[name].values, theirs[name].values) for name in ours)


def test_apparent_interactions_are_the_same_without_ties_and_gaps():
    rng = np.random.default_rng(4)
    X = rng.normal(size=(500, 5))
    values = X * X[:, ::-1]
    for feature in range(5):
        assert np.array_equal(
            utils.approximate_interactions(feature, values, X), shap.approximate_interactions(feature, values, X)
        )


def test_helpers_answer_alike():
    values = np.random.default_rng(5).normal(size=(9, 3))
    for ind in ("b", "rank(1)", 2, "sum()"):
        assert utils.convert_name(ind, values, list("abc")) == shap.utils.convert_name(ind, values, list("abc"))
    for number in (0.0, -1.25, 1000.5, 3.14159):
        assert utils.format_value(number, "%0.03f") == shap.utils.format_value(number, "%0.03f")
    assert np.allclose(utils.shapley_coefficients(12), shap.utils.shapley_coefficients(12), rtol=16 * 2**-52)
    X = np.random.default_rng(6).normal(size=(60, 5))
    for linkage in ("single", "complete", "average"):
        mine = utils.hclust(X, linkage=linkage, metric="cosine")
        assert np.allclose(mine, shap.utils.hclust(X, linkage=linkage, metric="cosine"), atol=1e-12)
