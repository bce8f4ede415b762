"""From words on the command line to a table: which files are meant, and of which kind they are."""

import glob
from collections.abc import Iterable, Sequence
from pathlib import Path

from ferroshap.cli.explain.sources.arrow import ArrowSource
from ferroshap.cli.explain.sources.csv import CsvSource
from ferroshap.cli.explain.sources.parquet import ParquetSource
from ferroshap.cli.explain.sources.source import Source
from ferroshap.cli.explain.sources.stdin import StandardInput
from ferroshap.cli.failing import UsageError, WorkError

#: What ends in what; a further ".gz", ".bz2" or ".zst" of CSV is undone while it is read.
ENDINGS = {
    ".parquet": "parquet",
    ".pq": "parquet",
    ".csv": "csv",
    ".tsv": "csv",
    ".arrow": "arrow",
    ".feather": "arrow",
    ".ipc": "arrow",
    ".arrows": "arrow",
}
_PACKED = {".gz", ".bz2", ".zst", ".lz4"}
_STREAM = "-"
#: Begins a stream of Arrow: no CSV does.
_CONTINUATION = b"\xff\xff\xff\xff"


def opened(words: Sequence[str], option: str) -> Source:
    """Find the files that are meant, and read what the first of them says of its columns.

    Raises
    ------
    WorkError
        When there are none, they are of several kinds, or the first cannot be read.
    UsageError
        When the standard input is one among others.
    """
    if _STREAM in words:
        if len(words) > 1:
            msg = f"`{option}` has - for the standard input beside files: give one or the other"
            raise UsageError(msg)
        return _of_stdin(option)
    paths = [path for word in words for path in _files(word, option)]
    kinds = {kind_of(path) for path in paths}
    if len(kinds) > 1:
        some = ", ".join(str(path) for path in _one_of_each(paths))
        msg = f"`{option}` has files of several kinds ({some}): give files of one kind"
        raise WorkError(msg)
    texts = [str(path) for path in paths]
    kind = kinds.pop()
    if kind is None:
        known = ", ".join(ENDINGS)
        msg = f"`{option}` {texts[0]} has an ending that says nothing of its kind: known are {known}"
        raise WorkError(msg)
    if kind == "parquet":
        return ParquetSource(option, texts)
    return CsvSource(option, texts) if kind == "csv" else ArrowSource(option, texts)


def kind_of(path: Path) -> str | None:
    """Tell the kind of a file by its ending; None for an ending that says nothing.

    Examples
    --------
    >>> kind_of(Path("rows.CSV")), kind_of(Path("rows.csv.gz")), kind_of(Path("rows.xlsx"))
    ('csv', 'csv', None)
    """
    endings = [ending.lower() for ending in path.suffixes]
    if endings and endings[-1] in _PACKED and ENDINGS.get("".join(endings[-2:-1])) == "csv":
        return "csv"
    return ENDINGS.get(endings[-1]) if endings else None


def _files(word: str, option: str) -> list[Path]:
    """The files that one word means, in the order of their names."""
    path = Path(word)
    if path.is_dir():
        found = [file for file in path.rglob("*") if kind_of(file) is not None and not _is_hidden(file, path)]
        if not found:
            msg = f"`{option}` {word} is a folder without files of a known kind ({', '.join(ENDINGS)})"
            raise WorkError(msg)
    elif path.exists():
        found = [path]
    elif glob.has_magic(word):
        found = [Path(name) for name in glob.iglob(word, recursive=True) if Path(name).is_file()]  # noqa: PTH207 - absolute too
        if not found:
            msg = f"`{option}` {word} fits no file"
            raise WorkError(msg)
    else:
        msg = f"`{option}` {word}: there is no such file"
        raise WorkError(msg)
    return sorted(found)


def _is_hidden(file: Path, folder: Path) -> bool:
    """Whether a file is not one of the table's own: libraries keep their notes in names with a dot or underscore."""
    return any(part.startswith((".", "_")) for part in file.relative_to(folder).parts)


def _one_of_each(paths: Iterable[Path]) -> list[Path]:
    return list({kind_of(path): path for path in paths}.values())


def _of_stdin(option: str) -> Source:
    """The standard input: a stream of Arrow, or CSV."""
    stream = StandardInput(CsvSource.LOOKED_AT)
    is_arrow = stream.head.startswith(_CONTINUATION)
    return ArrowSource(option, [_STREAM], stream) if is_arrow else CsvSource(option, [_STREAM], stream)
