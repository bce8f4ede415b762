"""What the older functions take: arrays, lists of arrays and frames beside Explanations, as one Explanation."""

from typing import Any

import numpy as np

from ferroshap.errors import DimensionError
from ferroshap.explanation import Explanation
from ferroshap.explanation.checks import as_numbers, as_table
from ferroshap.plots.reading.accept import as_explanation, holds_cohorts, looks_like_explanation


def table_of(shap_values: Any, features: Any, feature_names: Any, plot: str) -> Explanation:
    """Return rows by features, with the data and names given.

    Raises
    ------
    TypeError
        If `shap_values` is a list of outputs, or no numbers.
    DimensionError
        If it is anything but rows by features, or the features do not fit it.
    """
    if isinstance(shap_values, list):
        msg = f"`shap_values` of `{plot}` is a list of {len(shap_values)} outputs: pass one, as shap_values[k]"
        raise TypeError(msg)
    explanation = any_table_of(shap_values, features, feature_names, plot)
    if explanation.axes == ("row", "feature"):
        return explanation
    if explanation.axes == ("row", "feature", "output"):
        names = explanation.output_names
        known = "" if not isinstance(names, list) else f" or a name, as sv[..., {names[-1]!r}]"
        msg = (
            f"`shap_values` of `{plot}` has {explanation.shape[-1]} outputs, but the picture shows one: "
            f"pass sv[..., k] with the number of an output{known}"
        )
        raise DimensionError(msg)
    msg = f"`shap_values` of `{plot}` has shape {explanation.shape}: pass a table, rows by features"
    raise DimensionError(msg)


def any_table_of(
    shap_values: Any, features: Any, feature_names: Any, plot: str, *, may_interact: bool | None = True
) -> Explanation:
    """Return rows by features, with outputs or interactions where there are some.

    A list holds one table an output. An array of three axes is a cube of
    interactions if its last two are equally long and symmetric, else its last axis
    holds outputs; `may_interact` may rule the one out, or with None the other.
    `features` may be a list of names.
    """
    display = None
    if looks_like_explanation(shap_values) or holds_cohorts(shap_values):
        explanation = as_explanation(shap_values, plot)
        values, axes = explanation.values, explanation.axes
        outputs = explanation.output_names
        features = explanation.data if features is None else features
        own = explanation.feature_names
        own = own[0] if isinstance(own, list) and own and isinstance(own[0], list) else own
        feature_names = own if feature_names is None else feature_names
    else:
        values, axes = _values_and_axes(shap_values, plot, may_interact=may_interact)
        outputs = None
    if axes[:2] != ("row", "feature"):
        msg = f"`shap_values` of `{plot}` has shape {np.shape(values)}: pass a table, rows by features"
        raise DimensionError(msg)
    data, names = _features(features, feature_names, np.shape(values))
    fields: dict[str, Any] = {"data": data, "display_data": display, "axes": axes}
    if "output" in axes and isinstance(outputs, list):
        fields["output_names"] = outputs
    if names is not None:
        fields["feature_names"] = names if axes.count("feature") == 1 else [names, names]
    return Explanation(np.asarray(values), **fields)


def _values_and_axes(shap_values: Any, plot: str, *, may_interact: bool | None) -> tuple[np.ndarray, tuple[str, ...]]:
    """Read arrays, and tell what their axes are."""
    if isinstance(shap_values, (list, tuple)) and len(shap_values) and np.ndim(shap_values[0]) == 2:
        tables = [as_numbers(f"shap_values[{k}]", one) for k, one in enumerate(shap_values)]
        if len({table.shape for table in tables}) > 1:
            msg = (
                f"`shap_values` of `{plot}` holds tables of shapes {[table.shape for table in tables]}: all must agree"
            )
            raise DimensionError(msg)
        values = np.stack(tables, axis=-1)
        return (values, ("row", "feature", "output")) if len(tables) > 1 else (values[..., 0], ("row", "feature"))
    if shap_values is None or isinstance(shap_values, (str, dict)):
        msg = f"`shap_values` of `{plot}` is a {type(shap_values).__name__}: pass an Explanation or arrays of numbers"
        raise TypeError(msg)
    values = as_numbers("shap_values", shap_values)
    if values.ndim not in {2, 3} or 0 in values.shape:
        msg = f"`shap_values` of `{plot}` has shape {values.shape}: pass a table, rows by features"
        raise DimensionError(msg)
    if values.ndim == 2:
        return values, ("row", "feature")
    if values.shape[2] == 1:
        return values[..., 0], ("row", "feature")
    is_cube = values.shape[1] == values.shape[2] if may_interact is None else may_interact and are_interactions(values)
    return values, ("row", "feature", "feature" if is_cube else "output")


def are_interactions(values: np.ndarray) -> bool:
    """Tell whether a cube is symmetric in its last two axes, up to rounding."""
    if values.shape[1] != values.shape[2]:
        return False
    mirrored = np.swapaxes(values, 1, 2)
    largest = float(np.max(np.abs(values), where=np.isfinite(values), initial=0.0))
    return bool(np.allclose(values, mirrored, rtol=1e-6, atol=1e-8 * largest, equal_nan=True))


def _features(features: Any, names: Any, shape: tuple[int, ...]) -> tuple[np.ndarray | None, list[str] | None]:
    """The values of the features, and their names."""
    n_rows, n_features = shape[:2]
    table, columns = None, None
    if isinstance(features, (list, tuple, np.ndarray)) and np.ndim(features) == 1 and n_features > 0:
        columns, features = [str(name) for name in features], None
        if len(columns) != n_features:
            msg = f"`features` is a list of {len(columns)} names, but `shap_values` has {n_features} features"
            raise DimensionError(msg)
    if features is not None:
        table, columns = as_table(features)
        kinds = [str(kind) for kind in getattr(features, "dtypes", ())]
        if "category" in kinds:  # codes of categories have no order that a colour could show
            table = table.astype(object)
            for k in [k for k, kind in enumerate(kinds) if kind == "category"]:
                table[:, k] = [str(entry) for entry in table[:, k]]
    if table is not None and table.shape != (n_rows, n_features):
        msg = f"`features` has shape {table.shape}, but `shap_values` has {n_rows} rows and {n_features} features"
        if table.ndim == 2 and n_features - 1 == table.shape[1]:
            msg += "; perhaps the extra column of `shap_values` is the base value: then pass shap_values[:, :-1]"
        raise DimensionError(msg)
    if names is None:
        return table, columns
    chosen = [names] if isinstance(names, str) else [str(name) for name in names]
    if len(chosen) != n_features:
        msg = f"`feature_names` has {len(chosen)} names, but `shap_values` has {n_features} features"
        raise DimensionError(msg)
    return table, chosen


def strongest_first(table: Explanation, *, sort: bool) -> np.ndarray:
    """Positions of the features by mean magnitude over rows and outputs, ties in order; as they come without `sort`."""
    values = np.abs(np.nan_to_num(np.asarray(table.values, dtype=float)))
    if not sort:
        return np.arange(values.shape[1])
    strengths = values.mean(axis=0)
    strengths = strengths.sum(axis=-1) if strengths.ndim > 1 else strengths
    order: np.ndarray = np.argsort(-strengths, kind="stable")
    return order
