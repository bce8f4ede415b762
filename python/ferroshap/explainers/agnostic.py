"""What the explainers of arbitrary models share: a model, a background, and games played on rows."""

import copy
from typing import Any

import numpy as np

from ferroshap import links
from ferroshap.errors import InvalidMaskerError, OptionError
from ferroshap.estimators import Exact, Method, resolve
from ferroshap.executors import as_crew
from ferroshap.explainers.calls import positive
from ferroshap.explainers.expected import as_expected_value
from ferroshap.explainers.explainer import Explainer
from ferroshap.explainers.images.network import as_function
from ferroshap.explainers.names import Columns, output_names
from ferroshap.explainers.outputs import OutputChoice
from ferroshap.explainers.packing import packed
from ferroshap.explainers.plan import Plan, about
from ferroshap.explainers.rows import RowsExplained, Settings
from ferroshap.explanation import Explanation, NameTable
from ferroshap.game import Reference
from ferroshap.inputs import read_table
from ferroshap.maskers import Conditional, Masker, as_masker
from ferroshap.memory import as_bytes
from ferroshap.models import Model, as_model
from ferroshap.progress import Report
from ferroshap.threads import as_threads


class AgnosticExplainer(Explainer):
    """Any model, as a function of rows.

    Not to be made directly: Exact, Permutation, Kernel and Sampling explainers differ in the
    method, its budget and the background rows of one evaluation.
    """

    #: The route's name in the plan.
    route: str

    def __init__(
        self,
        model: Any,
        masker: Any,
        *,
        link: Any = links.identity,
        linearize_link: bool = True,
        feature_names: Any = None,
        output_names_given: Any = None,
        weights: Any = None,
        n_jobs: int | None = None,
        seed: int = 0,
        memory_limit: int | str | None = None,
        executor: Any = None,
        progress: Report | None = None,
        method: Method = Exact(),  # noqa: B008 - frozen, without state
        rows_per_eval: int | None = None,
        as_frame: bool | None = None,
        masker_argument: str = "masker",
    ) -> None:
        """Ask the model about the background."""
        _check_adds_up(method)
        self._n_threads = as_threads(n_jobs)
        self._crew = as_crew(executor)
        self.model = _as_model(model)
        background = as_masker(masker, argument=masker_argument, weights=weights)
        _check_follows_tree(background, method, masker_argument, type(self).__name__)
        self._columns = Columns(background, self.model, feature_names, masker_argument)
        self.masker = self._columns.masker
        self.link = links.resolve(link)
        self.linearize_link = linearize_link
        self.seed = seed
        self.n_jobs = n_jobs
        self._memory_bytes = as_bytes(memory_limit)
        self._progress = progress
        self._reference = Reference(
            self.model,
            self.masker,
            self.link,
            linearize_link=linearize_link,
            rows_per_eval=_rows_per_eval(rows_per_eval, method),
            seed=seed,
            as_frame=as_frame,
        )
        reference = self._reference
        self.expected_value = as_expected_value(reference.base, is_vector=reference.is_vector)
        self.output_names = output_names(output_names_given, self.model, reference.n_outputs)
        self.feature_names = self._columns.names
        self._name_table = NameTable(self.feature_names)
        self.partial = None

    @property
    def executor(self) -> Any:
        """What evaluates coalitions beside this process; None in a copy that was pickled."""
        return None if self._crew is None else self._crew.executor

    @property
    def rows_per_eval(self) -> int:
        """The most background rows, or conditional ones, that one evaluation is averaged over."""
        filler = self.masker.filler
        return filler.n_samples if isinstance(filler, Conditional) else int(self._reference.blocks.largest)

    def _explain(
        self,
        X: Any,
        *,
        batch_size: int | str,
        silent: bool,
        keep_errors: bool = True,
        outputs: Any = None,
        rows_class: type[RowsExplained] = RowsExplained,
        reference: Reference | None = None,
        plausibility: bool = False,
        msev: bool = False,
        **settings: Any,
    ) -> Explanation:
        """Play the games of the rows of `X` and return their Explanation."""
        self.partial = None
        if plausibility or msev:
            from ferroshap.explainers.noted import check_marginal, noted

            if plausibility:
                check_marginal(self.masker)
            own = self.feature_names if self.masker.units is None else None
            names = self.masker.table.names or own
            rows_class = noted(rows_class, names, plausibility=bool(plausibility), msev=bool(msev))
        table = read_table(X, argument="X", allow_single_row=True)
        rows, positions = self._columns.match(table)
        explained = rows_class(
            copy.copy(reference or self._reference),  # which counts what is moved: other threads may explain, too
            rows,
            Settings(
                seed=self.seed,
                batch_size=batch_size,
                memory_bytes=self._memory_bytes,
                n_threads=self._n_threads,
                silent=silent,
                report=self._progress,
                crew=self._crew,
                **settings,
            ),
        )
        is_vector = self._reference.is_vector
        choice = None if outputs is None else OutputChoice(outputs, self.output_names or [], is_vector=is_vector)
        try:
            explained.play()
        except BaseException:
            begun = np.flatnonzero(explained.begun)
            self.partial = packed(self, explained, table, positions, choice, keep_errors=keep_errors, only=begun)
            raise
        explained.warn()
        return packed(self, explained, table, positions, choice, keep_errors=keep_errors)

    def _whole(self) -> Reference:
        """The reference whose evaluations take the whole background."""
        if self._reference.blocks.n_blocks == 1:
            return self._reference
        return Reference(
            self.model,
            self.masker,
            self.link,
            linearize_link=self.linearize_link,
            seed=self.seed,
            as_frame=self._reference.as_frame,
        )

    def _make_plan(self, reason: str, method: Method, evaluations: int) -> Plan:
        """Predict what one row takes by default, if all its features vary."""
        n_players = self.masker.n_players
        n_blocks = self._reference.blocks.n_blocks
        estimator = resolve(method, n_players, evaluations, n_blocks)
        details = {"estimator": estimator, "evaluations": evaluations, "blocks": n_blocks}
        rows = self.rows_per_eval
        reason += about(self.masker)
        return Plan(self.route, reason, self.masker.n_background, rows, evaluations * rows, details)

    def __getstate__(self) -> dict[str, Any]:
        """Give what a pickle needs; game and explainer share one model."""
        state = super().__getstate__()
        if state["model"] is not self.model:
            state["_reference"] = copy.copy(self._reference)
            state["_reference"].model = state["model"]
        del state["_n_threads"]  # another process may have another number of them
        state["_crew"] = None  # executors stay in their process
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Read a pickle."""
        self.__dict__.update(state)
        self._n_threads = as_threads(self.n_jobs)


def _as_model(model: Any) -> Model:
    """Return the model as a function of rows; a network of torch gets arrays as tensors."""
    function = as_function(model)
    found = as_model(function)
    if function is not model:
        found.inner_model = model
    return found


def _check_adds_up(method: Method) -> None:
    """Refuse semivalues that do not sum to the model's output: an explanation adds up."""
    if not method.adds_up:
        msg = (
            f"`method` is {method!r}, whose values do not add up to the model's output: explanations are "
            "Shapley values; for other semivalues call ferroshap.estimate on a ferroshap.Game"
        )
        raise OptionError(msg)


def _check_follows_tree(masker: Masker, method: Method, argument: str, explainer: str) -> None:
    """Refuse a tree of the players beside a method that knows none: its values would be others."""
    if masker.tree is not None and method.native_name != "owen":
        msg = (
            f"`{argument}` is {masker!r}, but {explainer} with {type(method).__name__} estimates Shapley values, which "
            "know no tree: use PartitionExplainer, or pass the masker inside"
        )
        raise InvalidMaskerError(msg)


def _rows_per_eval(rows_per_eval: int | None, method: Method) -> int | None:
    """Background rows of one evaluation: all of them for a method that cannot see the whole in blocks."""
    number = None if rows_per_eval is None else positive(rows_per_eval, "rows_per_eval", or_auto=False)
    return number if method.splits_background else None
