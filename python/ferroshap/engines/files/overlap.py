"""What is read is never written over."""

from pathlib import Path

from ferroshap.engines.files.destination import Destination
from ferroshap.engines.files.sources import Source
from ferroshap.engines.files.writing.values_file import is_values
from ferroshap.errors import OptionError


def check_apart(source: Source, destination: Destination) -> None:
    """Refuse to write over what is read.

    Raises
    ------
    OptionError
        When the destination is a file of the source or a directory that holds one, by whatever path; and when
        something else than values is there while the source does not say where it lies.
    """
    path = destination.path
    if path is None or not path.exists():
        return
    where = f"`destination` is {str(path)!r}"
    for piece in source.pieces:
        known = piece.identity or {}
        names = [known["path"]] if "path" in known else [file[0] for file in known.get("files", ())]
        for file in map(Path, names):
            if any(one.exists() and one.samefile(path) for one in (file, *file.resolve().parents)):
                msg = f"{where}, where {file.name!r} of `source` lies: name another place"
                raise OptionError(msg)
        if not names and path.is_file() and not is_values(path):
            msg = (
                f"{where}, which is no file of values and may be what {piece.name} reads, as far as one can see: name "
                "another place, or delete it first"
            )
            raise OptionError(msg)
