"""What is asked of a model before its gradients are believed: its outputs on a few rows."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap.errors import DimensionError, ExplainerError, InvalidModelError
from ferroshap.gradients.protocol import Arrays, GradFn, explaining, is_out_of_memory

Floats = NDArray[np.float64]

#: Two forward passes of one row agree to this, relative to the output or to 1.
SAME_ROW = 1e-6
#: So does a row with and without company; models of float32 add up in another order.
COMPANY = {np.dtype(np.float64): 1e-8, np.dtype(np.float32): 1e-4}
#: Rows that `check_model` asks for.
N_CHECKED = 5


def check_model(grad_fn: GradFn, rows: Arrays) -> None:
    """Refuse a model that answers differently the second time, or by the company of a row.

    The gradient of a sum over a batch is that of each row only if rows do not look at each other.

    Parameters
    ----------
    grad_fn : GradFn
        The model.
    rows : tuple of ndarray
        Background rows, one at least.

    Raises
    ------
    InvalidModelError
        Naming what usually causes it.
    """
    three = _three_rows(rows)
    alone = tuple(values[:1] for values in three)
    with explaining(grad_fn):
        first = outputs_of(grad_fn, alone)
        second = outputs_of(grad_fn, alone)
        together = outputs_of(grad_fn, three)[:1]
    size = np.maximum(1.0, np.abs(first))
    if not _agree(first, second, SAME_ROW * size):
        msg = (
            f"`model` returned {_shown(first)} and then {_shown(second)} for the same row: switch off what draws at "
            "random when it predicts (dropout, sampling layers, noise)"
        )
        raise InvalidModelError(msg)
    company = max(COMPANY.get(np.dtype(grad_fn.dtype), 1e-4), 16 * getattr(grad_fn, "rounding", 0.0))
    if not _agree(first, together, company * size):
        msg = (
            f"`model` returned {_shown(first)} for a row alone, but {_shown(together)} beside two others: rows must "
            "not look at each other. Switch BatchNorm to evaluation, and take out what is computed over a batch"
        )
        raise InvalidModelError(msg)


def outputs_of(grad_fn: GradFn, inputs: Arrays, batch: int | None = None) -> Floats:
    """Return the outputs of rows, ``(rows,)`` or ``(rows, outputs)``, `batch` rows at a time.

    A batch that does not fit into the memory is halved.

    Raises
    ------
    DimensionError
        When the model does not return one or two dimensions with one entry a row.
    InvalidModelError
        When it does not return real numbers.
    """
    n_rows, first = len(inputs[0]), 0
    parts: list[Floats] = []
    batch = n_rows if batch is None else batch
    while first < n_rows or not parts:
        part = tuple(np.array(values[first : first + batch], order="C") for values in inputs)  # may be overwritten
        try:
            parts.append(_read(grad_fn.forward(part), len(part[0])))
        except Exception as error:
            if len(part[0]) <= 1 or not is_out_of_memory(grad_fn, error):
                raise
            batch = len(part[0]) // 2
            continue
        first += max(1, len(part[0]))
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def check_finite_outputs(outputs: Floats, argument: str, index: NDArray[np.intp] | None = None) -> None:
    """Refuse outputs that are not finite, naming the row.

    Raises
    ------
    ExplainerError
        With the row and its output.
    """
    bad = ~np.isfinite(outputs if outputs.ndim == 2 else outputs[:, None]).all(axis=1)
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        name = row if index is None else int(index[row])
        msg = f"the model returned {_shown(outputs[row])} for row {name} of `{argument}`: it must return finite numbers"
        raise ExplainerError(msg)


def _read(returned: Any, n_rows: int) -> Floats:
    outputs = np.asarray(returned)
    if outputs.dtype.kind not in "biuf":
        msg = f"`model.forward` returned {outputs.dtype} values: it must return real numbers"
        raise InvalidModelError(msg)
    if outputs.ndim not in {1, 2} or len(outputs) != n_rows:
        msg = (
            f"`model` returned an array of shape {outputs.shape} for {n_rows} rows: it must return ({n_rows},) or "
            f"({n_rows}, outputs)"
        )
        raise DimensionError(msg)
    return outputs.astype(np.float64)


def _three_rows(rows: Arrays) -> Arrays:
    """Return three rows of which the others differ from the first: of the background, or made of the first."""
    n_rows = len(rows[0])
    flat = [values.reshape(n_rows, -1) for values in rows]
    differs = np.any([(values != values[:1]).any(axis=1) for values in flat], axis=0)
    others = np.flatnonzero(differs)[:2]
    if len(others) == 2:
        at = np.array([0, *others])
        return tuple(values[at] for values in rows)
    made = []
    for values, known in zip(rows, flat, strict=True):
        turned = known[0, ::-1]
        if (turned == known[0]).all():
            turned = known[0] + 1
        made.append(np.stack([known[0], turned, np.roll(known[0], 1) + 1]).astype(values.dtype))
    return tuple(three.reshape(3, *values.shape[1:]) for three, values in zip(made, rows, strict=True))


def _agree(a: Floats, b: Floats, tolerance: Floats) -> bool:
    both = np.isnan(a) & np.isnan(b)
    return a.shape == b.shape and bool((both | (np.abs(a - b) <= tolerance)).all())


def _shown(outputs: Floats) -> str:
    with np.printoptions(precision=6, threshold=6, edgeitems=2):
        return " ".join(str(outputs.ravel()).split())
