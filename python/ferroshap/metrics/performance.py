"""SAGE: how much of a model's performance each feature is worth."""

from dataclasses import replace
from typing import Any

import numpy as np

from ferroshap.estimators import Auto, Method, as_method
from ferroshap.explainers.calls import positive
from ferroshap.game import Reference
from ferroshap.maskers import as_masker, compress
from ferroshap.metrics.importance import Importance
from ferroshap.metrics.loss_game import LossGame
from ferroshap.metrics.losses import as_loss
from ferroshap.models import as_model
from ferroshap.progress import Report
from ferroshap.run import Run
from ferroshap.seeds import Seed, as_seed
from ferroshap.threads import as_threads

#: Rows of the summary of `X` that stands for absent features unless a background is given.
BACKGROUND_ROWS = 100


def sage(
    model: Any,
    X: Any,
    y: Any,
    *,
    loss: Any = "squared_error",
    masker: Any = None,
    method: Method | str = Auto(),  # noqa: B008 - frozen, without state
    budget: int | str = "auto",
    tol: float | None = None,
    rows_per_eval: int | None = 100,
    deadline_seconds: float | None = None,
    rng: Seed = None,
    batch_size: int | str = "auto",
    n_jobs: int | None = None,
    progress: Report | None = None,
    silent: bool = False,
) -> Importance:
    r"""Estimate by how much each feature lowers the model's loss: Shapley values of the performance.

    .. math:: v(S) = -\frac1n \sum_r \ell\bigl(y_r, \textstyle\sum_b w_b f(x_{r,S}, b_{\bar S})\bigr)

    over the rows of `X`: the loss of the model's mean output when only the features in :math:`S` are known. With a
    conditional masker that mean is over conditional rows, as the paper defines it. Values
    add up to the loss without any feature minus the loss with all of them; a negative one belongs to a feature that
    the model would be better without. They are those of the rows given: their standard errors are those of the
    estimation, and do not tell how other rows would differ.

    One evaluation takes `rows_per_eval` rows of `X` times all rows of the background: compress that first
    (:func:`ferroshap.compress`). More rows of `X` are taken in blocks that together stand for all of them.

    Parameters
    ----------
    model : callable, estimator or bound method
        ``f(rows) -> (rows,)`` or ``(rows, outputs)``; for "log_loss", probabilities.
    X, y : tables of n rows
        Rows and their true answers. Classes may be named as the model names them, or numbered.
    loss : str or callable
        "squared_error", "log_loss" (cross entropy), or a function of answers and predictions, of as many
        rows each, that returns one loss a row.
    masker : masker or background data, optional
        What absent features look like; `X` itself, summarised by 100 of its rows, unless it is given. Groups of
        columns have one value each.
    method : estimator or its name
        By default the best for the number of features and the budget.
    budget : int or "auto"
        Evaluations granted; "auto" is ``2 * n_features + 2048``, with ``tol=0.01``.
    tol : float, optional
        Stop once no 90 % interval reaches further than this share of the range of the values.
    rows_per_eval : int or None
        Rows of `X` in one evaluation; None for all.
    deadline_seconds, rng, batch_size, n_jobs, progress, silent
        As for :class:`ferroshap.Run`.

    Returns
    -------
    Importance
        With the run in ``estimate``; its ``base_value`` is minus the loss without any feature.

    References
    ----------
    Covert, Lundberg, Lee (2020), "Understanding global feature contributions with additive importance measures".
    Differs from the authors' package: every pair of coalitions looks at a block of rows, not at one row drawn with
    replacement, and any estimator takes the place of random orders.

    Examples
    --------
    The second feature explains all that can be explained:

    >>> rows = np.array([[0.0, -1.0], [1.0, 1.0], [1.0, -1.0], [0.0, 1.0]])
    >>> sage(lambda X: 3.0 * X[:, 1], rows, 3.0 * rows[:, 1], masker=rows).values
    array([0., 9.])
    """
    chosen, seed = as_loss(loss), as_seed(rng)
    background = compress(X, BACKGROUND_ROWS, rng=seed) if masker is None else masker
    game = LossGame(
        Reference(as_model(model), as_masker(background)),
        X,
        y,
        chosen,
        rows_per_eval=None if rows_per_eval is None else positive(rows_per_eval, "rows_per_eval", or_auto=False),
        seed=seed,
        batch_size=batch_size,
        n_threads=as_threads(n_jobs),
    )
    run = Run(
        game,
        as_method(method),
        budget=budget,
        tol=tol,
        deadline_seconds=deadline_seconds,
        rng=seed,
        n_jobs=n_jobs,
        progress=progress,
        silent=silent,
    )
    result = run.finish()
    values, std_errors = np.zeros(game.n_features), np.zeros(game.n_features)
    values[game.features], std_errors[game.features] = result.values, result.std_errors
    result = replace(result, base_value=float(result.base_value) - game.least_loss)
    return Importance(
        names=game.names, values=values, std_errors=std_errors, interval_df=result.interval_df, estimate=result
    )
