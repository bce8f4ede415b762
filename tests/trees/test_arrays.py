"""Trees as arrays and as dicts of shap: what they compute, and what is refused with which words."""

import numpy as np
import pytest
from sklearn.datasets import load_diabetes
from sklearn.tree import DecisionTreeRegressor

from ferroshap import trees
from ferroshap.errors import DimensionError, InvalidModelError, OptionError
from ferroshap.trees.recognition import load_tree_model

# 0 if x0 <= 0.5, else 1 if x1 <= 2, else 5
TREE = {
    "children_left": [1, -1, 3, -1, -1],
    "children_right": [2, -1, 4, -1, -1],
    "feature": [0, -1, 1, -1, -1],
    "threshold": [0.5, np.nan, 2.0, np.nan, np.nan],
    "value": [np.nan, 0.0, np.nan, 1.0, 5.0],
    "cover": [4.0, 2.0, 2.0, 1.0, 1.0],
}
ROWS = np.array([[0.5, 9.0], [0.6, 2.0], [0.6, 3.0], [np.nan, 0.0], [0.6, np.nan]])


def predicted(model, rows=ROWS):
    return model.forest.predict(np.ascontiguousarray(rows, dtype=np.float64), 1)


def changed(**entries):
    return {**TREE, **entries}


def test_one_tree():
    model = trees.from_arrays(**TREE)
    assert model.is_vector
    assert model.forest.has_cover
    assert predicted(model).ravel().tolist() == [0.0, 1.0, 5.0, 1.0, 5.0]  # NaN goes right


def test_comparison_and_missing_values():
    strict = trees.from_arrays(**TREE, compare="<", nan_left=[True, False, True, False, False])
    assert predicted(strict).ravel().tolist() == [5.0, 5.0, 5.0, 0.0, 1.0]


def test_single_precision_rounds_rows_and_not_thresholds():
    """0.1 is below its own rounding to single precision; 0.3 is above."""
    below, above = 0.1, 0.3
    rows = [[below, 0.0], [above, 0.0]]
    tree = {**TREE, "feature": [0, -1, 0, -1, -1], "threshold": [below, 0, above, 0, 0], "n_columns": 2}
    assert predicted(trees.from_arrays(**tree), rows).ravel().tolist() == [0.0, 1.0]
    single = [0.0 if x <= below else 1.0 if x <= above else 5.0 for x in np.float32([below, above]).astype(float)]
    assert single == [1.0, 5.0]
    assert predicted(trees.from_arrays(**tree, cast="float32"), rows).ravel().tolist() == single


def test_a_list_is_summed_from_the_base_on():
    both = {name: [array, array] for name, array in TREE.items()}
    assert predicted(trees.from_arrays(**both, base=10.0))[:3, 0].tolist() == [10.0, 12.0, 20.0]


def test_several_outputs():
    wide = changed(value=np.c_[TREE["value"], 2 * np.array(TREE["value"])])
    model = trees.from_arrays(**wide, base=[1.0, 2.0], output_names=["a", "b"])
    assert predicted(model)[2].tolist() == [6.0, 12.0]
    assert not model.is_vector
    assert model.output_names == ["a", "b"]
    taking_turns = {name: [array] * 3 for name, array in TREE.items()}
    model = trees.from_arrays(**taking_turns, output=[0, 2, 0], n_outputs=4)
    assert predicted(model)[2].tolist() == [10.0, 0.0, 5.0, 0.0]


def test_a_leaf_alone_and_no_tree_at_all():
    leaf = trees.from_arrays([-1], [-1], [-2], [0.0], [3.0], n_columns=2)
    assert predicted(leaf).ravel().tolist() == [3.0] * 5
    nothing = trees.from_arrays([], [], [], [], [], n_columns=2, base=7.0)
    assert predicted(nothing).ravel().tolist() == [7.0] * 5


def test_columns_come_from_the_largest_feature_the_count_or_the_names():
    assert trees.from_arrays(**TREE).forest.n_columns == 2
    assert trees.from_arrays(**TREE, n_columns=9).forest.n_columns == 9
    named = trees.from_arrays(**TREE, feature_names=["a", "b", "c"])
    assert (named.forest.n_columns, named.feature_names) == (3, ["a", "b", "c"])


REFUSED = {
    "another length": (
        changed(feature=[0, 1]),
        DimensionError,
        "`feature` of tree 0 has shape .2,., but the tree has 5 nodes",
    ),
    "two dimensions": (changed(threshold=np.zeros((5, 2))), DimensionError, "`threshold` of tree 0 has shape .5, 2."),
    "three dimensions": (changed(value=np.zeros((5, 1, 1))), DimensionError, "`value` of tree 0 has shape"),
    "no node": (dict.fromkeys(TREE, np.array([])), DimensionError, "`children_left` of tree 0 is empty"),
    "one child": (changed(children_right=[2, 3, 4, -1, -1]), OptionError, "node 1 of tree 0 has one child"),
    "half a child": (changed(children_left=[1.5, -1, 3, -1, -1]), OptionError, "must hold whole numbers"),
    "a text": (
        changed(threshold=["a", "b", "c", "d", "e"]),
        OptionError,
        "`threshold` of tree 0 does not hold numbers",
    ),
    "a negative cover": (changed(cover=[4, 2, 2, -1, 1]), OptionError, "`cover` is -1.0 at node 3 of tree 0"),
    "no boolean": (changed(nan_left=[0, 1, 2, 0, 0]), OptionError, "must hold booleans"),
    "a cycle": (changed(children_left=[0, -1, 3, -1, -1]), InvalidModelError, "reached twice"),
    "no such node": (changed(children_left=[1, -1, 9, -1, -1]), InvalidModelError, "there is no such node"),
    "NaN at a split": (changed(threshold=[np.nan, 0, 2.0, 0, 0]), InvalidModelError, "the threshold is NaN"),
    "NaN at a leaf": (changed(value=[0, 0, 0, np.nan, 5]), InvalidModelError, "value NaN"),
    "a column too far": (changed(n_columns=1), InvalidModelError, "column 1 of 1"),
    "a column below zero": (changed(feature=[-1, -1, 1, -1, -1]), InvalidModelError, "column"),
    "another comparison": (
        changed(compare="=<"),
        OptionError,
        "`compare` is '=<', which is not known; did you mean '<'",
    ),
    "another cast": (changed(cast="f32"), OptionError, "`cast` is 'f32'"),
    "another transform": (changed(transform="logit"), OptionError, "`transform` is 'logit'"),
    "bases against values": (changed(base=[1.0, 2.0], value=np.zeros((5, 3))), DimensionError, "`base` 2, `value` 3"),
    "an output too far": (changed(output=2, n_outputs=2), DimensionError, "`n_outputs` 2, `output` 3"),
    "names against columns": (changed(n_columns=2, feature_names=["a"]), DimensionError, "1 names in `feature_names`"),
    "fewer trees": (
        {**{k: [v, v] for k, v in TREE.items()}, "value": [TREE["value"]]},
        DimensionError,
        "`value` is a list of 1",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_wrong_is_said(name):
    arguments, error, words = REFUSED[name]
    with pytest.raises(error, match=words):
        trees.from_arrays(**arguments)


def shap_tree(tree, scale=1.0):
    left = tree.children_left
    return {
        "children_left": left,
        "children_right": tree.children_right,
        "children_default": tree.children_right,
        "features": tree.feature,
        "thresholds": tree.threshold,
        "values": tree.value[:, 0, :] * scale,
        "node_sample_weight": tree.weighted_n_node_samples,
    }


def test_dicts_of_shap_are_sums_of_trees():
    X, y = load_diabetes(return_X_y=True)
    grown = [DecisionTreeRegressor(max_depth=4, max_features=3, random_state=i).fit(X, y) for i in range(3)]
    truth = sum(one.predict(X) for one in grown) / 3
    dicts = [shap_tree(one.tree_, 1 / 3) for one in grown]
    whole = {
        "trees": dicts,
        "base_offset": 2.0,
        "tree_output": "raw_value",
        "input_dtype": np.float32,
        "internal_dtype": np.float64,
    }
    whole["feature_names"] = [f"f{i}" for i in range(10)]
    np.testing.assert_allclose(predicted(load_tree_model(whole), X)[:, 0], truth + 2.0, rtol=1e-14)
    assert load_tree_model(whole).is_vector
    assert load_tree_model({"trees": dicts, "n_features": 12}).forest.n_columns == 12
    without_offset = predicted(load_tree_model(dicts), X.astype(np.float32))[:, 0]
    np.testing.assert_allclose(without_offset, truth, rtol=1e-14)


def test_missing_values_go_to_the_default_child():
    tree = {"children_default": [1, -1, 4, -1, -1], "features": TREE["feature"], "thresholds": TREE["threshold"]}
    tree |= {"children_left": TREE["children_left"], "children_right": TREE["children_right"], "values": TREE["value"]}
    model = load_tree_model([tree])
    assert predicted(model).ravel().tolist() == [0.0, 1.0, 5.0, 0.0, 5.0]
    assert not model.forest.has_cover


def test_dicts_are_refused_by_key():
    tree = shap_tree(DecisionTreeRegressor(max_depth=1).fit([[0.0], [1.0]], [0.0, 1.0]).tree_)
    with pytest.raises(OptionError, match="the key 'base_ofset', which is not known; did you mean 'base_offset'"):
        load_tree_model({"trees": [tree], "base_ofset": 1.0})
    with pytest.raises(OptionError, match="`tree_output` is 'raw'"):
        load_tree_model({"trees": [tree], "tree_output": "raw"})
    del tree["thresholds"]
    with pytest.raises(OptionError, match="tree 0 of `model` has no 'thresholds'"):
        load_tree_model([tree])
