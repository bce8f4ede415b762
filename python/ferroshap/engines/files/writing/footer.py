"""Footers of Parquet files: row groups encoded one by one become one file, without encoding them again.

A Parquet file is `PAR1`, row groups, a footer that says where they are, the footer's length, `PAR1`. Each block of
values is encoded as a small file of its own; its row groups are moved into a larger file byte by byte, and the one
thing that has to change are positions in the footer. That is what this file does: it copies a footer as it is
(Thrift's compact protocol) except for the fields listed in `_ROW_GROUP` and below, whose numbers `parquet.thrift`
of the Apache Parquet format fixes for good.
"""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from ferroshap.engines.files.writing.thrift import (
    LIST,
    STRUCT,
    WORDS,
    Cursor,
    FooterError,
    field_head,
    list_head,
    signed,
)

MAGIC = b"PAR1"
#: Row groups are numbered in 16 bits; files with more have no numbers, which are optional.
MOST_NUMBERED = 1 << 15

#: Fields of `FileMetaData`.
_N_ROWS, _ROW_GROUPS = 3, 4
_POSITION, _ORDINAL = "position", "ordinal"
_COLUMN_META_DATA = {
    9: _POSITION,
    10: _POSITION,
    11: _POSITION,
    14: _POSITION,
}  # pages, index, dictionary, Bloom filter
_COLUMN_CHUNK = {2: _POSITION, 3: _COLUMN_META_DATA, 4: _POSITION, 6: _POSITION}  # of itself, offset and column index
_ROW_GROUP = {1: _COLUMN_CHUNK, 5: _POSITION, 7: _ORDINAL}


class Encoded(NamedTuple):
    """Row groups, and the footer of the small file that they come from.

    Attributes
    ----------
    data : bytes-like
        What stands between the first `PAR1` and the footer.
    footer : bytes
        The footer alone, where `data` begins at position 4.
    """

    data: Any
    footer: bytes


def parted(file: Any) -> Encoded:
    """Cut a Parquet file in memory into row groups and footer.

    Raises
    ------
    FooterError
        When it is no Parquet file, or an encrypted one.
    """
    view = memoryview(file)
    if len(view) < 12 or view[:4] != MAGIC or view[-4:] != MAGIC:
        msg = "no plain Parquet file: it does not begin and end with PAR1"
        raise FooterError(msg)
    length = int.from_bytes(view[-8:-4], "little")
    if length > len(view) - 12:
        msg = f"the footer claims {length} bytes, the file has {len(view)}"
        raise FooterError(msg)
    return Encoded(view[4 : len(view) - 8 - length], bytes(view[len(view) - 8 - length : -8]))


def tail(footer: bytes) -> bytes:
    """Return what ends a file: the footer, its length, `PAR1`."""
    return footer + len(footer).to_bytes(4, "little") + MAGIC


def joined(footers: Iterable[tuple[bytes, int]]) -> bytes:
    """Join footers into that of one file.

    Parameters
    ----------
    footers : iterable of (bytes, int)
        Each footer, and where its row groups begin in the file. All describe the same columns.

    Returns
    -------
    bytes
        Schema and keys are those of the first; rows and row groups of all, in this order.
    """
    groups: list[bytes] = []
    n_rows = 0
    first: list[_Field] = []
    for footer, start in footers:
        fields = _fields(footer)
        first = first or fields
        for field in fields:
            if field.number == _N_ROWS:
                n_rows += Cursor(footer, field.start).word()
            elif field.number == _ROW_GROUPS:
                groups += _moved_groups(footer, field.start, start - len(MAGIC))
    if len(groups) <= MOST_NUMBERED:
        groups = [_numbered(group, number) for number, group in enumerate(groups)]
    else:
        groups = [_numbered(group, None) for group in groups]
    out = bytearray()
    last = 0
    for field in first:
        value = field.raw
        if field.number == _N_ROWS:
            value = signed(n_rows)
        elif field.number == _ROW_GROUPS:
            value = list_head(len(groups), STRUCT) + b"".join(groups)
        out += field_head(field.number, last, field.kind) + value
        last = field.number
    return bytes(out + b"\0")


class _Field(NamedTuple):
    number: int
    kind: int
    start: int
    raw: bytes


def _fields(footer: bytes) -> list[_Field]:
    """The fields of `FileMetaData`, unread."""
    cursor = Cursor(footer)
    found: list[_Field] = []
    number, kind = cursor.head(0)
    while kind:
        start = cursor.at
        cursor.skip(kind)
        found.append(_Field(number, kind, start, footer[start : cursor.at]))
        number, kind = cursor.head(number)
    return found


def _moved_groups(footer: bytes, start: int, shift: int) -> list[bytes]:
    """The row groups of a footer, their positions `shift` bytes later."""
    cursor = Cursor(footer, start)
    count, _ = cursor.list_head()

    def moved(position: int) -> int:
        return position + shift if position else 0  # 0: there is none

    return [_edited(cursor, _ROW_GROUP, {_POSITION: moved}) for _ in range(count)]


def _numbered(group: bytes, number: int | None) -> bytes:
    """A row group with another number, or none."""
    edits: dict[str, Callable[[int], int] | None] = {_ORDINAL: None if number is None else lambda _: number}
    return _edited(Cursor(group), {7: _ORDINAL}, edits)


def _edited(cursor: Cursor, plan: dict[int, Any], edits: dict[str, Callable[[int], int] | None]) -> bytes:
    """Copy a struct; words that `plan` names go through `edits`, or are left out where that is None."""
    out = bytearray()
    written = last = 0
    kind = -1
    while True:
        number, kind = cursor.head(last)
        if not kind:
            return bytes(out + b"\0")
        start, inner = cursor.at, plan.get(number)
        value: bytes | None
        if isinstance(inner, str) and inner in edits and kind in WORDS:
            edit, old = edits[inner], cursor.word()
            value = None if edit is None else signed(edit(old))
        elif isinstance(inner, dict) and kind == STRUCT:
            value = _edited(cursor, inner, edits)
        elif isinstance(inner, dict) and kind == LIST:
            count, of = cursor.list_head()
            value = list_head(count, of) + b"".join(_edited(cursor, inner, edits) for _ in range(count))
        else:
            cursor.skip(kind)
            value = cursor.data[start : cursor.at]
        last = number
        if value is not None:
            out += field_head(number, written, kind) + value
            written = number
