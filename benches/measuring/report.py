"""Errors of many rows, seeds and cells as a few numbers.

A cell's error is the median over its rows and seeds; over cells geometric means are taken. Errors below `FLOOR` count
as that much: no game that somebody gets exactly right shall decide a geometric mean alone.
"""

import numpy as np

import measuring
from measuring.cells import TIMES

FLOOR = 1e-14
N_BOOTSTRAP = 1000


def cell_medians(errors):
    """Medians ``(cells, times)`` of ``{cell: (rows, seeds, times)}``; NaN where nothing was measured."""
    with np.errstate(invalid="ignore"):
        medians = [_median(np.maximum(one, FLOOR).reshape(-1, one.shape[-1])) for one in errors.values()]
    return np.array(medians)


def _median(numbers):
    """The median of every column over what is known of it; NaN where that is nothing."""
    known = ~np.isnan(numbers).all(axis=0)
    medians = np.full(numbers.shape[1], np.nan)
    medians[known] = np.nanmedian(numbers[:, known], axis=0)
    return medians


def geometric_mean(numbers, axis=0):
    """The geometric mean of what is known."""
    logs = np.log(numbers)
    counts = (~np.isnan(logs)).sum(axis=axis)
    return np.where(counts > 0, np.exp(np.nansum(logs, axis=axis) / np.maximum(counts, 1)), np.nan)


def ratios(theirs, mine):
    """Their error over mine ``(cells, times)``, both as medians over the rows and seeds that both have measured."""
    found = []
    for cell, one in mine.items():
        other = theirs[cell]
        n_seeds = min(one.shape[1], other.shape[1])
        pair = {"one": one[:, :n_seeds], "other": other[:, :n_seeds]}
        medians = cell_medians(pair)
        found.append(medians[1] / medians[0])
    return np.array(found)


def bootstrap(theirs, mine, level=0.95):
    """Ends ``(2, times)`` of the interval of the geometric mean of `ratios`, resampling cells, and rows in each."""
    rng = np.random.default_rng(0)
    cells = list(mine)
    draws = np.zeros((N_BOOTSTRAP, len(cells), len(TIMES)))
    for position, cell in enumerate(cells):
        n_seeds = min(mine[cell].shape[1], theirs[cell].shape[1])
        n_rows = len(mine[cell])
        rows = rng.integers(n_rows, size=(N_BOOTSTRAP, n_rows))
        medians = []
        for errors in (theirs, mine):
            drawn = np.maximum(errors[cell][:, :n_seeds], FLOOR)[rows]  # (draws, rows, seeds, times)
            medians.append(np.median(drawn.reshape(N_BOOTSTRAP, -1, len(TIMES)), axis=1))
        draws[:, position] = np.log(medians[0] / medians[1])
    picked = rng.integers(len(cells), size=(N_BOOTSTRAP, len(cells)))
    means = np.exp(_mean_known(draws[np.arange(N_BOOTSTRAP)[:, None], picked]))
    return np.quantile(means, [(1 - level) / 2, (1 + level) / 2], axis=0)


def _mean_known(numbers):
    known = ~np.isnan(numbers)
    return np.where(known, numbers, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)


def label(times):
    """How a budget is called."""
    return "2n+2" if times == TIMES[0] else f"{times}n"


def number(value, form="{:.1e}"):
    """Write a number, or nothing where none is known."""
    return "" if np.isnan(value) else form.format(value)


def print_means(errors):
    """Geometric means of every estimator at every budget, the worst cell in brackets."""
    rows = []
    for name, cells in errors.items():
        medians = cell_medians(cells)
        worst = [_worst(medians[:, place]) for place in range(len(TIMES))]
        means = geometric_mean(medians)
        rows.append([name, *(f"{number(mean)} ({number(most)})" for mean, most in zip(means, worst, strict=True))])
    measuring.table(["estimator", *map(label, TIMES)], rows)


def _worst(numbers):
    return np.nan if np.isnan(numbers).all() else np.nanmax(numbers)


def print_ratios(errors, pairs):
    """For pairs (ours, peer): the peer's error over ours, geometric mean [95 % interval], quartiles, worst cell."""
    rows = []
    for mine, theirs in pairs:
        if mine not in errors or theirs not in errors:
            continue
        found = ratios(errors[theirs], errors[mine])
        low, high = bootstrap(errors[theirs], errors[mine])
        means = geometric_mean(found)
        for place, times in enumerate(TIMES):
            column = found[:, place][~np.isnan(found[:, place])]
            if len(column) == 0:
                continue
            quartiles = " / ".join(f"{q:.3g}" for q in np.quantile(column, [0.25, 0.5, 0.75]))
            interval = f"{low[place]:.3g} to {high[place]:.3g}"
            cells = list(errors[mine])
            worst = cells[int(np.nanargmin(found[:, place]))]
            where = f"{column.min():.2g} ({worst})"
            rows.append([f"{theirs} / {mine}", label(times), f"{means[place]:.3g}", interval, quartiles, where])
    measuring.table(["error of / error of", "budget", "ratio", "95 % interval", "quartiles", "worst cell"], rows)


def best(errors, names):
    """Errors of whichever of some estimators has the least geometric mean at a budget, and their names."""
    names = [name for name in names if name in errors]
    means = np.array([geometric_mean(cell_medians(errors[name])) for name in names])
    chosen = [int(np.nanargmin(column)) for column in means.T]
    cells = {}
    for cell in errors[names[0]]:
        n_seeds = min(errors[name][cell].shape[1] for name in names)
        parts = [errors[names[pick]][cell][:, :n_seeds, place] for place, pick in enumerate(chosen)]
        cells[cell] = np.stack(parts, axis=2)
    return cells, [names[pick] for pick in chosen]
