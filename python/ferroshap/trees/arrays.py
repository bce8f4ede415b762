"""Trees as plain arrays: the door for every library that nobody has written a reader for."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ferroshap import _native
from ferroshap.errors import DimensionError, OptionError, nearest
from ferroshap.trees.tree_model import TreeModel

Floats = NDArray[np.float64]

#: From margins to predictions.
TRANSFORMS = ("identity", "sigmoid", "softmax", "exp")

_COMPARISONS = ("<=", "<")
_CASTS = ("float32", "float64")


def from_arrays(
    children_left: Any,
    children_right: Any,
    feature: Any,
    threshold: Any,
    value: Any,
    cover: Any = None,
    nan_left: Any = None,
    compare: str = "<=",
    cast: str = "float64",
    base: ArrayLike = 0.0,
    *,
    output: int | Sequence[int] | None = None,
    n_outputs: int | None = None,
    n_columns: int | None = None,
    feature_names: Sequence[str] | None = None,
    output_names: Sequence[str] | None = None,
    transform: str = "identity",
    library: str = "arrays",
) -> TreeModel:
    r"""A tree, or a sum of trees, from arrays over the nodes.

    .. math:: f_k(x) = \mathrm{base}_k + \sum_t \mathrm{value}_{t,k}(\text{leaf of } x \text{ in } t)

    A row starts at node 0 and goes to the left child where ``x[feature] <= threshold`` (or ``<``), else to the right
    one. Nodes may stand in any order; those that node 0 does not lead to are dropped.

    Parameters
    ----------
    children_left, children_right : array of int, ``(nodes,)``, or a list with one array a tree
        The number of the child, -1 in both at a leaf. Each of the following is then a list likewise.
    feature : array of int, ``(nodes,)``
        The column that a node asks about; anything at a leaf.
    threshold : array of float, ``(nodes,)``
        What it is compared with; anything at a leaf. Infinite ones are accepted, NaN is not.
    value : array of float, ``(nodes,)`` or ``(nodes, outputs)``
        What a leaf adds, scaled already (by a learning rate, or by the number of trees where they are averaged);
        anything at an inner node.
    cover : array of float, ``(nodes,)``, optional
        The weight of the training rows that came through. Without it a background is needed.
    nan_left : array of bool, ``(nodes,)``, optional
        Whether NaN goes left. By default it goes right, as the comparison is false.
    compare : str
        "<=" (scikit-learn, LightGBM, CatBoost) or "<" (XGBoost).
    cast : str
        "float32" when rows are rounded to single precision before they are compared with the threshold as it is
        (scikit-learn, XGBoost), "float64" when not (LightGBM).
    base : float or array ``(outputs,)``
        What the sum starts from.
    output : int or sequence of int, optional
        For trees of one value a leaf, the output that they add to; by default they add to the only one.
    n_outputs : int, optional
        The number of outputs; by default what `base`, `value` and `output` imply.
    n_columns : int, optional
        The number of columns of a row; by default one more than the largest `feature`, or as many as `feature_names`.
    feature_names, output_names : sequence of str, optional
        Names of columns and outputs.
    transform : str
        From the sum to what the model predicts: "identity", "sigmoid", "softmax" or "exp".
    library : str
        What the model is called in messages.

    Returns
    -------
    TreeModel
        To be given to :class:`ferroshap.TreeExplainer`.

    Raises
    ------
    DimensionError
        When the arrays of a tree are not as long as each other, or not as many as the trees.
    OptionError
        When an entry is none that it may be.
    InvalidModelError
        When the children do not form a tree.

    Examples
    --------
    The tree "0 if x0 <= 0.5, else 1 if x1 <= 2, else 5", grown on four rows:

    >>> import ferroshap
    >>> model = ferroshap.trees.from_arrays(
    ...     children_left=[1, -1, 3, -1, -1],
    ...     children_right=[2, -1, 4, -1, -1],
    ...     feature=[0, -1, 1, -1, -1],
    ...     threshold=[0.5, 0, 2.0, 0, 0],
    ...     value=[0, 0, 0, 1, 5],
    ...     cover=[4, 2, 2, 1, 1],
    ... )
    >>> explainer = ferroshap.TreeExplainer(model)
    >>> explainer.shap_values(np.array([[0.6, 3.0]])), float(explainer.expected_value)
    (array([[2. , 1.5]]), 1.5)
    """
    _check_option("compare", compare, _COMPARISONS)
    _check_option("cast", cast, _CASTS)
    _check_option("transform", transform, TRANSFORMS)
    columns = {
        "children_left": children_left,
        "children_right": children_right,
        "feature": feature,
        "threshold": threshold,
        "value": value,
        "cover": cover,
        "nan_left": nan_left,
    }
    trees = [_tree(number, tree) for number, tree in enumerate(_one_by_one(columns))]
    outputs = _outputs(output, len(trees))
    if outputs is not None:
        trees = [{**tree, "output": number} for tree, number in zip(trees, outputs, strict=True)]
    names = None if feature_names is None else [str(name) for name in feature_names]
    offset = _offset(base, n_outputs, trees)
    forest = _native.forest_from_arrays(
        trees,
        n_columns=_n_columns(n_columns, names, trees),
        offset=offset,
        library=library,
        compare=compare,
        cast=cast,
        has_cover=cover is not None,
        names=names or (),
        transform=(transform, 1.0),
    )
    return TreeModel(
        forest=forest,
        model=None,
        library=library,
        raw=None,
        is_vector=len(offset) == 1,
        feature_names=names,
        output_names=None if output_names is None else [str(name) for name in output_names],
    )


def _check_option(argument: str, got: str, known: Sequence[str]) -> None:
    if got not in known:
        msg = f"`{argument}` is {got!r}, which is not known{nearest(str(got), known)} Known: {', '.join(known)}"
        raise OptionError(msg)


def _one_by_one(columns: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One dict of arrays a tree: a single tree is given as arrays, several as lists of arrays."""
    left = columns["children_left"]
    given = {name: array for name, array in columns.items() if array is not None}
    if not isinstance(left, list | tuple) or (len(left) > 0 and np.ndim(left[0]) == 0):
        return [given]
    for name, arrays in given.items():
        if not isinstance(arrays, list | tuple) or len(arrays) != len(left):
            count = len(arrays) if isinstance(arrays, list | tuple) else "no list"
            msg = f"`{name}` is a list of {count}, but there are {len(left)} trees: give one array a tree"
            raise DimensionError(msg)
    return [{name: arrays[number] for name, arrays in given.items()} for number in range(len(left))]


def _tree(number: int, arrays: Mapping[str, Any]) -> dict[str, Any]:
    """The arrays of one tree, checked."""
    left = _integers(number, "children_left", arrays["children_left"])
    right = _integers(number, "children_right", arrays["children_right"])
    n_nodes = len(left)
    if n_nodes == 0:
        msg = f"`children_left` of tree {number} is empty: a tree has at least one node, a leaf"
        raise DimensionError(msg)
    tree: dict[str, Any] = {"children_left": left, "children_right": right}
    _check_length(number, "children_right", right, n_nodes)
    is_leaf = left < 0
    if (is_leaf != (right < 0)).any():
        node = int(np.flatnonzero(is_leaf != (right < 0))[0])
        msg = f"node {node} of tree {number} has one child: a leaf has -1 in both `children_left` and `children_right`"
        raise OptionError(msg)
    tree["feature"] = np.where(is_leaf, -1, _sized(number, "feature", arrays["feature"], is_leaf, _integers))
    tree["threshold"] = np.where(is_leaf, 0.0, _sized(number, "threshold", arrays["threshold"], is_leaf, _floats))
    value = np.asarray(arrays["value"], dtype=np.float64)
    if value.ndim not in {1, 2} or len(value) != n_nodes:
        msg = f"`value` of tree {number} has shape {value.shape}, but must be ({n_nodes},) or ({n_nodes}, outputs)"
        raise DimensionError(msg)
    tree["value"] = value[:, 0] if value.ndim == 2 and value.shape[1] == 1 else np.ascontiguousarray(value)
    if "cover" in arrays:
        tree["cover"] = _sized(number, "cover", arrays["cover"], is_leaf, _floats)
        bad = ~(np.isfinite(tree["cover"]) & (tree["cover"] >= 0.0))
        if bad.any():
            node = int(np.flatnonzero(bad)[0])
            msg = f"`cover` is {tree['cover'][node]} at node {node} of tree {number}, but must be 0 or more"
            raise OptionError(msg)
    if "nan_left" in arrays:
        tree["nan_left"] = _sized(number, "nan_left", arrays["nan_left"], is_leaf, _booleans)
    return tree


def _sized(number: int, name: str, array: Any, is_leaf: NDArray[np.bool_], read: Any) -> NDArray[Any]:
    entries: NDArray[Any] = read(number, name, array)
    _check_length(number, name, entries, len(is_leaf))
    return entries


def _check_length(number: int, name: str, array: NDArray[Any], n_nodes: int) -> None:
    if array.shape != (n_nodes,):
        msg = f"`{name}` of tree {number} has shape {array.shape}, but the tree has {n_nodes} nodes"
        raise DimensionError(msg)


def _integers(number: int, name: str, array: Any) -> NDArray[np.int64]:
    entries = np.asarray(array)
    if entries.ndim != 1:
        msg = f"`{name}` of tree {number} has shape {entries.shape}, but must have one entry a node"
        raise DimensionError(msg)
    if entries.dtype.kind not in "iu" and entries.size:
        whole = entries.dtype.kind == "f" and bool((entries == np.floor(entries)).all())
        if not whole:
            msg = f"`{name}` of tree {number} holds {entries.dtype} entries, but must hold whole numbers"
            raise OptionError(msg)
    return entries.astype(np.int64)


def _floats(number: int, name: str, array: Any) -> Floats:
    try:
        return np.asarray(array, dtype=np.float64)
    except (TypeError, ValueError) as error:
        msg = f"`{name}` of tree {number} does not hold numbers: {error}"
        raise OptionError(msg) from None


def _booleans(number: int, name: str, array: Any) -> NDArray[np.bool_]:
    entries = np.asarray(array)
    if entries.dtype.kind != "b" and not np.isin(entries, (0, 1)).all():
        msg = f"`{name}` of tree {number} holds {entries.dtype} entries, but must hold booleans"
        raise OptionError(msg)
    return entries.astype(np.bool_)


def _outputs(output: int | Sequence[int] | None, n_trees: int) -> list[int] | None:
    if output is None:
        return None
    outputs = [int(output)] * n_trees if np.ndim(output) == 0 else [int(one) for one in output]  # type: ignore[arg-type, union-attr]
    if len(outputs) != n_trees or min(outputs, default=0) < 0:
        msg = f"`output` is {outputs}, but must be the number of an output for each of {n_trees} trees"
        raise OptionError(msg)
    return outputs


def _offset(base: ArrayLike, n_outputs: int | None, trees: Sequence[Mapping[str, Any]]) -> Floats:
    """What every output starts from; all that is given must agree on their number."""
    offset = np.asarray(base, dtype=np.float64)
    implied = {
        "base": None if offset.ndim == 0 else len(offset),
        "n_outputs": n_outputs,
        "value": max((tree["value"].shape[1] for tree in trees if tree["value"].ndim == 2), default=None),
    }
    counts = {name: count for name, count in implied.items() if count is not None}
    highest = 1 + max((tree.get("output", 0) for tree in trees), default=0)
    count = next(iter(counts.values()), highest)
    if offset.ndim > 1 or len(set(counts.values())) > 1 or highest > count or count < 1:
        said = ", ".join(f"`{name}` {one}" for name, one in [*counts.items(), ("output", highest)])
        msg = f"the number of outputs is not clear: {said}"
        raise DimensionError(msg)
    return np.ascontiguousarray(np.broadcast_to(offset, count))


def _n_columns(given: int | None, names: list[str] | None, trees: Sequence[Mapping[str, Any]]) -> int:
    if names is not None and given is not None and given != len(names):
        msg = f"`n_columns` is {given}, but there are {len(names)} names in `feature_names`"
        raise DimensionError(msg)
    if given is not None or names is not None:
        return int(given) if given is not None else len(names or ())
    return 1 + max((int(tree["feature"].max(initial=-1)) for tree in trees), default=-1)
