"""Files that a path, a pattern or a directory stands for, in a fixed order."""

import glob
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ferroshap.engines.files.sources.arrow_file import ArrowPiece
from ferroshap.engines.files.sources.csv_file import CsvPiece
from ferroshap.engines.files.sources.parquet_file import ParquetPiece
from ferroshap.engines.files.sources.piece import Piece
from ferroshap.errors import OptionError, SourceMissingError

KINDS: dict[str, type] = {
    ".parquet": ParquetPiece,
    ".pq": ParquetPiece,
    ".parq": ParquetPiece,
    ".csv": CsvPiece,
    ".arrow": ArrowPiece,
    ".arrows": ArrowPiece,
    ".feather": ArrowPiece,
    ".ipc": ArrowPiece,
}
COMPRESSED = (".gz", ".bz2", ".zst", ".lz4")


def files_of(source: Any, without: Iterable[Path] = ()) -> list[Path]:
    """List the files of a path, a pattern or a directory.

    Names are sorted as people count: ``part.9`` comes before ``part.10``. In directories, names that begin with
    ``.`` or ``_`` do not count.

    Parameters
    ----------
    source : str or path
        ``*``, ``?``, ``[...]`` and ``**`` make a pattern, unless a file has this very name.
    without : iterable of Path
        Left out where a pattern or a directory finds them: what is written is not read.

    Raises
    ------
    SourceMissingError
        When nothing is found.
    OptionError
        For an address of another file system, or a directory of several kinds of files.
    """
    text = str(source)
    if re.match(r"[a-z0-9]+://", text):
        msg = (
            f"`source` is {text!r}, an address: open it with pyarrow.dataset.dataset(...), which knows S3, GCS and "
            "others, and pass the dataset"
        )
        raise OptionError(msg)
    path = Path(text).expanduser()
    excluded = {file.absolute() for file in without}
    if path.is_dir():
        found = [file for file in path.rglob("*") if file.is_file() and _counts(file.relative_to(path))]
        found = _of_one_kind([file for file in found if kind_of(file) is not None], path)
    elif path.exists():
        return [path]
    else:
        found = [Path(name) for name in glob.glob(str(path), recursive=True)]  # noqa: PTH207 - an absolute pattern too
    found = [file for file in found if not any(one in excluded for one in (file.absolute(), *file.absolute().parents))]
    if not found:
        what = "holds no Parquet, CSV or Arrow file" if path.is_dir() else "is not there"
        msg = f"`source` {text!r} {what}"
        raise SourceMissingError(msg)
    return sorted(found, key=_as_counted)


def piece_of(path: Path) -> Piece:
    """Open a file by its name, or by its first bytes where the name says nothing.

    Raises
    ------
    OptionError
        For a file of a kind that is not read.
    """
    kind = kind_of(path)
    if kind is None and path.is_file():
        with path.open("rb") as file:
            start = file.read(6)
        kind = ParquetPiece if start[:4] == b"PAR1" else ArrowPiece if start == b"ARROW1" else None
    if kind is None and path.exists():
        msg = f"`source` names {str(path)!r}, but is read from files of these kinds: {', '.join(KINDS)}"
        raise OptionError(msg)
    piece: Piece = (kind or ParquetPiece)(path)
    return piece


def kind_of(path: Path) -> type | None:
    """Return what reads a file, by its name."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] in COMPRESSED:
        return CsvPiece if suffixes[-2:-1] == [".csv"] else None
    return KINDS.get(suffixes[-1]) if suffixes else None


def _counts(relative: Path) -> bool:
    """Whether it is one of the table's own files: engines leave `_SUCCESS`, `.crc` and the like."""
    return not any(part.startswith((".", "_")) or part.endswith(".unfinished") for part in relative.parts)


def _of_one_kind(files: list[Path], folder: Path) -> list[Path]:
    kinds = {kind_of(file) for file in files}
    if len(kinds) > 1:
        shown = ", ".join(sorted({file.suffix for file in files}))
        msg = f"`source` {str(folder)!r} holds files of several kinds ({shown}): name one, as in {folder}/*.parquet"
        raise OptionError(msg)
    return files


def _as_counted(path: Path) -> list[Any]:
    """Digits by their number, text by its letters."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", str(path))]
