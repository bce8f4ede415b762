"""What models say of their features as a whole, given to every row alike."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap.errors import DimensionError, InvalidModelError
from ferroshap.inputs import read_table

Floats = NDArray[np.float64]


class _OfModel:
    """Numbers that a fitted model has, one for each feature."""

    #: Where the model has them.
    attribute = ""

    def __init__(self, model: Any) -> None:
        """Keep a model that has the numbers."""
        if not hasattr(model, self.attribute):
            msg = f"`model` is of the class {type(model).__name__}, which has no `{self.attribute}`: fit one that has"
            raise InvalidModelError(msg)
        self.model = model

    def attributions(self, X: Any) -> Floats:
        """Return the numbers once for each row of `X`: ``(rows, features)``, or ``(rows, features, outputs)``.

        Raises
        ------
        DimensionError
            When `X` has not as many columns as the model has numbers.
        """
        table = read_table(X, argument="X", allow_single_row=True)
        numbers = np.asarray(getattr(self.model, self.attribute), dtype=np.float64)
        numbers = numbers[0] if numbers.ndim == 2 and len(numbers) == 1 else numbers.T
        if numbers.ndim == 0 or len(numbers) != table.n_columns:
            count = 1 if numbers.ndim == 0 else len(numbers)
            msg = f"`X` has {table.n_columns} columns, but the model's `{self.attribute}` has {count} entries"
            raise DimensionError(msg)
        return np.repeat(numbers[None], table.n_rows, axis=0)

    def __repr__(self) -> str:
        """Name the class and the model's."""
        return f"<{type(self).__name__}: {type(self.model).__name__}>"


class Coefficient(_OfModel):
    """The coefficients of a linear model as attributions, the same for every row: for comparisons only.

    Parameters
    ----------
    model : estimator
        With ``coef_``.

    Raises
    ------
    InvalidModelError
        When it has none.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> Coefficient(SimpleNamespace(coef_=[1.0, 2.0])).attributions(np.zeros((2, 2)))
    array([[1., 2.],
           [1., 2.]])
    """

    attribute = "coef_"


class TreeGain(_OfModel):
    """The importances that an ensemble of trees states, the same for every row: for comparisons only.

    Parameters
    ----------
    model : estimator
        With ``feature_importances_``.

    Raises
    ------
    InvalidModelError
        When it has none.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> TreeGain(SimpleNamespace(feature_importances_=[0.25, 0.75])).attributions([[5.0, 6.0]])
    array([[0.25, 0.75]])
    """

    attribute = "feature_importances_"
