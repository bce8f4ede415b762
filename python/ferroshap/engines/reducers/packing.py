"""Reducers as bytes: a head that says what it is, its state, and a checksum.

::

    "FSHP"  version u16  kind u16  length u64  payload  CRC-32 of all before

Little-endian. The payload is the length of a head (u32), the head (JSON: class, options, names), and the state.
Nothing of it is code.
"""

import json
import struct
import zlib
from typing import Any

from ferroshap.errors import ReducerError

MAGIC = b"FSHP"
#: Of the format; a reader refuses what is newer.
VERSION = 1
#: Reducers; 1 is forests.
KIND = 2

_FRAME = struct.Struct("<4sHHQ")
_WORD = struct.Struct("<I")


def packed(head: dict[str, Any], state: bytes) -> bytes:
    """Return the bytes of a head and a state."""
    text = json.dumps(head, separators=(",", ":")).encode()
    payload = _WORD.pack(len(text)) + text + state
    data = _FRAME.pack(MAGIC, VERSION, KIND, len(payload)) + payload
    return data + _WORD.pack(zlib.crc32(data))


def unpacked(data: Any) -> tuple[dict[str, Any], bytes]:
    """Return the head and the state that `packed` made bytes of.

    Raises
    ------
    ReducerError
        Where the bytes are no reducer's, are cut or changed, or were written by a newer version.
    """
    try:
        data = bytes(memoryview(data))
    except TypeError:
        msg = f"`data` is a {type(data).__name__}, but must be bytes"
        raise ReducerError(msg) from None
    if len(data) < _FRAME.size + 2 * _WORD.size:
        msg = f"`data` has {len(data)} bytes, too few for a reducer's"
        raise ReducerError(msg)
    magic, version, kind, length = _FRAME.unpack_from(data)
    if magic != MAGIC or kind != KIND:
        msg = f"`data` begins with {data[:8]!r}: these are not the bytes of a reducer"
        raise ReducerError(msg)
    if version > VERSION or version == 0:
        msg = f"`data` has version {version}, but versions up to {VERSION} can be read: update ferroshap"
        raise ReducerError(msg)
    payload = data[_FRAME.size : -_WORD.size]
    if length != len(payload):
        msg = f"`data` announces {length} bytes, and {len(payload)} are there: it was cut, or more was put behind it"
        raise ReducerError(msg)
    if _WORD.unpack(data[-_WORD.size :])[0] != zlib.crc32(data[: -_WORD.size]):
        msg = "`data` was changed after it was written: the checksum does not match"
        raise ReducerError(msg)
    end = _WORD.size + _WORD.unpack_from(payload)[0]
    try:
        head = json.loads(payload[_WORD.size : end])
    except (ValueError, RecursionError) as error:
        msg = f"`data` has a head that cannot be read: {error}"
        raise ReducerError(msg) from None
    if end > len(payload) or not isinstance(head, dict):
        msg = "`data` has a head that is none"
        raise ReducerError(msg)
    return head, payload[end:]
