"""`--model`: files of tree libraries, and our own explainers where their pickles are trusted."""

from pathlib import Path
from typing import Any

from ferroshap.cli.failing import UsageError, WorkError
from ferroshap.explainers import Explainer
from ferroshap.serialisation import MAGIC, FileFormatError
from ferroshap.trees import TreeModel, load

#: What every file of `explainer.save` begins with, around the length of its first record.
_HEAD = 64


def read_trees(path: Path, format: str | None) -> TreeModel:  # noqa: A002 - the option's word
    """Read a model file.

    Raises
    ------
    WorkError
        When there is no such file, or it cannot be read.
    UsageError
        When it is a saved explainer.
    InvalidModelError
        When it is no model that we read, or one that cannot be explained.
    """
    check_model(path)
    if is_saved_explainer(path):
        msg = f"`--model` {path} is a saved explainer, not a model file: explain takes it with --allow-pickle"
        raise UsageError(msg)
    try:
        return load(path, format)
    except Exception as error:
        error.add_note(f"in --model {path}")
        raise


def read_explainer(path: Path) -> Any:
    """Read what `explainer.save` wrote, which may run any code: the user said that it is trusted.

    Raises
    ------
    WorkError
        When it cannot be read.
    """
    check_model(path)
    try:
        return Explainer.load(path)
    except (FileFormatError, ImportError, AttributeError) as error:
        msg = f"`--model` {path} cannot be restored: {error}"
        raise WorkError(msg) from error


def check_model(path: Path) -> None:
    """Refuse what is no readable file."""
    if path.is_dir():
        msg = f"`--model` {path} is a folder: give a model file"
        raise WorkError(msg)
    try:
        with path.open("rb"):
            pass
    except OSError as error:
        msg = f"`--model` {path} cannot be read: {error.strerror}"
        raise WorkError(msg) from error


def is_saved_explainer(path: Path) -> bool:
    """Whether a file is one of `explainer.save`; none of it is run to find that out."""
    with path.open("rb") as stream:
        head = stream.read(_HEAD)
    return head.startswith(MAGIC) and head[6:16].startswith(b'{"class":')
