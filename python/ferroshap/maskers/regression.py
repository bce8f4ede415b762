"""Trained regressions that answer for a model when only some columns are known."""

import copy
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from ferroshap import _native
from ferroshap.errors import DimensionError
from ferroshap.maskers.conditional import Averaging

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Words = NDArray[Any]


class Fitted:
    """Trained regressors, one an output.

    Parameters
    ----------
    regressors : list
        Each predicts one output.
    absent : ndarray of shape ``(n_columns,)``
        What stands for the columns that are absent.
    n_outputs : int
        Outputs of the model.
    units : list of float
        Of the outputs: what the regressors predict is multiplied by them.
    takes_nan : bool
        Whether missing entries stay NaN.
    """

    def __init__(
        self, regressors: list[Any], absent: Floats, n_outputs: int, units: list[float], *, takes_nan: bool
    ) -> None:
        """Keep them."""
        self.units = units
        self.regressors = regressors
        self.absent = absent
        self.n_outputs = n_outputs
        self.takes_nan = takes_nan

    def inputs(self, rows: Floats, present: Bools) -> Floats:
        """Give what the regressors look at: values, then who is present, ``(count, 2 * n_columns)``."""
        n_columns = len(self.absent)
        inputs = np.empty((len(rows), 2 * n_columns))
        self.write(inputs, rows, present)
        return inputs

    def write(self, out: Floats, rows: Floats, present: Bools) -> None:
        """Write them into `out`."""
        n_columns = len(self.absent)
        known = present if self.takes_nan else present & ~np.isnan(rows)
        out[:, :n_columns] = np.where(known, rows, self.absent)
        out[:, n_columns:] = present

    def predict(self, inputs: Floats) -> Floats:
        """Predict all outputs: ``(count, n_outputs)``."""
        columns = [
            np.asarray(regressor.predict(inputs), dtype=np.float64) * unit
            for regressor, unit in zip(self.regressors, self.units, strict=True)
        ]
        return np.stack([column.reshape(len(inputs)) for column in columns], axis=1)


class PreparedSurrogate:
    """A trained surrogate and the rows to explain."""

    def __init__(self, fitted: Fitted, rows: Floats) -> None:
        """Keep both."""
        self.fitted = fitted
        self.rows = rows
        self.like: list[Words] = [np.empty((0, 2 * rows.shape[1]))]

    def most_model_rows(self) -> int:
        """One prediction a coalition and explained row."""
        return 1

    def draw(self, words: NDArray[np.uint64], rows: NDArray[np.intp], *, n_threads: int) -> "Questions":  # noqa: ARG002 - nothing is drawn
        """Nothing is drawn: there is one row for each coalition and explained row."""
        return Questions(self.fitted, _native.unpack_coalitions(words, self.rows.shape[1]), self.rows[rows])

    def outputs(self, filled: list[Words], count: int) -> Floats:
        """Predict."""
        return self.fitted.predict(filled[0][:count])


class Questions:
    """What the surrogate is asked about some coalitions."""

    def __init__(self, fitted: Fitted, present: Bools, rows: Floats) -> None:
        """Keep all."""
        self._fitted = fitted
        self._present = present
        self._rows = rows
        self.n_model_rows = len(present) * len(rows)

    def fill(self, out: list[Words], first: int, *, is_immediate: bool) -> "_native.Filling":  # noqa: ARG002 - a copy
        """Write what is known of the rows from `first` on."""
        evaluations, rows = np.divmod(np.arange(first, first + len(out[0])), len(self._rows))
        self._fitted.write(out[0], self._rows[rows], self._present[evaluations])
        return cast("_native.Filling", _Done())

    def average(self, n_outputs: int) -> Averaging:
        """Each worth is one prediction."""
        if n_outputs != self._fitted.n_outputs:
            msg = (
                f"`model` of the surrogate has {self._fitted.n_outputs} outputs, but the model that is explained has "
                f"{n_outputs}: pass the same model to both"
            )
            raise DimensionError(msg)
        return _Gathered()


class _Done:
    def wait(self) -> None:
        """Nothing is left to wait for."""


class _Gathered:
    def __init__(self) -> None:
        self._parts: list[Floats] = []

    def add(self, outputs: Floats, /) -> None:
        self._parts.append(outputs)

    def worths(self) -> Floats:
        gathered: Floats = np.concatenate(self._parts).reshape(-1)
        return gathered


def known_means(table: Floats, weights: Floats) -> Floats:
    """Weighted means of the columns over what is known; 0 where nothing is."""
    is_known = np.isfinite(table)
    shares = weights[:, None] * is_known
    total = (shares * np.where(is_known, table, 0.0)).sum(axis=0)
    means: Floats = np.divide(total, shares.sum(axis=0), out=np.zeros(len(total)), where=is_known.any(axis=0))
    return means


def takes_nan_itself(regressor: Any) -> bool:
    """Ask a regressor whether it takes NaN; what does not say does not."""
    if hasattr(regressor, "__sklearn_tags__"):
        return bool(regressor.__sklearn_tags__().input_tags.allow_nan)
    if hasattr(regressor, "_get_tags"):
        return bool(regressor._get_tags().get("allow_nan", False))  # noqa: SLF001 - before scikit-learn 1.6
    return False


def cloned(regressor: Any, seed: int) -> Any:
    """Copy a regressor that is not trained, and give it a seed if it wants one."""
    if not hasattr(regressor, "get_params"):
        return copy.deepcopy(regressor)
    from sklearn.base import clone

    own = clone(regressor)
    if own.get_params().get("random_state", 0) is None:
        own.set_params(random_state=seed % 2**32)
    return own
