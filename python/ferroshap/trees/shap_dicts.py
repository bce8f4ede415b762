"""Trees as shap takes them: a dict ``{"trees": [...]}``, or a list of such trees.

Each tree is a dict of arrays over its nodes: ``children_left``, ``children_right`` (-1 at a leaf), ``children_default``
(where NaN goes), ``features``, ``thresholds``, ``values`` ``(nodes,)`` or ``(nodes, outputs)``, and
``node_sample_weight``; the older names ``feature``, ``threshold``, ``value`` are read too. Rows are cast to
``input_dtype``, thresholds and values to ``internal_dtype`` (both float64 where absent), and go left where
``x <= threshold``. The trees are summed, from ``base_offset`` on. Two keys are ours: ``feature_names``, and
``n_features``, as a dict does not say otherwise how many columns follow the last one that a tree asks about.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ferroshap.errors import OptionError, nearest
from ferroshap.trees.arrays import from_arrays
from ferroshap.trees.tree_model import TreeModel

#: What this room reads has no class of its own: recognition looks at the keys.
MODELS: tuple[str, ...] = ()

_KEYS = (
    "trees",
    "base_offset",
    "tree_output",
    "objective",
    "input_dtype",
    "internal_dtype",
    "feature_names",
    "n_features",
)
#: What the leaves of a tree hold, and the way from there to predictions.
_TRANSFORMS = {"raw_value": "identity", "log_odds": "sigmoid", "probability": "identity"}
#: shap's names for arrays, ours, and the older ones of shap.
_ARRAYS = {
    "children_left": ("children_left",),
    "children_right": ("children_right",),
    "feature": ("features", "feature"),
    "threshold": ("thresholds", "threshold"),
    "value": ("values", "value"),
    "cover": ("node_sample_weight",),
    "default": ("children_default",),
}


def read(model: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> TreeModel:
    """Make a forest of dicts.

    Raises
    ------
    OptionError
        For a key that is not known, or one that is missing.
    """
    whole: Mapping[str, Any] = model if isinstance(model, Mapping) else {"trees": model}
    for key in whole:
        if key not in _KEYS:
            msg = f"`model` has the key {key!r}, which is not known{nearest(str(key), _KEYS)} Known: {', '.join(_KEYS)}"
            raise OptionError(msg)
    tree_output = whole.get("tree_output") or "raw_value"
    if tree_output not in _TRANSFORMS:
        close = nearest(str(tree_output), _TRANSFORMS)
        msg = f"`tree_output` is {tree_output!r}, which is not known{close} Known: {', '.join(_TRANSFORMS)}"
        raise OptionError(msg)
    trees = [_arrays(number, tree) for number, tree in enumerate(whole["trees"])]
    has_cover = all("cover" in tree for tree in trees)
    has_default = all("default" in tree for tree in trees)
    internal = np.dtype(whole.get("internal_dtype", np.float64))
    read = from_arrays(
        [tree["children_left"] for tree in trees],
        [tree["children_right"] for tree in trees],
        [tree["feature"] for tree in trees],
        [np.asarray(tree["threshold"]).astype(internal) for tree in trees],
        [np.asarray(tree["value"]).astype(internal) for tree in trees],
        cover=[tree["cover"] for tree in trees] if has_cover else None,
        nan_left=[_nan_left(tree) for tree in trees] if has_default else None,
        cast=np.dtype(whole.get("input_dtype", np.float64)).name,
        base=_base(whole.get("base_offset", 0.0)),
        n_columns=whole.get("n_features"),
        feature_names=whole.get("feature_names"),
        transform=_TRANSFORMS[tree_output],
        library="shap dict",
    )
    return TreeModel(
        forest=read.forest,
        model=model,
        library=read.library,
        raw=None,
        is_vector=read.is_vector,
        feature_names=read.feature_names,
        is_probability=tree_output == "probability",
        loss=str(whole.get("objective") or ""),
    )


def _arrays(number: int, tree: Mapping[str, Any]) -> dict[str, Any]:
    """The arrays of a tree under our names."""
    found = {}
    for name, theirs in _ARRAYS.items():
        key = next((key for key in theirs if key in tree), None)
        if key is not None:
            found[name] = tree[key]
        elif name not in {"cover", "default"}:
            msg = f"tree {number} of `model` has no {theirs[0]!r}: it has {', '.join(map(repr, tree))}"
            raise OptionError(msg)
    return found


def _nan_left(tree: Mapping[str, Any]) -> Any:
    return np.asarray(tree["default"]) == np.asarray(tree["children_left"])


def _base(offset: Any) -> Any:
    """One number, also where it comes as an array of one."""
    offset = np.asarray(offset, dtype=np.float64)
    return offset.reshape(()) if offset.size == 1 else offset
