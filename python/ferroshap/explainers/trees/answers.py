"""The calls of `TreeExplainer`: rows in, values out, and the checks between."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap.errors import InvalidFeaturePerturbationError, OptionError, nearest
from ferroshap.explainers.explainer import Explainer
from ferroshap.explainers.groups import shown_groups
from ferroshap.explainers.names import Positions
from ferroshap.explainers.trees.checks import check_sums, rows_for_library
from ferroshap.explainers.trees.columns import TreeColumns
from ferroshap.explainers.trees.engine import TreeEngine
from ferroshap.explainers.trees.inputs import RowsAsked, read_labels, read_rows
from ferroshap.explainers.trees.options import as_flag, trees_of_limit
from ferroshap.explainers.trees.packing import (
    SparseInteractions,
    check_memory,
    chosen_features,
    float_name,
    in_user_order,
    shaped,
    writable,
)
from ferroshap.explainers.trees.parts import answer_in_parts, leaf_rows
from ferroshap.explanation import Explanation, NameTable
from ferroshap.inputs import Table
from ferroshap.progress import Progress, Report
from ferroshap.threads import as_threads
from ferroshap.trees import TreeModel
from ferroshap.trees.rows import RowReader, as_dense, first_rows, rows_between
from ferroshap.trees.verification import ask, compare

Floats = NDArray[np.float64]

#: Leaf-rows from which on a progress line may be worth showing: about two seconds.
LONG = 2_000_000_000
#: Bytes of matrices that are held at once where only a part of them is wanted.
CHUNK_BYTES = 1 << 26
REDUCERS = ("mean", "mean_abs")


@dataclass(frozen=True, eq=False)
class Computed:
    """What a call found out: `values` as the user sees them, `base` and `gap` with ``(rows, outputs)``."""

    asked: RowsAsked
    values: NDArray[Any]
    base: Floats
    gap: Floats | None
    n_feature_axes: int


class TreeAnswers(Explainer):
    """Computes; :class:`TreeExplainer` reads the model and holds the options."""

    _trees: TreeModel
    _columns: TreeColumns
    _reader: RowReader
    _engine: TreeEngine
    _progress: Report | None
    _is_silent: bool
    _memory_limit: int | str | None
    _name_table: NameTable
    _output_table: NameTable
    _n_compared: int
    _classes: list[str] | None
    n_jobs: int | None

    def _question(self, *, interactions: Any, approximate: Any) -> str:
        """Name what is asked for."""
        engine = self._engine
        approximate, interactions = as_flag(approximate, "approximate"), as_flag(interactions, "interactions")
        if approximate and interactions:
            msg = "`approximate` and `interactions` were given, but the approximation has no interactions: pass one"
            raise OptionError(msg)
        if approximate and engine.background is not None:
            msg = "`approximate=True` follows the training rows, not a background: leave out `data`, or `approximate`"
            raise InvalidFeaturePerturbationError(msg)
        if interactions and engine.output.function is not None:
            msg = (
                f"interactions of model_output={engine.output.name!r} are not available: "
                "explain model_output='raw', whose interactions are exact"
            )
            raise OptionError(msg)
        return "approximate" if approximate else "interactions" if interactions else "values"

    def _compute(
        self,
        X: Any,
        question: str,
        *,
        y: Any = None,
        check_additivity: bool = True,
        tree_limit: int | None = None,
        silent: bool = False,
        n_jobs: int | None = None,
        dtype: Any = None,
        out: Any = None,
    ) -> Computed:
        """Answer a question about rows, and hold the answer against predictions."""
        self.partial = None
        precision = float_name(dtype)
        check_additivity, silent = as_flag(check_additivity, "check_additivity"), as_flag(silent, "silent")
        n_threads = as_threads(self.n_jobs if n_jobs is None else n_jobs)
        asked = read_rows(X, self._columns, self._reader)
        engine = self._limited(tree_limit)
        labels = self._labels(y, asked)
        n_axes = 2 if question == "interactions" else 1
        values = self._answer(asked, engine, question, n_threads, precision, out, labels, silent=silent)
        base = engine.base(n_threads, labels)
        shift = None
        if asked.base_margin is not None and engine.output.function is None:
            shift = asked.base_margin - engine.forest.offset
            base = base + shift
        gap = None
        if check_additivity and question != "approximate":
            gap = self._checked(asked, engine, values, base, n_axes, n_threads, precision, labels, shift)
        values = in_user_order(values, self._back(asked), n_axes)
        values = shaped(values, asked, is_vector=engine.is_vector)
        if out is not None:
            if not np.shares_memory(values, out):
                out[...] = values
            values = out
        return Computed(asked, values, base, gap, n_axes)

    def _limited(self, tree_limit: Any) -> TreeEngine:
        """Return the engine of as many trees as are asked for."""
        n_trees = trees_of_limit(tree_limit, self._trees)
        return self._engine if n_trees is None else self._engine.limited(n_trees, is_mean=self._trees.is_mean_of_rounds)

    def _labels(self, y: Any, asked: RowsAsked) -> Floats | None:
        """Read the labels, where the output depends on them; old callers pass them with every output."""
        return read_labels(y, asked.table.n_rows, self._classes) if self._engine.output.needs_labels else None

    def _answer(
        self,
        asked: RowsAsked,
        engine: TreeEngine,
        question: str,
        n_threads: int,
        precision: str | None,
        out: Any,
        labels: Floats | None,
        *,
        silent: bool,
    ) -> NDArray[Any]:
        """Ask the core: ``(rows, features[, features], outputs)``, columns in the model's order."""
        n_features = len(self._columns.names)
        axes = (n_features,) * (2 if question == "interactions" else 1)
        if question == "pair_interactions":
            axes = (len(engine.pairs(precision, n_threads)),)
        shape = (asked.table.n_rows, *axes, *(() if engine.is_vector else (engine.n_outputs,)))
        dtype = precision or "float64"
        into = None
        if out is None:
            check_memory(shape, dtype, self._memory_limit, _remedy(question))
        else:
            dtype = writable(out, shape[1:] if asked.table.is_single_row else shape, precision, asked.native)
            if self._back(asked) is None and engine.is_direct:
                into = out
        progress = self._progress_of(asked, engine, question, silent=silent)
        reached: list[NDArray[Any]] = []
        try:
            values = answer_in_parts(
                engine, question, asked.native, n_threads, precision, dtype, into, labels, progress, reached
            )
        except BaseException:
            self.partial = self._of_part(asked, engine, reached, n_threads, labels)
            raise
        finally:
            if progress is not None:
                progress.close()
        if progress is not None:
            progress.add(asked.table.n_rows - progress.done)
        if into is not None:
            return values.reshape((asked.table.n_rows, *axes, engine.n_outputs))
        return values.astype(dtype, copy=False)

    def _of_part(
        self,
        asked: RowsAsked,
        engine: TreeEngine,
        reached: list[NDArray[Any]],
        n_threads: int,
        labels: Floats | None,
    ) -> Explanation | None:
        """Make the Explanation of the rows that were done; None if none were."""
        if not reached:
            return None
        values = reached[0]
        part = replace(asked, table=asked.table.take_rows(slice(0, len(values))))
        base = engine.base(n_threads, None if labels is None else labels[: len(values)])
        n_axes = values.ndim - 2
        values = shaped(in_user_order(values, self._back(asked), n_axes), part, is_vector=engine.is_vector)
        return self._packed(Computed(part, values, base, None, n_axes), status="INTERRUPTED")

    def _progress_of(self, asked: RowsAsked, engine: TreeEngine, question: str, *, silent: bool) -> Progress | None:
        silent = silent or self._is_silent
        if self._progress is None and (silent or leaf_rows(engine, question, asked.table.n_rows) < LONG):
            return None
        return Progress(asked.table.n_rows, silent=silent, report=self._progress, unit="rows")

    def _checked(
        self,
        asked: RowsAsked,
        engine: TreeEngine,
        values: NDArray[Any],
        base: Floats,
        n_axes: int,
        n_threads: int,
        precision: str | None,
        labels: Floats | None,
        shift: Floats | None,
    ) -> Floats:
        """Hold sums against our own prediction of every row, and that against the library's for the first rows."""
        margins = engine.forest.predict(asked.native, n_threads)
        n_compared = rows_for_library(self._trees, asked.table.n_rows, self._n_compared)
        if n_compared:
            self._compare_with_library(asked, engine.forest, margins, n_compared)
        outputs = engine.outputs_of(margins if shift is None else margins + shift, labels)
        sums = values.sum(axis=1) if n_axes == 2 else values
        is_single = values.dtype.char == "f" or "float32" in {precision, engine.forest.predicts_in}
        arithmetic = "float32" if is_single else "float64"
        return check_sums(base, sums, outputs, arithmetic, self._trees.library)

    def _compare_with_library(self, asked: RowsAsked, forest: Any, margins: Floats, n_rows: int) -> None:
        trees = self._trees
        if forest.n_trees < trees.forest.n_trees:
            trees = trees.of_first(forest)
            if trees.raw is None:
                return
        theirs = self._asked_of_frame(trees, asked, n_rows)
        if theirs is None:
            rows = as_dense(first_rows(asked.native, n_rows), trees.forest.n_columns, trees.forest.absent)
            theirs = ask(trees, rows if trees.to_library is None else trees.to_library(rows))
        compare(trees, margins[:n_rows], theirs, "row")
        self._n_compared += n_rows

    def _asked_of_frame(self, trees: TreeModel, asked: RowsAsked, n_rows: int) -> Floats | None:
        """What the library says of the user's own frame, whose categories it looks up itself; None if it takes none."""
        if asked.matched.kind != "pandas" or not self._reader.has_categories or self._trees.feature_names is None:
            return None
        try:
            return ask(trees, asked.matched.source.iloc[:n_rows])
        except Exception:  # noqa: BLE001 - a library that takes no such frame gets numbers and codes
            return None

    def _packed(self, computed: Computed, status: str = "EXACT") -> Explanation:
        """Make the Explanation."""
        asked, table = computed.asked, computed.asked.table
        is_vector, is_single = self._engine.is_vector, table.is_single_row
        base = computed.base
        if base.ndim == 1:
            base = np.repeat(base[None, :], table.n_rows, axis=0)
        data = self._shown(asked)
        n_evaluations = np.zeros(table.n_rows, dtype=np.int64)
        fields: dict[str, Any] = {
            "base_values": shaped(base, asked, is_vector=is_vector),
            "data": data[0] if is_single else data,
            "feature_names": self._name_table if self._is_named_here(table) else NameTable(table.names or []),
            "n_evaluations": n_evaluations[0] if is_single else n_evaluations,
            "status": status,
            "plan": self.plan,
            "seed": self.seed,
        }
        if computed.gap is not None:
            fields["gap"] = shaped(computed.gap, asked, is_vector=is_vector)
        axes = (() if is_single else ("row",)) + ("feature",) * computed.n_feature_axes
        if not is_vector:
            axes = (*axes, "output")
            fields["output_names"] = self._output_table
        return Explanation._trusted(computed.values, axes, fields)  # noqa: SLF001 - ours

    def _shown(self, asked: RowsAsked) -> NDArray[Any]:
        """What the user sees of the rows, ``(rows, players)``."""
        table, units = asked.table, self._columns.units
        if units is not None:
            return shown_groups(table, asked.positions, units)
        if table.kind == "sparse" and np.isnan(self._trees.forest.absent) and not self._columns.is_pipeline:
            # What is not stored is missing here, not 0.
            dense = as_dense(asked.native, table.n_columns, np.nan)[: table.n_rows]
            return in_user_order(dense, asked.positions, 1)
        return table.display

    def _back(self, asked: RowsAsked) -> Positions:
        """Where each player stands in the table; groups have an order of their own."""
        return None if self._columns.units is not None else asked.positions

    def _is_named_here(self, table: Table) -> bool:
        """Whether the names of the players are the explainer's, not those of the rows."""
        return table.names is None or self._columns.units is not None

    def _names_of(self, table: Table) -> list[str]:
        return self._columns.names if self._is_named_here(table) else table.names or []

    def _interaction_values(
        self, X: Any, options: dict[str, Any], *, out: Any, sparse: bool, features: Any, reduce: str | None
    ) -> Any:
        """Answer `shap_interaction_values`."""
        given = [
            name
            for name, value in (
                ("sparse", as_flag(sparse, "sparse")),
                ("features", features is not None),
                ("reduce", reduce),
            )
            if value
        ]
        if len(given) > 1 or (given and out is not None):
            names = " and ".join(f"`{name}`" for name in [*given, *(["out"] if out is not None else [])])
            msg = f"{names} were given, which are different results: pass one of them"
            raise OptionError(msg)
        question = self._question(interactions=True, approximate=False)
        options = options | {"silent": as_flag(options["silent"], "silent")}
        if sparse:
            return self._sparse(X, options)
        if features is None and reduce is None:
            return self._compute(X, question, check_additivity=False, out=out, **options).values
        if reduce is not None and reduce not in REDUCERS:
            meant = nearest(str(reduce), REDUCERS)
            msg = f"`reduce` is {reduce!r}, which is not known{meant} Known: {', '.join(REDUCERS)}"
            raise OptionError(msg)
        asked = read_rows(X, self._columns, self._reader)
        matrices = self._matrices(asked, options)
        if reduce is not None:
            return _mean(matrices, asked, is_absolute=reduce == "mean_abs", is_vector=self._engine.is_vector)
        chosen = chosen_features(features, self._names_of(asked.table))
        sides = (len(chosen), len(chosen), *(() if self._engine.is_vector else (self._engine.n_outputs,)))
        dtype = float_name(options["dtype"]) or "float64"
        check_memory(
            (asked.table.n_rows, *sides), dtype, self._memory_limit, "name fewer features, or explain fewer rows"
        )
        blocks = [matrix[:, chosen][:, :, chosen] for matrix in matrices]
        return shaped(np.concatenate(blocks), asked, is_vector=self._engine.is_vector)

    def _matrices(self, asked: RowsAsked, options: dict[str, Any]) -> Iterator[NDArray[Any]]:
        """Matrices of some rows after the other, in the user's order, at least one of no rows."""
        self._labels(options["y"], asked)
        precision = float_name(options["dtype"])
        n_threads = as_threads(self.n_jobs if options["n_jobs"] is None else options["n_jobs"])
        engine = self._limited(options["tree_limit"])
        row_bytes = 8 * len(self._columns.names) ** 2 * engine.n_outputs
        step = max(1, CHUNK_BYTES // row_bytes)
        n_rows = asked.table.n_rows
        for first in range(0, max(1, n_rows), step):
            rows = rows_between(asked.native, first, min(first + step, n_rows))
            matrices = engine.values(
                "interactions", rows, n_threads, precision, precision or "float64", None, None, None
            )
            yield in_user_order(matrices, self._back(asked), 2)

    def _sparse(self, X: Any, options: dict[str, Any]) -> SparseInteractions:
        """Pairs that share a path, in the user's columns."""
        asked = read_rows(X, self._columns, self._reader)
        self._labels(options["y"], asked)
        precision = float_name(options["dtype"])
        n_threads = as_threads(self.n_jobs if options["n_jobs"] is None else options["n_jobs"])
        engine = self._limited(options["tree_limit"])
        pairs = engine.pairs(precision, n_threads)
        values = self._answer(
            asked, engine, "pair_interactions", n_threads, precision, None, None, silent=options["silent"]
        )
        back = self._back(asked)
        if back is not None:
            pairs = np.sort(back[pairs], axis=1)
            order = np.lexsort((pairs[:, 1], pairs[:, 0]))
            pairs, values = pairs[order], values[:, order]
        return SparseInteractions(pairs, shaped(values, asked, is_vector=engine.is_vector))


def _mean(matrices: Iterator[NDArray[Any]], asked: RowsAsked, *, is_absolute: bool, is_vector: bool) -> Floats:
    """Mean over rows, one part after the other."""
    total: Any = 0.0
    for part in matrices:
        total = total + (np.abs(part) if is_absolute else part).sum(axis=0, dtype=np.float64)
    mean: Floats = total / max(1, asked.table.n_rows)
    return mean[..., 0] if is_vector else mean


def _remedy(question: str) -> str:
    if question == "pair_interactions":
        return "pass dtype='float32', or fewer rows at once"
    if question == "interactions":
        return (
            "pass sparse=True (the pairs that share a path), features=[...], reduce='mean_abs', dtype='float32', "
            "or out=, for instance a numpy.memmap"
        )
    return "pass dtype='float32', out=, for instance a numpy.memmap, or fewer rows at once"
