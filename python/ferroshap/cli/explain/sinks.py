"""`--out`: tables by their endings, written aside and renamed when they are whole."""

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ferroshap.cli.failing import UsageError, WorkError

#: What is written into files by endings; a word without an ending is a folder of Parquet.
ENDINGS = {".parquet": "parquet", ".pq": "parquet", ".csv": "csv", ".arrow": "arrow", ".feather": "arrow"}
#: Compressions that each kind has.
COMPRESSIONS = {"parquet": ("snappy", "zstd", "lz4", "gzip", "none"), "arrow": ("zstd", "lz4", "none"), "csv": ()}


def kind_of(out: str) -> str:
    """Tell the kind of an output: "parquet", "folder", "csv" or "arrow".

    Raises
    ------
    UsageError
        For an ending that says nothing.

    Examples
    --------
    >>> kind_of("values.parquet"), kind_of("values/"), kind_of("-")
    ('parquet', 'folder', 'csv')
    """
    if out == "-":
        return "csv"
    if Path(out).is_dir() or out.endswith(("/", os.sep)) or not Path(out).suffix:
        return "folder"
    kind = ENDINGS.get(Path(out).suffix.lower())
    if kind is None:
        known = ", ".join(ENDINGS)
        msg = f"`--out` {out} has an ending that says nothing of its kind: known are {known}, and none for a folder"
        raise UsageError(msg)
    return kind


def check_out(out: str, option: str, inputs: list[str], *, may_be_there: bool) -> None:
    """Refuse to write over what is read, over what is there already, or where nothing can be written.

    Raises
    ------
    WorkError
        Saying which, and the remedy.
    """
    path = Path(out)
    for read in inputs:
        if read != "-" and path.exists() and _overlaps(path, Path(read)):
            msg = f"`{option}` {out} is what is read: give another file"
            raise WorkError(msg)
    if path.exists() and not may_be_there:
        msg = f"`{option}` {out} is there already: give another, or --force to write over it"
        raise WorkError(msg)
    if not path.parent.is_dir():
        msg = f"`{option}` {out}: there is no folder {path.parent}"
        raise WorkError(msg)


def _overlaps(path: Path, read: Path) -> bool:
    return read.exists() and (path.samefile(read) or (path.is_dir() and path.resolve() in read.resolve().parents))


@contextlib.contextmanager
def sink(out: str, kind: str, schema: Any, compression: str | None) -> Iterator[Any]:
    """Open where tables go; at the end all of it is there, or, after an error, none.

    Parameters
    ----------
    out : str
        A path, or "-" for the standard output.
    kind : str
        "parquet", "csv" or "arrow".
    schema : pyarrow.Schema
        Of all tables.
    compression : str or None
        None for the kind's own default.

    Yields
    ------
    object with ``write_table``
    """
    if out == "-":
        with _writer(sys.stdout.buffer, kind, schema, compression) as writer:
            yield writer
        return
    path = Path(out)
    with aside(path) as unfinished, _writer(unfinished, kind, schema, compression) as writer:
        yield writer


@contextlib.contextmanager
def aside(path: Path) -> Iterator[Path]:
    """Give the name of a new file beside `path`, which takes its place when all went well and vanishes otherwise."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".unfinished", dir=path.parent)
    os.close(handle)
    unfinished = Path(name)
    try:
        yield unfinished
        with unfinished.open("rb") as stream:
            os.fsync(stream.fileno())
        unfinished.chmod(0o666 & ~_umask())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _umask() -> int:
    """What the user's new files may not be; it can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


@contextlib.contextmanager
def _writer(where: Any, kind: str, schema: Any, compression: str | None) -> Iterator[Any]:
    """A writer of pyarrow's; dictionaries are texts in CSV."""
    import pyarrow as pa
    from pyarrow import csv

    if kind == "csv":
        flat = pa.schema([field.with_type(_flat(field.type)) for field in schema])
        with csv.CSVWriter(where, flat) as writer:
            yield _Flattening(writer, flat)
    elif kind == "arrow":
        packed = None if compression in {None, "none"} else compression
        options = pa.ipc.IpcWriteOptions(compression=packed, unify_dictionaries=True)
        with pa.OSFile(str(where), "wb") as file, pa.ipc.new_file(file, schema, options=options) as writer:
            yield writer
    else:
        import pyarrow.parquet as pq

        with pq.ParquetWriter(where, schema, compression=compression or "snappy") as writer:
            yield writer


class _Flattening:
    """Writes tables with their dictionaries looked up."""

    def __init__(self, writer: Any, schema: Any) -> None:
        """Keep both."""
        self._writer, self._schema = writer, schema

    def write_table(self, table: Any) -> None:
        """Write one."""
        self._writer.write_table(table.cast(self._schema))


def _flat(kind: Any) -> Any:
    import pyarrow as pa

    return kind.value_type if pa.types.is_dictionary(kind) else kind
