"""Decision plot of all outputs of one row."""

import inspect
from typing import Any

import numpy as np

from ferroshap.errors import DimensionError, check_options
from ferroshap.inputs import read_table
from ferroshap.plots.decision import decision
from ferroshap.plots.decisions.paths import shifted
from ferroshap.plots.reading.accept import looks_like_explanation
from ferroshap.plots.reading.arrays import are_names

_OWN = ("base_value", "shap_values")


def multioutput_decision(base_values: Any, shap_values: Any, row_index: int, **decision_options: Any) -> Any:
    """Draw a line for each output of one row, all from the mean of the base values.

    Parameters
    ----------
    base_values : list or array
        One for each output, ``(outputs,)``, or ``(rows, outputs)``; None: those of the Explanation.
    shap_values : list of arrays, array or Explanation
        ``(rows, features)`` or ``(rows, features, features)`` for each output, or one array with the outputs last.
    row_index : int
        The row.
    **decision_options
        As for `decision`; of `features` the row is taken. `highlight` and `legend_labels` count outputs. Without
        `legend_labels` those of an Explanation are its output names.

    Returns
    -------
    Axes, DecisionPlotResult or None
        As `decision`.

    Raises
    ------
    UnknownOptionError
        For an option that `decision` does not know.
    DimensionError
        If bases and values differ in their outputs, or there is no such row.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> values = np.arange(12.0).reshape(2, 3, 2)
    >>> axes = multioutput_decision([0.0, 1.0], values, 1, legend_labels=["no", "yes"], show=False)
    >>> [text.get_text() for text in axes.get_legend().get_texts()]
    ['no', 'yes']
    """
    known = [name for name in inspect.signature(decision).parameters if name not in _OWN]
    check_options(decision_options, known, "multioutput_decision_plot")
    options = dict(decision_options)
    if looks_like_explanation(shap_values):
        base_values = shap_values.base_values if base_values is None else base_values
        names = shap_values.output_names
        if isinstance(names, list):
            options.setdefault("legend_labels", names)
        if isinstance(shap_values.feature_names, list):
            options.setdefault("feature_names", shap_values.feature_names)
        shap_values = np.asarray(shap_values.values)
    values = _outputs_first(shap_values)
    bases = _bases(base_values, values, row_index)
    mean = float(bases.mean())
    lines = np.stack([shifted(one[row_index][None], base, mean)[0] for one, base in zip(values, bases, strict=True)])
    if options.get("features") is not None:
        options["features"], names = _one_row(options["features"], values.shape, row_index)
        if names is not None:
            options.setdefault("feature_names", names)
    return decision(mean, lines, **options)


def _outputs_first(shap_values: Any) -> np.ndarray:
    """Bring the values to ``(outputs, rows, features[, features])``."""
    if isinstance(shap_values, (list, tuple)):
        shapes = {np.shape(one) for one in shap_values}
        if len(shapes) != 1:
            msg = (
                f"`shap_values` holds arrays of {len(shapes)} shapes: give one array of the same shape for each output"
            )
            raise DimensionError(msg)
        values = np.stack([np.asarray(one, dtype=float) for one in shap_values])
    else:
        values = np.moveaxis(np.asarray(shap_values, dtype=float), -1, 0)
    if values.ndim not in (3, 4) or 0 in values.shape:
        msg = (
            f"`shap_values` has shape {np.shape(shap_values)}: give (rows, features, outputs), or a list with "
            "(rows, features) for each output"
        )
        raise DimensionError(msg)
    return values


def _bases(base_values: Any, values: np.ndarray, row_index: int) -> np.ndarray:
    """One base value for each output, and a row that exists.

    Raises
    ------
    DimensionError
        If there are more or fewer, or no such row.
    """
    n_outputs, n_rows = values.shape[:2]
    is_int = isinstance(row_index, (int, np.integer)) and not isinstance(row_index, bool)
    if not is_int or not -n_rows <= row_index < n_rows:
        msg = f"`row_index` is {row_index!r}: give the number of one of the {n_rows} rows"
        raise DimensionError(msg)
    bases = np.asarray([] if base_values is None else base_values, dtype=float)
    if bases.shape == (n_rows, n_outputs) and bases.ndim == 2:
        bases = bases[row_index]
    if bases.shape != (n_outputs,):
        msg = f"`base_values` has shape {bases.shape}, but `shap_values` has {n_outputs} outputs: give one for each"
        raise DimensionError(msg)
    return bases


def _one_row(features: Any, shape: tuple[int, ...], row_index: int) -> tuple[Any, list[str] | None]:
    """Return the values of the row's features once for each line, with the names of their columns."""
    if are_names(features, shape[1:]):
        return None, list(features)
    table = read_table(features, argument="features", allow_single_row=True)
    row = table.display[0 if table.n_rows == 1 else row_index]
    return np.repeat(row[None], shape[0], axis=0), table.names
