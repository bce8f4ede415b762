"""Background and rows brought to common blocks of words, and back to what the model expects."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ferroshap.errors import DimensionError, OptionError
from ferroshap.inputs.array_column import ArrayColumn
from ferroshap.inputs.assembly import Assembly, FrameAssembly, ObjectAssembly, Recipe
from ferroshap.inputs.borrowing import borrowable
from ferroshap.inputs.column import Column
from ferroshap.inputs.exactness import NUMBER_KINDS, Array, in_common, is_plain
from ferroshap.inputs.sparse import SparseAssembly, has_bits, mark_absent, spread
from ferroshap.inputs.table import Table

ColumnPair: TypeAlias = tuple[Column, Column]

#: Sparse tables with no more columns are filled as dense words: masked rows that come again are found there.
MOST_DENSE_COLUMNS = 64


@dataclass(frozen=True, eq=False, slots=True)
class Block:
    """The columns that share one dtype, of the background and of the rows.

    Attributes
    ----------
    columns : ndarray of int64
        Their positions in the table.
    background, rows : ndarray
        `(background rows, len(columns))` and `(rows, len(columns))`, C-contiguous and of one
        dtype of 1, 2, 4 or 8 bytes: the values themselves, or int32 codes into a dictionary.
    """

    columns: npt.NDArray[np.int64]
    background: Array
    rows: Array


class Pairing:
    """A background table and the rows to explain, encoded so that values can be selected by bits.

    Two cells of a column hold the same value exactly where their bits in the
    block are the same. `blocks` covers every column once.
    """

    __slots__ = ("assembly", "blocks", "n_columns")

    def __init__(self, blocks: tuple[Block, ...], n_columns: int, assembly: Assembly | None = None) -> None:
        """Keep the blocks; without an assembly, the model gets the only block's array itself."""
        self.blocks = blocks
        self.n_columns = n_columns
        self.assembly = assembly

    def build(self, filled: Sequence[Array]) -> object:
        """Give the model's rows from one filled array `(m, len(columns))` for each block.

        Returns
        -------
        object
            The very array given when the model gets arrays of one dtype; else an object array,
            a frame with the user's names, order and dtypes, or a CSR matrix.
        """
        return filled[0] if self.assembly is None else self.assembly(filled)

    @property
    def row_bytes(self) -> int:
        """Bytes of one masked row."""
        return sum(block.rows.shape[1] * block.rows.itemsize for block in self.blocks)

    @property
    def n_bytes(self) -> int:
        """Bytes of the background and the rows."""
        return sum(block.background.nbytes + block.rows.nbytes for block in self.blocks)

    def known(self, part: slice) -> object:
        """Background rows as the model gets them."""
        return self.build([np.ascontiguousarray(block.background[part]) for block in self.blocks])

    def given(self, part: slice) -> object:
        """Rows to explain as the model gets them."""
        return self.build([block.rows[part] for block in self.blocks])


def pair(background: Table, rows: Table, *, as_frame: bool | None) -> Pairing:
    """Encode a background and the rows to explain for selection.

    Parameters
    ----------
    background, rows : Table
        With the same number of columns in the same order.
    as_frame : bool or None
        Whether the model gets a frame: of the background's kind, else of the rows'; where neither
        is a frame, an array. None: a frame if the background is one.

    Raises
    ------
    DimensionError
        The background has no rows, or not as many columns as the rows.
    OptionError
        A column has dtypes that have no dtype in common.

    Notes
    -----
    The encoding of the background is kept in its `Table`; a call for few rows costs what
    those rows cost. A column whose dtype differs on the two sides takes the background's,
    if that holds every value of the rows exactly.

    Examples
    --------
    >>> from ferroshap.inputs import read_table
    >>> background = read_table([[20, "rent"], [50, "own"]], argument="background")
    >>> pairing = pair(background, read_table([[39, "lease"]], argument="X"), as_frame=None)
    >>> pairing.blocks[0].rows  # new values follow those of the background
    array([[2, 2]], dtype=int32)
    >>> pairing.build([pairing.blocks[0].rows])
    array([[39, 'lease']], dtype=object)
    """
    if rows.n_columns != background.n_columns:
        msg = (
            f"`{rows.argument}` has {rows.n_columns} columns, but `{background.argument}` has "
            f"{background.n_columns}: pass the same columns in the same order."
        )
        raise DimensionError(msg)
    if not background.n_rows:
        msg = f"`{background.argument}` has 0 rows: at least one is needed to stand for absent features."
        raise DimensionError(msg)
    if background.kind == rows.kind == "array" and background.source.dtype == rows.source.dtype:
        known = background.matrix
        if known is not None:
            return _whole(background, known, borrowable(rows.source))
    if background.kind == "sparse":
        return _pair_sparse(background, rows)
    kind = _kind_for_model(background, rows, as_frame=as_frame)
    return _pair_arrays(background, rows) if kind == "array" else _pair_frames(background, rows, kind)


def _kind_for_model(background: Table, rows: Table, *, as_frame: bool | None) -> str:
    if as_frame is False or (as_frame is None and not background.is_frame):
        return "array"
    return background.kind if background.is_frame else rows.kind if rows.is_frame else "array"


def _whole(background: Table, known: Array, rows: Array, assembly: Assembly | None = None) -> Pairing:
    """One block for all columns."""
    return Pairing((Block(background.positions, known, rows),), background.n_columns, assembly)


def _pair_arrays(background: Table, rows: Table) -> Pairing:
    """Arrays of one numeric dtype if that changes no value, else of objects."""
    known = background.matrix if background.kind == "array" else background.numeric
    if known is not None:
        theirs = rows.matrix if rows.kind == "array" and rows.matrix is not None else rows.numeric
        common = None if theirs is None else in_common(known, theirs)
        if common is not None and is_plain(common[0].dtype):
            mine = known if common[0] is known else borrowable(common[0])
            return _whole(background, mine, borrowable(common[1]))
    pairs = [_as_array_columns(background, rows, position) for position in range(rows.n_columns)]
    blocks, recipes = _encode(background, pairs)
    return Pairing(blocks, background.n_columns, ObjectAssembly(recipes))


def _pair_frames(background: Table, rows: Table, kind: str) -> Pairing:
    """Frames of one library, each column in the dtype the user gave it."""
    base, other = (background, rows) if background.kind == kind else (rows, background)
    known, theirs = background.matrix, rows.matrix
    if background.kind == rows.kind and known is not None and theirs is not None and known.dtype == theirs.dtype:
        return _whole(background, known, theirs, FrameAssembly(kind, base.labels))
    pairs = []
    for position, (mine, given) in enumerate(zip(base.columns, other.columns, strict=True)):
        both = mine.reconciled(given)
        if both is None:
            raise _no_common_dtype(background, rows, position)
        pairs.append(both if base is background else both[::-1])
    blocks, recipes = _encode(background, pairs)
    return Pairing(blocks, background.n_columns, FrameAssembly(kind, base.labels, recipes))


def _pair_sparse(background: Table, rows: Table) -> Pairing:
    """CSR for the model; entries that were not stored stay so."""
    matrix = type(background.source)
    given = rows.source if rows.kind == "sparse" else None if rows.numeric is None else matrix(rows.numeric)
    common = None if given is None else in_common(background.source.data, given.data)
    if given is None or common is None:
        msg = f"`{rows.argument}` holds values that no matrix of {background.source.dtype} can hold exactly."
        raise OptionError(msg)
    dtype = common[0].dtype
    given = given.astype(dtype, copy=False)
    if background.n_columns > MOST_DENSE_COLUMNS:
        from ferroshap.inputs.sparse_pairing import SparsePairing

        return SparsePairing(background.source.astype(dtype, copy=False), given)
    if dtype == background.source.dtype and not has_bits(given.data, background.marked[1]):
        known, absent = background.marked
    else:
        known, absent = mark_absent(background.source.astype(dtype), given.data)
    return _whole(background, known, spread(given, absent), SparseAssembly(matrix, absent))


def _as_array_columns(background: Table, rows: Table, position: int) -> ColumnPair:
    """One column of both tables as arrays: of one dtype if that changes no value, else of objects."""
    mine, given = background.columns[position], rows.columns[position]
    words = mine.plain, given.plain
    if words[0] is not None and words[1] is not None and {words[0].dtype.kind, words[1].dtype.kind} <= NUMBER_KINDS:
        common = in_common(words[0], words[1])
        if common is not None and is_plain(common[0].dtype):
            return ArrayColumn(common[0]), ArrayColumn(common[1])
    both = mine.reconciled(given) if isinstance(mine, ArrayColumn) else None
    return both or (background.boxed(position), rows.boxed(position))


def _encode(background: Table, pairs: Sequence[ColumnPair]) -> tuple[tuple[Block, ...], list[Recipe]]:
    """Gather words by their dtype, and everything else as codes, into blocks."""
    words: list[tuple[Array, Array]] = []
    dictionaries: list[Column | None] = []
    members: dict[tuple[bool, np.dtype[np.generic]], list[int]] = {}
    for position, (mine, given) in enumerate(pairs):
        if mine.plain is not None and given.plain is not None and mine.plain.dtype == given.plain.dtype:
            words.append((mine.plain, given.plain))
            dictionaries.append(None)
        else:
            codes, dictionary = mine.encoding.of_rows(given)
            words.append((mine.encoding.codes, codes))
            dictionaries.append(dictionary)
        members.setdefault((dictionaries[-1] is None, words[-1][0].dtype), []).append(position)
    blocks = []
    recipes = [Recipe(0, 0, None)] * len(pairs)
    for number, positions in enumerate(members.values()):
        for place, position in enumerate(positions):
            recipes[position] = Recipe(number, place, dictionaries[position])
        known = background.stacked([words[position][0] for position in positions])
        given_words = np.column_stack([words[position][1] for position in positions])
        blocks.append(Block(np.array(positions, np.int64), known, borrowable(given_words)))
    return tuple(blocks), recipes


def _no_common_dtype(background: Table, rows: Table, position: int) -> OptionError:
    label = position if background.names is None else repr(background.names[position])
    dtypes = [table.columns[position].dtype_name for table in (rows, background)]
    return OptionError(
        f"column {label} is {dtypes[0]} in `{rows.argument}`, but {dtypes[1]} in `{background.argument}`, "
        "which cannot hold its values: give both the same dtype."
    )
