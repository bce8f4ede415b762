"""Maskers as functions of a mask and a row: those of tables, and what is known of anybody's."""

import inspect
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ferroshap.errors import DimensionError, InvalidMaskerError
from ferroshap.inputs import pair, read_table

if TYPE_CHECKING:
    from ferroshap.maskers.masker import Masker

Bools = NDArray[np.bool_]


def is_called(masker: Any) -> bool:
    """Whether a masker is played by calling it for every coalition: a function, or one of several inputs.

    Examples
    --------
    >>> is_called(lambda mask, x: x * mask), is_called([[0.0]])
    (True, False)
    """
    own: bool | None = getattr(type(masker), "takes_calls", None)
    if own is None:
        return callable(masker)
    return own or not type(masker).__call__.__module__.startswith("ferroshap.")


def said_by(masker: Any, name: str) -> Any:
    """What a masker says of itself under a name; None where it says nothing.

    What maskers of tables say is not meant by a subclass that has no table.
    """
    is_ours = hasattr(type(masker), "takes_calls") and not hasattr(masker, "table")
    if is_ours and name not in vars(masker):
        home = next((cls for cls in type(masker).__mro__ if name in vars(cls)), None)
        if home is not None and home.__module__ == "ferroshap.maskers.masker":
            return None
    return getattr(masker, name, None)


def masked_rows(masker: "Masker", mask: Any, x: Any) -> tuple[Any]:
    """Return the background with the columns of the players in `mask` taken from `x`: as many rows, of its kind.

    Raises
    ------
    InvalidMaskerError
        When the masker fills in another way.
    DimensionError
        When mask or row do not fit.
    """
    if masker.filler.is_conditional or masker.takes_images:
        msg = f"{masker!r} fills by what is present, and not row by row: it cannot be called with a mask"
        raise InvalidMaskerError(msg)
    row = _row_of(masker, x)
    present = standard_mask(mask, masker.n_players)
    columns = present if masker.units is None else present[masker.units.owners]
    pairing = pair(masker.table, row, as_frame=None)
    filled = [np.where(columns[block.columns], block.rows, block.background) for block in pairing.blocks]
    return (pairing.build([np.ascontiguousarray(block) for block in filled]),)


def invariants_of(masker: "Masker", x: Any) -> Bools:
    """Return which players of which background rows have the very values of `x`: ``(n_background, n_players)``."""
    pairing = pair(masker.table, _row_of(masker, x), as_frame=None)
    same = np.zeros((masker.n_background, pairing.n_columns), dtype=np.bool_)
    for block in pairing.blocks:
        words = f"u{block.background.dtype.itemsize}"
        same[:, block.columns] = block.background.view(words) == block.rows.view(words)
    if masker.units is None:
        return same
    return np.column_stack([same[:, columns].all(axis=1) for columns in masker.units.columns])


def standard_mask(mask: Any, n_players: int) -> Bools:
    """Return a mask as one bool a player; True and False mean all of them.

    Examples
    --------
    >>> standard_mask(True, 2), standard_mask([0, 1], 2)
    (array([ True,  True]), array([False,  True]))
    """
    given = np.full(n_players, mask) if isinstance(mask, bool | np.bool_) else np.asarray(mask, dtype=np.bool_)
    if given.shape != (n_players,):
        msg = f"`mask` has shape {given.shape}, but there are {n_players} players: one truth value for each"
        raise DimensionError(msg)
    return given


def n_arguments(masker: Any) -> int:
    """Count the inputs that a masker takes beside the mask.

    Examples
    --------
    >>> n_arguments(lambda mask, text, image: None)
    2
    """
    own: int | None = said_by(masker, "n_arguments")
    if own is not None:
        return own
    parameters = inspect.signature(masker).parameters.values()
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return sum(p.kind in kinds and p.default is p.empty for p in parameters) - 1


def shape_of(masker: Any, args: Sequence[Any]) -> tuple[int | None, int]:
    """Rows that a masker returns, where it says so, and players, for some inputs: by default their entries."""
    shape = said_by(masker, "shape")
    shape = shape(*args) if callable(shape) else shape
    if shape is None:
        return None, sum(int(np.prod(np.shape(arg))) for arg in args)
    rows, players = shape
    return None if rows is None else int(rows), int(players)


def mask_shapes_of(masker: Any, args: Sequence[Any]) -> list[tuple[int, ...]]:
    """The shape in which the values of each input are given: by default that of the input."""
    shapes = said_by(masker, "mask_shapes")
    found = [np.shape(arg) for arg in args] if shapes is None else shapes(*args)
    return [tuple(int(side) for side in shape) for shape in found]


def clustering_of(masker: Any, args: Sequence[Any]) -> Any:
    """The linkage of the players of some inputs, ``(n_players - 1, 4)``; None where there is none."""
    clustering = said_by(masker, "clustering")
    clustering = clustering(*args) if callable(clustering) else clustering
    return None if clustering is None else np.asarray(clustering, dtype=np.float64)


def varying_of(masker: Any, args: Sequence[Any], n_players: int) -> Bools:
    """Which players can matter at all: those of whom some row of the background differs from the inputs."""
    invariants = said_by(masker, "invariants")
    if not callable(invariants):
        return np.ones(n_players, dtype=np.bool_)
    same = np.asarray(invariants(*args), dtype=np.bool_)
    if same.ndim != 2 or same.shape[1] != n_players:
        msg = f"`masker.invariants` returned shape {same.shape}, but must return (rows, {n_players})"
        raise DimensionError(msg)
    varying: Bools = np.logical_not(same.all(axis=0))
    return varying


def _row_of(masker: "Masker", x: Any) -> Any:
    row = read_table(x, argument="x", allow_single_row=True)
    if row.n_rows != 1 or row.n_columns != masker.table.n_columns:
        msg = (
            f"`x` has {row.n_rows} rows and {row.n_columns} columns, but must be one row of the background's "
            f"{masker.table.n_columns} columns"
        )
        raise DimensionError(msg)
    return row
