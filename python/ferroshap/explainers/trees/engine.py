"""What does the work for `TreeExplainer`: the forest with its background, ready in both precisions."""

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap import _native
from ferroshap.errors import InvalidFeaturePerturbationError
from ferroshap.explainers.trees.outputs import ExplainedOutput
from ferroshap.explainers.trees.players import TreePlayers
from ferroshap.trees.rows import NativeRows, n_rows_of

Floats = NDArray[np.float64]
Report = Callable[[int], object]


class TreeEngine:
    """A forest under a background, or none; pickles as those two, without what was prepared from them.

    Parameters
    ----------
    forest : Forest
        The trees; for path-dependent values with the covers that count.
    background : rows or None
        None for path-dependent values.
    weights : ndarray or None
        One number a background row, sum 1.
    output : ExplainedOutput
        Which function of the margin is explained.
    is_vector : bool
        Whether the margin has no output axis.
    players : TreePlayers or None
        Whose the columns are; None where each is a player.
    """

    def __init__(
        self,
        forest: _native.Forest,
        background: NativeRows | None,
        weights: Floats | None,
        output: ExplainedOutput,
        *,
        is_vector: bool,
        players: TreePlayers | None = None,
    ) -> None:
        """Refuse a forest that knows no covers, where they are needed."""
        if background is None and not forest.has_cover:
            msg = (
                f"the {forest.library} model does not say how many training rows came through each node, which "
                "stands for absent features where there is no background: pass data=X_background"
            )
            raise InvalidFeaturePerturbationError(msg)
        if background is None and forest.has_linear_leaves:
            msg = (
                f"the leaves of the {forest.library} model are linear, and no model file holds the means that "
                "values without a background would need: pass data=X_background"
            )
            raise InvalidFeaturePerturbationError(msg)
        self.forest = forest if players is None else players.given_to(forest)
        self.players = players
        self.background = background
        self.weights = weights
        self.output = output
        self.is_vector = is_vector and not output.is_doubled
        self._plans: dict[str, _native.TreePlan] = {}
        self._margin_plans: dict[str, _native.MarginPlan] = {}
        self._limited: tuple[int, TreeEngine] | None = None

    def plan(self, precision: str | None, n_threads: int) -> _native.TreePlan:
        """Return the forest prepared in a precision, the library's own for None; made once."""
        precision = precision or self.forest.predicts_in
        known = self._plans.get(precision)
        if known is None:
            known = _native.TreePlan(self.forest, precision, n_threads, self.background, self.weights)
            self._plans[precision] = known
        return known

    def margin_plan(self, precision: str | None, n_threads: int) -> _native.MarginPlan:
        """Return the explained function prepared in a precision; made once."""
        precision = precision or self.forest.predicts_in
        known = self._margin_plans.get(precision)
        if known is None or self.background is None:
            function, scale = str(self.output.function), self.output.scale
            rows: Any = self.background  # a function of the margin has one, or `explained_output` has refused it
            known = _native.MarginPlan(self.forest, function, scale, precision, n_threads, rows, self.weights)
            self._margin_plans[precision] = known
        return known

    def describe(self, n_threads: int) -> list[str]:
        """Name the kernels."""
        if self.output.function is None:
            return self.plan(None, n_threads).describe()
        n_rows = 0 if self.background is None else n_rows_of(self.background)
        return [f"{self.output.function} of the margin: passes with signed weights for {n_rows} background rows"]

    def limited(self, n_trees: int, *, is_mean: bool) -> "TreeEngine":
        """Return the engine of the first trees alone, as many as there are or fewer; the last such is kept.

        A forest that is the mean of its rounds becomes that of those which are left.
        """
        if self._limited is None or self._limited[0] != n_trees:
            part = copy.copy(self)
            part.__dict__ |= {
                "forest": first_trees(self.forest, n_trees, is_mean=is_mean),
                "_plans": {},
                "_margin_plans": {},
                "_limited": None,
            }
            self._limited = n_trees, part
        return self._limited[1]

    @property
    def n_outputs(self) -> int:
        """Outputs of the explained function."""
        return 2 if self.output.is_doubled else self.forest.n_outputs

    def base(self, n_threads: int, labels: Floats | None = None) -> Floats:
        """Base value: ``(outputs,)``, or ``(rows, outputs)`` where it depends on labels."""
        if self.output.function is None:
            return self.plan(None, n_threads).base_values
        if labels is None:
            base = self.margin_plan(None, n_threads).base_value(0.0)
            return np.array([1.0 - base, base] if self.output.is_doubled else [base])
        margins = self._background_margins(n_threads)
        losses = of_margin(self.output, margins[None, :], labels[:, None])
        weights = np.full(len(margins), 1.0 / len(margins)) if self.weights is None else self.weights
        return np.asarray(losses @ weights)[:, None]

    def outputs(self, rows: NativeRows, n_threads: int, labels: Floats | None) -> Floats:
        """Return the explained function ``(rows, outputs)``."""
        return self.outputs_of(self.forest.predict(rows, n_threads), labels)

    def outputs_of(self, margins: Floats, labels: Floats | None) -> Floats:
        """Return the explained function of margins ``(rows, outputs)``."""
        if self.output.function is None:
            return margins
        return self._doubled(of_margin(self.output, margins, None if labels is None else labels[:, None]), constant=1.0)

    def values(
        self,
        question: str,
        rows: NativeRows,
        n_threads: int,
        precision: str | None,
        dtype: str,
        out: NDArray[Any] | None,
        report: Report | None,
        labels: Floats | None,
    ) -> NDArray[Any]:
        """Answer "values", "interactions" or "pair_interactions" of the rows, outputs last."""
        if question == "approximate":
            plan = _native.TreePlan(self.forest, "float64", n_threads, approximate=True)
            return self._spread(plan.values(rows, n_threads, dtype, out, report), 1)
        if self.output.function is None:
            answer: NDArray[Any] = getattr(self.plan(precision, n_threads), question)(
                rows, n_threads, dtype, out, report
            )
            return self._spread(answer, {"interactions": 2, "pair_interactions": 0}.get(question, 1))
        into = out if dtype == "float64" else None
        values = self._spread(self.margin_plan(precision, n_threads).values(rows, n_threads, labels, into, report), 1)
        return self._doubled(values, constant=0.0) if into is None else values

    @property
    def is_direct(self) -> bool:
        """Whether the core's own numbers are the values, so that it can write them where they are wanted."""
        return self.output.function is None and (self.players is None or self.players.all_own)

    def pairs(self, precision: str | None, n_threads: int) -> NDArray[np.int64]:
        """Pairs of players that can interact, ``(pairs, 2)``."""
        pairs = self.plan(precision, n_threads).pairs
        return pairs if self.players is None else self.players.numbered(pairs)

    def _spread(self, values: NDArray[Any], n_axes: int) -> NDArray[Any]:
        return values if self.players is None else self.players.spread(values, n_axes)

    def _doubled(self, values: NDArray[Any], constant: float) -> NDArray[Any]:
        """Put class 0 before class 1, where both are explained."""
        return np.concatenate([constant - values, values], axis=-1) if self.output.is_doubled else values

    def _background_margins(self, n_threads: int) -> Floats:
        margins: Floats = self.forest.predict(self.background, n_threads)[:, 0]  # type: ignore[arg-type]  # there is one
        return margins

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what is made anew at the first call."""
        return self.__dict__ | {"_plans": {}, "_margin_plans": {}, "_limited": None}


def first_trees(forest: _native.Forest, n_trees: int, *, is_mean: bool) -> _native.Forest:
    """Keep the first trees; where the whole is a mean, they weigh as much as all did."""
    part = forest.first_trees(n_trees)
    if not is_mean:
        return part
    weight = forest.n_trees / n_trees
    offset = (1.0 - weight) * forest.offset  # the part's own comes back times the weight
    whole = _native.combine_forests([(part, weight, None, None)], forest.n_columns, forest.n_outputs, offset)
    return whole.with_players(forest.players)


def of_margin(output: ExplainedOutput, margins: Floats, labels: Floats | None) -> Floats:
    """Apply the explained function to margins; labels are those of its rows.

    Examples
    --------
    >>> output = ExplainedOutput("log_loss", "log_loss")
    >>> of_margin(output, np.array([0.0]), np.array([1.0])) == np.log(2.0)
    array([ True])
    """
    scaled = output.scale * margins
    if output.function == "sigmoid":
        return np.asarray(0.5 * (1.0 + np.tanh(0.5 * scaled)))
    if output.function == "exp":
        return np.asarray(np.exp(margins))
    if output.function == "log_loss" and labels is not None:
        return np.asarray(np.logaddexp(0.0, scaled) - labels * scaled)
    if output.function == "squared_loss" and labels is not None:
        return np.asarray((margins - labels) ** 2)
    return margins
