"""Which of several maskers predicts a model best."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap import links
from ferroshap.errors import OptionError
from ferroshap.explainers.calls import positive
from ferroshap.metrics.value_function import (
    Coalitions,
    Problem,
    SquaredErrors,
    ValueFunctionError,
    drawn_coalitions,
    mean_of_rows,
    result_of,
)
from ferroshap.seeds import Seed, as_seed

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class MaskerComparison:
    """Maskers by how well they predict the model, the best first: the result of :func:`compare_maskers`.

    Attributes
    ----------
    names : list of str
        The maskers.
    values, std_errors : ndarray of shape ``(n_maskers,)``
        MSEv, summed over outputs, and its standard error over rows.
    differences, difference_errors : ndarray of shape ``(n_maskers,)``
        How much more than that of the best, and the standard error of that: rows and coalitions are the same
        for all, so that differences are known better than the numbers themselves.
    results : dict
        From each name to its :class:`ValueFunctionError`.
    """

    names: list[str]
    values: Floats
    std_errors: Floats
    differences: Floats
    difference_errors: Floats
    results: dict[str, ValueFunctionError] = field(repr=False)

    def to_dict(self) -> dict[str, dict[str, float]]:
        """Give the table as plain numbers: a dict a masker, the best first."""
        columns = ("value", "std_error", "difference", "difference_error")
        rows = zip(self.values, self.std_errors, self.differences, self.difference_errors, strict=True)
        return {
            name: dict(zip(columns, map(float, row), strict=True)) for name, row in zip(self.names, rows, strict=True)
        }

    def __str__(self) -> str:
        """Write the table as text."""
        width = max(6, *map(len, self.names))
        lines = [f"{'masker':{width}}  {'MSEv':>10}  {'SE':>9}  {'above best':>10}  {'SE':>9}"]
        for name, row in self.to_dict().items():
            value, std_error, difference, difference_error = row.values()
            lines.append(
                f"{name:{width}}  {value:>10.4g}  {std_error:>9.2g}  {difference:>10.4g}  {difference_error:>9.2g}"
            )
        return "\n".join(lines)


def compare_maskers(
    maskers: Mapping[str, Any],
    model: Any,
    X: Any,
    *,
    link: str | links.Link = "identity",
    n_coalitions: int = 256,
    rng: Seed = None,
    batch_size: int | str = "auto",
    n_jobs: int | None = None,
) -> MaskerComparison:
    """Hold maskers against each other by :func:`value_function_error`, on the same rows and coalitions.

    Parameters
    ----------
    maskers : dict
        From names to maskers or background data, with the same players.
    model, X, link, n_coalitions, rng, batch_size, n_jobs
        As for :func:`value_function_error`.

    Returns
    -------
    MaskerComparison
        The best masker first. ``print`` shows a table.

    Raises
    ------
    OptionError
        Without maskers, or when they have different players.

    Examples
    --------
    >>> rows = np.array([[1.0, 1.0], [3.0, 3.0]])
    >>> print(compare_maskers({"zeros": [[0.0, 0.0]], "mean": [[2.0, 2.0]]}, lambda X: X.sum(axis=1), rows))
    masker        MSEv         SE  above best         SE
    mean             1          0           0          0
    zeros            5          4           4          4
    """
    if not isinstance(maskers, Mapping) or not maskers:
        msg = f"`maskers` is {maskers!r}, but must be a dict from names to maskers"
        raise OptionError(msg)
    problems = {str(name): Problem(model, masker, X, link=link, n_jobs=n_jobs) for name, masker in maskers.items()}
    name, first = next(iter(problems.items()))
    coalitions = drawn_coalitions(first.n_players, positive(n_coalitions, "n_coalitions", or_auto=False), as_seed(rng))
    found: dict[str, SquaredErrors] = {}
    for other, problem in problems.items():
        order = _order(first, problem, name, other)
        own = Coalitions(coalitions.present[:, order], coalitions.weights, coalitions.is_exact)
        found[other] = problem.errors(own, batch_size)
    by_row = np.stack([errors.by_row.sum(axis=1) for errors in found.values()], axis=1)
    values, std_errors = mean_of_rows(by_row)
    order = np.argsort(values, kind="stable")
    differences, difference_errors = mean_of_rows(by_row - by_row[:, order[:1]])
    names = list(found)
    return MaskerComparison(
        names=[names[place] for place in order],
        values=values[order],
        std_errors=std_errors[order],
        differences=differences[order],
        difference_errors=difference_errors[order],
        results={names[place]: result_of(found[names[place]], coalitions) for place in order},
    )


def _order(first: Problem, other: Problem, name: str, other_name: str) -> NDArray[np.intp]:
    """Where the players of another masker stand among those of the first: by name, where both have names."""
    mine, theirs = first.names, other.names
    if first.n_players == other.n_players:
        if mine is None or theirs is None:
            return np.arange(first.n_players)
        if sorted(mine) == sorted(theirs) and len(set(mine)) == len(mine):
            return np.array([mine.index(player) for player in theirs], dtype=np.intp)
    msg = (
        f"`maskers` have different players: {other.n_players} in {other_name!r}, {first.n_players} in {name!r}"
        if first.n_players != other.n_players
        else f"`maskers` name their players differently: {theirs} in {other_name!r}, {mine} in {name!r}"
    )
    raise OptionError(msg)
