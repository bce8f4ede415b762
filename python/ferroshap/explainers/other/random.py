"""Numbers that mean nothing, as a floor for comparisons."""

from typing import Any

import numpy as np

from ferroshap import links
from ferroshap.explainers.agnostic import AgnosticExplainer
from ferroshap.explainers.calls import checked_call, one_seed, only_input
from ferroshap.explainers.plan import Plan
from ferroshap.explanation import Explanation, NameTable
from ferroshap.inputs import read_table
from ferroshap.seeds import Seed

#: Small, so that errors are those of a model that is constant.
SPREAD = 0.001


class Random(AgnosticExplainer):
    """Random attributions: what any method must beat in a comparison.

    They are drawn from a normal distribution of standard deviation 0.001, and do not add up to anything.

    Parameters
    ----------
    model : callable, estimator or bound method
        ``f(rows) -> (rows,)`` or ``(rows, outputs)``; asked about the background alone.
    masker : masker or background data
        What base values are measured on.
    link : str or link
        The scale of base values.
    feature_names : list of str, optional
        Instead of the names of the background.
    linearize_link : bool
        As of the other explainers.
    constant : bool
        Give every row the same numbers.
    output_names, weights, n_jobs, seed, rng, random_state, memory_limit
        As of the other explainers; the seed of the numbers.

    Examples
    --------
    >>> explainer = Random(lambda X: X.sum(axis=1), np.zeros((1, 3)), constant=True)
    >>> values = explainer(np.ones((2, 3))).values
    >>> values.shape, bool((values[0] == values[1]).all())
    ((2, 3), True)
    """

    route = "random"

    def __init__(
        self,
        model: Any,
        masker: Any,
        link: Any = links.identity,
        feature_names: Any = None,
        linearize_link: bool = True,
        constant: bool = False,
        *,
        output_names: Any = None,
        weights: Any = None,
        n_jobs: int | None = None,
        seed: Seed = None,
        rng: Seed = None,
        random_state: Seed = None,
        memory_limit: int | str | None = None,
    ) -> None:
        """Ask the model about the background."""
        super().__init__(
            model,
            masker,
            link=link,
            linearize_link=linearize_link,
            feature_names=feature_names,
            output_names_given=output_names,
            weights=weights,
            n_jobs=n_jobs,
            seed=one_seed(seed, rng, random_state),
            memory_limit=memory_limit,
        )
        self.constant = constant
        reason = "Random was named, so numbers are drawn that mean nothing"
        n_background = self.masker.n_background
        self.plan = Plan(self.route, reason, n_background, n_background, 0)

    @checked_call
    def __call__(self, *args: Any, silent: bool = False) -> Explanation:  # type: ignore[override]  # noqa: ARG002
        """Draw numbers for the rows of a table; nothing takes long enough to be shown (`silent`)."""
        table = read_table(only_input(args, self), argument="X", allow_single_row=True)
        self._columns.match(table)  # refuses other columns
        reference = self._reference
        shape = (1 if self.constant else table.n_rows, self.masker.n_players, reference.n_outputs)
        drawn = np.random.default_rng(self.seed).normal(scale=SPREAD, size=shape)
        values = np.array(np.broadcast_to(drawn, (table.n_rows, *shape[1:])))
        base = np.repeat(reference.base[None], table.n_rows, axis=0)
        axes: tuple[str, ...] = ("row", "feature")
        fields: dict[str, Any] = {
            "data": table.display,
            "feature_names": NameTable(self._columns.names_of(table)),
            "plan": self.plan,
            "seed": self.seed,
        }
        if reference.is_vector:
            values, base = values[..., 0], base[..., 0]
        else:
            axes = (*axes, "output")
            fields["output_names"] = NameTable(self.output_names or [])
        explanation = Explanation._trusted(values, axes, fields | {"base_values": base})  # noqa: SLF001 - ours
        return explanation[0] if table.is_single_row else explanation
