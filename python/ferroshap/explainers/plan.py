"""What an explainer is going to do, and why."""

from dataclasses import dataclass, field
from typing import Any

from ferroshap.maskers import Masker


@dataclass(frozen=True)
class Plan:
    """The route that explains, and why it was taken.

    Attributes
    ----------
    route : str
        "exact", "permutation", "kernel", "sampling", "partition", "coalition", "linear", "additive",
        "tree" or "gradient".
    reason : str
        One sentence.
    n_background : int
        Rows in the background.
    rows_per_eval : int
        Background rows that one evaluation is averaged over.
    predicted_model_rows : int or None
        The most model rows that one explained row takes by default; None where the model is not asked.
    details : dict
        The route's own particulars.
    """

    route: str
    reason: str
    n_background: int
    rows_per_eval: int
    predicted_model_rows: int | None
    details: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        """Say it in one sentence."""
        return f"{self.route}: {self.reason}"


def about(masker: Masker) -> str:
    """Say what a reader of values must know of the masker: the end of a reason.

    Examples
    --------
    >>> from ferroshap.maskers import Gaussian, Independent
    >>> about(Independent([[0.0], [1.0]])), about(Gaussian([[0.0], [1.0]]))
    ('', '; absent features are filled given those present by Gaussian(2 rows, 1 columns)')
    """
    if masker.takes_images:
        return f"; {masker}"
    filled = f"; absent features are filled given those present by {masker.filler!r}" if masker.is_conditional else ""
    if masker.n_summarised is None:
        return filled
    return f"{filled}; values are for a summary of {masker.n_summarised} background rows"
