"""How plausible the rows are that marginal filling makes up."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ferroshap import _native
from ferroshap.errors import OptionError
from ferroshap.inputs import Table
from ferroshap.inputs.numbers import as_numbers

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]

#: Masked rows that are looked at; background rows that they are held against; fewest of these.
MOST_MASKED, MOST_BACKGROUND, LEAST_BACKGROUND = 256, 2000, 3
#: Scores from which on values rest on rows that hardly exist.
DOUBTFUL = 0.25


@dataclass(frozen=True, kw_only=True, eq=False)
class Plausibility:
    r"""How far masked rows lie from real ones.

    Marginal filling joins entries of the explained row with entries of background rows, whatever goes with
    what. The distance from such a row to the nearest background row is held against the distances from
    background rows to their nearest neighbours. Columns are scaled by their median absolute deviation (the mean one,
    where that is 0), entries of a category are equal or at distance 1, and a missing entry is at distance
    1 from every other.

    Where many columns vary freely, rows lie far from each other anyway, and a combination that never occurs is hard
    to see in a distance over all columns; it is seen in the two columns themselves.

    Attributes
    ----------
    score : float
        The share of masked rows that are further away than 99 % of the background rows are; at most about 0.01
        where all columns are independent. NaN without masked rows.
    ratios : ndarray of shape ``(n_masked,)``
        Distances to the nearest background row, in units of the median distance inside the background (where
        that is 0 of the mean, where that is 0 too of 1).
    typical : float
        The ratio that 99 % of the background rows do not exceed.
    worst_pair : tuple of two str, or None
        The two columns in which masked rows stand out most; None of a single column.
    pair_score : float
        The score in these two columns alone.
    n_background : int
        Background rows that were looked at.
    """

    score: float
    ratios: Floats = field(repr=False)
    typical: float = field(repr=False)
    worst_pair: tuple[str, str] | None
    pair_score: float
    n_background: int

    @property
    def n_masked(self) -> int:
        """Masked rows that were looked at."""
        return len(self.ratios)

    @property
    def is_doubtful(self) -> bool:
        """Whether more than a quarter of the masked rows stand out, in all columns or in the worst pair."""
        return max(self.score, self.pair_score) > DOUBTFUL

    def quantile(self, q: float) -> float:
        """Return a quantile of the ratios."""
        return float(np.quantile(self.ratios, q)) if self.n_masked else float("nan")

    def __str__(self) -> str:
        """Say it in one sentence.

        Examples
        --------
        >>> found = Plausibility(
        ...     score=0.5,
        ...     ratios=np.ones(4),
        ...     typical=2.0,
        ...     worst_pair=("age", "education"),
        ...     pair_score=0.75,
        ...     n_background=9,
        ... )
        >>> print(found)
        50 % of 4 masked rows are further from the background than 99 % of its own rows are, and 75 % in 'age' and
        'education' alone
        """
        if not self.n_masked:
            return "no masked rows were evaluated"
        text = (
            f"{100.0 * self.score:.0f} % of {self.n_masked} masked rows are further from the background than 99 % of "
            "its own rows are"
        )
        if self.worst_pair is None:
            return text
        first, second = self.worst_pair
        return f"{text}, and {100.0 * self.pair_score:.0f} % in {first!r} and {second!r} alone"


def check_background(n_rows: int) -> None:
    """Refuse a background whose rows cannot be held against each other.

    Raises
    ------
    OptionError
        For fewer than three rows.
    """
    if n_rows < LEAST_BACKGROUND:
        msg = (
            f"`plausibility` is True, but the background has {n_rows} rows, whose distances from each other tell "
            f"nothing: pass at least {LEAST_BACKGROUND}"
        )
        raise OptionError(msg)


def judged(
    background: Table,
    reference: Rows,
    rows: Table,
    drawn: Rows,
    filling: Rows,
    present: NDArray[np.bool_],
    names: list[str],
    *,
    n_threads: int,
) -> tuple[Plausibility, bool]:
    """Compare masked rows with the background; tell too whether any column is a category.

    Parameters
    ----------
    background, rows : Table
        With the same columns.
    reference : ndarray of intp
        Positions of the background rows to look at.
    drawn, filling : ndarray of shape ``(n_masked,)``
        Positions of the explained row and of the background row that each masked row is made of.
    present : bool ndarray of shape ``(n_masked, n_columns)``
        Which entries come from the explained row.
    names : list of str
        Names of the columns.
    n_threads : int
        Threads; they change no bit.
    """
    check_background(len(reference))
    known = background.take_rows(np.concatenate([reference, filling]))
    numbers = as_numbers(known, rows.take_rows(drawn))
    is_mixed = bool(numbers.is_category.any())
    n = len(reference)
    if not len(drawn):
        nothing = Plausibility(
            score=np.nan, ratios=np.empty(0), typical=np.nan, worst_pair=None, pair_score=np.nan, n_background=n
        )
        return nothing, is_mixed
    score, ratios, typical, worst, pair_score = _native.plausibility(
        numbers.background[:n], numbers.rows, numbers.background[n:], present, numbers.is_category, n_threads
    )
    pair = None if worst is None else (names[worst[0]], names[worst[1]])
    found = Plausibility(
        score=score, ratios=ratios, typical=typical, worst_pair=pair, pair_score=pair_score, n_background=n
    )
    return found, is_mixed
