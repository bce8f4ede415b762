"""What workers need again and again, packed once."""

import importlib
import pickle
from typing import Any

from ferroshap.errors import ExecutorError

#: Parcels up to this size go along with every task: asking whether a worker has one takes as long.
SMALL_BYTES = 1 << 15


class Parcel:
    """Something that workers keep: named by a digest of its bytes, so that what they have is not sent again.

    Parameters
    ----------
    content : object
        What is sent.
    what : str
        What messages call it.

    Examples
    --------
    >>> Parcel([1, 2], "a list").token == Parcel([1, 2], "another").token
    True
    """

    def __init__(self, content: Any, what: str) -> None:
        """Nothing is packed yet."""
        self.content = content
        self.what = what
        self._packed: tuple[str, bytes] | None = None
        self._is_by_value = False

    @property
    def token(self) -> str:
        """The digest."""
        return self._pack()[0]

    @property
    def data(self) -> bytes:
        """The bytes."""
        return self._pack()[1]

    @property
    def is_small(self) -> bool:
        """Whether it goes along with every task."""
        return len(self.data) <= SMALL_BYTES

    def pack_by_value(self) -> bool:
        """Pack again, with the code of what a worker could not import; False where that was done or cannot be."""
        if self._is_by_value or _cloudpickle() is None:
            return False
        self._packed, self._is_by_value = None, True
        self._pack()
        return True

    def _pack(self) -> tuple[str, bytes]:
        if self._packed is None:
            import hashlib

            data = self._pickled()
            self._packed = hashlib.blake2b(data, digest_size=16).hexdigest(), data
        return self._packed

    def _pickled(self) -> bytes:
        """Pickle; with cloudpickle what pickle cannot find by name."""
        cause: Exception | None = None
        if not self._is_by_value:
            try:
                return pickle.dumps(self.content, protocol=pickle.HIGHEST_PROTOCOL)
            except Exception as error:  # noqa: BLE001 - whatever the user's objects raise
                cause = error
        cloudpickle = _cloudpickle()
        if cloudpickle is not None:
            self._is_by_value = True
            try:
                return cloudpickle.dumps(self.content)  # type: ignore[no-any-return]  # bytes
            except Exception as error:  # noqa: BLE001 - as above
                cause = error
        raise self.refusal(cause) from cause

    def refusal(self, cause: Any) -> ExecutorError:
        """Say that it cannot be sent, and what to do."""
        install = "" if _cloudpickle() is not None else ", or install cloudpickle, which is then used"
        msg = (
            f"`executor` works in other processes, but {self.what} cannot be sent there ({type(cause).__name__}: "
            f"{cause}): define it at the top of a module that workers can import{install}, or pass threads, "
            "concurrent.futures.ThreadPoolExecutor()"
        )
        return ExecutorError(msg)


def _cloudpickle() -> Any:
    try:
        return importlib.import_module("cloudpickle")
    except ImportError:
        return None
