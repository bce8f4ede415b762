"""CatBoost's models: `CatBoost`, `CatBoostClassifier`, `CatBoostRegressor`, `CatBoostRanker`, raw formula values.

A model is read through its own JSON. The file holds no categories, only their hashes, so rows of texts and integers are
hashed as CatBoost hashes them, and an unknown category is what CatBoost takes it for.
"""

import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap import _native
from ferroshap.errors import InvalidModelError
from ferroshap.trees.tree_model import TreeModel

Floats = NDArray[np.float64]

#: What this room reads: "root of the module:name of the class".
MODELS = (
    "catboost:CatBoost",
    "catboost:CatBoostClassifier",
    "catboost:CatBoostRegressor",
    "catboost:CatBoostRanker",
)


def read(model: Any) -> TreeModel:
    """Make a forest of a trained model, through its own JSON.

    Raises
    ------
    InvalidModelError
        If it has not been fitted, CatBoost cannot write it as JSON, or a split is no decision of one column.
    """
    if not model.is_fitted():
        msg = f"`model` is a {type(model).__name__} that is not fitted: fit it first"
        raise InvalidModelError(msg)
    forest = _native.read_forest(_as_json(model), "catboost")
    classes = getattr(model, "classes_", None)
    names = None if classes is None or len(classes) != forest.n_outputs else [str(name) for name in classes]
    has_categories = any(described is not None for described in forest.categories)
    return TreeModel(
        forest=forest,
        model=model,
        library=f"catboost {sys.modules['catboost'].__version__}",
        raw=_raw(model),
        is_vector=forest.n_outputs == 1,
        feature_names=forest.names or None,
        output_names=names if forest.n_outputs > 1 else None,
        to_library=_rows_with_categories(forest) if has_categories else None,
        category_key=category_key if has_categories else None,
        loss=_loss(model),
    )


def category_key(value: Any) -> str:
    """Make the hash of a category, as a text: of a text itself, of an integer its decimal digits.

    Raises
    ------
    TypeError
        For other numbers, which CatBoost refuses too.

    Examples
    --------
    >>> category_key("Zürich"), category_key(0), category_key("0")
    ('-885768184', '-1438285038', '-1438285038')
    """
    if isinstance(value, bytes):
        value = value.decode()
    if isinstance(value, bool | np.bool_):
        value = int(value)
    if isinstance(value, float | np.floating):
        msg = "CatBoost takes texts and integers for categories, not floats: convert the column to str or int"
        raise TypeError(msg)
    return str(_native.category_hash(str(value)))


def _as_json(model: Any) -> bytes:
    """Write the model to a private file, which is all that CatBoost can write JSON to."""
    with tempfile.TemporaryDirectory(prefix="ferroshap-") as folder:
        path = Path(folder) / "model.json"
        try:
            model.save_model(str(path), format="json")
        except Exception as error:
            msg = f"CatBoost cannot write the model as JSON, which we read it by: {error}"
            raise InvalidModelError(msg) from error
        return path.read_bytes()


def _loss(model: Any) -> str:
    """The name of the loss, from the parameters that the model carries."""
    try:
        return str(json.loads(model.get_metadata()["params"])["loss_function"]["type"])
    except KeyError:
        return ""


def _raw(model: Any) -> Callable[[Any], Floats]:
    """The raw formula value; the ranker's own `predict` does not ask which."""
    predict = sys.modules["catboost"].CatBoost.predict

    def raw(rows: Any) -> Floats:
        return np.asarray(predict(model, rows, prediction_type="RawFormulaVal"), dtype=np.float64)

    return raw


def _rows_with_categories(forest: _native.Forest) -> Callable[[NDArray[Any]], NDArray[Any]]:
    """Numbers and codes to numbers and texts that have the hashes of the codes."""
    hashes = [None if described is None else described["values"] for described in forest.categories]
    texts: dict[str, str] = {}

    def text_of(code: float, known: list[str]) -> str:
        if not 0 <= code < len(known):  # NaN and all that is unknown
            return next(text for text in _strangers() if category_key(text) not in known)
        key = known[int(code)]
        if key not in texts:
            texts[key] = _native.category_with_hash(int(key))
        return texts[key]

    def to_library(rows: NDArray[Any]) -> NDArray[Any]:
        table = np.empty(rows.shape, dtype=object)
        table[:] = rows
        for column, known in enumerate(hashes):
            if known is not None:
                table[:, column] = [text_of(float(code), known) for code in rows[:, column]]
        return table

    return to_library


def _strangers() -> Iterator[str]:
    """Texts, one of which no model has seen."""
    return (f"no such category {number}" for number in range(1_000_000))
