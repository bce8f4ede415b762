"""From words on the command line to a table: which files are meant, and of which kind they are."""

from collections.abc import Sequence
from pathlib import Path

from ferroshap.cli.explain.sources.csv import CsvSource
from ferroshap.cli.explain.sources.files import FileSource
from ferroshap.cli.explain.sources.source import Source
from ferroshap.cli.explain.sources.stdin import StandardInput
from ferroshap.cli.failing import UsageError, WorkError
from ferroshap.errors import FerroshapError

#: What ends in what; a further ".gz", ".bz2", ".zst" or ".lz4" of CSV is undone while it is read.
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
    """Find the files that are meant, and read what they say of their columns.

    Raises
    ------
    WorkError
        When there are none, they are of several kinds, or cannot be read.
    UsageError
        When the standard input is one among others.
    """
    if _STREAM in words:
        if len(words) > 1:
            msg = f"`{option}` has - for the standard input beside files: give one or the other"
            raise UsageError(msg)
        return _of_stdin(option)
    paths = [path for word in words for path in _files(word, option)]
    by_kind = {kind_of(path): path for path in paths}
    if len(by_kind) > 1:
        some = ", ".join(str(path) for path in by_kind.values())
        msg = f"`{option}` has files of several kinds ({some}): give files of one kind"
        raise WorkError(msg)
    texts, kind = [str(path) for path in paths], next(iter(by_kind))
    if kind is None:
        msg = f"`{option}` {texts[0]} has an ending that says nothing of its kind: known are {', '.join(ENDINGS)}"
        raise WorkError(msg)
    if kind == "csv":
        return CsvSource(option, texts)
    try:
        return FileSource(option, kind, texts)
    except FerroshapError as error:
        msg = f"`{option}`: {error}"
        raise WorkError(msg) from error


def kind_of(path: Path) -> str | None:
    """Tell the kind of a file by its ending; None for an ending that says nothing.

    Examples
    --------
    >>> kind_of(Path("rows.CSV")), kind_of(Path("rows.csv.gz")), kind_of(Path("rows.xlsx"))
    ('csv', 'csv', None)
    """
    endings = [ending.lower() for ending in path.suffixes]
    if endings and endings[-1] in _PACKED:
        return "csv" if endings[-2:-1] in ([".csv"], [".tsv"]) else None
    return ENDINGS.get(endings[-1]) if endings else None


def _files(word: str, option: str) -> list[Path]:
    """The files that one word means, in the order in which people count; names with . or _ are libraries' own notes."""
    from ferroshap.engines.files.sources.discovery import files_of

    try:
        return list(files_of(word))
    except FerroshapError as error:
        raise WorkError(str(error).replace("`source`", f"`{option}`")) from error


def _of_stdin(option: str) -> Source:
    """The standard input: a stream of Arrow, or CSV."""
    stream = StandardInput(CsvSource.LOOKED_AT)
    if stream.head.startswith(_CONTINUATION):
        return FileSource(option, "arrow", [_STREAM], stream)
    return CsvSource(option, [_STREAM], stream)
