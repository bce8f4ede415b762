"""Weighted sums of models that are sums of trees themselves."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ferroshap import _native
from ferroshap.trees.sklearn.fitted import class_names, feature_names, library, no_trees, quietly
from ferroshap.trees.tree_model import TreeModel


@dataclass(frozen=True)
class Part:
    """One of the models.

    Attributes
    ----------
    model : estimator
        The model.
    weight : float
        What its outputs are multiplied with.
    columns : list of int or None
        For each of its columns the column of the whole; None: the same.
    outputs : list of int or None
        For each of its outputs the output of the whole; None: the same.
    """

    model: Any
    weight: float
    columns: list[int] | None = None
    outputs: list[int] | None = None


def weighted_sum(model: Any, parts: Sequence[Part]) -> TreeModel:
    """One forest of all parts, explained by `predict` or, with classes, by `predict_proba`.

    Raises
    ------
    NoTreesError
        If a part is no sum of trees in these units: boosted classifiers average probabilities, not margins.
    """
    is_classifier = hasattr(model, "classes_")
    read = [_read(model, part, is_classifier=is_classifier) for part in parts]
    n_outputs = len(model.classes_) if is_classifier else read[0].forest.n_outputs
    forest = _native.combine_forests(
        [(one.forest, part.weight, part.columns, part.outputs) for one, part in zip(read, parts, strict=True)],
        int(model.n_features_in_),
        n_outputs,
        np.zeros(n_outputs),
    )
    refused = {word for one in read for word in one.rejects.split()}
    return TreeModel(
        forest=forest,
        model=model,
        library=library(),
        raw=quietly(model.predict_proba if is_classifier else model.predict),
        is_vector=not is_classifier and read[0].is_vector,
        feature_names=feature_names(model),
        output_names=class_names(model.classes_) if is_classifier else None,
        rejects=" ".join(word for word in ("nan", "inf") if word in refused),
        is_probability=is_classifier,
        loss=" ".join(sorted({one.loss for one in read})),
    )


def _read(whole: Any, part: Part, *, is_classifier: bool) -> TreeModel:
    from ferroshap.trees.recognition import load_tree_model

    name = type(part.model).__name__
    read = load_tree_model(part.model)
    if read is None:
        raise no_trees(whole, f"over a {name}")
    if is_classifier and not read.is_probability:
        raise no_trees(whole, f"over a {name}, whose probabilities are no sums")
    if not is_classifier and read.forest.transform[0] != "identity":
        raise no_trees(whole, f"over a {name}, whose predictions are no sums")
    if read.frame_categories is not None:
        raise no_trees(whole, f"over a {name} with categories of its own")
    return read
