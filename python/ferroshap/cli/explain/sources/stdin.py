"""The standard input as a stream that Ctrl-C can end, although a library waits for it in threads of its own."""

import contextlib
import io
import os
import select
import signal
import sys
import threading
from collections.abc import Iterator
from typing import Any


class StandardInput(io.RawIOBase):
    """Bytes of the standard input, the first of which can be looked at.

    pyarrow reads in a thread of its own while the main thread waits outside Python, so that Python would hear of
    Ctrl-C only when the next bytes are there. This stream hears of it by itself, and ends.

    Parameters
    ----------
    n_looked_at : int
        How many bytes `head` has, unless there are fewer.
    """

    def __init__(self, n_looked_at: int) -> None:
        """Read the first bytes."""
        self._file = sys.stdin.fileno()
        self._signals = -1
        self._has_ended = False
        self._reading = threading.Lock()
        parts = []
        while n_looked_at > 0 and (part := os.read(self._file, n_looked_at)):
            parts.append(part)
            n_looked_at -= len(part)
        #: How the stream begins.
        self.head = b"".join(parts)
        self._rest = memoryview(self.head)

    @contextlib.contextmanager
    def heard(self) -> Iterator[None]:
        """Listen to signals; in the main thread, which alone may. Afterwards the stream is at its end.

        No thread is left that waits for bytes: one that came back when the interpreter is gone would end the process.
        """
        listening, telling = os.pipe()
        os.set_blocking(telling, False)
        before = signal.set_wakeup_fd(telling, warn_on_full_buffer=False)
        self._signals = listening
        try:
            yield
        finally:
            signal.set_wakeup_fd(before)
            self._has_ended = True
            os.write(telling, b"\0")
            with self._reading:
                self._signals = -1
            os.close(listening)
            os.close(telling)

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer with what there is; 0 at the end, and after a signal."""
        with self._reading:
            if self._rest:
                count = min(len(buffer), len(self._rest))
                buffer[:count] = self._rest[:count]
                self._rest = self._rest[count:]
                return count
            if self._signals >= 0 and not self._has_ended:
                ready, _, _ = select.select([self._file, self._signals], [], [])
                self._has_ended = self._signals in ready
            if self._has_ended:
                return 0
            more = os.read(self._file, len(buffer))
        buffer[: len(more)] = more
        return len(more)
