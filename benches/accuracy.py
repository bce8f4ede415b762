"""The question: how large is the error of each estimator at equal evaluations.

Three protocols: A, the table of the LeverageSHAP paper; B, 16 kinds of small games; the grid, seven tables by five
kinds of models against backgrounds of 1, 25 and 100 rows. The error is |estimate - truth|^2 / |truth|^2; every
evaluation counts, those of the empty and the full coalition too. `python accuracy.py --rows 20 --seeds 3` is the
table of RESULTS.md; what was measured stays in target/accuracy, and is not measured again.
"""

import argparse

import measuring
import numpy as np
from measuring import cells, data, protocol_a, protocol_b, report
from measuring.cells import TIMES
from measuring.errors import kept, measure_all
from measuring.estimators import ALL, OURS, SHAPIQ, SHAPIQ_SLOW, SLOWEST

SHAPIQ_NAMES = [*SHAPIQ, *SHAPIQ_SLOW]
BEST = "the best of shapiq"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--protocol", nargs="+", choices=["a", "b", "grid"], default=["a", "b", "grid"])
    parser.add_argument("--rows", type=int, default=5, help="explained rows a cell")
    parser.add_argument(
        "--seeds", type=int, default=1, help="seeds a row of what the targets compare; the others have one"
    )
    parser.add_argument("--published-rows", type=int, default=20, help="rows of protocol A (the paper: 100)")
    parser.add_argument("--jobs", type=int, default=2, help="processes, of one thread each")
    parser.add_argument("--kept", action="store_true", help="measure nothing: the cells that are on disk")
    return parser.parse_args()


def print_comparison(title, chosen, names, options):
    """Errors and the ratios that the targets are about."""
    chosen = list(chosen)
    if options.kept:
        chosen, names = on_disk(chosen, names, options)
    errors, counts = measure_all(chosen, names, options.rows, options.seeds, options.jobs)
    print(f"{title}: {len(chosen)} cells of {options.rows} rows and {options.seeds} seeds.")
    print("Geometric mean over cells of the median error (worst cell):\n")
    report.print_means(errors)
    print_counts(counts, chosen)
    errors[BEST], best = report.best(errors, SHAPIQ_NAMES)
    print("Best of shapiq: " + ", ".join(f"{report.label(t)} {n[7:]}" for t, n in zip(TIMES, best, strict=True)) + "\n")
    pairs = [("Auto", "shap Kernel l1_reg=0"), ("Auto", "shap Kernel"), ("Auto", "Leverage"), ("Auto", BEST)]
    pairs += [("Auto", "Permutation"), ("OddGP", "Leverage"), ("OddGP", "Permutation")]
    report.print_ratios(errors, pairs)
    return errors


def on_disk(chosen, names, options):
    """Cells that have the headline and every peer, and the estimators that have all these cells."""

    def has(cell, name):
        return kept(cell, name, options.rows, options.seeds) is not None

    needed = [name for name in names if name not in OURS or name in {"Auto", "Leverage", "Permutation"}]
    chosen = [cell for cell in chosen if all(has(cell, name) for name in needed)]
    return chosen, [name for name in names if all(has(cell, name) for cell in chosen)]


def print_counts(counts, chosen):
    """Who asked for more than was granted."""
    players = {cell.name: cell.n_players for cell in chosen}
    over = {}
    for name, found in counts.items():
        for cell, count in found.items():
            granted = [times * players[cell] + 2 * (times == TIMES[0]) for times in TIMES]
            excess = np.nanmax(count - granted) if not np.isnan(count).all() else 0
            over[name] = max(over.get(name, 0), excess)
    spent = [f"{name} by {excess:.0f}" for name, excess in over.items() if excess > 0]
    print("Budgets exceeded: " + (", ".join(spent) or "none") + "\n")


def print_by_model(errors, times=16):
    """Who gains how much, by table and by kind of model."""
    found = report.ratios(errors["shap Kernel l1_reg=0"], errors["Auto"])[:, TIMES.index(times)]
    names = [cell.rsplit(" ", 2) for cell in errors["Auto"]]
    kinds = list(dict.fromkeys(kind for _, kind, _ in names))
    rows = []
    for table in dict.fromkeys(table for table, _, _ in names):
        row = [table]
        for kind in kinds:
            picked = [ratio for ratio, (t, k, _) in zip(found, names, strict=True) if (t, k) == (table, kind)]
            row.append(report.number(report.geometric_mean(np.array(picked)), "{:.3g}"))
        rows.append(row)
    print(f"Error of shap Kernel l1_reg=0 over Auto's at {times}n, geometric mean over backgrounds:\n")
    measuring.table(["data", *kinds], rows)


def main():
    options = arguments()
    measuring.environment("ferroshap", "shap", "shapiq", "xgboost-cpu", "lightgbm", "scikit-learn")
    for name in data.missing():
        print(f"no {data.SHARED / data.FILES[name]}: without {name}\n")
    if "a" in options.protocol:
        protocol_a.print_all(options.published_rows, options.jobs)
    if "b" in options.protocol:
        print_comparison("Protocol B", protocol_b.cells(), list(ALL), options)
    if "grid" in options.protocol:
        errors = print_comparison("Grid", cells.grid(), [name for name in ALL if name not in SLOWEST], options)
        print_by_model(errors)
        print_truth([cell for cell in cells.grid() if cell.name in errors["Auto"]], options.rows)


def print_truth(chosen, n_rows):
    """The error of what is called truth, where that is itself an estimate."""
    rows = []
    for cell in chosen:
        known = [cell.known(number)[2] for number in range(n_rows)]
        if max(known) > 0:
            rows.append([cell.name, f"{np.median(known):.1e}", f"{max(known):.1e}"])
    print(f"Values from {cells.LARGE_RUN:,} evaluations, their own error by their standard errors:\n")
    measuring.table(["cell", "median over rows", "largest"], rows)


if __name__ == "__main__":
    main()
