"""The journal of a run: a line for each finished unit, of which a torn one is as good as none."""

import json
import zlib
from pathlib import Path
from typing import Any

from ferroshap.engines.files.writing.durable import flush, write_whole

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
        #: The last line of each finished unit.
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
                self.lines[entry["unit"]] = entry
            self._n_whole += len(line)

    def begin(self, header: dict[str, Any]) -> None:
        """Begin anew: the header, and no line."""
        self.close()
        self.header, self.lines = {"format": FORMAT, **header}, {}
        data = _line(self.header)
        write_whole(self._path, data)
        self._n_whole = len(data)

    def add(self, entry: dict[str, Any]) -> None:
        """Say that a unit is finished; it is on the disk on return."""
        if self._file is None:
            self._file = self._path.open("r+b")
            self._file.truncate(self._n_whole)
            self._file.seek(self._n_whole)
        data = _line(entry)
        self._file.write(data)
        flush(self._file)
        self._n_whole += len(data)
        self.lines[entry["unit"]] = entry

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
