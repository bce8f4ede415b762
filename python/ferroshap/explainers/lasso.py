"""`l1_reg=`: keep few features by the lasso, and share the worth among them by least squares."""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap import _native
from ferroshap.errors import OptionError
from ferroshap.explainers.rows import RowsExplained
from ferroshap.explainers.watched import BlockNumbers, Floats, Watched, Words
from ferroshap.game import AnyMaskedGame, Players
from ferroshap.run import Source

KNOWN = "False, 'num_features(k)', 'rank(k)', 'aic', 'bic', 'auto' or a positive number"
#: With "auto", select only while less than this share of all coalitions is known.
SPARSE_SHARE = 0.2


@dataclass(frozen=True)
class Selection:
    """Which features to keep: at most `count`, by a `criterion`, or by a `penalty`; one of them is not None."""

    count: int | None = None
    criterion: str | None = None
    penalty: float | None = None


def as_selection(l1_reg: Any) -> Selection | None:
    """Read `l1_reg`; None when all features are to be kept.

    Raises
    ------
    OptionError
        For anything unknown, or when scikit-learn is missing.

    Examples
    --------
    >>> as_selection(False), as_selection(None), as_selection(0)
    (None, None, None)
    >>> as_selection("rank(3)")
    Selection(count=3, criterion=None, penalty=None)
    """
    if l1_reg is None or (not isinstance(l1_reg, str) and np.isscalar(l1_reg) and l1_reg == 0):
        return None
    selection = None
    if isinstance(l1_reg, str):
        count = re.fullmatch(r"(?:num_features|rank)\((\d+)\)", l1_reg)
        if count and int(count[1]) > 0:
            selection = Selection(count=int(count[1]))
        elif l1_reg in {"aic", "bic", "auto"}:
            selection = Selection(criterion=l1_reg)
    elif isinstance(l1_reg, int | float | np.number) and not isinstance(l1_reg, bool) and 0 < l1_reg < np.inf:
        selection = Selection(penalty=float(l1_reg))
    if selection is None:
        msg = f"`l1_reg` is {l1_reg!r}, but must be {KNOWN}"
        raise OptionError(msg)
    try:
        import sklearn.linear_model  # noqa: F401 - asked for before the model is
    except ImportError as error:
        msg = f"`l1_reg` is {l1_reg!r}, which takes scikit-learn: install it, or pass l1_reg=False"
        raise OptionError(msg) from error
    return selection


class Recorded(Watched):
    """A game that keeps the coalitions asked for and their worths."""

    def __init__(self, game: AnyMaskedGame) -> None:
        """Remember nothing yet."""
        super().__init__(game)
        self._words: list[Words] = []
        self._worths: list[Floats] = []

    def note(self, words: Words, blocks: BlockNumbers, worths: Floats) -> None:  # noqa: ARG002 - there is one block
        """Keep both."""
        self._words.append(words)
        self._worths.append(worths)

    def table(self) -> tuple[NDArray[np.bool_], Floats]:
        """Coalitions ``(evaluations, n_players)`` and their worths ``(evaluations, n_outputs)``."""
        words = np.ascontiguousarray(np.concatenate(self._words))
        return _native.unpack_coalitions(words, self.n_players), np.concatenate(self._worths)


class LassoRows(RowsExplained):
    """Rows explained by few features each; their errors are unknown."""

    may_play_together = False

    selection: Selection

    def source(self, part: Players) -> Recorded:
        """The game, recorded."""
        return Recorded(self.game(part))

    def finish_part(self, part: Players, source: Source) -> None:
        """Replace the values by those of the features that are kept."""
        if not isinstance(source, Recorded) or part.n_players < 2:
            return
        present, worths = source.table()
        base, full = source.endpoints().base, source.endpoints().full
        values = np.stack(
            [
                few_values(self.selection, present, worths[:, k] - base[k], full[k] - base[k])
                for k in range(worths.shape[1])
            ],
            axis=1,
        )
        self.scatter(self.values, part, values)
        self.scatter(self.std_errors, part, np.full(values.shape, np.nan))
        self.interval_df[part.rows] = np.nan
        self.statuses[part.rows] = "BUDGET_SPENT"


def few_values(selection: Selection, present: NDArray[np.bool_], worths: Floats, total: float) -> Floats:
    r"""Fit :math:`\sum_{i \in S} \phi_i` to the worths of coalitions, with few :math:`\phi_i` and their sum given.

    Coalitions of one size share the kernel's mass of that size, as they were drawn uniformly among their equals.

    Parameters
    ----------
    selection : Selection
        Which players to keep.
    present : bool ndarray of shape ``(evaluations, n_players)``
        The coalitions, without nobody and everybody.
    worths : ndarray of shape ``(evaluations,)``
        Their worths, less that of nobody.
    total : float
        What the values add up to.
    """
    n_players = present.shape[1]
    sizes = present.sum(axis=1)
    weights = 1.0 / (sizes * (n_players - sizes) * np.bincount(sizes)[sizes])
    weights /= weights.sum()
    kept = np.sort(_kept(selection, present, worths, total, weights))
    values = np.zeros(n_players)
    # The last one kept takes what the others leave, so that the sum is exact.
    root = np.sqrt(weights)
    inside = present[:, kept].astype(np.float64)
    design = root[:, None] * (inside[:, :-1] - inside[:, -1:])
    target = root * (worths - inside[:, -1] * total)
    values[kept[:-1]] = np.linalg.lstsq(design, target, rcond=None)[0]
    values[kept[-1]] = total - values[kept[:-1]].sum()
    return values


def _kept(
    selection: Selection, present: NDArray[np.bool_], worths: Floats, total: float, weights: Floats
) -> NDArray[np.intp]:
    """Players that the lasso keeps; at least the one that explains most."""
    from sklearn.linear_model import Lasso, LassoLarsIC, lars_path

    n_players = present.shape[1]
    if selection.criterion == "auto" and len(worths) >= SPARSE_SHARE * 2.0**n_players:
        return np.arange(n_players)
    # Each coalition stands for itself and, through the sum of the values, for its complement.
    sizes = present.sum(axis=1)
    root = np.sqrt(np.concatenate([weights * (n_players - sizes), weights * sizes]))
    design = root[:, None] * np.concatenate([present, present.astype(np.float64) - 1.0])
    target = root * np.concatenate([worths, worths - total])
    if selection.count is not None:
        kept = lars_path(design, target, max_iter=min(selection.count, n_players))[1]
    elif selection.penalty is not None:
        kept = np.flatnonzero(Lasso(alpha=selection.penalty).fit(design, target).coef_)
    else:
        criterion = "aic" if selection.criterion == "auto" else selection.criterion
        scales = design.std(axis=0)
        fitted = LassoLarsIC(criterion=criterion).fit(design / np.where(scales == 0.0, 1.0, scales), target)
        kept = np.flatnonzero(fitted.coef_)
    strongest = np.array([np.abs(design.T @ target).argmax()])
    return np.asarray(kept, dtype=np.intp) if len(kept) else strongest
