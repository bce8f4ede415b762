"""The question: how long a model takes to read, and one row to explain, called from Python."""

import measuring
import numpy as np
from measuring import forests

import ferroshap


def main():
    measuring.environment("ferroshap", "xgboost-cpu", "shap")
    lines = []
    for n_trees, depth in [(500, 6), (1000, 6), (1000, 8)]:
        model = forests.xgboost_model(n_trees, depth)
        row = forests.table()[0][:1]
        data = bytes(model.get_booster().save_raw("ubj"))
        explainer = ferroshap.TreeExplainer(model)
        times = measuring.interleaved(
            {
                "read": lambda data=data: ferroshap.trees.load(data),
                "construct": lambda model=model: ferroshap.TreeExplainer(model),
                "float32": lambda e=explainer, row=row: e.shap_values(
                    row, n_jobs=1, dtype=np.float32, check_additivity=False
                ),
                "float64": lambda e=explainer, row=row: e.shap_values(
                    row, n_jobs=1, dtype=np.float64, check_additivity=False
                ),
                "checked": lambda e=explainer, row=row: e(row),
            },
            20,
        )
        found = {name: f"{measuring.median(runs) * 1e3:.2f}" for name, runs in times.items()}
        lines.append([f"XGBoost {n_trees} x depth {depth}", f"{forests.xgboost_leaves(model):,}", *found.values()])
    head = [
        "model",
        "leaves",
        "read ms",
        "construct and verify ms",
        "one row f32 ms",
        "f64 ms",
        "default call, checked ms",
    ]
    measuring.table(head, lines)


if __name__ == "__main__":
    main()
