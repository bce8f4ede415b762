"""Additive models: what each player adds is a function of its own columns."""

import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap import _native, links
from ferroshap.errors import InvalidModelError, WorthError
from ferroshap.game import MaskedGame, Players, Reference
from ferroshap.inputs import Table
from ferroshap.links import Link
from ferroshap.maskers import Masker
from ferroshap.models import Model

Floats = NDArray[np.float64]

#: What may be missing to a sum, relative to what is added up. Additive models add in an order of their own, and some
#: in single precision.
TOLERANCE = 1e-6
#: Background rows on which a model is compared with the sum of its parts.
MOST_CHECKED = 256
#: Bytes of the worths that are asked for at once.
MOST_BYTES = 1 << 25


@dataclass(frozen=True, eq=False)
class AdditiveForm:
    r"""A model :math:`g(f(x)) = c + \sum_i h_i(x_i)`, known by asking, and its Shapley values.

    .. math:: \phi_i(x) = h_i(x_i) - \sum_b w_b\, h_i(b_i)

    What a player adds is read off a row `r`, the first of the background, into which its columns are put:
    :math:`h_i(x_i) - h_i(r_i) = g(f(x_i, r_{-i})) - g(f(r))`. One evaluation a player and row, one row of the model
    each. With a link `g` the weights of background rows are those that keep both ends
    (:func:`ferroshap.links.linearized_weights`).

    Attributes
    ----------
    reference : Reference
        Model and whole background; base values are measured on it.
    beside : Reference
        The same with the row `r` alone.
    means : ndarray of shape ``(n_players, n_outputs)``
        What players add on average, beside `r`.
    """

    reference: Reference
    beside: Reference
    means: Floats

    @property
    def base(self) -> Floats:
        """The worth of nobody, ``(n_outputs,)``."""
        return self.reference.base

    @property
    def is_vector(self) -> bool:
        """Whether the model returns one dimension."""
        return self.reference.is_vector

    def values(self, rows: Table) -> tuple[Floats, Floats]:
        """Values ``(rows, players, outputs)``, and the model on the rows themselves, ``(rows, outputs)``."""
        added, full = parts_of(self.beside, rows)
        return added - self.means, full


def read_additive(model: Model, masker: Masker, link: Link) -> AdditiveForm:
    """Find what players add on average over a background, and hold the sum of the parts against the model.

    Costs a model row for each background row and player, and one for each background row.

    Raises
    ------
    InvalidModelError
        When the model is not additive on the background, with the gap.
    """
    reference = Reference(model, masker, link)
    row = masker.table.take_rows(slice(0, 1))
    beside = Reference(model, _alone(masker, row), link)
    added, full = parts_of(beside, masker.table.take_rows(slice(0, MOST_CHECKED)))
    check_sums(beside.base + added.sum(axis=1), full, np.abs(added).sum(axis=1), model, "background row")
    total = np.zeros(added.shape[1:])
    for first in range(0, masker.n_background, MOST_CHECKED):
        part = slice(first, first + MOST_CHECKED)
        if first:
            added, full = parts_of(beside, masker.table.take_rows(part))
        total += np.einsum("bk,bpk->pk", reference.fold_weights[part], added)
    return AdditiveForm(reference, beside, total)


def parts_of(beside: Reference, rows: Table) -> tuple[Floats, Floats]:
    """What each player of some rows adds beside the reference's only row, and the model on the rows.

    Returns
    -------
    tuple of ndarray
        ``(rows, players, outputs)`` and ``(rows, outputs)``, on the scale of the link.
    """
    n_players, n_outputs = beside.masker.n_players, beside.n_outputs
    coalitions = np.vstack([np.eye(n_players, dtype=np.bool_), np.ones((1, n_players), dtype=np.bool_)])
    words = _native.pack_coalitions(np.ascontiguousarray(coalitions))
    blocks = np.zeros(len(words), dtype=np.uint32)
    units = beside.masker.units
    owners = None if units is None else units.owners
    worths = np.empty((rows.n_rows, n_players + 1, n_outputs))
    beside = copy.copy(beside)  # which counts what is moved: other threads may ask, too
    moved = beside.moved = links.Moved()
    pairing = beside.pair(rows)
    step = max(1, MOST_BYTES // (8 * (n_players + 1) * n_outputs))
    for first in range(0, rows.n_rows, step):
        here = np.arange(first, min(first + step, rows.n_rows), dtype=np.intp)
        players = Players(here, np.repeat(np.arange(n_players, dtype=np.intp)[None], len(here), axis=0), owners)
        game = MaskedGame(beside, pairing, players, np.zeros((rows.n_rows, n_outputs)))
        worths[here] = game.worths(words, blocks).reshape(len(words), len(here), n_outputs).transpose(1, 0, 2)
    moved.warn()
    return worths[:, :-1] - beside.base, np.ascontiguousarray(worths[:, -1])


def check_sums(sums: Floats, full: Floats, sizes: Floats, model: Any, what: str) -> None:
    """Refuse a model that is no sum of its parts.

    Raises
    ------
    InvalidModelError
        Naming the row and the gap.
    WorthError
        When the model is not finite there.
    """
    if not np.isfinite(full).all():
        row = int(np.argwhere(~np.isfinite(full))[0][0])
        msg = f"`model` returned {full[~np.isfinite(full)][0]} for {what} {row}: outputs must be finite"
        raise WorthError(msg)
    gaps = np.abs(sums - full)
    scale = float((sizes + np.abs(sums) + np.abs(full)).max(initial=np.finfo(np.float64).tiny))
    if gaps.max(initial=0.0) <= TOLERANCE * scale:
        return
    row = int(np.argwhere(gaps == gaps.max())[0][0])
    msg = (
        f"{model!r} is not additive: for {what} {row} it differs from the sum of what its features add one by one by "
        f"{gaps.max():.3g}, so features interact: use PermutationExplainer or ExactExplainer"
    )
    raise InvalidModelError(msg)


def _alone(masker: Masker, row: Table) -> Masker:
    """The masker with one row of its background."""
    twin = copy.copy(masker)
    twin.table, twin.weights = row, np.ones(1)
    return twin
