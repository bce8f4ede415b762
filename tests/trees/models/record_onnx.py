"""Record small ONNX models with rows and raw scores: ``python record_onnx.py``.

Needs onnx, onnxruntime, skl2onnx, onnxmltools, scikit-learn, xgboost and lightgbm. Writes ``onnx/<case>.onnx`` and
``onnx/<case>.rows.json``: ``rows`` (null: NaN) and ``margins``, onnxruntime's output of the same graph with the
post-transform taken off.
"""

import json
from pathlib import Path

import lightgbm
import numpy as np
import onnx
import onnxmltools
import onnxruntime
import xgboost
from onnx import TensorProto, helper
from onnxmltools.convert.common.data_types import FloatTensorType
from skl2onnx import to_onnx
from sklearn import ensemble, tree

HERE = Path(__file__).parent / "onnx"
rng = np.random.default_rng(3)
X = rng.normal(size=(120, 4)).astype(np.float32)
y = X[:, 0] + X[:, 1] * X[:, 2]
two, three, both = (y > 0).astype(int), np.digitize(y, [-0.5, 0.5]), np.stack([y, -2 * y], 1)
WITH_NAN = np.where(rng.random(X.shape) < 0.1, np.nan, X).astype(np.float32)


def converted():
    """Name, model, whether rows may hold NaN."""
    small = {"max_depth": 3, "random_state": 0}
    first = {"X": X[:1]}
    yield "forest", to_onnx(ensemble.RandomForestRegressor(4, **small).fit(X, y), **first)
    yield (
        "forest_double",
        to_onnx(
            ensemble.RandomForestRegressor(4, **small).fit(X, y),
            X=X[:1].astype(float),
            target_opset={"": 18, "ai.onnx.ml": 3},
        ),
    )
    yield "targets", to_onnx(ensemble.RandomForestRegressor(3, **small).fit(X, both), **first)
    yield "forest_binary", to_onnx(ensemble.RandomForestClassifier(3, **small).fit(X, two), **first)
    yield "forest_classes", to_onnx(ensemble.RandomForestClassifier(3, **small).fit(X, three), **first)
    yield "tree", to_onnx(tree.DecisionTreeRegressor(max_depth=3).fit(X, y), **first)
    boosted = {"n_estimators": 4, "max_depth": 2}
    yield "boosted", to_onnx(ensemble.GradientBoostingRegressor(**boosted).fit(X, y), **first)
    yield "boosted_binary", to_onnx(ensemble.GradientBoostingClassifier(**boosted).fit(X, two), **first)
    yield "boosted_classes", to_onnx(ensemble.GradientBoostingClassifier(**boosted).fit(X, three), **first)
    types = {"initial_types": [("input", FloatTensorType([None, 4]))]}
    convert = onnxmltools.convert_xgboost
    yield "xgboost", convert(xgboost.XGBRegressor(**boosted).fit(WITH_NAN, y), **types)
    yield "xgboost_binary", convert(xgboost.XGBClassifier(**boosted).fit(WITH_NAN, two), **types)
    yield "xgboost_classes", convert(xgboost.XGBClassifier(**boosted).fit(WITH_NAN, three), **types)
    convert = onnxmltools.convert_lightgbm
    boosted = {**boosted, "verbose": -1}
    yield "lightgbm", convert(lightgbm.LGBMRegressor(**boosted).fit(WITH_NAN, y), **types)
    yield "lightgbm_binary", convert(lightgbm.LGBMClassifier(**boosted).fit(WITH_NAN, two), **types)
    yield "lightgbm_classes", convert(lightgbm.LGBMClassifier(**boosted).fit(WITH_NAN, three), **types)
    yield "modes", by_hand()
    yield "opset5", opset5()
    yield "opset5_double", opset5(TensorProto.DOUBLE)


def model_of(nodes, n_outputs, opset, kind=TensorProto.FLOAT, initializers=()):
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes, "g", [value("x", kind, [None, 4])], [value("y", kind, [None, n_outputs])], list(initializers)
    )
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid("ai.onnx.ml", opset)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8)


def by_hand():
    """All modes, NaN either way, an average with base values, a leaf without weight and one with two."""
    modes = [f"BRANCH_{name}" for name in ("LEQ", "LT", "GTE", "GT", "EQ", "NEQ")]
    arrays = {
        key: []
        for key in (
            "treeids",
            "nodeids",
            "featureids",
            "values",
            "modes",
            "truenodeids",
            "falsenodeids",
            "missing_value_tracks_true",
        )
    }
    targets = {key: [] for key in ("treeids", "nodeids", "ids", "weights")}
    for number, mode in enumerate(modes * 2):
        split = (mode, number % 4, float(X[number, number % 4]), 2, 1, int(number >= 6))
        for node, (name, column, value, on_true, on_false, missing) in enumerate(
            [split] + [("LEAF", 0, 0.0, 0, 0, 0)] * 2
        ):
            row = (number + 5, node, column, value, name, on_true, on_false, missing)
            for key, entry in zip(arrays, row, strict=True):
                arrays[key].append(entry)
        entries = [(1, 0, 1.5 + number), (1, 1, -2.0), (2, 0, number * 0.25)] if number else [(2, 1, 3.0)]
        for node, target, weight in entries:
            for key, entry in zip(targets, (number + 5, node, target, weight), strict=True):
                targets[key].append(entry)
    attributes = {f"nodes_{key}": values for key, values in arrays.items()}
    attributes |= {f"target_{key}": values for key, values in targets.items()}
    node = helper.make_node(
        "TreeEnsembleRegressor",
        ["x"],
        ["y"],
        domain="ai.onnx.ml",
        n_targets=2,
        base_values=[0.5, -0.5],
        aggregate_function="AVERAGE",
        post_transform="NONE",
        **attributes,
    )
    return model_of([node], 2, 3)


def opset5(kind=TensorProto.FLOAT):
    """Two trees with a member test and a tree of one leaf, and an addition behind them."""
    numbers = np.float32 if kind == TensorProto.FLOAT else np.float64

    def tensor(name, values):
        return helper.make_tensor(name, kind, [len(values)], np.asarray(values, numbers))

    node = helper.make_node(
        "TreeEnsemble",
        ["x"],
        ["z"],
        domain="ai.onnx.ml",
        n_targets=2,
        aggregate_function=1,
        post_transform=0,
        tree_roots=[0, 2, 3],
        nodes_featureids=[0, 3, 1, 2],
        nodes_modes=helper.make_tensor("m", TensorProto.UINT8, [4], np.array([0, 6, 3, 0], np.uint8)),
        nodes_splits=tensor("s", [0.25, 0.0, X[0, 1], 0.0]),
        nodes_truenodeids=[1, 1, 3, 5],
        nodes_trueleafs=[0, 1, 1, 1],
        nodes_falsenodeids=[0, 2, 4, 5],
        nodes_falseleafs=[1, 1, 1, 1],
        nodes_missing_value_tracks_true=[1, 0, 1, 0],
        leaf_targetids=[0, 1, 0, 1, 0, 1],
        leaf_weights=tensor("w", [1.0, 2.5, -3.0, 0.125, 7.0, 0.5]),
        membership_values=tensor("v", [1.0, 2.0, 5.0]),
    )
    bias = helper.make_tensor("bias", kind, [2], np.array([10.0, 20.0], numbers))
    add = helper.make_node("Add", ["z", "bias"], ["y"])
    return model_of([node, add], 2, 5, kind, [bias])


def without_transform(model):
    """The same graph, cut behind the raw scores of its trees."""
    model = onnx.ModelProto.FromString(model.SerializeToString())
    (trees,) = [node for node in model.graph.node if node.op_type.startswith("TreeEnsemble")]
    for attribute in trees.attribute:
        if attribute.name == "post_transform" and attribute.s:
            attribute.s = b"NONE"
    if trees.op_type == "TreeEnsembleRegressor":
        model.graph.output[0].type.tensor_type.elem_type = TensorProto.FLOAT  # skl2onnx promises double of some
    if trees.op_type == "TreeEnsembleClassifier":
        del model.graph.output[:]
        model.graph.output.append(helper.make_tensor_value_info(trees.output[1], TensorProto.FLOAT, None))
    return model


def record(name, model):
    is_double = model.graph.input[0].type.tensor_type.elem_type == TensorProto.DOUBLE
    rows = X[:24].copy()
    rows[8:12, 3] = [1, 2, 5, 2.5]
    if not name.startswith(("forest", "targets", "tree", "boosted")):
        rows[12:20] = WITH_NAN[12:20]
        rows[20] = np.nan
    for node in model.graph.node:
        arrays = {attribute.name: attribute for attribute in node.attribute}
        if "nodes_values" in arrays:
            splits = [
                (column, value)
                for column, value, mode in zip(
                    arrays["nodes_featureids"].ints,
                    arrays["nodes_values"].floats,
                    arrays["nodes_modes"].strings,
                    strict=True,
                )
                if mode != b"LEAF"
            ]
            for row, (column, value) in enumerate(splits[:24]):
                rows[row % 24, column] = value
    session = onnxruntime.InferenceSession(without_transform(model).SerializeToString())
    (margins,) = session.run(None, {session.get_inputs()[0].name: rows.astype(float) if is_double else rows})
    (HERE / f"{name}.onnx").write_bytes(model.SerializeToString())
    classes = [
        attribute.ints for node in model.graph.node for attribute in node.attribute if attribute.name == "class_ids"
    ]
    if np.shape(margins)[1:] == (2,) and classes and len(set(classes[0])) == 1:
        margins = margins[:, 1]  # one score, and what onnxruntime makes of it
    rows = [[None if np.isnan(x) else float(x) for x in row] for row in rows]
    margins = np.asarray(margins, np.float64).reshape(len(rows), -1).tolist()
    (HERE / f"{name}.rows.json").write_text(
        json.dumps({"rows": rows, "margins": margins}, separators=(",", ":")) + "\n"
    )


if __name__ == "__main__":
    HERE.mkdir(exist_ok=True)
    for name, model in converted():
        record(name, model)
