"""What goes wrong on the command line: a line or two for who typed it, and a status for who wrote the script."""

import contextlib
import os
import re
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from typing import Any

from ferroshap.errors import ColumnsWarning, ConvergenceWarning, FerroshapError, PlausibilityWarning, PrecisionWarning

#: Statuses of the shell's own making: 128 and the number of the signal.
INTERRUPTED, NOBODY_READS, TERMINATED = 130, 141, 143

#: What functions call their arguments, and what the command calls them.
_WORDS = (
    (r"pass data=X_background", "pass --background FILE"),
    (r"`?model_output='?raw'?`?", "--model-output raw"),
    (r"`model_output='(\w+)'`", r"`--model-output \1`"),
    (r"`data`", "`--background`"),
    (r"`X`", "`--data`"),
    (r"`source`", "`--data`"),
    (r"`destination`", "`--out`"),
    (r"`model`", "`--model`"),
    (r"overwrite=True", "--force"),
    (r"resume=False", "--no-resume"),
    (r"pass `format`, one of", "pass --format, one of"),
    (r"`(format|keep|columns|layout|dtype|top_k|interactions|output_names|memory_limit|compression)`", None),
)


class WorkError(FerroshapError):
    """The work cannot be done: status 1."""


class UsageError(FerroshapError):
    """The command line asks for what does not go together, or a library is missing: status 2."""


def guarded(command: str, work: Callable[[], int]) -> int:
    """Do the work of a command and return the exit status; what went wrong is said on the standard error.

    With ``FERROSHAP_DEBUG`` in the environment errors keep their traceback.

    Parameters
    ----------
    command : str
        The words that start every line: "ferroshap explain".
    work : callable
        Returns 0.

    Examples
    --------
    >>> guarded("ferroshap nothing", lambda: 0)
    0
    """
    try:
        with _warnings_as_lines(command), _termination_as_exit():
            status = work()
            sys.stdout.flush()
    except KeyboardInterrupt as interrupt:
        say(f"{command}: interrupted{_noted(interrupt)}")
        return INTERRUPTED
    except BrokenPipeError:
        _let_go_of_stdout()
        return NOBODY_READS
    except (Exception, MemoryError) as error:
        if os.environ.get("FERROSHAP_DEBUG"):
            raise
        say(f"{command}: error: {sentence(error)}")
        return 2 if isinstance(error, UsageError) else 1
    return status


def say(line: str) -> None:
    """Write a line to the standard error; where nobody listens it is lost."""
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()


def sentence(error: BaseException) -> str:
    """Say what went wrong in the words of the command.

    Examples
    --------
    >>> sentence(FerroshapError("`X` has no rows: pass data=X_background"))
    '`--data` has no rows: pass --background FILE'
    >>> sentence(OSError(28, "No space left on device", "values.csv"))
    'values.csv: No space left on device'
    >>> sentence(KeyError("a"))
    "KeyError: 'a' (a mistake of ferroshap's own: please report it; FERROSHAP_DEBUG=1 shows where it arose)"
    """
    if isinstance(error, OSError) and error.errno is not None:
        where = "" if error.filename is None else f"{error.filename}: "
        text = f"{where}{os.strerror(error.errno)}"
    elif isinstance(error, MemoryError) and not str(error):
        text = "there is not enough memory"
    elif isinstance(error, FerroshapError | OSError | MemoryError | ImportError) or _is_of_arrow(error):
        text = reworded(" ".join(str(error).split()))
    else:
        what = " ".join(f"{type(error).__name__}: {error}".split())
        text = f"{what} (a mistake of ferroshap's own: please report it; FERROSHAP_DEBUG=1 shows where it arose)"
    return text + _noted(error)


def reworded(text: str) -> str:
    """Put the options of the command in the place of arguments of functions.

    Examples
    --------
    >>> reworded("`top_k` is 0")
    '`--top-k` is 0'
    """
    for pattern, words in _WORDS:
        text = re.sub(pattern, _as_option if words is None else words, text)
    return text


def _as_option(match: re.Match[str]) -> str:
    return f"`--{match[1].replace('_', '-')}`"


def _noted(error: BaseException) -> str:
    """What was added on the way: where the work was."""
    return "".join(f" ({note})" for note in getattr(error, "__notes__", ()))


def _is_of_arrow(error: BaseException) -> bool:
    arrow = sys.modules.get("pyarrow")
    return arrow is not None and isinstance(error, arrow.ArrowException)


@contextlib.contextmanager
def _warnings_as_lines(command: str) -> Iterator[None]:
    """Our own warnings as one line each; those of libraries as their authors chose."""

    def shown(message: Any, category: type[Warning], *_: Any, **__: Any) -> None:
        if issubclass(category, ours):
            say(f"{command}: warning: {reworded(str(message))}")

    ours = (ColumnsWarning, ConvergenceWarning, PlausibilityWarning, PrecisionWarning)
    with warnings.catch_warnings():
        for category in ours:
            warnings.simplefilter("default", category)
        warnings.showwarning = shown
        yield


@contextlib.contextmanager
def _termination_as_exit() -> Iterator[None]:
    """Clear away what is unfinished when a scheduler ends the process; in the main thread, which alone may."""

    def ended(*_: Any) -> None:
        raise SystemExit(TERMINATED)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, ended)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _let_go_of_stdout() -> None:
    """Keep the interpreter from saying at its end that nobody reads what it still wanted to write."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
