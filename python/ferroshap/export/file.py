"""One file that holds a whole Explanation: a zip of a JSON header and NumPy arrays. No pickle is written or read.

Format, version 1::

    header.json     UTF-8: {"format": "ferroshap.explanation", "version": 1, "written_by": "ferroshap 0.1.0",
                            "axes": ["row", "feature"], "fields": {...}, "history": [...]}
    <name>.npy      NumPy's own array format (1.0 or 2.0), never with objects

``fields`` describes ``values`` and every other field that there is; :mod:`ferroshap.export.stored` lists the
descriptions, :mod:`ferroshap.export.stored_columns` those of data of several kinds. ``history`` has name, shape,
arguments and ``collapsed`` of each operation. The same Explanation gives the same bytes. A reader refuses a
version that is higher than its own, and ignores fields that it does not know.
"""

import io
import json
import os
import struct
import tempfile
import zipfile
import zlib
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from ferroshap import _native
from ferroshap.errors import ExplanationFileError, FerroshapError
from ferroshap.explanation import Explanation, OpHistoryItem, checks
from ferroshap.explanation.axes import checked_axes
from ferroshap.explanation.fields import FOLLOWS
from ferroshap.export.stored import Reading, Writing

FORMAT, VERSION = "ferroshap.explanation", 1
_HEADER = "header.json"
_FIRST_DAY = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can say: no clock in the bytes
_DAMAGE = (
    FerroshapError,
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    NotImplementedError,
    RuntimeError,
    TypeError,
    ValueError,
)

#: Thousands of groups a row, of objects: pickles keep them, files do not.
UNKEPT = frozenset({"screening"})


def save(explanation: Explanation, path: Any) -> None:
    """Write an Explanation into one file: `Explanation.save`."""
    writing = Writing()
    fields: dict[str, Any] = {"values": writing.described(np.asarray(explanation.values), "values")}
    for name, value in explanation._fields.all().items():
        if name not in UNKEPT:
            fields[name] = writing.described(value, name)
    header = {
        "format": FORMAT,
        "version": VERSION,
        "written_by": f"ferroshap {_native.__version__}",
        "axes": list(explanation.axes),
        "fields": fields,
        "history": [_written_operation(item, writing) for item in explanation.op_history],
    }
    if hasattr(path, "write"):
        _write(path, header, writing.arrays)
        return
    target = Path(path)
    # Beside the target, so that it replaces it in one step: a reader never meets half a file.
    handle, draft = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            _write(stream, header, writing.arrays)
        Path(draft).chmod(0o666 & ~_umask())
        Path(draft).replace(target)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise


def _umask() -> int:
    """The bits that new files of this process do not get."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _write(stream: BinaryIO, header: dict[str, Any], arrays: dict[str, np.ndarray]) -> None:
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(zipfile.ZipInfo(_HEADER, _FIRST_DAY), json.dumps(header, allow_nan=False).encode())
        for name, array in arrays.items():
            with archive.open(zipfile.ZipInfo(name, _FIRST_DAY), "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)


def _written_operation(item: OpHistoryItem, writing: Writing) -> dict[str, Any]:
    """An operation of the history; Explanations among its arguments leave their shape."""
    given = tuple(
        f"Explanation of shape {arg.shape}" if isinstance(arg, Explanation) else arg for arg in tuple(item.args)
    )
    return {
        "name": item.name,
        "shape": list(item.prev_shape),
        "args": writing.described(given, "history"),
        "kwargs": writing.described(item.kwargs, "history"),
        "collapsed": bool(item.collapsed_instances),
    }


def load(path: Any) -> Explanation:
    """Read what `save` wrote: `Explanation.load`."""
    shown = getattr(path, "name", "the stream") if hasattr(path, "read") else os.fspath(path)
    try:
        with zipfile.ZipFile(path) as archive:
            return _read(archive)
    except ExplanationFileError as error:
        msg = f"{shown!r} {error}"
        raise ExplanationFileError(msg) from None
    except zipfile.BadZipFile as error:
        msg = f"{shown!r} is damaged, or no file that `save` wrote: {error}"
        raise ExplanationFileError(msg) from error
    except _DAMAGE as error:
        msg = f"{shown!r} is damaged: {type(error).__name__}: {error}"
        raise ExplanationFileError(msg) from error


def _read(archive: zipfile.ZipFile) -> Explanation:
    if _HEADER not in archive.namelist():
        msg = f"is a zip, but no Explanation: it has no {_HEADER}"
        raise ExplanationFileError(msg)
    header = json.loads(archive.read(_HEADER))
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        msg = f"holds no Explanation: its header does not say {FORMAT!r}"
        raise ExplanationFileError(msg)
    version = header.get("version")
    if not isinstance(version, int) or version > VERSION:
        msg = (
            f"was written by {header.get('written_by', 'a newer ferroshap')} in format {version!r}, but this version "
            f"reads formats up to {VERSION}: upgrade ferroshap"
        )
        raise ExplanationFileError(msg)
    reading = Reading(lambda name: _array(archive, name))
    found = {name: reading.restored(part) for name, part in header["fields"].items() if name in {"values", *FOLLOWS}}
    values = checks.as_numbers("values", found.pop("values"))
    axes = checked_axes(header["axes"], values.ndim)
    fields = {name: checks.fitted(name, value, values.shape, axes) for name, value in found.items()}
    history = tuple(
        OpHistoryItem(
            str(item["name"]),
            tuple(item["shape"]),
            reading.restored(item["args"]),
            reading.restored(item["kwargs"]),
            bool(item["collapsed"]),
        )
        for item in header["history"]
    )
    return Explanation._trusted(values, axes, fields, history)  # noqa: SLF001 - checked a line above


def _array(archive: zipfile.ZipFile, name: str) -> np.ndarray:
    """Read an array; one that says to be larger than its member is damaged, and is not made room for."""
    content = archive.read(name)  # checks the sum of the bytes
    stream = io.BytesIO(content)
    version = np.lib.format.read_magic(stream)
    header = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}[version]
    shape, _, dtype = header(stream)
    n_bytes = int(np.prod([int(size) for size in shape], dtype=object)) * dtype.itemsize if shape else dtype.itemsize
    if dtype.hasobject or len(content) - stream.tell() != n_bytes:
        msg = f"{name} does not have the size that it says"
        raise ValueError(msg)
    stream.seek(0)
    return np.asarray(np.lib.format.read_array(stream, allow_pickle=False))
