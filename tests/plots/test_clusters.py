"""Features of one cluster stand together, and share a row before one of them is left out."""

from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ferroshap import plots
from ferroshap.clustering import linkage
from ferroshap.errors import InvalidClusteringError
from ferroshap.explanation import Explanation
from ferroshap.plots.bars.clusters import arranged, ranking

# a and d are close, b and e are a little farther apart, c is alone
TREE = np.array([[0, 3, 0.1, 2], [1, 4, 0.3, 2], [5, 6, 0.8, 4], [2, 7, 0.9, 5]])
NAMES = ["a", "b", "c", "d", "e"]
ROW = Explanation([1.0, 8.0, -3.0, 5.0, 2.0], 0.0, [10.0, 20.0, 30.0, 40.0, 50.0], feature_names=NAMES)


def labels(ax):
    return [label.get_text() for label in ax.get_yticklabels()][::-1]


def widths(ax):
    return [patch.get_width() for patch in sorted(ax.patches, key=lambda patch: -patch.get_y())]


def drawn(**options):
    return plots.bar(ROW, ax=plt.figure(figsize=(8, 4)).subplots(), show_data=False, **options)


def test_features_of_a_cluster_are_neighbours_ranked_by_their_best():
    assert labels(drawn(clustering=TREE)) == ["b", "e", "d", "a", "c"]
    assert labels(drawn(clustering=TREE, clustering_cutoff=0.2)) == ["b", "d", "a", "c", "e"]
    assert labels(drawn(clustering=TREE, clustering_cutoff=0.0)) == ["b", "d", "c", "e", "a"]
    assert labels(drawn()) == ["b", "d", "c", "e", "a"]


def test_the_weakest_of_a_cluster_share_a_row_before_the_picture_ends_within_it():
    ax = drawn(clustering=TREE, max_display=4)  # a cut after d would tear a from it
    assert labels(ax) == ["b", "e", "a + d", "c"]
    assert widths(ax) == [8.0, 2.0, 6.0, -3.0]
    ax = drawn(clustering=TREE, max_display=3)
    assert labels(ax) == ["b", "e", "Sum of 3 other features"]
    assert widths(ax) == [8.0, 2.0, 3.0]


def test_long_names_of_a_shared_row_are_the_strongest_and_a_number():
    names = [f"{letter} with a name that is long" for letter in "abcde"]
    sv = Explanation(ROW.values, feature_names=names, axes=("feature",))
    shown = labels(plots.bar(sv, clustering=TREE, max_display=4, show=False))
    assert shown[2].replace("\n", " ") == f"{names[3]} + 1 other feature"


def test_the_tree_stands_right_of_the_rows_with_the_line_of_its_cutoff():
    ax = drawn(clustering=TREE)
    beside = [line for line in ax.lines if not line.get_clip_on()]
    brackets = [line for line in beside if len(line.get_xdata()) == 4]
    assert [sorted({*line.get_ydata()}) for line in brackets] == [[1, 2], [3, 4]]  # a with d, b with e
    assert [round(float(line.get_xdata()[1]), 6) for line in brackets] == [1.02, 1.06]
    assert min(line.get_xdata()[0] for line in brackets) == 1.0
    (cutoff,) = (line for line in beside if len(line.get_xdata()) == 2)
    assert cutoff.get_xdata() == [1.1, 1.1]
    assert "Clustering cutoff = 0.5" in [text.get_text() for text in ax.texts]


def test_the_tree_of_the_explanation_is_used_unless_refused():
    sv = Explanation(np.tile(ROW.values, (3, 1)), data=np.ones((3, 5)), feature_names=NAMES, clustering=TREE)
    assert labels(plots.bar(sv, show=False)) == ["b", "e", "d", "a", "c"]
    assert labels(plots.bar(sv, clustering=False, ax=plt.figure().subplots())) == ["b", "d", "c", "e", "a"]
    assert labels(plots.beeswarm(sv, ax=plt.figure().subplots())) == ["b", "e", "d", "a", "c"]
    several = np.stack([TREE, TREE, linkage(np.arange(10.0))])
    sv = Explanation(sv.values, data=sv.data, feature_names=NAMES, clustering=several)
    assert labels(plots.beeswarm(sv, ax=plt.figure().subplots())) == ["b", "d", "c", "e", "a"]


def test_dots_of_a_shared_row_are_sums_without_the_colour_of_a_feature():
    values = np.random.default_rng(0).uniform(0.9, 1.1, size=(6, 5)) * ROW.values
    sv = Explanation(values, data=np.ones((6, 5)), feature_names=NAMES)
    ax = plots.beeswarm(sv, max_display=4, clustering=TREE, show=False)
    row = labels(ax).index("a + d")
    (dots,) = (c for c in ax.collections if abs(np.mean(c.get_offsets()[:, 1]) - (3 - row)) < 0.45)
    assert np.allclose(np.sort(dots.get_offsets()[:, 0]), np.sort(values[:, 0] + values[:, 3]))
    assert dots.get_array() is None


@pytest.mark.parametrize("tree", [TREE[:2], np.zeros((4, 3)), "correlation"], ids=["small", "narrow", "text"])
@pytest.mark.parametrize("plot", [plots.bar, plots.beeswarm])
def test_what_is_no_tree_of_the_features_is_refused(plot, tree):
    sv = Explanation(np.tile(ROW.values, (3, 1)), data=np.ones((3, 5)))
    with pytest.raises(InvalidClusteringError):
        plot(sv, clustering=tree, show=False)


@given(seed=st.integers(0, 10_000), n_features=st.integers(2, 12), limit=st.integers(1, 13), cutoff=st.floats(0, 1))
def test_every_feature_has_one_place_and_no_cluster_is_torn_unless_it_fills_the_picture(
    seed, n_features, limit, cutoff
):
    rng = np.random.default_rng(seed)
    distances = rng.uniform(size=n_features * (n_features - 1) // 2)
    tree, values = linkage(distances, "single"), rng.normal(size=n_features)
    sv = Explanation(values, axes=("feature",))
    rows, brackets = arranged(ranking(Explanation.abs, [sv]), np.abs(values), limit, (tree, cutoff))
    groups = rows.groups or tuple(np.array([i]) for i in rows.shown)
    placed = np.concatenate([*groups, rows.merged]) if len(groups) else rows.merged
    assert sorted(placed.tolist()) == list(range(n_features))
    assert rows.n_rows <= limit
    assert np.isclose(rows.totals(values).sum(), values.sum())
    cluster = clusters_below(tree, cutoff, n_features)
    for group in groups:
        assert len({cluster[i] for i in group}) == 1  # only what belongs together shares a row
    line = [cluster[group[0]] for group in groups]
    changes = sum(a != b for a, b in pairwise(line))
    assert changes == len(set(line)) - 1 if line else not brackets  # clusters are contiguous
    if len(rows.merged) and len(groups) and line[-1] in {cluster[i] for i in rows.merged}:
        assert not mergeable(tree, cutoff, groups, n_features)


def clusters_below(tree, cutoff, n_features):
    """The number of the cluster of each feature, by brute force."""
    label = {i: frozenset([i]) for i in range(n_features)}
    nodes = [frozenset([i]) for i in range(n_features)]
    for left, right, height, _ in tree:
        nodes.append(nodes[int(left)] | nodes[int(right)])
        if height <= cutoff:
            label |= dict.fromkeys(nodes[-1], nodes[-1])
    return {i: min(members) for i, members in label.items()}


def mergeable(tree, cutoff, groups, n_features):
    """Whether two rows of the picture are a whole branch below the cutoff."""
    shown = {frozenset(group.tolist()) for group in groups}
    nodes = [frozenset([i]) for i in range(n_features)]
    for left, right, height, _ in tree:
        pair = nodes[int(left)], nodes[int(right)]
        nodes.append(pair[0] | pair[1])
        if height <= cutoff and pair[0] in shown and pair[1] in shown:
            return True
    return False
