"""What a model file holds, and how it would be explained: `ferroshap info model.json`."""

import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ferroshap import _native
from ferroshap.cli.models import read_trees
from ferroshap.errors import InvalidFeaturePerturbationError
from ferroshap.explainers import TreeExplainer
from ferroshap.threads import as_threads
from ferroshap.trees import TreeModel

#: Rows of the background that kernels are named for.
BACKGROUND = 100
#: Categories of a column and names of columns that are listed; JSON has them all.
LISTED, NAMED = 8, 40
#: Characters of a line, and of the names before what is said.
WIDTH, INDENT = 100, 20

_SCALES = {
    "identity": "the sum of the trees itself",
    "sigmoid": "the sigmoid of the sum of the trees",
    "softmax": "the softmax of the sums of the trees",
    "exp": "the exponential of the sum of the trees",
    "other": "a function of the sum of the trees that is not explained",
}


def facts(path: Path, format: str | None) -> dict[str, Any]:  # noqa: A002 - the option's word
    """Return what can be said of a model file, ready for JSON.

    Raises
    ------
    WorkError
        When the file cannot be read.
    InvalidModelError
        When it is no model that we read.
    """
    trees = read_trees(path, format)
    forest = trees.forest
    kind, scale = forest.transform
    return {
        "file": str(path),
        "bytes": path.stat().st_size,
        "library": forest.library,
        "trees": forest.n_trees,
        "leaves": forest.n_leaves,
        "depth": forest.depth,
        "symmetric": forest.is_oblivious,
        "outputs": forest.n_outputs,
        "objective": trees.loss or None,
        "prediction": {"function": kind, "scale": scale},
        "precision": forest.predicts_in,
        "offset": forest.offset.tolist(),
        "features": _features(trees),
        "without_background": _without(trees),
        "with_background": {"kernels": _kernels(trees)},
    }


def _features(trees: TreeModel) -> list[dict[str, Any]]:
    forest = trees.forest
    names: list[str] | list[None] = trees.feature_names or [None] * forest.n_columns
    used = [bound is not None for bound in forest.all_thresholds()]
    return [
        {"name": name, "kind": _kind(described), "categories": _categories(trees, described), "used": is_used}
        for name, described, is_used in zip(names, forest.categories, used, strict=True)
    ]


def _kind(described: dict[str, Any] | None) -> str:
    return "number" if described is None else "category"


def _categories(trees: TreeModel, described: dict[str, Any] | None) -> list[str] | int | None:
    """The categories, or their number where the file has only their hashes; None where it has none."""
    if described is None or not described["values"]:
        return None
    return len(described["values"]) if trees.category_key is not None else list(described["values"])


def _without(trees: TreeModel) -> dict[str, Any]:
    """How the model is explained where there is no background, or why that is not possible."""
    try:
        explainer = TreeExplainer(trees)
    except InvalidFeaturePerturbationError as error:
        reason = str(error).partition(": pass data")[0]
        return {"possible": False, "reason": reason, "kernels": None, "base_values": None}
    base = np.atleast_1d(explainer.expected_value).tolist()
    kernels = list(explainer.plan.details["kernels"])
    return {"possible": True, "reason": None, "kernels": kernels, "base_values": base}


def _kernels(trees: TreeModel) -> list[str]:
    """What explains the raw output over a background, of numbers that need not make sense."""
    rows = np.random.default_rng(0).normal(size=(BACKGROUND, trees.forest.n_columns))
    plan = _native.TreePlan(trees.forest, trees.forest.predicts_in, as_threads(None), rows)
    return plan.describe()


def lines(found: dict[str, Any]) -> Iterator[str]:
    """Yield the facts for people."""
    shape = "symmetric trees" if found["symmetric"] and found["trees"] else "trees"
    without, kernels = found["without_background"], found["with_background"]["kernels"]
    yield from _fact("file", f"{found['file']}, {_size(found['bytes'])}")
    yield from _fact("written by", found["library"])
    yield from _fact("ensemble", f"{found['trees']:,} {shape}, {found['leaves']:,} leaves, depth {found['depth']}")
    yield from _fact("objective", found["objective"] or "the file does not say")
    yield from _fact("outputs", f"{found['outputs']:,}, computed in {found['precision']}")
    yield from _fact("prediction", _SCALES[found["prediction"]["function"]])
    yield from _fact("offset", _numbers(found["offset"]))
    yield from _lines_of_features(found["features"])
    if without["possible"]:
        yield from _fact(
            "without background", f"base value {_numbers(without['base_values'])}", *_or_none(without["kernels"])
        )
    else:
        yield from _fact("without background", f"not possible: {without['reason']}")
    yield from _fact("with a background", f"of {BACKGROUND} rows, for the raw output:", *_or_none(kernels))


def _or_none(kernels: list[str]) -> list[str]:
    return kernels or ["no trees: all values are 0"]


def _lines_of_features(features: list[dict[str, Any]]) -> Iterator[str]:
    n_unused = sum(not feature["used"] for feature in features)
    unused = f", {n_unused:,} of them in no split" if n_unused else ""
    named = [feature["name"] for feature in features if feature["name"] is not None]
    more = f" and {len(named) - NAMED:,} more" if len(named) > NAMED else ""
    text = ", ".join(named[:NAMED]) + more if named else "without names: columns are matched by position"
    categories = [
        f"{position if feature['name'] is None else feature['name']}: {_listed(feature['categories'])}"
        for position, feature in enumerate(features)
        if feature["kind"] == "category"
    ]
    yield from _fact("features", f"{len(features):,}{unused}", text)
    if categories:
        yield from _fact("categories", *categories)


def _listed(categories: list[str] | int | None) -> str:
    if categories is None:
        return "codes; the file does not hold what they stand for"
    if isinstance(categories, int):
        return f"{categories:,} known by hash"
    shown = ", ".join(categories[:LISTED])
    return f"{len(categories):,} ({shown}{', ...' if len(categories) > LISTED else ''})"


def _fact(name: str, *texts: str) -> Iterator[str]:
    """A name and what is to be said of it, each text from a new line."""
    parts = [part for text in texts for part in textwrap.wrap(text, WIDTH - INDENT, break_long_words=False)]
    for at, part in enumerate(parts):
        yield f"{'' if at else name:<{INDENT}}{part}"


def _numbers(values: list[float]) -> str:
    shown = ", ".join(f"{value:.6g}" for value in values[:LISTED])
    return f"{shown}{', ...' if len(values) > LISTED else ''}"


def _size(n_bytes: int) -> str:
    size, units = float(n_bytes), ["bytes", "KiB", "MiB", "GiB"]
    while size >= 1024.0 and len(units) > 1:
        size, units = size / 1024.0, units[1:]
    return f"{size:,.0f} {units[0]}" if units[0] == "bytes" else f"{size:,.1f} {units[0]}"
