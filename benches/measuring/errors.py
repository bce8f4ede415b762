"""Squared errors over squared values of estimators on cells, kept on disk as they are measured."""

import warnings
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import numpy as np

from measuring.cells import KEPT
from measuring.estimators import ALL, HEADLINE, MOST_IN_PAIRS, OF_PAIRS, Counted, edition


def kept(cell, name, n_rows, n_seeds):
    """What is on disk of this edition of an estimator, errors and evaluations ``(2, rows, seeds, times)``, or None."""
    path = _path(cell, name)
    found = np.load(path) if path.exists() else None
    n_seeds = n_seeds if name in HEADLINE else 1
    if found is None or found.shape[1] < n_rows or found.shape[2] < n_seeds:
        return None
    return found[:, :n_rows, :n_seeds]


def _path(cell, name):
    return KEPT / "errors" / cell.name.replace(" ", "_") / f"{name.replace(' ', '_')}_{edition(name)}.npy"


def measure(cell, name, n_rows, n_seeds):
    """Errors ``(rows, seeds, times)``, NaN where the estimator refuses or the budget is exact, and evaluations.

    What is on disk is not measured again.
    """
    found = kept(cell, name, n_rows, n_seeds)
    if found is not None:
        return found
    n_seeds = n_seeds if name in HEADLINE else 1
    found = np.full((2, n_rows, n_seeds, len(cell.times)), np.nan)
    is_left_out = name in OF_PAIRS and cell.n_players > MOST_IN_PAIRS
    for row in range(0 if is_left_out else n_rows):
        game, values, _ = cell.known(row)
        for seed in range(n_seeds):
            found[:, row, seed] = _errors(cell, game, values, ALL[name], 1000 * row + seed)
    _path(cell, name).parent.mkdir(parents=True, exist_ok=True)
    np.save(_path(cell, name), found)
    return found


def _errors(cell, game, values, estimate, seed):
    found = np.full((2, len(cell.times)), np.nan)
    for times, budget in cell.budgets().items():
        counted = Counted(game)
        try:
            estimated = estimate(counted, budget, seed)
        except (ValueError, np.linalg.LinAlgError):  # a peer refuses so small a budget
            continue
        found[:, cell.times.index(times)] = np.sum((estimated - values) ** 2) / np.sum(values**2), counted.n_evaluations
    return found


def measure_all(cells, names, n_rows, n_seeds, n_jobs=1):
    """Errors of every estimator on every cell: ``{name: {cell: (rows, seeds, times)}}``, and the same of counts."""
    work = [(cell, name) for cell in cells for name in names]
    one = partial(_quietly, n_rows=n_rows, n_seeds=n_seeds)
    if n_jobs > 1:
        with ProcessPoolExecutor(n_jobs) as pool:
            results = list(pool.map(one, *zip(*work, strict=True), chunksize=len(names)))
    else:
        results = [one(cell, name) for cell, name in work]
    errors, counts = {name: {} for name in names}, {name: {} for name in names}
    for (cell, name), (error, count) in zip(work, results, strict=True):
        errors[name][cell.name], counts[name][cell.name] = error, count
    return errors, counts


def _quietly(cell, name, n_rows, n_seeds):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # peers warn of ties, of small budgets, of what scikit-learn will rename
        return measure(cell, name, n_rows, n_seeds)
