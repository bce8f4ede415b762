"""Where values go: a file, a directory of parts, or nowhere."""

from pathlib import Path
from typing import Any, NamedTuple

from ferroshap.engines.files.writing.one_file import OneFile
from ferroshap.engines.files.writing.parts import Parts
from ferroshap.errors import OptionError

#: What a file of values may be called.
SUFFIXES = (".parquet", ".pq", ".parq")


class Destination(NamedTuple):
    """A place for values, and one beside it for what is unfinished.

    Attributes
    ----------
    path : Path or None
        None: only reducers are kept.
    is_directory : bool
        Whether units become files of their own.
    aside : Path or None
        The folder of the journal; None: there is none, and nothing can be taken up again.
    """

    path: Path | None
    is_directory: bool
    aside: Path | None

    def output(self, n_units: int | None) -> OneFile | Parts | None:
        """Return what writes there."""
        if self.path is None or self.aside is None:
            return None
        return Parts(self.path, self.aside, n_units) if self.is_directory else OneFile(self.path, self.aside)

    @property
    def words(self) -> str:
        """What messages call it."""
        return f"`destination` {str(self.path)!r}" if self.path is not None else f"`checkpoint` {str(self.aside)!r}"


def as_destination(destination: Any, checkpoint: Any) -> Destination:
    """Recognise a destination by its name: a suffix of Parquet makes a file, none makes a directory.

    Raises
    ------
    OptionError
        For another suffix, a folder that does not exist, or a `checkpoint` beside a destination.
    """
    if destination is None:
        return Destination(
            None, is_directory=False, aside=None if checkpoint is None else Path(checkpoint).expanduser().absolute()
        )
    if checkpoint is not None:
        msg = (
            "`checkpoint` is for runs without a destination: with one, what is unfinished lies beside it, in "
            f"{destination}.unfinished"
        )
        raise OptionError(msg)
    if not isinstance(destination, str | Path):
        msg = f"`destination` is a {type(destination).__name__}, but must be a path or None"
        raise OptionError(msg)
    is_marked = str(destination).endswith(("/", "\\"))
    path = Path(destination).expanduser().absolute()
    is_directory = is_marked or path.is_dir() or not path.suffix
    if not is_directory and path.suffix.lower() not in SUFFIXES:
        msg = (
            f"`destination` is {str(destination)!r}, but must be a file ({', '.join(SUFFIXES)}) or a directory (a "
            "new one with a dot in its name ends in /)"
        )
        raise OptionError(msg)
    if path.is_symlink():
        path = path.resolve()  # what the link stands for is replaced, not the link
    if not path.parent.is_dir():
        msg = f"`destination` is {str(destination)!r}, but there is no directory {str(path.parent)!r}: make it first"
        raise OptionError(msg)
    return Destination(path, is_directory, path.with_name(f"{path.name}.unfinished"))
