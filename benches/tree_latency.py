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
        once = {
            "read": lambda data=data: ferroshap.trees.load(data),
            "construct": lambda model=model: ferroshap.TreeExplainer(model),
        }
        calls = {  # apart from the above, which would push the model out of the caches
            "float32": lambda e=explainer, X=row: e.shap_values(X, n_jobs=1, dtype=np.float32, check_additivity=False),
            "float64": lambda e=explainer, X=row: e.shap_values(X, n_jobs=1, dtype=np.float64, check_additivity=False),
            "checked": lambda e=explainer, X=row: e(X),
        }
        times = measuring.interleaved(once, 20) | {
            name: measuring.interleaved({name: call}, 200, 1.0)[name] for name, call in calls.items()
        }
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
