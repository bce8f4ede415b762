"""The fields beside the values: which axes each follows, and the store that cuts them when they are asked for."""

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from ferroshap.explanation.axes import Axes, Key, keys_of, take_axes
from ferroshap.explanation.names import NameTable

Step: TypeAlias = Callable[[str, Any], Any]  # (field, its value before) -> its value after

LIKE_VALUES = "like values"
PER_ROW_AND_OUTPUT = "rows and outputs"  # or one number for all
PER_ROW = "rows"  # or one number for all
LIKE_DATA = "rows and features"
INSTANCE_NAMES = "names of rows"
FEATURE_NAMES = "names of features"
OUTPUT_LABELS = "labels of outputs"  # (outputs,) or (rows, outputs)
STATUS = "status of rows"  # or one for all
CLUSTERING = "clustering"  # (merges, 4) or (rows, merges, 4)
WHOLE = "none"
# What is known of a whole map only: it follows rows and outputs, and goes when a feature axis is cut.
MAP = "whole maps"  # one number for each row and output, or for all
PIXELS = "pixels of whole maps"  # (rows, height, width[, outputs])
BLOCKS = "blocks of whole maps"  # (rows, ceil(height / 8), ceil(width / 8)[, outputs])
REPLICATES = "replicates of whole maps"  # (rows, replicates, *features[, outputs])
SEGMENTS = "segments of whole maps"  # (rows, height, width)
OF_MAPS = frozenset({MAP, PIXELS, BLOCKS, REPLICATES, SEGMENTS})
BLOCK = 8  # pixels along a side of a block

FOLLOWS = {
    "base_values": PER_ROW_AND_OUTPUT,
    "data": LIKE_DATA,
    "display_data": LIKE_DATA,
    "instance_names": INSTANCE_NAMES,
    "feature_names": FEATURE_NAMES,
    "output_names": OUTPUT_LABELS,
    "output_indexes": OUTPUT_LABELS,
    "lower_bounds": LIKE_VALUES,
    "upper_bounds": LIKE_VALUES,
    "error_std": LIKE_VALUES,
    "main_effects": LIKE_VALUES,
    "hierarchical_values": LIKE_VALUES,
    "clustering": CLUSTERING,
    "compute_time": WHOLE,
    "n_evaluations": PER_ROW,
    "status": STATUS,
    "plan": WHOLE,
    "gap": PER_ROW_AND_OUTPUT,
    "interval_df": PER_ROW,
    "seed": WHOLE,
    "screening": PER_ROW,
    "plausibility": WHOLE,
    "msev": PER_ROW_AND_OUTPUT,
    "relative_error": MAP,
    "forward_rows": PER_ROW,
    "channel_error_std": PIXELS,
    "pooled_error_std": BLOCKS,
    "replicates": REPLICATES,
    "segments": SEGMENTS,
}

_DEEPEST = 16  # longer chains of waiting steps are worked off at once: recursion stays shallow


class Fields:
    """Fields by name; what the step before has is cut, reduced or flipped at the first access.

    A store is never changed once it is shared: setting a field makes another
    store, so a slice made before keeps what it saw.
    """

    __slots__ = ("_depth", "_known", "_parent", "_step")

    def __init__(
        self,
        known: dict[str, Any],
        parent: "Fields | None" = None,
        step: Step | None = None,
    ) -> None:
        self._known = known
        self._parent = parent
        self._step = step
        self._depth: int = 0 if parent is None else parent._depth + 1  # noqa: SLF001 - the same class
        if self._depth > _DEEPEST:
            for name in FOLLOWS:
                self.get(name)
            self._parent, self._step, self._depth = None, None, 0

    def get(self, name: str) -> Any:
        """Return a field, None where there is none."""
        known = self._known
        if name in known:
            return known[name]
        parent = self._parent
        value = None if parent is None else parent.get(name)
        if value is not None and self._step is not None:
            value = self._step(name, value)
        known[name] = value
        return value

    def replaced(self, known: dict[str, Any]) -> "Fields":
        """Another store with some fields set anew."""
        return Fields(known, self)

    def all(self) -> dict[str, Any]:
        """Every field that is not None, ready for a pickle."""
        found = {name: self.get(name) for name in FOLLOWS}
        return {name: value for name, value in found.items() if value is not None}


class Take:
    """Cut every field as the values were cut: one key an axis."""

    __slots__ = ("_axes", "_keys")

    def __init__(self, axes: Axes, keys: tuple[Key, ...]) -> None:
        self._axes = axes
        self._keys = keys

    def __call__(self, name: str, value: Any) -> Any:
        """Cut one field."""
        follows = FOLLOWS[name]
        if follows == WHOLE:
            return value
        if follows == LIKE_VALUES:
            return take_axes(value, self._keys)
        axes, keys = self._axes, self._keys
        if follows == FEATURE_NAMES:
            return value.take(keys_of("feature", axes, keys))
        rows = keys_of("row", axes, keys)
        if follows == INSTANCE_NAMES:
            return value.take(rows[0]) if rows else value
        if follows in {PER_ROW, STATUS}:
            return take_axes(value, rows) if np.ndim(value) else value
        if follows == LIKE_DATA:
            return _take_data(value, rows, keys_of("feature", axes, keys))
        if follows == CLUSTERING:
            return _take_clustering(value, rows, keys_of("feature", axes, keys))
        outputs = keys_of("output", axes, keys)
        if follows == OUTPUT_LABELS:
            return _take_labels(value, rows, outputs)
        if follows in OF_MAPS:
            is_cut = any(key is not None for key in keys_of("feature", axes, keys))
            return None if is_cut else _take_map(value, rows, () if follows == SEGMENTS else outputs)
        return take_axes(value, rows + outputs) if np.ndim(value) else value  # rows and outputs


def _take_data(value: Any, rows: tuple[Key, ...], features: tuple[Key, ...]) -> Any:
    """Cut the data; where maps have no channels but their pictures do, those stay with every pixel."""
    n_feature_axes = np.ndim(value) - len(rows)
    if n_feature_axes <= len(features):
        return take_axes(value, rows + data_keys(features, n_feature_axes))
    if any(isinstance(key, int) for key in features):
        return None  # a line of pixels is no picture
    return take_axes(value, (*rows, *features, None))


def _take_map(value: Any, rows: tuple[Key, ...], outputs: tuple[Key, ...]) -> Any:
    """Cut rows and outputs; what lies between is whole."""
    n_between = np.ndim(value) - len(rows) - len(outputs)
    return take_axes(value, (*rows, *(None,) * n_between, *outputs)) if np.ndim(value) else value


def data_keys(features: tuple[Key, ...], n_feature_axes: int) -> tuple[Key, ...]:
    """Keys for the feature axes of the data; interactions have two, their data one.

    The data follow the first feature axis that stays, so that ``sv[:, "age"]`` of
    interactions still shows the value of each partner.
    """
    if len(features) == n_feature_axes:
        return features
    staying = [key for key in features if not isinstance(key, int)]
    return (*(staying or features)[:1],) * n_feature_axes


def _take_labels(value: Any, rows: tuple[Key, ...], outputs: tuple[Key, ...]) -> Any:
    """Labels of outputs: a table or an array along the outputs, or an array with its own labels a row."""
    if isinstance(value, NameTable):
        return value.take(outputs[0])
    if not isinstance(value, np.ndarray):
        return value  # the output was picked before
    # After an output was picked, labels that differ from row to row still follow the rows.
    keys = (*rows, *outputs) if value.ndim == 2 or not outputs else outputs
    cut = take_axes(value, keys)
    if value.dtype == object and np.ndim(cut) == 1 and not (rows and not isinstance(rows[0], int)):
        return NameTable(cut)
    return cut


def _take_clustering(value: Any, rows: tuple[Key, ...], features: tuple[Key, ...]) -> Any:
    """A clustering joins all features: it does not survive a choice among them."""
    if any(key is not None for key in features):
        return None
    return take_axes(value, (*rows, None, None)) if value.ndim == 3 else value
