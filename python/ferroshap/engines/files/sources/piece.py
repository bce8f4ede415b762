"""One file, fragment or stream of a source, and what all of them can do."""

from collections.abc import Callable, Generator, Iterable, Iterator
from pathlib import Path
from typing import Any

from ferroshap.errors import SourceError, SourceMissingError
from ferroshap.export.libraries import met

#: Whether some of the rows from `first` to before `last`, by global number, are still to be explained.
Wanted = Callable[[int, int], bool]


class Piece:
    """A part of a source whose rows follow each other.

    Attributes
    ----------
    name : str
        What messages call it.
    schema : pyarrow.Schema
        All its columns.
    n_rows : int or None
        None where they are not known before they are read.
    identity : dict or None
        What tells it from a piece with other contents, for JSON; None where it cannot be read again.
    row_bytes : float or None
        Bytes of a row in memory, where the file says so.
    """

    name: str
    schema: Any
    n_rows: int | None = None
    identity: dict[str, Any] | None = None
    row_bytes: float | None = None

    def batches(self, columns: list[str], first: int, is_wanted: Wanted, n_rows: int) -> Iterator[tuple[int, Any]]:
        """Read batches of at most `n_rows`, each with the global number of its first row.

        Parameters
        ----------
        columns : list of str
            All that is read.
        first : int
            The global number of the piece's first row.
        is_wanted : callable
            Rows that it declines may be left out.
        n_rows : int
            The most rows of a batch.

        Raises
        ------
        SourceError
            Naming what cannot be read.
        """
        raise NotImplementedError

    def current_identity(self) -> dict[str, Any] | None:
        """What `identity` would be now: of a file that was replaced meanwhile it is another."""
        return self.identity

    def __repr__(self) -> str:
        """Name it."""
        return f"<{type(self).__name__} {self.name}>"


def of_file(path: Path) -> dict[str, Any]:
    """Return what tells a file from another one at the same path.

    Raises
    ------
    SourceMissingError
        When it is not there.
    """
    try:
        found = path.stat()
    except FileNotFoundError:
        msg = f"{str(path)!r} is not there"
        raise SourceMissingError(msg) from None
    return {"path": str(path.absolute()), "size": found.st_size, "mtime_ns": found.st_mtime_ns}


def numbered(
    batches: Iterable[Any], where: str, first: int, is_wanted: Wanted, n_rows: int
) -> Generator[tuple[int, Any], None, int]:
    """Number what is read, in batches of at most `n_rows`; what goes wrong in reading becomes our error.

    Parameters
    ----------
    batches : iterable
        Reads when it is asked.
    where : str
        Names what is read.
    first : int
        The number of its first row.

    Returns
    -------
    int
        The number of the row after its last.

    Raises
    ------
    SourceError
        With the library's own error as its cause.
    """
    arrow, at, read = met("pyarrow", "explain_parquet"), first, iter(batches)
    while True:
        try:
            whole = next(read, None)
        except (arrow.ArrowException, OSError, EOFError, UnicodeDecodeError) as error:
            place = f"{where}, from row {at} of the source on,"
            raise unreadable(place, error) from error
        if whole is None:
            return at
        for start in range(0, whole.num_rows, n_rows):
            batch = whole.slice(start, n_rows)
            if is_wanted(at + start, at + start + batch.num_rows):
                yield at + start, batch
        at += whole.num_rows


def unreadable(where: str, error: BaseException) -> SourceError:
    """Say which piece cannot be read, and what to do."""
    kind = SourceMissingError if isinstance(error, FileNotFoundError) else SourceError
    said = str(error).strip().split("\n")[0] or type(error).__name__
    return kind(f"{where} cannot be read: {said}")
