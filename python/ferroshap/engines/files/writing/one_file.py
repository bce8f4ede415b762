"""All values in one Parquet file, which grows unit by unit and is there only when it is whole.

Each block is encoded once. Its row groups are appended to a file aside, and the journal says how far the file is
good, with the checksum and the footer of every unit: after a kill the file is cut back to there. At the end the
footers are joined, the file is flushed and renamed: the same bytes that one writer had written without a kill.
"""

import base64
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from ferroshap.engines.files.writing.durable import flush, move, write_all
from ferroshap.engines.files.writing.footer import MAGIC, Encoded, joined, tail

#: Bytes that are checked at once.
CHUNK = 1 << 22


class OneFile:
    """A Parquet file that is made of the row groups of others.

    Parameters
    ----------
    path : Path
        Where it goes when it is whole.
    aside : Path
        The folder where it grows.
    """

    def __init__(self, path: Path, aside: Path) -> None:
        """Nothing is opened yet."""
        self.path = path
        self._growing = aside / "values.parquet"
        self._file: Any = None
        self._end = len(MAGIC)
        self._begin()

    def _begin(self) -> None:
        self._start, self._crc = self._end, 0
        self._footers: list[tuple[int, str]] = []

    def good(self, lines: Iterable[dict[str, Any]]) -> set[int]:
        """Return the units whose bytes are what they were; what follows the last of all is cut off."""
        found: set[int] = set()
        if not self._growing.is_file():
            return found
        with self._growing.open("rb") as file:
            size = file.seek(0, 2)
            for line in lines:
                start, end = line["at"]
                if end <= size and _checksum(file, start, end) == line["crc"]:
                    found.add(line["unit"])
                    self._end = max(self._end, end)
        self._begin()
        return found

    def append(self, unit: int, encoded: Encoded) -> None:
        """Write a block of a unit behind what is there."""
        del unit
        if self._file is None:
            self._file = self._growing.open("r+b" if self._growing.exists() else "w+b", buffering=0)
            self._file.truncate(self._end)
            self._file.seek(0)
            write_all(self._file, MAGIC)
            self._file.seek(self._end)
        write_all(self._file, encoded.data)
        self._footers.append((self._end, base64.b85encode(zlib.compress(encoded.footer, 1)).decode()))
        self._crc = zlib.crc32(encoded.data, self._crc)
        self._end += len(encoded.data)

    def end_unit(self) -> dict[str, Any]:
        """Flush what was written of a unit, and return what the journal has to know of it."""
        flush(self._file)
        entry = {"at": [self._start, self._end], "crc": self._crc, "footers": self._footers}
        self._begin()
        return entry

    def publish(self, lines: Iterable[dict[str, Any]], empty: Callable[[], Encoded]) -> None:
        """Join the footers in the order of units, and rename the file to what it is called.

        Parameters
        ----------
        lines : iterable of dict
            The journal's, of all units.
        empty : callable
            Makes a file without rows, for a table without any.
        """
        placed = [footer for line in lines for footer in line["footers"]]
        footers = [(zlib.decompress(base64.b85decode(text)), start) for start, text in placed]
        if not footers:
            nothing = empty()
            self.append(0, nothing)
            footers = [(nothing.footer, len(MAGIC))]
        if self._file is None:
            self._file = self._growing.open("r+b", buffering=0)
        self._file.truncate(self._end)
        self._file.seek(self._end)
        write_all(self._file, tail(joined(footers)))
        flush(self._file)
        self.close()
        move(self._growing, self.path)

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None


def _checksum(file: Any, start: int, end: int) -> int:
    file.seek(start)
    crc, left = 0, end - start
    while left > 0:
        data = file.read(min(CHUNK, left))
        if not data:
            return -1
        crc = zlib.crc32(data, crc)
        left -= len(data)
    return crc
