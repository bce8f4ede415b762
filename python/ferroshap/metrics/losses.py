"""Losses of predictions, one number a row."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap.errors import DimensionError, OptionError, nearest
from ferroshap.links import CLIP
from ferroshap.models import Model

Floats = NDArray[np.float64]
#: Of true answers ``(rows,)`` or ``(rows, outputs)`` and predictions of the same rows.
Loss = Callable[[NDArray[Any], Floats], Any]


def squared_error(y: Floats, predictions: Floats) -> Floats:
    """Squared error; over several outputs their mean: ``(rows,)``.

    Examples
    --------
    >>> squared_error(np.array([1.0, 3.0]), np.array([1.5, 3.0]))
    array([0.25, 0.  ])
    """
    squares: Floats = (predictions - y) ** 2
    return squares if squares.ndim == 1 else squares.mean(axis=1)


def log_loss(y: NDArray[np.int64], predictions: Floats) -> Floats:
    """Minus the logarithm of the probability that the true class was given: ``(rows,)``.

    `y` holds numbers of classes; predictions are the probability of class 1, or one column a class.
    Probabilities are moved away from 0 by 1e-15.

    Examples
    --------
    >>> log_loss(np.array([0, 1]), np.array([0.5, 1.0])).round(4)
    array([0.6931, 0.    ])
    """
    if predictions.ndim == 1:
        predictions = np.stack([1.0 - predictions, predictions], axis=1)
    given = np.take_along_axis(predictions, y[:, None], axis=1)[:, 0]
    losses: Floats = -np.log(np.clip(given, CLIP, None))
    return losses + 0.0  # no -0.0


KNOWN: dict[str, Loss] = {"log_loss": log_loss, "squared_error": squared_error}


def as_loss(loss: Any) -> Loss:
    """Return the loss that is meant by a name, or the function itself."""
    if isinstance(loss, str):
        if loss not in KNOWN:
            msg = f"`loss={loss!r}` is not known{nearest(loss, KNOWN)} Known: {', '.join(sorted(KNOWN))}, or a function"
            raise OptionError(msg)
        return KNOWN[loss]
    if not callable(loss):
        msg = f"`loss` must be a function of true answers and predictions or its name, not {loss!r}"
        raise OptionError(msg)
    checked: Loss = loss
    return checked


def as_answers(y: Any, loss: Loss, model: Model, shape: tuple[int, ...]) -> NDArray[Any]:
    """Read the true answers of predictions of this shape; classes become the numbers of their columns."""
    answers = np.asarray(y)
    if answers.shape[:1] != shape[:1]:
        msg = f"`y` has shape {answers.shape}, but `X` has {shape[0]} rows: pass one answer for each"
        raise DimensionError(msg)
    if loss is squared_error:
        answers = answers.astype(np.float64)
        if answers.shape != shape:
            msg = f"`y` has shape {answers.shape}, but the model's outputs have {shape}"
            raise DimensionError(msg)
    if loss is not log_loss:
        return answers
    n_classes = 2 if len(shape) == 1 else shape[1]
    numbers = _classes(answers, model.output_names) if answers.ndim == 1 else None
    if numbers is None or not ((numbers >= 0) & (numbers < n_classes)).all():
        what = f"a number from 0 to {n_classes - 1}"
        if model.output_names is not None:
            what = f"one of {model.output_names} or {what}"
        msg = f"`y` must hold the class of each row, {what}, for the loss 'log_loss'"
        raise OptionError(msg)
    return numbers


def _classes(answers: NDArray[Any], names: list[str] | None) -> NDArray[np.int64] | None:
    """Numbers of classes from their names, or the numbers themselves; None for what is neither."""
    places = {name: place for place, name in enumerate(names or [])}
    named = [str(answer) for answer in answers.tolist()]
    if places.keys() >= set(named):
        return np.array([places[name] for name in named], dtype=np.int64)
    is_whole = answers.dtype.kind in "biu" or (answers.dtype.kind == "f" and not (answers % 1).any())
    return answers.astype(np.int64) if is_whole else None
