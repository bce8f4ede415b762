"""Whose the coefficients of a linear model are: those of columns, of groups of them, or of a pipeline's input."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ferroshap.errors import InvalidMaskerError, InvalidModelError, OptionError
from ferroshap.explainers.linear_maskers import CORRELATED
from ferroshap.explainers.names import Columns
from ferroshap.inputs import Table
from ferroshap.inputs.numbers import as_real
from ferroshap.maskers import Masker
from ferroshap.models import as_model

if TYPE_CHECKING:
    from ferroshap.models import Front

Floats = NDArray[np.float64]


class LinearColumns:
    """The columns of a background, and what a linear model makes of them.

    Values of a linear model add up, so the value of a player is the sum of those of its columns.

    Parameters
    ----------
    model : object
        What the user passed; may know the columns that it was fitted on.
    front : Front or None
        The steps of a pipeline before the linear model.
    masker : Masker
        The background.
    feature_names : list of str, optional
        Names by the user.
    """

    def __init__(self, model: Any, front: "Front | None", masker: Masker, feature_names: Any) -> None:
        """Match the background to the model, and transform it."""
        self.matched = Columns(masker, _model_of(model), feature_names, "masker")
        self._front = front
        units = self.matched.masker.units
        if isinstance(masker.filler, CORRELATED) and (front is not None or units is not None):
            what = "groups of columns" if front is None else "the input of a pipeline"
            msg = (
                f"`masker` is {masker!r}, under which {what} have no values in closed form: explain through "
                "ExactExplainer, PermutationExplainer or KernelExplainer"
            )
            raise InvalidMaskerError(msg)
        #: What the model itself is given of the background.
        self.background = self.born(self.matched.masker.table)
        n_columns = self.matched.masker.table.n_columns
        owners = np.arange(n_columns) if front is None else front.owners
        #: The columns of the model that belong to each player; None where each is one.
        self.players: list[NDArray[np.intp]] | None = None
        if front is not None or units is not None:
            owners = owners if units is None else units.owners[owners]
            count = n_columns if units is None else units.n_players
            self.players = [np.flatnonzero(owners == player) for player in range(count)]

    @property
    def is_pipeline(self) -> bool:
        """Whether the model's own columns are born from those of the rows."""
        return self._front is not None

    def born(self, table: Table) -> Table:
        """Return what the model itself is given of rows with the background's columns."""
        return table if self._front is None else self._front(table)

    @property
    def mean(self) -> Floats:
        """The weighted mean of what the model is given of the background."""
        table, weights = self.background, self.matched.masker.weights
        if table.kind == "sparse":
            return np.asarray(table.source.T @ weights, dtype=np.float64)
        return np.asarray(weights @ as_floats(table), dtype=np.float64)

    def summed(self, values: Floats) -> Floats:
        """Sum values over the columns of each player, one column after the other: no row's bits depend on others."""
        if self.players is None:
            return values
        sums = np.zeros((len(values), len(self.players), *values.shape[2:]))
        for player, columns in enumerate(self.players):
            for column in columns:
                sums[:, player] += values[:, column]
        return sums


def as_floats(table: Table) -> Floats:
    """Return the numbers of a table.

    Raises
    ------
    OptionError
        When some columns hold none.
    """
    numbers = as_real(table)
    if numbers is None:
        msg = (
            f"`{table.argument}` has columns that are no numbers, which a linear model cannot weigh: encode them first"
        )
        raise OptionError(msg)
    return numbers


def _model_of(model: Any) -> Any:
    """The names that the model knows; None for what is no model."""
    if isinstance(model, tuple):
        return None
    try:
        return as_model(model)
    except InvalidModelError:
        return None
