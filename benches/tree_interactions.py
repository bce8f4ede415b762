"""The question: how long interaction matrices take beside the peers that compute the same ones, one thread."""

import functools

import measuring
import numpy as np
from measuring import forests

import ferroshap


def xgboost_case():
    import xgboost

    model = forests.xgboost_model(500, 6)
    X = forests.table()[0][:4000]
    booster, few = model.get_booster(), xgboost.DMatrix(X[:100], nthread=1)

    def theirs():
        booster.set_param({"nthread": 1})
        return booster.predict(few, pred_interactions=True)[:, :-1, :-1]

    return "XGBoost 500 x depth 6 (M6)", model, X, "xgboost pred_interactions", 100, theirs


def catboost_case(n_trees, depth, n_rows):
    import catboost

    X, y = forests.table()
    model = catboost.CatBoostRegressor(iterations=n_trees, depth=depth, verbose=0, thread_count=1, random_seed=0)
    model.fit(X, y)
    pool = catboost.Pool(X[:n_rows])

    def theirs():
        return model.get_feature_importance(pool, type="ShapInteractionValues", thread_count=1)[:, :-1, :-1]

    return f"CatBoost {n_trees} x depth {depth}", model, X[:4000], "catboost ShapInteractionValues", n_rows, theirs


def main():
    measuring.environment("ferroshap", "xgboost-cpu", "catboost")
    lines = []
    makers = [xgboost_case, functools.partial(catboost_case, 500, 6, 20), functools.partial(catboost_case, 200, 8, 4)]
    for name, model, X, peer, n_theirs, theirs in (make() for make in makers):
        explainer = ferroshap.TreeExplainer(model)
        peer_values = np.asarray(theirs())
        for dtype in [np.float32, np.float64]:

            def ours(explainer=explainer, X=X, dtype=dtype):
                return explainer.shap_interaction_values(X, n_jobs=1, dtype=dtype, silent=True)

            found = ours()[:n_theirs]
            times = measuring.interleaved({"ours": ours, "theirs": theirs}, 3)
            us, them = (measuring.median(times[who]) for who in ("ours", "theirs"))
            difference = np.abs(found - peer_values).max() / np.abs(peer_values).max()
            each = [f"{us / len(X) * 1e6:.1f}", f"{them / n_theirs * 1e6:,.0f}"]
            lines.append(
                [
                    name,
                    np.dtype(dtype).name,
                    *each,
                    peer,
                    f"{them / n_theirs / (us / len(X)):,.0f}",
                    f"{difference:.0e}",
                ]
            )
    measuring.table(["model", "dtype", "ours us a row", "peer us a row", "peer", "peer / ours", "difference"], lines)


if __name__ == "__main__":
    main()
