"""Objects in files: blocks of named items, each with the way in which it was written.

A file is a sequence of records: ``FS``, the length of a head (4 bytes, little-endian), the head (JSON), and as many
bytes as the head says under ``bytes``. A record with ``class`` begins an object, one with ``block`` a block of items,
one with ``name`` is an item, one with ``end`` ends the block. Items are written as JSON or npy where they are numbers,
text, lists or arrays; else as a pickle, which can run any code when it is read: read only files that you trust.
"""

import contextlib
import importlib
import inspect
import io
import json
import os
import pickle
from collections.abc import Callable, Iterator
from typing import Any, Self

import numpy as np

from ferroshap.errors import FerroshapError, OptionError, nearest

#: Begins every record.
MAGIC = b"FS"
#: Of heads; a file with a higher one is from a later version.
FORMAT = 1
#: Ways of writing an item that can be asked for by name.
ENCODERS = ("auto", ".save", "json", "npy", "pickle")


class FileFormatError(FerroshapError, ValueError):
    """A file does not hold what was to be read from it."""


class Serializable:
    """What can be saved to a file and loaded again: as a pickle, unless a class has its own way."""

    __slots__ = ()
    #: What constructors and savers call such an object.
    _argument = "object"

    def save(self, out_file: Any) -> None:
        """Write the object to a path, or to a binary stream at its position."""
        with opened(out_file, "wb") as stream:
            write_class(type(self), stream)
            with Serializer(stream, "ferroshap.object", version=0):
                payload = pickled(self, self._argument)
                _write(stream, {"name": "object", "encoder": "pickle"}, payload)

    @classmethod
    def load(cls, in_file: Any, instantiate: bool = True) -> Any:
        """Read an object from a path, or from a binary stream at its position.

        Parameters
        ----------
        in_file : path or binary stream
            What `save` wrote. It may hold pickles, which can run any code: read only what you trust.
        instantiate : bool
            False is for subclasses with a `save` of their own: return the constructor's arguments read here.

        Raises
        ------
        FileFormatError
            When the file holds something else.
        """
        if not instantiate:
            return {}
        with opened(in_file, "rb") as stream:
            return cls._instantiated_load(stream)

    @classmethod
    def _instantiated_load(cls, in_file: Any, **loaders: Any) -> Any:
        """Read the class, then the object in the way of that class."""
        found, stream = read_class(in_file)
        if found is None:
            return None
        if not inspect.isclass(found) or not issubclass(found, cls):
            name = getattr(found, "__name__", found)
            msg = f"the file holds a {name}, but {cls.__name__}.load reads a {cls.__name__}: use {name}.load"
            raise FileFormatError(msg)
        home: Any = getattr(found.load, "__func__", found.load)
        if home.__module__.startswith("ferroshap."):
            return found._read_file(stream, **loaders)  # noqa: SLF001 - of this class
        given = found.load(stream, instantiate=False, **loaders)
        known = inspect.signature(found.__init__).parameters
        return found(**{name: value for name, value in given.items() if name in known})

    @classmethod
    def _read_file(cls, in_file: Any) -> Any:
        with Deserializer(in_file, "ferroshap.object", min_version=0, max_version=0) as block:
            return block.load("object")


class Serializer:
    """Write a block of named items to a binary stream.

    Parameters
    ----------
    out_stream : binary stream
        Written at its position.
    block_name : str
        Asked for when the block is read.
    version : int
        Of what is in the block.

    Examples
    --------
    >>> stream = io.BytesIO()
    >>> with Serializer(stream, "mine", version=0) as block:
    ...     block.save("weights", np.array([1.0, 2.0]))
    >>> position = stream.seek(0)
    >>> with Deserializer(stream, "mine", min_version=0, max_version=0) as block:
    ...     block.load("weights")
    array([1., 2.])
    """

    def __init__(self, out_stream: Any, block_name: str, version: int) -> None:
        """Keep where to write."""
        self.out_stream = out_stream
        self.block_name = block_name
        self.block_version = version

    def __enter__(self) -> Self:
        """Begin the block."""
        _write(self.out_stream, {"block": self.block_name, "version": self.block_version, "format": FORMAT})
        return self

    def __exit__(self, *exception: object) -> None:
        """End the block."""
        _write(self.out_stream, {"end": self.block_name})

    def save(self, name: str, value: Any, encoder: Any = "auto") -> None:
        """Write one item.

        Parameters
        ----------
        name : str
            Asked for when it is read.
        value : object
            What is written.
        encoder : str, callable, None or False
            "auto": JSON, npy, the object's own ``save`` if it is one of ours, else a pickle; one of these by name;
            ".save": the object's own ``save`` if it has one; ``encoder(value, stream)``; None or False: nothing is
            written, and the item is None, or what is loaded in its place.

        Raises
        ------
        OptionError
            For another encoder.
        """
        way, payload = _encoded(value, encoder, name)
        _write(self.out_stream, {"name": name, "encoder": way}, payload)


class Deserializer:
    """Read a block of named items from a binary stream; items that nobody asks for are passed over.

    Parameters
    ----------
    in_stream : binary stream
        Read from its position to the end of the block.
    block_name : str
        The block that must come.
    min_version, max_version : int
        Versions of it that can be read.

    Raises
    ------
    FileFormatError
        On entering, when another block comes, or another version.
    """

    def __init__(self, in_stream: Any, block_name: str, min_version: int, max_version: int) -> None:
        """Keep where to read."""
        self.in_stream = in_stream
        self.block_name = block_name
        self.versions = min_version, max_version

    def __enter__(self) -> Self:
        """Find the block."""
        head, _ = _read(self.in_stream)
        if head.get("block") != self.block_name:
            msg = f"the file has {_told(head)} where the block {self.block_name!r} should begin"
            raise FileFormatError(msg)
        if head["format"] > FORMAT or not self.versions[0] <= head["version"] <= self.versions[1]:
            msg = (
                f"block {self.block_name!r} has version {head['version']} in format {head['format']}, but versions "
                f"{self.versions[0]} to {self.versions[1]} in format {FORMAT} can be read: update ferroshap"
            )
            raise FileFormatError(msg)
        return self

    def __exit__(self, exception_type: object, *rest: object) -> None:
        """Read to the end of the block."""
        while exception_type is None:
            head, _ = _read(self.in_stream)
            if head.get("end") == self.block_name:
                return

    def load(self, name: str, decoder: Any = None) -> Any:
        """Read the item of that name, passing over others; with a `decoder` of the stream, what that returns.

        Raises
        ------
        FileFormatError
            When the block has no such item.
        """
        while True:
            head, payload = _read(self.in_stream)
            if head.get("name") == name:
                return _decoded(head["encoder"], payload, decoder, name, self.in_stream)
            if "end" in head:
                msg = f"block {self.block_name!r} has no item {name!r}"
                raise FileFormatError(msg)


def write_class(cls: type, stream: Any) -> None:
    """Write which class an object is of: by name where it can be found so, else whole."""
    head: dict[str, Any] = {"class": f"{cls.__module__}:{cls.__qualname__}"}
    is_found = "<locals>" not in cls.__qualname__ and cls.__module__ != "__main__"
    _write(stream, head, b"" if is_found else pickled(cls, "class"))


def read_class(stream: Any) -> tuple[Any, Any]:
    """Read which class comes, and where to read on.

    What shap and its subclasses write, a pickled class, is understood, too.
    """
    first = stream.read(1)
    if first == b"\x80":
        rest = _Rest(first, stream)
        return pickle.load(rest), stream  # noqa: S301 - as documented
    head, payload = _read(_Rest(first, stream))
    if "class" not in head:
        msg = f"the file has {_told(head)} where an object should begin"
        raise FileFormatError(msg)
    if payload:
        return pickle.loads(payload), stream  # noqa: S301 - as documented
    module, _, name = head["class"].partition(":")
    found: Any = importlib.import_module(module)
    for part in name.split("."):
        found = getattr(found, part)
    return found, stream


def pickled(value: Any, name: str, persistent_id: Callable[[Any], Any] | None = None) -> bytes:
    """Pickle an object, functions without a name by value where cloudpickle is installed.

    Raises
    ------
    pickle.PicklingError
        When it cannot be pickled, with the remedy.
    """
    stream = io.BytesIO()
    try:
        base = importlib.import_module("cloudpickle").CloudPickler
    except ImportError:
        base = pickle.Pickler
    pickler = type("Pickler", (base,), {} if persistent_id is None else {"persistent_id": staticmethod(persistent_id)})
    try:
        pickler(stream, protocol=5).dump(value)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        remedy = "install cloudpickle, or " if base is pickle.Pickler else ""
        msg = (
            f"`{name}` cannot be pickled ({error}): {remedy}pass {name}_saver=function(value, stream), or "
            f"{name}_saver=False and give it back by {name}_loader"
        )
        raise pickle.PicklingError(msg) from error
    return stream.getvalue()


@contextlib.contextmanager
def opened(file: Any, mode: str) -> Iterator[Any]:
    """Give a stream: the one that came, at its position, or a new one for a path."""
    if isinstance(file, str | os.PathLike):
        with open(file, mode) as stream:  # noqa: PTH123 - pathlib would be the only reason to load a dozen modules
            yield stream
    else:
        yield file


class _Rest:
    """A stream whose first byte was read already."""

    def __init__(self, first: bytes, stream: Any) -> None:
        self._first, self._stream = first, stream

    def read(self, size: int = -1) -> bytes:
        first, self._first = self._first, b""
        if size < 0:
            return first + bytes(self._stream.read())
        return first + bytes(self._stream.read(size - len(first)))

    def readline(self) -> bytes:
        first, self._first = self._first, b""
        return first + bytes(self._stream.readline())


def _write(stream: Any, head: dict[str, Any], payload: bytes = b"") -> None:
    encoded = json.dumps(head | {"bytes": len(payload)}).encode()
    stream.write(MAGIC + len(encoded).to_bytes(4, "little") + encoded)
    stream.write(payload)


def _read(stream: Any) -> tuple[dict[str, Any], bytes]:
    start = _exactly(stream, 6)
    if start[:2] != MAGIC:
        msg = f"the file is not one of ferroshap's, or is read at the wrong place: {start!r} comes next"
        raise FileFormatError(msg)
    head = json.loads(_exactly(stream, int.from_bytes(start[2:], "little")))
    return head, _exactly(stream, head["bytes"])


def _exactly(stream: Any, size: int) -> bytes:
    found = bytes(stream.read(size))
    if len(found) != size:
        msg = f"the file ends too early: {size} bytes should come, and {len(found)} do"
        raise FileFormatError(msg)
    return found


def _told(head: dict[str, Any]) -> str:
    kind = next((key for key in ("class", "block", "name", "end") if key in head), "nothing known")
    return f"the {kind} {head.get(kind)!r}"


def _is_plain(value: Any) -> bool:
    """Whether JSON gives the very same value back."""
    if type(value) in (type(None), bool, int, float, str):
        return True
    if type(value) is list:
        return all(map(_is_plain, value))
    return type(value) is dict and all(type(key) is str for key in value) and all(map(_is_plain, value.values()))


def _encoded(value: Any, encoder: Any, name: str) -> tuple[str, bytes]:
    if encoder is None or encoder is False:
        return "none", b""
    stream = io.BytesIO()
    if callable(encoder):
        encoder(value, stream)
        return "custom", stream.getvalue()
    if encoder not in ENCODERS:
        msg = f"`encoder` is {encoder!r}, which is not known{nearest(str(encoder), ENCODERS)} Known: {ENCODERS}"
        raise OptionError(msg)
    if encoder in ("auto", ".save") and isinstance(value, Serializable):
        value.save(stream)
        return "object", stream.getvalue()
    if encoder == "json" or (encoder in ("auto", ".save") and _is_plain(value)):
        return "json", json.dumps(value).encode()
    is_array = type(value) is np.ndarray and not value.dtype.hasobject and value.dtype.names is None
    if encoder == "npy" or (encoder in ("auto", ".save") and is_array):
        np.save(stream, value, allow_pickle=False)
        return "npy", stream.getvalue()
    return "pickle", pickled(value, name)


def _decoded(way: str, payload: bytes, decoder: Any, name: str, stream: Any) -> Any:
    if callable(decoder):
        return decoder(io.BytesIO(payload) if payload else stream)
    if way == "none":
        return None
    if way == "object":
        return Serializable.load(io.BytesIO(payload))
    if way == "json":
        return json.loads(payload)
    if way == "npy":
        return np.load(io.BytesIO(payload), allow_pickle=False)
    if way == "pickle":
        return pickle.loads(payload)  # noqa: S301 - as documented
    msg = f"item {name!r} was written by a function of the user's: pass the function that reads it"
    raise FileFormatError(msg)
