"""The question: what a leaf-row costs, path-dependent, beside every peer that computes the same values.

A leaf-row is one (leaf, row) pair, the one unit in which tree kernels compare: seconds / (rows x leaves of the whole
ensemble). Peers explain fewer rows where they are slow (their cost is linear in rows; WOODELF, which is not, gets all).
Both sides on one thread, reading and preparation left out, medians of interleaved runs. "difference" is the largest
difference from our own float64 values, as a share of the largest value.
"""

import sys

import measuring
import numpy as np
from measuring import forests

import ferroshap

N_ROWS = 20_000


def ours(model, X, n_jobs, dtype):
    explainer = ferroshap.TreeExplainer(model)
    return lambda: explainer.shap_values(X, n_jobs=n_jobs, dtype=dtype, check_additivity=False, silent=True)


def cases():
    """Name, model, rows, leaves, peers: each peer is (name, rows it gets, call that returns values)."""
    for case in forests.all_cases(N_ROWS):
        if not sys.argv[1:] or any(word in case.name for word in sys.argv[1:]):
            yield case


def measure(case):
    X = case.X
    functions = {
        "float32": ours(case.model, X, 1, np.float32),
        "float64": ours(case.model, X, 1, np.float64),
        "float32, 2 threads": ours(case.model, X, 2, np.float32),
        "float64, 2 threads": ours(case.model, X, 2, np.float64),
    }
    exact = functions["float64"]()
    scale = np.abs(exact).max()
    rows = dict.fromkeys(functions, len(X))
    differences = {name: np.abs(call() - exact).max() / scale for name, call in functions.items()}
    for name, n_rows, call in case.peers:
        functions[name] = call
        rows[name] = n_rows
        values = np.asarray(call()).reshape(exact[:n_rows].shape)
        differences[name] = np.abs(values - exact[:n_rows]).max() / scale
    times = measuring.interleaved(functions, 3)
    units = {name: measuring.median(times[name]) / (rows[name] * case.n_leaves) * 1e9 for name in functions}
    ours32, ours64 = units["float32"], units["float64"]
    lines = []
    for name in functions:
        is_ours = name.startswith("float")
        lines.append(
            [
                case.name,
                f"{case.n_leaves:,}",
                f"ferroshap {name}" if is_ours else name,
                f"{rows[name]:,}",
                f"{units[name]:.3g}",
                "" if is_ours else f"{units[name] / ours32:.0f}",
                "" if is_ours else f"{units[name] / ours64:.0f}",
                f"{units[name.partition(',')[0]] / units[name]:.2f}" if "threads" in name else "",
                f"{differences[name]:.0e}",
            ]
        )
    return lines


def main():
    measuring.environment(
        "ferroshap", "xgboost-cpu", "lightgbm", "catboost", "scikit-learn", "shap", "shapiq", "woodelf_explainer"
    )
    head = [
        "model",
        "leaves",
        "who",
        "rows",
        "ns a leaf-row",
        "/ ours f32",
        "/ ours f64",
        "2 threads / 1",
        "difference",
    ]
    for case in cases():
        measuring.table(head, measure(case))
    unit = forests.fast_tree_shap()
    if unit is not None:
        print(
            f"FastTreeSHAP v2, in an older Python of its own, on an M6 of its own: {unit:.1f} ns a leaf-row, one thread"
        )


if __name__ == "__main__":
    main()
