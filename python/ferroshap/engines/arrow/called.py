"""A block of rows through any explainer, as a call of its own that leaves the explainer as it was."""

import copy
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap.engines.arrow.data import data_of
from ferroshap.engines.arrow.subject import Subject
from ferroshap.explainers.calls import options_of
from ferroshap.inputs import Table
from ferroshap.threads import as_threads

Block = tuple[NDArray[Any], NDArray[Any], NDArray[Any] | None, NDArray[Any]]


def called_block(
    explainer: Any,
    table: Table,
    subject: Subject,
    terms: NDArray[np.int64] | None,
    row_key: Any,
    n_jobs: int | None,
    dtype: Any,
) -> Block:
    """Return values, base values, errors where there are some, and data of the rows."""
    known = options_of(type(explainer).__call__)
    options: dict[str, Any] = {"silent": True} if "silent" in known else {}
    if "row_key" in known:
        options["row_key"] = row_key
    if terms is not None:
        options["interactions"] = "sii"
    caller = explainer
    if n_jobs is not None and hasattr(explainer, "_n_threads"):
        caller = copy.copy(explainer)
        caller._n_threads = as_threads(n_jobs)  # noqa: SLF001 - ours
    # Only our own explainers of tables know our tables.
    is_ours = type(explainer).__module__.startswith("ferroshap.") and not hasattr(explainer, "grad_fn")
    explanation = caller(table if is_ours else table.source, **options)
    n_rows, n_features = table.n_rows, len(subject.features)
    name = "float64" if dtype is None else np.dtype(dtype).name
    shape = (n_rows, *(n_features,) * (1 if terms is None else 2), subject.n_outputs)
    values = np.asarray(explanation.values).reshape(shape)
    errors = None if explanation.error_std is None else np.asarray(explanation.error_std).reshape(shape)
    if terms is not None:
        values = _terms_of(values, terms)
        errors = None if errors is None else _terms_of(errors, terms)
    base = np.asarray(explanation.base_values, dtype=np.float64).reshape(-1, subject.n_outputs)
    base = np.broadcast_to(base, (n_rows, subject.n_outputs))
    values = np.ascontiguousarray(values, dtype=name)
    errors = None if errors is None else np.ascontiguousarray(errors, dtype=name)
    return values, base, errors, data_of(explainer, table)


def _terms_of(matrices: NDArray[Any], terms: NDArray[np.int64]) -> NDArray[Any]:
    """The diagonal, and both halves of each pair as one."""
    first, second = terms[:, 0], terms[:, 1]
    whole = matrices[:, first, second]
    return np.asarray(np.where((first == second)[:, None], whole, whole + matrices[:, second, first]))
