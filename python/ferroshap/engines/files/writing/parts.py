"""Values as a directory of Parquet files, one a unit; the directory is there only when it is whole."""

import re
import shutil
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from ferroshap.engines.files.writing.durable import flush_folder, move, write_whole
from ferroshap.engines.files.writing.footer import MAGIC, Encoded, joined, tail
from ferroshap.engines.files.writing.values_file import is_values
from ferroshap.errors import OptionError

#: Digits in the name of a part: the names of all parts sort as they follow each other.
DIGITS = 5


class Parts:
    """A directory of part files.

    Parameters
    ----------
    path : Path
        The directory's name when it is whole. One of an earlier run is replaced then.
    aside : Path
        The folder where it grows.
    n_units : int or None
        How many parts there will be, if that is known: more than 100,000 take more digits.

    Raises
    ------
    OptionError
        When the directory holds anything but parts.
    """

    def __init__(self, path: Path, aside: Path, n_units: int | None = None) -> None:
        """Look whether the directory may be replaced."""
        self.path = path
        self._growing, self._replaced = aside / "parts", aside / "replaced"
        self._digits = max(DIGITS, len(str((n_units or 1) - 1)))
        self._unit = 0
        self._blocks: list[Encoded] = []
        others = [] if not path.exists() else [file.name for file in path.iterdir() if not _is_part(file)]
        if others:
            msg = (
                f"`destination` {str(path)!r} is a directory that holds {min(others)!r}, which is no part of values: "
                "name an empty or new one"
            )
            raise OptionError(msg)

    def good(self, lines: Iterable[dict[str, Any]]) -> set[int]:
        """Return the units whose part is what it was."""
        found = set()
        for line in lines:
            part = self._growing / line["file"]
            if part.is_file() and part.stat().st_size == line["size"] and zlib.crc32(part.read_bytes()) == line["crc"]:
                found.add(line["unit"])
        return found

    def append(self, unit: int, encoded: Encoded) -> None:
        """Hold a block until its unit is complete."""
        self._unit = unit
        self._blocks.append(encoded)

    def end_unit(self) -> dict[str, Any]:
        """Write a part, and return what the journal has to know of it."""
        footers, at = [], len(MAGIC)
        for block in self._blocks:
            footers.append((block.footer, at))
            at += len(block.data)
        data = b"".join([MAGIC, *(block.data for block in self._blocks), tail(joined(footers))])
        self._blocks = []
        self._growing.mkdir(exist_ok=True)
        name = f"part-{self._unit:0{self._digits}d}.parquet"
        write_whole(self._growing / name, data)
        return {"file": name, "size": len(data), "crc": zlib.crc32(data)}

    def publish(self, lines: Iterable[dict[str, Any]], empty: Callable[[], Encoded]) -> None:
        """Rename the directory to what it is called; one that stood there goes."""
        known = {line["file"] for line in lines}
        if not known:
            self.append(0, empty())
            known = {self.end_unit()["file"]}
        if not self._growing.exists():
            return  # a kill came after the last renaming
        for file in self._growing.iterdir():
            if file.name not in known:
                file.unlink()  # left over by a kill in the middle of a part
        flush_folder(self._growing)
        if self.path.exists():
            shutil.rmtree(self._replaced, ignore_errors=True)
            move(self.path, self._replaced)
        move(self._growing, self.path)

    def close(self) -> None:
        """Nothing is open."""


def _is_part(file: Path) -> bool:
    """Whether it is a file of values, by its name and by what it says of itself."""
    return re.fullmatch(r"part-\d{5,}\.parquet", file.name) is not None and is_values(file)
