"""What the explainers of arbitrary models share: a model, a background, and games played on rows."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap import links
from ferroshap.errors import DimensionError
from ferroshap.explainers.expected import as_expected_value
from ferroshap.explainers.explainer import Explainer
from ferroshap.explainers.plan import Plan
from ferroshap.explainers.rows import RowsExplained, Settings
from ferroshap.explanation import Explanation, NameTable
from ferroshap.game import Reference
from ferroshap.inputs import Table, match_columns, read_table
from ferroshap.maskers import as_masker
from ferroshap.memory import as_bytes
from ferroshap.models import as_model
from ferroshap.progress import Report
from ferroshap.seeds import Seed, as_seed
from ferroshap.threads import as_threads

Floats = NDArray[np.float64]

#: Worths kept for rows that share a design: larger tables gain nothing by sharing more.
SHARED_BYTES = 1 << 26


class AgnosticExplainer(Explainer):
    """Any model, as a function of rows.

    Not to be made directly: Exact, Permutation, Kernel and Sampling explainers differ in the
    method, its budget and the background rows of one evaluation.
    """

    def __init__(
        self,
        model: Any,
        masker: Any,
        *,
        link: str | links.Link = "identity",
        linearize_link: bool = True,
        feature_names: Any = None,
        output_names: Any = None,
        weights: Any = None,
        n_jobs: int | None = None,
        seed: Seed = None,
        memory_limit: int | str | None = None,
        progress: Report | None = None,
        rows_per_eval: int | None = None,
        as_frame: bool | None = None,
        masker_argument: str = "masker",
    ) -> None:
        """Ask the model about the background."""
        self.model = as_model(model)
        self.masker = as_masker(masker, argument=masker_argument, weights=weights)
        self.link = links.resolve(link)
        self.linearize_link = linearize_link
        self.seed = as_seed(seed)
        self.n_jobs = n_jobs
        self._memory_bytes = as_bytes(memory_limit)
        self._progress = progress
        self._reference = Reference(
            self.model,
            self.masker,
            self.link,
            linearize_link=linearize_link,
            rows_per_eval=rows_per_eval,
            seed=self.seed,
            as_frame=as_frame,
        )
        self.expected_value = as_expected_value(self._reference.base, is_vector=self._reference.is_vector)
        self.output_names = self._names_of_outputs(output_names)
        self._given_names = None if feature_names is None else [str(name) for name in feature_names]
        n_columns = self.masker.table.n_columns
        if self._given_names is not None and len(self._given_names) != n_columns:
            msg = f"`feature_names` has {len(self._given_names)} names, but the background has {n_columns} columns"
            raise DimensionError(msg)
        self.feature_names = self._given_names or self.masker.feature_names or self._numbered(n_columns)
        self.partial: Explanation | None = None

    @property
    def rows_per_eval(self) -> int:
        """The most background rows that one evaluation is averaged over."""
        return int(max(np.diff(self._reference.blocks.starts)))

    def _explain(
        self,
        X: Any,  # noqa: N803 - shap's name
        *,
        batch_size: int | str,
        silent: bool,
        error_bounds: bool,
        deadline_seconds: float | None,
        is_exact: bool = False,
        **settings: Any,
    ) -> Explanation:
        """Play the games of the rows of `X` and return their Explanation."""
        table = read_table(X, argument="X", allow_single_row=True)
        positions = match_columns(table, self._reference_names(), argument="X", reference="the background")
        rows = table if positions is None else table.reorder(positions)
        n_threads = as_threads(self.n_jobs)
        explained = RowsExplained(
            self._reference,
            rows,
            Settings(
                seed=self.seed,
                batch_size=batch_size,
                memory_bytes=min(self._memory_bytes, SHARED_BYTES),
                n_threads=n_threads,
                deadline_seconds=deadline_seconds,
                silent=silent,
                report=self._progress,
                **settings,
            ),
        )
        keep_errors = error_bounds or not is_exact
        self.partial = None
        try:
            explained.play()
        except BaseException:
            explained.statuses.add("INTERRUPTED")
            self.partial = self._packed(explained, table, positions, keep_errors=keep_errors, only=explained.begun)
            raise
        return self._packed(explained, table, positions, keep_errors=keep_errors)

    def _packed(
        self,
        explained: RowsExplained,
        table: Table,
        positions: NDArray[np.intp] | None,
        *,
        keep_errors: bool,
        only: NDArray[np.bool_] | None = None,
    ) -> Explanation:
        """Bring values into the columns' order of `X`, and into the shapes of the model's outputs."""
        n_features, is_vector = explained.pairing.n_columns, self._reference.is_vector
        back = slice(None) if positions is None else np.argsort(positions)
        cut: tuple[Any, ...] = (0 if table.is_single_row else slice(None),)
        cut = (*cut, ..., 0) if is_vector else cut
        rows = slice(None) if only is None else only

        def shaped(values: Floats) -> Any:
            return values[rows][:, back][cut]

        base = np.broadcast_to(self._reference.base, (explained.n_rows, self._reference.n_outputs))[rows]
        data = table.display if only is None else table.display[only]
        axes = ("feature",) if table.is_single_row else ("row", "feature")
        fields = {
            "base_values": base[cut],
            "data": data[0] if table.is_single_row else data,
            "feature_names": NameTable(self._names_of_features(table, n_features)),
            "error_std": shaped(explained.std_errors) if keep_errors else None,
            "main_effects": None if explained.main_effects is None else shaped(explained.main_effects),
            "n_evaluations": explained.n_evaluations[rows][cut[0]],
            "status": explained.status,
            "plan": self.plan,
            "gap": explained.gap[rows][cut],
            "interval_df": explained.interval_df[rows][cut[0]],
            "seed": self.seed,
        }
        if not is_vector:
            axes = (*axes, "output")
            fields["output_names"] = NameTable(self.output_names)
        known = {name: value for name, value in fields.items() if value is not None}
        return Explanation._trusted(np.ascontiguousarray(shaped(explained.values)), axes, known)  # noqa: SLF001 - ours

    def _plan(self, route: str, reason: str, evaluations: int | None, **details: Any) -> Plan:
        rows = self.rows_per_eval
        predicted = None if evaluations is None else evaluations * rows
        return Plan(route, reason, self.masker.n_background, rows, predicted, details)

    def _reference_names(self) -> list[str] | None:
        return self.masker.feature_names or self.model.reference_names

    def _names_of_features(self, table: Table, n_features: int) -> list[str]:
        return table.names or self._given_names or self._reference_names() or self._numbered(n_features)

    @staticmethod
    def _numbered(n_features: int) -> list[str]:
        return [f"Feature {column}" for column in range(n_features)]

    def _names_of_outputs(self, output_names: Any) -> list[str]:
        n_outputs = self._reference.n_outputs
        if output_names is not None:
            names = [output_names] if isinstance(output_names, str) else [str(name) for name in output_names]
            if len(names) != n_outputs:
                msg = f"`output_names` has {len(names)} names, but the model has {n_outputs} outputs"
                raise DimensionError(msg)
            return names
        known = self.model.output_names
        return known if known is not None and len(known) == n_outputs else [f"Output {k}" for k in range(n_outputs)]
