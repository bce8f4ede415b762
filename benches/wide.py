"""The question: what error does a budget buy with ten thousand features of any model, at what time and memory.

Three games with known values, one baseline row: linear effects of heavy tails with sparse interactions of two to four
features; boosted trees (XGBoost, 200 of depth 4) of which most features are never asked about; a logistic model of one
word in twenty. Error is |phi_hat - phi|^2 / |phi|^2, the geometric mean over games. Every method has the same number of
evaluations; below 2 n nobody but screening has an answer better than every player alone.

`python benches/wide.py error` (n = 1,500 and 4,000), `peers` (n = 10,000 beside shap: time, error and peak memory, each
in a process of its own), `text` (documents as sparse rows, rows a second beside shap).
"""

import subprocess
import sys
import time
import warnings
from pathlib import Path

import numpy as np

import ferroshap
from ferroshap import estimators

SEEDS = 3


def heavy(n, seed):
    """Linear with tails of Student's t (1.5), and n / 50 sets of two to four."""
    rng = np.random.default_rng(seed)
    weights = rng.standard_t(1.5, size=n)
    weights /= np.linalg.norm(weights)
    chances = np.abs(weights) / np.abs(weights).sum()
    n_sets = n // 50
    sets = [rng.choice(n, rng.integers(2, 5), replace=False, p=chances) for _ in range(n_sets)]
    gains = rng.normal(size=n_sets) * 0.5 / np.sqrt(n_sets)
    values = weights.copy()
    for members, gain in zip(sets, gains, strict=True):
        values[members] += gain / len(members)

    def model(table):
        worths = table @ weights
        for members, gain in zip(sets, gains, strict=True):
            worths = worths + gain * (table[:, members] > 0).all(axis=1)
        return worths

    return model, np.ones(n), values


def words(n, seed):
    """The logistic function of one feature in twenty; values by quadrature over how many are present."""
    rng = np.random.default_rng(seed)
    weights, who = np.zeros(n), rng.choice(n, n // 20, replace=False)
    weights[who] = rng.laplace(size=len(who))
    weights *= 2.0 / np.linalg.norm(weights)
    own = weights[who]
    values, shares = np.zeros(n), (np.arange(40_000) + 0.5) / 40_000
    for part in np.array_split(shares, 20):
        present = rng.random((len(part), len(own))) < part[:, None]
        without = (present @ own)[:, None] - present * own - 0.5
        values[who] += (_logistic(without + own) - _logistic(without)).sum(axis=0) / 40_000
    values[who] += (_logistic(own.sum() - 0.5) - _logistic(-0.5) - values.sum()) / len(who)
    return lambda table: _logistic(table @ weights - 0.5), np.ones(n), values


def boosted(n, seed):
    """Boosted trees on 1,500 rows, of which a hundred features matter; values by the tree engine."""
    import xgboost

    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(1_500, n)).astype(np.float32)
    who = rng.choice(n, 100, replace=False)
    answers = rows[:, who] @ rng.standard_t(2, size=100) + 2.0 * rows[:, who[0]] * rows[:, who[1]]
    model = xgboost.XGBRegressor(n_estimators=200, max_depth=4, learning_rate=0.1, colsample_bytree=0.3, n_jobs=2)
    model.fit(rows, answers + rng.normal(size=1_500))
    values = ferroshap.TreeExplainer(model, np.zeros((1, n), np.float32)).shap_values(rows[:1])[0]
    booster = model.get_booster()
    return lambda table: booster.inplace_predict(np.asarray(table, np.float32)), rows[0].astype(float), values


GAMES = {"heavy tails": heavy, "boosted trees": boosted, "few words": words}
METHODS = {
    "screened": estimators.Screened(),
    "automatic": estimators.Auto(),
    "orders": estimators.Permutation(),
    "least squares": estimators.Leverage(),
}


def _logistic(numbers):
    return 1.0 / (1.0 + np.exp(-numbers))


def _missed(values, truth):
    return np.sum((values - truth) ** 2) / np.sum(truth**2)


def errors():
    print("| players | game | evaluations | " + " | ".join(METHODS) + " | nothing (equal shares) |")
    print("|---|---|---|" + "---|" * (len(METHODS) + 1))
    for n in (1_500, 4_000):
        for name, make in GAMES.items():
            games = [make(n, seed) for seed in range(SEEDS)]
            for times in (0.25, 0.5, 1.0, 2.0, 4.0):
                cells = []
                for method in METHODS.values():
                    found = [_error_of(method, game, n, int(times * n), seed) for seed, game in enumerate(games)]
                    cells.append("-" if None in found else f"{np.exp(np.mean(np.log(found))):.2g}")
                equal = np.exp(np.mean([np.log(_missed(np.full(n, t.sum() / n), t)) for _, _, t in games]))
                print(f"| {n:,} | {name} | {times} n | " + " | ".join(cells) + f" | {equal:.2g} |", flush=True)


def _error_of(method, game, n, budget, seed):
    model, row, truth = game
    least = method.least_budget(n)
    if budget < least or (budget < n + 2 and not isinstance(method, estimators.Screened)):
        return None
    if isinstance(method, estimators.Leverage) and budget < 3 * n:
        return None  # a ridge by eigenvectors of all players: minutes, and worse than every player alone
    found = ferroshap.estimate(
        lambda coalitions: model(np.where(coalitions, row, 0.0)),
        method,
        n_players=n,
        budget=budget,
        rng=seed,
        batch_size=512,
    )
    return _missed(found.values, truth)


def _peak():
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def peer(which, times):
    """One explanation of one row of 10,000 features, in this process alone."""
    n = 10_000
    model, row, truth = heavy(n, 0)
    background, budget = np.zeros((1, n)), int(float(times) * n)
    before, start = _peak(), time.perf_counter()
    if which == "ferroshap screened":
        values = ferroshap.KernelExplainer(model, background, method="screened")(row, nsamples=budget - 2).values
    elif which == "ferroshap automatic":
        values = ferroshap.KernelExplainer(model, background)(row, nsamples=budget - 2).values
    elif which == "ferroshap orders":
        values = ferroshap.PermutationExplainer(model, background)(row, max_evals=budget).values
    elif which == "shap Permutation":
        import shap

        values = shap.PermutationExplainer(model, background)(row[None], max_evals=budget, silent=True).values[0]
    else:
        import shap

        values = shap.KernelExplainer(model, background).shap_values(row, nsamples=budget - 2, l1_reg=0, silent=True)
    seconds = time.perf_counter() - start
    print(f"| {which} | {times} n | {_missed(values, truth):.2g} | {seconds:.1f} s | {_peak() - before:,.0f} MB |")


def peers():
    print("| n = 10,000 | evaluations | error | time | peak beyond the start |")
    print("|---|---|---|---|---|")
    for which, times in [
        ("ferroshap screened", "0.25"),
        ("ferroshap screened", "0.5"),
        ("ferroshap screened", "1.0"),
        ("ferroshap screened", "2.1"),
        ("ferroshap automatic", "1.1"),
        ("ferroshap automatic", "2.1"),
        ("ferroshap orders", "2.1"),
        ("shap Permutation", "2.1"),
        ("shap Kernel", "2.1"),
    ]:
        command = [sys.executable, "-W", "ignore", __file__, "peer", which, times]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=500, check=False)
            said = done.stdout.strip() or f"| {which} | {times} n | failed: {done.stderr.strip()[-90:]} | | |"
        except subprocess.TimeoutExpired:
            said = f"| {which} | {times} n | not done after 500 s | | |"
        print(said, flush=True)


def text():
    """Rows a second for documents of 80 words among 20,000, against the empty document, at equal evaluations."""
    import scipy.sparse
    from sklearn.linear_model import LogisticRegression

    n, n_words, rng = 20_000, 80, np.random.default_rng(0)

    def documents(count):
        columns = np.concatenate([np.sort(rng.choice(n, n_words, replace=False)) for _ in range(count)])
        starts = n_words * np.arange(count + 1)
        return scipy.sparse.csr_matrix((rng.random(count * n_words) + 0.1, columns, starts), shape=(count, n))

    fitted = documents(400)
    model = LogisticRegression().fit(fitted, fitted @ rng.normal(size=n) > 0)
    rows, empty, budget = documents(20), scipy.sparse.csr_matrix((1, n)), 2_049
    print("| documents of 80 words among 20,000, 2,049 evaluations each | rows a second |")
    print("|---|---|")
    sparse = ferroshap.PermutationExplainer(model.predict_proba, empty)
    dense = ferroshap.PermutationExplainer(model.predict_proba, np.zeros((1, n)))
    print(f"| ferroshap Permutation, sparse | {_rate(rows, sparse, budget):.2f} |", flush=True)
    print(f"| the same, dense | {_rate(rows[:2].toarray(), dense, budget):.2f} |", flush=True)
    start = time.perf_counter()
    import shap

    try:
        shap.KernelExplainer(model.predict_proba, empty).shap_values(
            rows[:1], nsamples=budget - 2, l1_reg=0, silent=True
        )
        print(f"| shap Kernel, sparse | {1 / (time.perf_counter() - start):.2f} |", flush=True)
    except Exception as error:  # noqa: BLE001 - whatever it says belongs into the table
        print(f"| shap Kernel, sparse | {type(error).__name__}: {str(error)[:80]} |", flush=True)
    start = time.perf_counter()
    explainer = shap.PermutationExplainer(model.predict_proba, np.zeros((1, n)))
    explainer(rows[:1].toarray(), max_evals=2 * n + 1, silent=True)
    print(f"| shap Permutation, dense (40,001 evaluations, its least) | {1 / (time.perf_counter() - start):.2f} |")


def _rate(rows, explainer, budget):
    start = time.perf_counter()
    explainer(rows, max_evals=budget, silent=True)
    return rows.shape[0] / (time.perf_counter() - start)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    asked = sys.argv[1:] or ["error", "peers", "text"]
    if asked[0] == "peer":
        peer(asked[1], asked[2])
    else:
        for part in asked:
            {"error": errors, "peers": peers, "text": text}[part]()
            print()
