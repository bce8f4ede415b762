"""One call of a `GradientExplainer`: rows in, Explanations out, and what was reached when it failed."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ferroshap.errors import PrecisionWarning, warn_user
from ferroshap.explainers.gradients.options import points_of
from ferroshap.explainers.gradients.outputs import chosen_outputs
from ferroshap.explainers.gradients.packing import packed
from ferroshap.explainers.gradients.plan import precision_warning
from ferroshap.explainers.row_keys import row_keys
from ferroshap.explanation import Explanation
from ferroshap.gradients.background import flat
from ferroshap.gradients.checks import check_finite_outputs
from ferroshap.gradients.machine import Method, RowsOfGradients, Settings
from ferroshap.inputs import read_table
from ferroshap.progress import Progress
from ferroshap.run.deadline import as_deadline

if TYPE_CHECKING:
    from ferroshap.explainers.gradient import GradientExplainer


@dataclass(frozen=True, kw_only=True)
class CallOptions:
    """What a call asks for; see `GradientExplainer.__call__`."""

    method: Method
    seed: int
    batch_size: int | None
    outputs: Any = None
    ranked_outputs: Any = None
    output_rank_order: str = "max"
    silent: bool = False
    deadline_seconds: float | None = None
    row_key: Any = None
    keep_replicates: bool = False


def explain(explainer: "GradientExplainer", X: Any, options: CallOptions) -> list[Explanation]:
    """Explain rows; if that fails, `explainer.partial` has those begun."""
    deadline = as_deadline(options.deadline_seconds)
    explainer.partial = None
    base = explainer._base  # noqa: SLF001 - ours
    given, floats, rows = base.read(X)
    keys = row_keys(options.row_key, read_table(flat(floats[0]), argument="X"))
    n_outputs = len(base.base)
    full = base.outputs(rows, options.batch_size) if given.n_rows else np.empty((0, n_outputs))
    full = full.reshape(given.n_rows, n_outputs)
    check_finite_outputs(full, "X")
    chosen = chosen_outputs(
        full,
        options.outputs,
        options.ranked_outputs,
        options.output_rank_order,
        explainer.output_names or [],
        is_vector=base.is_vector,
    )
    numbers = np.arange(n_outputs) if chosen is None else chosen
    numbers = np.ascontiguousarray(np.broadcast_to(numbers, (given.n_rows, numbers.shape[-1])), dtype=np.int64)
    base_values, y = base.base[numbers], np.take_along_axis(full, numbers, axis=1)
    total = points_of(options.method, base.background.n_rows) * given.n_rows
    progress = Progress(total, silent=options.silent, report=explainer._progress, unit="gradients")  # noqa: SLF001 - ours
    explained = RowsOfGradients(
        base.grad_fn,
        base.background,
        base.shapes,
        rows,
        numbers,
        y - base_values,
        np.maximum(1.0, np.maximum(np.abs(y), np.abs(base_values))),
        keys,
        _settings(explainer, options, deadline),
        progress,
    )
    try:
        explained.run()
    except BaseException:
        # The exception goes on; what was reached stays with the explainer.
        begun = np.flatnonzero(explained.n_points)
        if len(begun):
            explainer.partial = explainer._one_or_list(  # noqa: SLF001 - ours
                packed(explainer, explained, given, base_values, chosen, only=begun)
            )
        raise
    finally:
        progress.close()
    warning = explained.complaint() or precision_warning(explained, base.shapes)
    if warning is not None:
        warn_user(warning, PrecisionWarning)
    return packed(explainer, explained, given, base_values, chosen)


def _settings(explainer: "GradientExplainer", options: CallOptions, deadline: float | None) -> Settings:
    return Settings(
        options.method,
        options.seed,
        explainer._n_threads,  # noqa: SLF001 - ours
        explainer._memory_bytes,  # noqa: SLF001 - ours
        batch_size=options.batch_size,
        smoothing=explainer._smoothing,  # noqa: SLF001 - ours
        on_device=explainer._on_device,  # noqa: SLF001 - ours
        deadline=deadline,
        keeps_replicates=options.keep_replicates,
    )
