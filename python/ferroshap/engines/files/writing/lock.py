"""One process at a time: a lock that the system takes back from whoever dies."""

import os
import sys
from pathlib import Path
from typing import Self

from ferroshap.errors import DestinationBusyError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl


class FolderLock:
    """Holds a folder, which is made if need be.

    Parameters
    ----------
    folder : Path
        Where the file ``lock`` goes. Nobody else may hold it, also not in this process.
    wanted_for : str
        What messages say it is about.

    Raises
    ------
    DestinationBusyError
        When somebody holds it.
    """

    def __init__(self, folder: Path, wanted_for: str) -> None:
        """Take the lock, or say that it is taken."""
        self._path = folder / "lock"
        while True:
            folder.mkdir(parents=True, exist_ok=True)
            try:
                self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o666)
            except FileNotFoundError:
                continue  # whoever held it has just finished, and took the folder away
            if not _taken(self._descriptor):
                os.close(self._descriptor)
                msg = (
                    f"another process is writing to {wanted_for}, or this one in another thread: wait for it, or name "
                    "another destination"
                )
                raise DestinationBusyError(msg)
            if self._is_current():
                return
            os.close(self._descriptor)

    def _is_current(self) -> bool:
        """Whether the file that is locked is still the one at this path."""
        try:
            return os.path.samestat(os.fstat(self._descriptor), self._path.stat())
        except FileNotFoundError:
            return False

    def release(self) -> None:
        """Give it back; a kill does the same."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> Self:
        """Hold it."""
        return self

    def __exit__(self, *_: object) -> None:
        """Give it back."""
        self.release()


def _taken(descriptor: int) -> bool:
    try:
        if sys.platform == "win32":
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
