"""The game of one explained row, for those who evaluate coalitions themselves."""

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ferroshap import _native, links
from ferroshap.errors import DimensionError
from ferroshap.game.players import Players, find_players
from ferroshap.game.reference import Reference
from ferroshap.game.rows import AnyMaskedGame, Rows
from ferroshap.inputs import Pairing, match_columns, read_table
from ferroshap.maskers import as_masker
from ferroshap.models import as_model
from ferroshap.threads import as_threads

if TYPE_CHECKING:
    from ferroshap.executors.crew import Crew

Floats = NDArray[np.float64]


class Game:
    r"""The game that a model plays on one row: players are features, absent ones come from a masker.

    :math:`v(S)` is the (linked) mean of the model over the masker's rows, with the features in
    :math:`S` taken from `x`.

    Parameters
    ----------
    model : callable or estimator
        ``f(rows) -> (rows,)`` or ``(rows, outputs)``, or an object with ``predict_proba`` or ``predict``.
    masker : masker, or background data
        What stands for absent features.
    x : array of shape ``(n_features,)``, Series, dict, or a table of one row
        The row to explain.
    link : str or link
        The scale on which worths add up.
    linearize_link : bool
        Average linked outputs, with weights that keep both ends right, instead of linking the average.

    Examples
    --------
    >>> game = Game(lambda X: X @ np.array([2.0, 1.0]), [[0.0, 0.0]], [3.0, 5.0])
    >>> game(np.array([[False, False], [True, False], [True, True]]))
    array([ 0.,  6., 11.])
    """

    def __init__(
        self,
        model: Any,
        masker: Any,
        x: Any,
        *,
        link: str | links.Link = "identity",
        linearize_link: bool = True,
    ) -> None:
        """Ask the model about the background."""
        self.reference = Reference(
            as_model(model), as_masker(masker), links.resolve(link), linearize_link=linearize_link
        )
        row = read_table(x, argument="x", allow_single_row=True)
        positions = match_columns(row, self.reference.table.names, argument="x", reference="the background")
        row = row if positions is None else row.reorder(positions)
        if row.n_rows != 1:
            msg = f"`x` has {row.n_rows} rows, but a game is played on one: make a game for each"
            raise DimensionError(msg)
        self.pairing: Pairing = self.reference.pair(row)
        masker = self.reference.masker
        self.players: Players = find_players(self.pairing, 1, masker.units, everyone=masker.is_conditional)[0]
        self._row = row

    @property
    def n_players(self) -> int:
        """Number of features or groups of them, those that cannot matter among them."""
        return self.reference.masker.n_players

    @cached_property
    def full(self) -> Floats:
        """The worth of everybody, ``(1, n_outputs)``: the model on the row itself, linked."""
        outputs = self.reference.outputs_of(self.pairing.given(slice(0, 1)), 1)
        return self.reference.worths_of(outputs)

    @cached_property
    def everyone(self) -> Players:
        """All features or groups of them, also those that cannot matter."""
        return find_players(self.pairing, 1, self.reference.masker.units, everyone=True)[0]

    def masked(
        self,
        *,
        batch_size: int | str = "auto",
        n_jobs: int | None = None,
        players: Players | None = None,
        crew: "Crew | None" = None,
        n_evaluations: int = 1,
    ) -> AnyMaskedGame:
        """The game among some players, as the estimators play it: by default the features that can matter.

        Where there is a `crew`, it evaluates the coalitions, `n_evaluations` in all.
        """
        rows = Rows(self.reference, self.pairing, self._row)
        players = self.players if players is None else players
        game = rows.game(players, self.full, batch_size=batch_size, n_threads=as_threads(n_jobs))
        return game if crew is None else rows.call(crew).elsewhere(game, n_evaluations)

    @cached_property
    def _masked(self) -> AnyMaskedGame:
        return self.masked()

    def __call__(self, coalitions: Any) -> Floats:
        """Evaluate coalitions.

        Parameters
        ----------
        coalitions : bool array of shape ``(n_coalitions, n_players)``
            Who is present.

        Returns
        -------
        ndarray of shape ``(n_coalitions,)``, or ``(n_coalitions, n_outputs)`` for a model of two dimensions
        """
        present = np.asarray(coalitions, dtype=np.bool_)
        if present.ndim != 2 or present.shape[1] != self.n_players:
            msg = f"`coalitions` has shape {present.shape}, but must be (coalitions, {self.n_players})"
            raise DimensionError(msg)
        words = _native.pack_coalitions(np.ascontiguousarray(present[:, self.players.features[0]]))
        worths = self._masked.worths(words, np.zeros(len(present), dtype=np.uint32))
        return worths[:, 0] if self.reference.is_vector else worths
