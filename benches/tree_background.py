"""The question: how long values over a background take, and how that grows with the background.

M6 and 20,000 rows, one thread. shap's time is its unit cost, seconds / (row x background row x tree), measured on 20
rows and 100 background rows; WOODELF's are whole calls, and so are ours: reading the model, its verification and the
preparation for the background are counted. "additivity" is the largest |base + sum of values - f(x)| as a share of the
largest |f(x)|.
"""

import time

import measuring
import numpy as np
from measuring import forests

import ferroshap

N_ROWS = 20_000


def ours(model, X, background, dtype):
    begun = time.perf_counter()
    explainer = ferroshap.TreeExplainer(model, background)
    values = explainer.shap_values(X, n_jobs=1, dtype=dtype, check_additivity=False, silent=True)
    seconds = time.perf_counter() - begun
    total = explainer.expected_value + values.sum(axis=1, dtype=np.float64)
    raw = model.predict(X)
    return seconds, np.abs(total - raw).max() / np.abs(raw).max()


def incumbent_unit(model, X, n_trees):
    """Seconds of shap for a row, a background row and a tree."""
    import shap

    explainer = shap.TreeExplainer(model, shap.maskers.Independent(X[:100], max_samples=100))
    return measuring.seconds(lambda: explainer.shap_values(X[:20], check_additivity=False)) / (20 * 100 * n_trees)


def woodelf(model, X, background):
    import pandas as pd
    from woodelf import WoodelfExplainer

    names = [f"f{i}" for i in range(X.shape[1])]
    rows, data = pd.DataFrame(X, columns=names), pd.DataFrame(background, columns=names)
    return measuring.seconds(lambda: WoodelfExplainer(model, data).shap_values(rows, verbose=False))


def main():
    measuring.environment("ferroshap", "xgboost-cpu", "shap", "woodelf_explainer")
    X = forests.table()[0][:N_ROWS]
    lines = []
    for n_trees, depth in [(500, 6), (300, 8)]:
        model = forests.xgboost_model(n_trees, depth)
        unit = incumbent_unit(model, X, n_trees)
        for n_background in [1, 4, 100, 1000, N_ROWS]:
            background = X[:n_background]
            for dtype in [np.float32, np.float64]:
                runs = [ours(model, X, background, dtype) for _ in range(3)]
                seconds = measuring.median([run[0] for run in runs])
                theirs = unit * N_ROWS * n_background * n_trees
                peer = woodelf(model, X, background) if dtype is np.float32 and n_background >= 1000 else None
                lines.append(
                    [
                        f"XGBoost {n_trees} x depth {depth}",
                        f"{n_background:,}",
                        np.dtype(dtype).name,
                        f"{seconds:.2f}",
                        f"{theirs:,.0f}",
                        f"{theirs / seconds:,.0f}",
                        "" if peer is None else f"{peer:.1f}",
                        "" if peer is None else f"{peer / seconds:.1f}",
                        f"{runs[0][1]:.0e}",
                    ]
                )
        print(f"shap: {unit * 1e9:.0f} ns for a row, a background row and a tree of depth {depth}")
    head = [
        "model",
        "background rows",
        "dtype",
        "ours s",
        "shap s",
        "shap / ours",
        "woodelf s",
        "woodelf / ours",
        "additivity",
    ]
    measuring.table(head, lines)


if __name__ == "__main__":
    main()
