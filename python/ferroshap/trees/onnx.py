"""ONNX models of one tree ensemble: `ModelProto` and onnxruntime's `InferenceSession`; raw scores.

What is explained is the ensemble's score before its post-transform. The files hold no covers, so values need a
background, or covers from given rows.
"""

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap import _native
from ferroshap.errors import InvalidModelError, NoTreesError
from ferroshap.trees.tree_model import TreeModel

Floats = NDArray[np.float64]

#: What this room reads: "root of the module:name of the class".
MODELS = ("onnx:ModelProto", "onnxruntime:InferenceSession")

#: Element types of tensors, as ONNX numbers them.
FLOAT, DOUBLE = 1, 11


def read(model: Any) -> TreeModel:
    """Make a forest of a model's bytes.

    Raises
    ------
    NoTreesError
        If the graph is more than one tree ensemble, which the runtime can predict all the same.
    InvalidModelError
        If a session does not know where its model came from.
    """
    data = model.SerializeToString() if hasattr(model, "SerializeToString") else _bytes_of(model)
    try:
        forest = _native.read_forest(data, "onnx")
    except InvalidModelError as error:
        raise NoTreesError(str(error)) from None
    onnx, runtime = _module("onnx"), _module("onnxruntime")
    graph = None if onnx is None else onnx.ModelProto.FromString(data).graph
    classes = [] if graph is None else _class_names(_operator(graph))
    return TreeModel(
        forest=forest,
        model=model,
        library="onnx" if runtime is None else f"onnxruntime {runtime.__version__}",
        raw=None if onnx is None or runtime is None else _raw(onnx, runtime, data, forest),
        is_vector=forest.n_outputs == 1,
        output_names=classes if len(classes) == forest.n_outputs else None,
    )


def _bytes_of(session: Any) -> bytes:
    """What a session was made of: it keeps the path or the bytes."""
    path, data = getattr(session, "_model_path", None), getattr(session, "_model_bytes", None)
    if data is not None:
        return bytes(data)
    if path is not None:
        return Path(path).read_bytes()
    msg = "this InferenceSession does not say what it was made of: pass the model's bytes to ferroshap.trees.load"
    raise InvalidModelError(msg)


def _module(name: str) -> Any:
    """A module, imported if it is there: the check against the runtime is worth its import."""
    if name not in sys.modules:
        try:
            importlib.import_module(name)
        except ImportError:
            return None
    return sys.modules[name]


def _operator(graph: Any) -> Any:
    """The tree operator; the reader has made sure that there is one."""
    return next(node for node in graph.node if node.op_type.startswith("TreeEnsemble"))


def _class_names(operator: Any) -> list[str]:
    for attribute in operator.attribute:
        if attribute.name == "classlabels_strings" and attribute.strings:
            return [name.decode() for name in attribute.strings]
        if attribute.name == "classlabels_int64s" and attribute.ints:
            return [str(number) for number in attribute.ints]
    return []


def _raw(onnx: Any, runtime: Any, data: bytes, forest: _native.Forest) -> Callable[[Any], Floats]:
    """The runtime's own scores: the same graph, cut behind the trees, without their post-transform."""
    model = onnx.ModelProto.FromString(data)
    graph = model.graph
    operator = _operator(graph)
    for attribute in operator.attribute:
        if attribute.name == "post_transform":
            attribute.CopyFrom(onnx.helper.make_attribute("post_transform", "NONE" if attribute.s else 0))
    is_classifier = operator.op_type == "TreeEnsembleClassifier"
    scores = operator.output[1 if is_classifier else 0]
    for node in graph.node:
        if node.op_type == "Add" and scores in node.input:
            scores = node.output[0]
    kind = graph.input[0].type.tensor_type.elem_type
    del graph.output[:]
    of_input = kind == DOUBLE and operator.op_type == "TreeEnsemble"
    graph.output.append(onnx.helper.make_tensor_value_info(scores, DOUBLE if of_input else FLOAT, None))
    session = runtime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    name = graph.input[0].name
    dtype = onnx.helper.tensor_dtype_to_np_dtype(kind)
    is_score = is_classifier and forest.n_outputs == 1

    def raw(rows: Any) -> Floats:
        (scores,) = session.run(None, {name: np.ascontiguousarray(rows, dtype=dtype)})
        scores = np.asarray(scores, dtype=np.float64).reshape(len(scores), -1)
        if is_score:
            return scores[:, -1]  # of two classes with one score the runtime makes two columns
        return scores[:, 0] if forest.n_outputs == 1 else scores

    return raw
