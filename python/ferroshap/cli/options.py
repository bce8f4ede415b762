"""What options of the command accept: each function reads one word of a command line, or says what it should be."""

from argparse import ArgumentTypeError
from pathlib import Path

from ferroshap.errors import OptionError
from ferroshap.memory import as_bytes
from ferroshap.threads import as_threads


def names(text: str) -> tuple[str, ...]:
    """Read names between commas.

    Examples
    --------
    >>> names("id, city")
    ('id', 'city')
    """
    found = tuple(name.strip() for name in text.split(","))
    if not all(found):
        msg = f"{text!r} has an empty name: give names with commas between them, as in id,city"
        raise ArgumentTypeError(msg)
    if len(set(found)) < len(found):
        msg = f"{text!r} has a name twice"
        raise ArgumentTypeError(msg)
    return found


def count(text: str) -> int:
    """Read a whole number, at least 1.

    Examples
    --------
    >>> count("1_000")
    1000
    """
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        msg = f"{text!r} is no whole number of at least 1"
        raise ArgumentTypeError(msg)
    return number


def seed(text: str) -> int:
    """Read a whole number, at least 0.

    Examples
    --------
    >>> seed("0")
    0
    """
    try:
        number = int(text)
    except ValueError:
        number = -1
    if not 0 <= number < 2**64:
        msg = f"{text!r} is no whole number between 0 and 2^64 - 1"
        raise ArgumentTypeError(msg)
    return number


def threads(text: str) -> int:
    """Read a number of threads: positive, -1 for all, -k for all but k - 1.

    Examples
    --------
    >>> threads("-1")
    -1
    """
    try:
        number = int(text)
        as_threads(number)
    except (ValueError, OptionError):
        msg = f"{text!r} must be a positive whole number, -1 (all) or -k (all but k - 1)"
        raise ArgumentTypeError(msg) from None
    return number


def memory(text: str) -> str:
    """Read an amount of memory, as `memory_limit=` takes it; a bare number is one of bytes.

    Examples
    --------
    >>> memory("2 GiB"), memory("1000000")
    ('2 GiB', '1000000 B')
    """
    amount = f"{text} B" if text.strip().isdigit() else text
    try:
        as_bytes(amount)
    except OptionError:
        msg = f"{text!r} must be a number of bytes, or text such as 2GiB"
        raise ArgumentTypeError(msg) from None
    return amount


def page(text: str) -> Path:
    """Read where a report goes.

    Examples
    --------
    >>> page("report.html").suffix
    '.html'
    """
    path = Path(text)
    if path.suffix.lower() not in {".html", ".htm"}:
        msg = f"{text!r} must end in .html"
        raise ArgumentTypeError(msg)
    return path
