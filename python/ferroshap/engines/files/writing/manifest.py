"""The journal of a run: a line for each finished unit, of which a torn one is as good as none."""

import json
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ferroshap.engines.files.writing.durable import flush, write_all, write_whole

#: Of the journal's own form.
FORMAT = 1


class Manifest:
    """What is finished, in a file of lines: a checksum, and an object in JSON.

    The first line is the header (what is explained, and how); each other says that a unit is on the disk,
    and where. Lines of units that were done again come later and stand for the earlier ones.

    Parameters
    ----------
    path : Path
        The file.
    """

    def __init__(self, path: Path) -> None:
        """Read what is whole of the file, if there is one."""
        self._path = path
        self.header: dict[str, Any] | None = None
        #: The last line of each finished unit, in the order in which they came.
        self.lines: dict[int, dict[str, Any]] = {}
        self._n_whole = 0
        self._file: Any = None
        if path.is_file():
            self._read(path.read_bytes())

    def _read(self, data: bytes) -> None:
        for line in data.splitlines(keepends=True):
            entry = _entry(line)
            if entry is None:
                return  # torn by a kill; whatever follows was never promised
            if self.header is None:
                if entry.get("format") != FORMAT:
                    return
                self.header = entry
            else:
                self._keep(entry)
            self._n_whole += len(line)

    def _keep(self, entry: dict[str, Any]) -> None:
        self.lines.pop(entry["unit"], None)
        self.lines[entry["unit"]] = entry

    def begin(self, header: dict[str, Any], lines: Iterable[dict[str, Any]] = ()) -> None:
        """Begin anew, with some lines or none; the old file stands until the new one is whole."""
        self.close()
        self.header, kept = {"format": FORMAT, **header}, list(lines)
        self.lines = {entry["unit"]: entry for entry in kept}
        data = b"".join(map(_line, [self.header, *kept]))
        write_whole(self._path, data)
        self._n_whole = len(data)

    def add(self, entry: dict[str, Any]) -> None:
        """Say that a unit is finished; it is on the disk on return."""
        if self._file is None:
            self._file = self._path.open("r+b", buffering=0)
            self._file.truncate(self._n_whole)
            self._file.seek(self._n_whole)
        data = _line(entry)
        write_all(self._file, data)
        flush(self._file)
        self._n_whole += len(data)
        self._keep(entry)

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None


def _line(entry: dict[str, Any]) -> bytes:
    text = json.dumps(entry, separators=(",", ":")).encode()
    return b"%08x %s\n" % (zlib.crc32(text), text)


def _entry(line: bytes) -> dict[str, Any] | None:
    checksum, _, text = line.rstrip(b"\n").partition(b" ")
    if not line.endswith(b"\n") or checksum != b"%08x" % zlib.crc32(text):
        return None
    entry: dict[str, Any] = json.loads(text)
    return entry
