"""Model files: `load` reads them, whichever library wrote them, without the library."""

import re
from os import PathLike
from pathlib import Path
from typing import Any

from ferroshap import _native
from ferroshap.errors import InvalidModelError, OptionError, nearest
from ferroshap.trees.catboost import category_key
from ferroshap.trees.tree_model import TreeModel

FORMATS = ("xgboost", "lightgbm", "catboost", "onnx", "ferroshap")
ENDINGS = {".ubj": "xgboost", ".txt": "lightgbm", ".onnx": "onnx", ".cbm": "catboost"}
#: What stands around the name of the loss in the files of a library; XGBoost's may be JSON or UBJSON.
LOSSES = {
    "XGBoost": rb"(?s)objective.{1,16}?name.{1,16}?([a-z]+:[a-z]+)",
    "LightGBM": rb"\nobjective=([^\n]*)\n",
    "CatBoost": rb'(?s)"loss_function"\s*:\s*\{.{0,300}?"type"\s*:\s*"(\w+)"',
}
#: Bytes that hold the header of a LightGBM file.
HEAD = 1 << 16


def load(path_or_bytes: str | PathLike[str] | bytes, format: str | None = None) -> TreeModel:  # noqa: A002
    """Read a model file: XGBoost's JSON or UBJSON, LightGBM's text, CatBoost's JSON, ONNX.

    The library that wrote it is not needed, and is not asked: the forest is marked unverified.

    Parameters
    ----------
    path_or_bytes : path or bytes
        The file, or what is in it.
    format : str, optional
        "xgboost", "lightgbm", "catboost" or "onnx". Told by the content, else by the file's ending.

    Returns
    -------
    TreeModel
        To be given to :class:`ferroshap.TreeExplainer`.

    Raises
    ------
    InvalidModelError
        When the bytes are no model of that format, or one that cannot be explained.
    OptionError
        For a format that is not known.
    """
    is_bytes = isinstance(path_or_bytes, bytes | bytearray | memoryview)
    data = bytes(path_or_bytes) if is_bytes else Path(path_or_bytes).read_bytes()  # type: ignore[arg-type]
    if format is not None and format not in FORMATS:
        msg = f"`format` is {format!r}, which is not known{nearest(str(format), FORMATS)} Known: {', '.join(FORMATS)}"
        raise OptionError(msg)
    ending = "" if is_bytes else Path(path_or_bytes).suffix.lower()  # type: ignore[arg-type]
    forest = _native.read_forest(data, format or _format_of(data, ending))
    is_catboost = forest.library.startswith("CatBoost")
    return TreeModel(
        forest=forest,
        model=None if is_bytes else path_or_bytes,
        library=forest.library.lower(),
        raw=None,
        is_vector=forest.n_outputs == 1,
        feature_names=forest.names or None,
        frame_categories=None if is_catboost else _categories(forest),
        category_key=category_key if is_catboost else None,
        loss=_loss(forest.library, data),
        is_mean_of_rounds=forest.library.startswith("LightGBM") and b"\naverage_output\n" in data[:HEAD],
    )


def _format_of(data: bytes, ending: str) -> str:
    """Tell the format by what only its files hold, else by the ending."""
    if data[:4] == b"CBM1":
        msg = "this is CatBoost's own binary format: save the model with save_model(path, format='json') instead"
        raise InvalidModelError(msg)
    found = _native.format_of(data) or ENDINGS.get(ending)
    if found is not None:
        return found
    msg = f"the bytes look like no model file that we read: pass `format`, one of {', '.join(FORMATS[:-1])}"
    raise InvalidModelError(msg)


def _loss(library: str, data: bytes) -> str:
    """What the file says that the model was trained on; empty where it does not."""
    found = next((re.search(pattern, data) for name, pattern in LOSSES.items() if library.startswith(name)), None)
    return "" if found is None else found[1].decode()


def _categories(forest: _native.Forest) -> list[list[Any] | None] | None:
    """The categories that the file itself holds."""
    known: list[list[Any] | None] = [
        None if described is None or not described["values"] else list(described["values"])
        for described in forest.categories
    ]
    return known if any(values is not None for values in known) else None
