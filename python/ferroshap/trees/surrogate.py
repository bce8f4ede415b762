"""Ensembles of trees as surrogates of games."""

import copy
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap import _native
from ferroshap.errors import OptionError
from ferroshap.trees.recognition import is_tree_model, load_tree_model

Floats = NDArray[np.float64]


class Surrogate:
    """A regressor of trees, trained on coalitions; its own Shapley values are exact.

    Coalitions are rows of zeros and ones, so the game that the trees make of them is the interventional game of
    the row of ones against the background row of zeros, whose values the tree engine gives exactly. For
    ``Unbiased(surrogate=...)``: trees find interactions that least squares and kriging miss where
    evaluations are many; whatever they find wrongly is corrected, without bias.

    Parameters
    ----------
    regressor : estimator
        A scikit-learn, XGBoost, LightGBM or CatBoost regressor of one output, with a fixed ``random_state`` where it
        draws numbers. It is copied for each fit, never fitted itself.
    n_jobs : int
        Threads of the tree engine.

    Examples
    --------
    >>> from sklearn.ensemble import ExtraTreesRegressor  # doctest: +SKIP
    >>> trees = Surrogate(ExtraTreesRegressor(random_state=0))  # doctest: +SKIP
    >>> ferroshap.estimate(game, Unbiased(surrogate=trees), n_players=20, budget=2000)  # doctest: +SKIP
    """

    def __init__(self, regressor: Any, *, n_jobs: int = 1) -> None:
        """Nothing is fitted yet."""
        if not callable(getattr(regressor, "fit", None)) or not is_tree_model(regressor):
            msg = f"`regressor` is a {type(regressor).__name__}, but must be a regressor of trees with a `fit`"
            raise OptionError(msg)
        self.regressor = regressor
        self._n_jobs = n_jobs
        self._forest: _native.Forest | None = None

    def fit(self, coalitions: NDArray[np.bool_], half_differences: Floats) -> None:
        """Train a copy on rows of zeros and ones."""
        fitted = copy.deepcopy(self.regressor)
        fitted.fit(coalitions.astype(np.float64), half_differences)
        model = load_tree_model(fitted)
        self._forest = None if model is None else model.forest

    def predict(self, coalitions: NDArray[np.bool_]) -> Floats:
        """Raw outputs of the trees, as the tree engine sums them."""
        worths = self._fitted().predict(coalitions.astype(np.float64), self._n_jobs)
        return worths[:, 0]

    def values(self) -> Floats:
        """Shapley values of everybody present against nobody."""
        forest = self._fitted()
        nobody, everybody = np.zeros((1, forest.n_columns)), np.ones((1, forest.n_columns))
        plan = _native.TreePlan(forest, "float64", self._n_jobs, nobody)
        values: Floats = plan.values(everybody, self._n_jobs)[0, :, 0]
        return values

    def _fitted(self) -> _native.Forest:
        if self._forest is None:
            msg = "the surrogate was not fitted yet: `fit` comes first"
            raise OptionError(msg)
        return self._forest
