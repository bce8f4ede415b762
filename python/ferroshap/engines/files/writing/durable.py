"""What reaches the disk before anything is said about it: flushed, renamed, and the renaming flushed too."""

import os
import sys
from pathlib import Path
from typing import Any


def write_whole(path: Path, data: Any) -> None:
    """Write a file so that it is there whole or not at all, whenever the machine stops.

    Raises
    ------
    OSError
        When the disk is full, for instance; then nothing of that name has changed.
    """
    aside = path.with_name(f"{path.name}.writing")
    with aside.open("wb", buffering=0) as file:
        write_all(file, data)
        flush(file)
    os.replace(aside, path)  # noqa: PTH105 - the tests count this call
    flush_folder(path.parent)


def write_all(file: Any, data: Any) -> None:
    """Write all of `data` to a file without a buffer, which may take less at once.

    Raises
    ------
    OSError
        When the disk is full; nothing is left in a buffer then, to fail again when the file is closed.
    """
    view = memoryview(data)
    while view:
        view = view[file.write(view) :]


def flush(file: Any) -> None:
    """Push what was written to a file without a buffer to the disk."""
    os.fsync(file.fileno())


def flush_folder(folder: Path) -> None:
    """Push the names in a folder to the disk, where the system can."""
    if sys.platform == "win32":
        return  # folders cannot be opened there, and renaming is journalled by the file system
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def move(old: Path, new: Path) -> None:
    """Rename a flushed file or folder, over a file of the new name; the rename is on the disk on return."""
    os.replace(old, new)  # noqa: PTH105 - see above
    flush_folder(new.parent)
