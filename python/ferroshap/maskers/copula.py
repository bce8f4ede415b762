"""`Copula`: absent features from a normal distribution of ranks, with the background's own margins."""

from typing import Any

import numpy as np

from ferroshap import _native
from ferroshap.errors import InvalidMaskerError
from ferroshap.maskers.conditional import Floats
from ferroshap.maskers.shifted import Shifted
from ferroshap.seeds import Seed


class Copula(Shifted):
    r"""Draw missing features from a Gaussian copula, given those that are present.

    Each column is replaced by its normal scores :math:`\Phi^{-1}(r / B)`, with `r` the weighted middle of the ranks of
    equal values. Scores are drawn as :class:`Gaussian` does, with mean 0, variance 1 and the correlation of
    the background's scores, and go back to the column's own values: along straight lines between neighbouring values
    that occur once, in steps where a value is tied, and never beyond the range of the data. So columns keep their
    distributions, whatever their shape, and columns of few values get none that does not exist.

    An explained value has the score of its place among the column's values, in proportion between two of them; one
    beyond them all has that of half a rank. Aas, Jullum, Loland (2021), "Explaining individual predictions when
    features are dependent", section 3.2.

    Parameters
    ----------
    data : array, frame, sparse matrix or summary
        The background, one row an observation: numbers, none missing. Integers, booleans and single precision
        become double precision.
    n_samples : int
        Draws, the model rows of one evaluation.
    weights : array of shape ``(n_background,)``, optional
        Non-negative weights of the rows; normalised to sum 1.
    seed : int or numpy.random.Generator, optional
        Of the draws; None is 0.

    Raises
    ------
    InvalidMaskerError
        When a column is no number, or has entries that are missing or infinite; it is named.

    Notes
    -----
    Costs what :class:`Gaussian` does, and one look-up for each absent number of a model row. Ties weaken the
    correlation of scores: of columns with very few values it comes out too small.

    Examples
    --------
    >>> import ferroshap
    >>> twins = np.exp(np.repeat(np.arange(5.0)[:, None], 2, axis=1))
    >>> explainer = ferroshap.ExactExplainer(lambda rows: np.log(rows[:, 0]), Copula(twins))
    >>> explainer(np.exp([[4.0, 4.0]])).values.round(4)
    array([[1., 1.]])
    """

    def __init__(self, data: Any, *, n_samples: int = 100, weights: Any = None, seed: Seed = None) -> None:
        """Read the background."""
        self._read_shifted(data, n_samples, weights, seed)
        if self._moments is not None:
            msg = "`data` is a mean and a covariance, but maskers.Copula learns margins from rows: pass rows"
            raise InvalidMaskerError(msg)

    def _fit(self) -> "_native.Shift":
        rows: Floats = np.ascontiguousarray(self.table.numeric)
        return _native.Shift.copula(rows, self.weights, self.n_samples, self.seed)
