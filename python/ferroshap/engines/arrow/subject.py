"""What an explainer's tables have columns for, known before a row is explained."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap.errors import OptionError
from ferroshap.explainers.calls import options_of
from ferroshap.explainers.interactions import method_of
from ferroshap.threads import as_threads


@dataclass(frozen=True, eq=False)
class Subject:
    """What is explained of a table.

    Attributes
    ----------
    features : list of str
        The features, in the explainer's own order.
    outputs : list of str or None
        The outputs; None for a model that returns one number a row.
    """

    features: list[str]
    outputs: list[str] | None

    @property
    def n_outputs(self) -> int:
        """Outputs of a row."""
        return 1 if self.outputs is None else len(self.outputs)


def subject_of(explainer: Any) -> Subject:
    """Look at an explainer; neither its model nor data are needed.

    Raises
    ------
    OptionError
        For explainers of images, of several inputs, and others whose features are known only once rows come.
    """
    reason = _why_no_table(explainer)
    if reason is not None:
        msg = f"{type(explainer).__name__} {reason}, so its values have no table known beforehand: call it instead"
        raise OptionError(msg)
    features = [str(name) for name in explainer.feature_names]
    if np.ndim(explainer.expected_value) == 0:
        return Subject(features, None)
    n_outputs = len(explainer.expected_value)
    outputs = explainer.output_names or [f"Output {number}" for number in range(n_outputs)]
    return Subject(features, [str(name) for name in outputs])


def output_names_of(explainer: Any) -> list[str] | None:
    """Return the names of the outputs; None for a model that returns one number a row."""
    return subject_of(explainer).outputs


def pairs_of(explainer: Any) -> NDArray[np.int64]:
    """Terms of interactions, ``(terms, 2)``: each feature with itself, then the pairs that can interact.

    Raises
    ------
    OptionError
        For explainers that know no interactions.
    """
    n_features = len(subject_of(explainer).features)
    alone = np.repeat(np.arange(n_features, dtype=np.int64)[:, None], 2, axis=1)
    if hasattr(explainer, "_engine"):
        explainer._question(interactions=True, approximate=False)  # noqa: SLF001 - ours; refuses what has none
        pairs = explainer._engine.pairs(None, as_threads(explainer.n_jobs))  # noqa: SLF001
        back = explainer._columns.background_order  # noqa: SLF001
        if back is not None and explainer._columns.units is None:  # noqa: SLF001
            pairs = np.sort(np.asarray(back)[pairs], axis=1)
            pairs = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
        return np.concatenate([alone, pairs])
    if "interactions" not in options_of(type(explainer).__call__):
        msg = (
            f"`interactions` is True, but {type(explainer).__name__} has values alone: use TreeExplainer, "
            "ExactExplainer or KernelExplainer"
        )
        raise OptionError(msg)
    if explainer.masker.tree is not None:
        msg = "`interactions` were asked for, but these have no form along a tree: pass the masker without one"
        raise OptionError(msg)
    named = getattr(explainer, "_method_named", explainer.method)
    if explainer.route != "exact":
        method_of("SII", named, None)
    first, second = np.triu_indices(n_features, 1)
    return np.concatenate([alone, np.stack([first, second], axis=1)])


def names_of_terms(features: list[str], terms: NDArray[np.int64]) -> list[str]:
    """Name features by themselves, and pairs by both.

    Examples
    --------
    >>> names_of_terms(["age", "bmi"], np.array([[0, 0], [1, 1], [0, 1]]))
    ['age', 'bmi', 'age:bmi']
    """
    return [
        features[first] if first == second else f"{features[first]}:{features[second]}"
        for first, second in terms.tolist()
    ]


def _why_no_table(explainer: Any) -> str | None:
    """Say why an explainer is none for tables; None if it is."""
    masker = getattr(explainer, "masker", None)
    if getattr(masker, "takes_images", False):
        return "explains images"
    if hasattr(explainer, "of_tables"):
        return "asks a masker that is a function about the features of each row"
    if getattr(explainer, "_base", None) is not None and hasattr(explainer, "grad_fn"):
        shapes = explainer._base.shapes  # noqa: SLF001 - ours
        if len(shapes) != 1:
            return f"explains {len(shapes)} inputs at once"
        if len(shapes[0].shape) != 1:
            return f"explains arrays of shape {tuple(shapes[0].shape)}"
    if callable(getattr(explainer, "expected_value", None)):
        return f"explains {getattr(explainer, 'model_output', 'a loss')}, which depends on labels"
    if not isinstance(getattr(explainer, "feature_names", None), list | tuple):
        return "does not say which features it has"
    return None
