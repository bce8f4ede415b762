"""A model on its background: what nobody is worth, and how outputs are averaged."""

import copy
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap import _native, links
from ferroshap.errors import DimensionError, WorthError
from ferroshap.game.blocks import Blocks, cut
from ferroshap.game.buffers import Buffers
from ferroshap.inputs import Pairing, Table, pair
from ferroshap.links import Link
from ferroshap.maskers import Conditional, Masker
from ferroshap.models import Model

Floats = NDArray[np.float64]

#: Bytes that a batch of background rows may take while the model is asked about the background alone.
BACKGROUND_BYTES = 1 << 25


class Reference:
    """The part of a game that all explained rows share: model, background, link.

    Asks the model about every background row once.

    Attributes
    ----------
    base : ndarray of shape ``(n_outputs,)``
        The worth of the empty coalition over the whole background, linked.
    empty : ndarray of shape ``(n_blocks, n_outputs)``
        The same on each block.
    n_outputs : int
        Outputs of the model; 1 for a model that returns one dimension.
    is_vector : bool
        Whether the model returns one dimension.
    """

    def __init__(
        self,
        model: Model,
        masker: Masker,
        link: Link = links.identity,
        *,
        linearize_link: bool = True,
        rows_per_eval: int | None = None,
        seed: int = 0,
        as_frame: bool | None = None,
    ) -> None:
        """Ask the model about the background."""
        self.model = model
        self.masker = masker
        self.buffers = Buffers()
        self.link = link
        # What the model was fitted on decides; where it does not say, the route's own habit.
        self.as_frame = as_frame if model.wants_frame is None else model.wants_frame
        # What linearises a link are weights of background rows, which conditional rows are not.
        self.is_linked_by_row = link is links.identity or (linearize_link and not masker.is_conditional)
        # A mean over a block inside a bent link would be biased, so then every evaluation takes all rows.
        is_cut = self.is_linked_by_row and not masker.is_conditional
        self.blocks: Blocks = cut(masker.weights, rows_per_eval if is_cut else None, seed)
        is_whole = self.blocks.n_blocks == 1
        self.table: Table = self._in_blocks()
        outputs = self._background_outputs()
        self.is_vector = outputs.ndim == 1
        outputs = outputs.reshape(masker.n_background, -1)
        self.n_outputs: int = outputs.shape[1]
        #: Counts probabilities that are moved for a link while somebody collects them; else each time is told.
        self.moved: links.Moved | None = links.Moved()
        #: What fills absent features, with what it learnt from the outputs.
        self.filler: Masker = masker.filler
        if isinstance(self.filler, Conditional):
            self.filler = self.filler.learn(outputs)
        by_row = self.link if self.is_linked_by_row else links.identity
        weights = links.linearized_weights(by_row, outputs, masker.weights)
        linked = links.apply(by_row, outputs, self.moved)
        whole = Blocks(np.arange(len(outputs)), [0, len(outputs)], masker.weights, np.ones(1))
        self.base: Floats = self._empty_worths(linked, weights, whole)[0]
        order = self.blocks.order
        if is_whole:
            inside = weights
        else:
            # What linearisation makes of a row's weight, it makes of its weight in a block.
            inside = weights[order] / masker.weights[order, None] * self.blocks.row_weights[:, None]
        self.fold_weights: Floats = np.ascontiguousarray(inside)
        self.empty = self._empty_worths(linked[order], self.fold_weights, self.blocks)
        self.moved.warn()
        self.moved = None

    def _in_blocks(self) -> Table:
        """The background, block after block."""
        return self.masker.table if self.blocks.n_blocks == 1 else self.masker.table.take_rows(self.blocks.order)

    def __copy__(self) -> "Reference":
        """Share everything but what a call counts: several threads may explain at once."""
        twin = object.__new__(type(self))
        twin.__dict__.update(self.__dict__)
        return twin

    def __getstate__(self) -> dict[str, Any]:
        """Give what a pickle needs: the background once, not in two orders."""
        return {name: part for name, part in self.__dict__.items() if name != "table"} | {"moved": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Read a pickle."""
        self.__dict__.update(state)
        if "masker" in state:  # which a copy for workers has not
            self.table = self._in_blocks()

    def for_workers(self) -> "Reference":
        """A copy that evaluates coalitions as this one does: without the tables, which workers have in a pairing."""
        twin = copy.copy(self)
        twin.__dict__.update(buffers=Buffers(), moved=None)
        del twin.__dict__["masker"], twin.__dict__["table"]
        if not isinstance(self.filler, Conditional):
            twin.__dict__["filler"] = None
        return twin

    def pair(self, rows: Table) -> Pairing:
        """Encode rows and the background for selection."""
        return pair(self.table, rows, as_frame=self.as_frame)

    def outputs_of(self, rows: object, n_rows: int) -> Floats:
        """Ask the model: ``(n_rows, n_outputs)``, on the link's scale where it is linked row by row."""
        outputs = self.model(rows, n_rows)
        if (outputs.ndim == 1) != self.is_vector or outputs.size != n_rows * self.n_outputs:
            want = f"({n_rows},)" if self.is_vector else f"({n_rows}, {self.n_outputs})"
            msg = f"`model` returned shape {outputs.shape}, but {want} is needed: it was so on the background"
            raise DimensionError(msg)
        if self.is_linked_by_row:
            outputs = links.apply(self.link, outputs, self.moved)
        return outputs.reshape(n_rows, self.n_outputs)

    def worths_of(self, means: Floats) -> Floats:
        """Take means of outputs to worths: the link, where it is not applied row by row."""
        return means if self.is_linked_by_row else links.apply(self.link, means, self.moved)

    def _background_outputs(self) -> Floats:
        table = self.masker.table
        pairing = pair(table, table.take_rows(slice(0, 1)), as_frame=self.as_frame)
        step = max(1, BACKGROUND_BYTES // max(pairing.row_bytes, 1))
        parts = []
        for first in range(0, table.n_rows, step):
            n_rows = min(step, table.n_rows - first)
            parts.append(self.model(pairing.known(slice(first, first + n_rows)), n_rows))
        outputs = np.concatenate(parts)
        if outputs.ndim == 2 and outputs.shape[1] == 0:
            msg = "`model` returned no outputs on the background: it must return one or more a row"
            raise DimensionError(msg)
        if not np.isfinite(outputs).all():
            row = int(np.flatnonzero(~np.isfinite(outputs.reshape(len(outputs), -1)).all(axis=1))[0])
            msg = (
                f"`model` returned {outputs[~np.isfinite(outputs)][0]} for background row {row}: outputs must be finite"
            )
            raise WorthError(msg)
        return outputs

    def _empty_worths(self, linked: Floats, weights: Floats, blocks: Blocks) -> Floats:
        """`v({})` on each block, added in the very order in which worths are."""
        numbers = np.arange(blocks.n_blocks, dtype=np.uint32)
        average = _native.Average(1, blocks.starts, numbers, np.ascontiguousarray(weights))
        average.add(np.ascontiguousarray(linked))
        return self.worths_of(average.worths().reshape(blocks.n_blocks, self.n_outputs))
