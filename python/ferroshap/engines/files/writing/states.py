"""What reducers have seen so far, in a small file that is replaced with each unit."""

import json
import zlib
from pathlib import Path
from typing import Any

from ferroshap.engines.files.writing.durable import write_whole


class States:
    """Reducers as bytes, in the folder of the journal.

    Reducers see units in any order and come to the same bytes, so what all finished units add up to is all that is
    kept: a file of constant size, however long the table.

    Parameters
    ----------
    aside : Path
        The folder.
    """

    def __init__(self, aside: Path) -> None:
        """Nothing is written yet."""
        self._aside = aside
        self._older: Path | None = None
        self._newest: Path | None = None

    def save(self, unit: int, reducers: dict[str, Any]) -> dict[str, Any]:
        """Write what reducers have seen up to and with a unit; return what the journal has to know of it."""
        data = [reducer.to_bytes() for reducer in reducers.values()]
        head = json.dumps({name: len(part) for name, part in zip(reducers, data, strict=True)}).encode()
        whole = b"".join([len(head).to_bytes(8, "little"), head, *data])
        path = self._aside / f"reducers-{unit:05d}"
        write_whole(path, whole)
        self._older, self._newest = self._newest, path
        return {"file": path.name, "crc": zlib.crc32(whole)}

    def forget_older(self) -> None:
        """Delete the file before the newest, once the journal names that."""
        if self._older is not None and self._older != self._newest:
            self._older.unlink(missing_ok=True)
        self._older = None

    def load(self, entry: dict[str, Any] | None, reducers: dict[str, Any]) -> dict[str, Any] | None:
        """Read what `save` wrote; None where it is not what it was."""
        path = None if entry is None else self._aside / entry["file"]
        if entry is None or path is None or not path.is_file():
            return None
        whole = path.read_bytes()
        if zlib.crc32(whole) != entry["crc"]:
            return None
        self._newest = path
        at = 8 + int.from_bytes(whole[:8], "little")
        sizes: dict[str, int] = json.loads(whole[8:at])
        found = {}
        for name, size in sizes.items():
            found[name] = type(reducers[name]).from_bytes(whole[at : at + size])
            at += size
        return found
