"""What happens on a worker."""

import pickle
import threading
import traceback
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

#: Bytes of what a worker keeps; the last parcels are kept however large they are.
MOST_KEPT_BYTES = 1 << 28
#: Parcels that a worker keeps: most are small parts of a call, which come with every task.
MOST_KEPT = 256
#: Parcels of one task that are kept whatever their size.
LEAST_KEPT = 4

#: A parcel as it travels: its name, and its bytes unless the worker should have it.
Sent = tuple[str, bytes | None]


class Done(NamedTuple):
    """The work is done."""

    value: Any


class Unknown(NamedTuple):
    """The worker has not got a parcel: the task is to be sent again with its bytes."""

    tokens: list[str]


class Unreadable(NamedTuple):
    """The worker cannot make anything of a parcel."""

    token: str
    error: str


@dataclass
class Failed:
    """The work raised.

    Attributes
    ----------
    error : BaseException or None
        What was raised, where the workers are threads.
    data : bytes
        The same, pickled.
    text : str
        Its traceback.
    """

    error: BaseException | None
    data: bytes
    text: str


class Shelf:
    """What a worker keeps of what was sent, the least used going first."""

    def __init__(self) -> None:
        """Empty."""
        self._lock = threading.RLock()
        self._n_bytes = 0
        self._kept: OrderedDict[str, tuple[Any, int]] = OrderedDict()

    def open(self, parcels: Sequence[Sent]) -> list[Any] | Unknown | Unreadable:
        """Return the contents of parcels, kept or come with the task."""
        with self._lock:
            missing = [token for token, data in parcels if data is None and token not in self._kept]
            if missing:
                return Unknown(missing)
            opened = []
            for token, data in parcels:
                if token not in self._kept and data is not None:
                    try:
                        self._kept[token] = pickle.loads(data), len(data)  # noqa: S301 - from the process that hired us
                        self._n_bytes += len(data)
                    except Exception as error:  # noqa: BLE001 - whatever the user's objects raise
                        return Unreadable(token, f"{type(error).__name__}: {error}")
                self._kept.move_to_end(token)
                opened.append(self._kept[token][0])
            while len(self._kept) > max(LEAST_KEPT, len(parcels)) and (
                self._n_bytes > MOST_KEPT_BYTES or len(self._kept) > MOST_KEPT
            ):
                self._n_bytes -= self._kept.popitem(last=False)[1][1]
            return opened


#: Tasks that a process works on share nothing but the process, so what they keep is kept here.
_SHELF = Shelf()


def perform(work: Callable[..., Any], parcels: Sequence[Sent], args: tuple[Any, ...]) -> Any:
    """Open parcels and do some work with them; whatever happens is returned, nothing raised."""
    try:
        opened = _SHELF.open(parcels)
        return Done(work(opened, *args)) if isinstance(opened, list) else opened
    except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
        return Failed(None, pickled_error(error), "".join(traceback.format_exception(error)))


def perform_here(work: Callable[..., Any], opened: list[Any], args: tuple[Any, ...]) -> Any:
    """Do some work in a thread of the process that waits for it."""
    try:
        return Done(work(opened, *args))
    except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
        return Failed(error, b"", "")


def pickled_error(error: BaseException) -> bytes:
    """Pickle an exception such that it can be read, also one whose class wants other arguments than it keeps.

    Examples
    --------
    >>> read_error(pickled_error(ValueError("not today")))
    ValueError('not today')
    """
    for dumps in (pickle.dumps, _by_value):
        for form in (error, (type(error), error.args, error.__dict__)):
            try:
                data: bytes = dumps(form)
                read_error(data)
            except Exception:  # noqa: BLE001, S112 - the next way is tried
                continue
            return data
    return pickle.dumps((RuntimeError, (f"{type(error).__name__}: {error}",), {}))


def read_error(data: bytes) -> BaseException:
    """Read what `pickled_error` wrote."""
    found = pickle.loads(data)  # noqa: S301 - from a worker of ours
    if isinstance(found, BaseException):
        return found
    kind, args, state = found
    error: BaseException = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(state)
    return error


def _by_value(content: Any) -> bytes:
    import importlib

    data: bytes = importlib.import_module("cloudpickle").dumps(content)
    return data
