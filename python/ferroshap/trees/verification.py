"""Our reading of a model against its library: a reader that does not reproduce `predict` refuses the model."""

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap.errors import InvalidModelError
from ferroshap.trees.rows import NativeRows, as_dense, first_rows
from ferroshap.trees.tree_model import TreeModel

Floats = NDArray[np.float64]

#: Rows that are compared at construction.
N_PROBES = 64
#: Most that a margin may differ by, times max(1, its size): roundings of thousands of additions.
TOLERANCE = {"float64": 1e-9, "float32": 1e-4}
#: What a child of a library's class may do otherwise.
METHODS = ("predict_proba", "decision_function", "predict")
#: The codes that are tried where a model does not say how many there are.
CODES_TRIED = 40


def verify(model: TreeModel, background: NativeRows | None = None) -> str:
    """Compare our prediction with the library's own on up to 64 rows, and say what was compared.

    Half of the rows come from the background, where there is one; the others sit on thresholds and their
    neighbours, which is what tells ``<`` from ``<=`` and single from double precision.

    Raises
    ------
    InvalidModelError
        When they differ: the model is not explained.
    """
    if model.raw is None:
        return "not verified: there is no library to ask"
    parts = []
    if background is not None:
        parts.append(as_dense(first_rows(background, N_PROBES // 2), model.forest.n_columns, model.forest.absent))
    n_drawn = N_PROBES - sum(map(len, parts))
    refusal: Exception | None = None
    for tameness in range(3):
        drawn = probes(model, n_drawn, tameness)
        rows = np.ascontiguousarray(np.concatenate([*parts, drawn])) if parts else drawn
        try:
            theirs = ask(model, rows if model.to_library is None else model.to_library(rows))
        except Exception as error:  # noqa: BLE001 - whatever the library says of rows that it does not take
            refusal = error
            continue
        compare(model, model.forest.predict(rows, 1), theirs, "probe")
        return f"{len(rows)} rows against {model.library}"
    return f"not verified: {model.library} refuses our probes ({type(refusal).__name__}: {refusal})"


def ask(model: TreeModel, rows: Any) -> Floats:
    """The library's own raw margin ``(rows, outputs)`` for rows as it takes them."""
    if model.raw is None:
        msg = "there is no library to ask"
        raise InvalidModelError(msg)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the names and types of columns, which our probes do not have
        theirs = np.asarray(model.raw(rows), dtype=np.float64)
    return theirs.reshape(len(theirs), -1)


def compare(model: TreeModel, ours: Floats, theirs: Floats, row_word: str) -> None:
    """Refuse the model where two predictions ``(rows, outputs)`` differ."""
    library = model.library
    if theirs.shape != ours.shape:
        msg = f"{library} returns outputs of shape {theirs.shape}, our reading {ours.shape}: {_remedy(model)}"
        raise InvalidModelError(msg)
    scale = np.maximum(1.0, np.abs(ours))
    with np.errstate(invalid="ignore"):
        differs = ~(np.abs(ours - theirs) <= TOLERANCE[model.forest.predicts_in] * scale)
    if differs.any():
        row, output = (int(position) for position in np.argwhere(differs)[0])
        msg = (
            f"our reading of the model gives {float(ours[row, output])!r} for output {output} of {row_word} {row}, "
            f"{library} itself {float(theirs[row, output])!r}: {_remedy(model)}"
        )
        raise InvalidModelError(msg)


def probes(model: TreeModel, count: int, tameness: int) -> Floats:
    """Rows on the thresholds of a model, ``(count, columns)``, the same at every call.

    Tameness 0 has NaN where the library takes it, and categories that no training row had; 1 leaves
    such categories out, 2 also NaN.
    """
    generator = np.random.default_rng(0)
    forest = model.forest
    rows = np.zeros((count, forest.n_columns))
    by_column = forest.all_thresholds()
    numeric = [column for column, found in enumerate(by_column) if found is not None and len(found)]
    if numeric:
        found = [by_column[column] for column in numeric]
        lengths = np.array([len(thresholds) for thresholds in found])  # type: ignore[arg-type]  # none is None
        starts = np.cumsum(lengths) - lengths
        picks = starts + (generator.random((count, len(numeric))) * lengths).astype(np.int64)
        on = np.concatenate(found)[picks]  # type: ignore[arg-type]  # likewise
        rows[:, numeric] = _beside(on, generator.integers(7, size=on.shape))
    for column, described in enumerate(forest.categories):
        known = _known_codes(model, column, described)
        if known:
            exotic = tameness == 0
            rows[:, column] = generator.integers(-1 if exotic else 0, known + (1 if exotic else 0), size=count)
    if tameness < 2 and "nan" not in model.rejects.split():
        rows[generator.random(rows.shape) < 1 / 16] = np.nan
    if "inf" in model.rejects.split():
        with np.errstate(over="ignore"):  # what single precision cannot hold is infinite to those who cast
            rows[np.isinf(rows.astype(np.float32))] = 0.0
    return rows


def _known_codes(model: TreeModel, column: int, described: dict[str, Any] | None) -> int:
    """How many codes a column of categories has; 0 for a column of numbers."""
    in_frames = model.frame_categories
    if in_frames is not None and in_frames[column] is not None:
        return len(in_frames[column] or ())
    if described is None:
        return 0
    return len(described["values"]) or CODES_TRIED


def _beside(on: Floats, which: NDArray[np.int64]) -> Floats:
    """Thresholds, their neighbours in double and single precision, or 0."""
    with np.errstate(all="ignore"):
        single = on.astype(np.float32)
        choices = [
            on,
            np.nextafter(on, -np.inf),
            np.nextafter(on, np.inf),
            single.astype(np.float64),
            np.nextafter(single, np.float32(-np.inf)).astype(np.float64),
            np.nextafter(single, np.float32(np.inf)).astype(np.float64),
            np.zeros_like(on),
        ]
    return np.choose(which, choices)


def _remedy(model: TreeModel) -> str:
    cls, package = type(model.model), model.library.partition(" ")[0].replace("scikit-learn", "sklearn")
    own = [parent for parent in cls.__mro__ if parent.__module__.partition(".")[0] not in {package, "builtins"}]
    changed = [name for name in METHODS if any(name in vars(parent) for parent in own)]
    if changed:
        return (
            f"{cls.__name__} has a `{changed[0]}` of its own, which is not the sum of its trees: explain it as a "
            f"function, Explainer(model.{changed[0]}, X_background, algorithm='permutation')"
        )
    return "please report this model; meanwhile algorithm='permutation' explains it as a black box"
