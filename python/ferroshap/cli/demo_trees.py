"""Gradient boosting on real data, exactly: a prediction that adds up, a probability, interactions, pictures."""

import importlib.util
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import ferroshap
from ferroshap.cli.demo import WIDTH, drawn, heading

Floats = npt.NDArray[np.float64]

SHOWN = 6  # features and pairs that are listed
REPEATS = 3  # the fastest of so many calls is reported


@dataclass(frozen=True)
class Case:
    """A fitted classifier, the rows it was fitted on, rows it has not seen, and whether it was right on them."""

    model: Any
    train: Floats
    test: Floats
    names: list[str]
    target: npt.NDArray[np.int64]
    accuracy: float


def run(out: Path) -> Iterator[str]:
    """Explain the model and draw the pictures into `out`; yield the report line by line as it comes."""
    case = fit()
    yield from _title(case)
    explainer = ferroshap.TreeExplainer(case.model, feature_names=case.names)
    explanation = explainer(case.test)
    row = int(np.argmin(np.abs(case.model.decision_function(case.test))))  # the one that is hardest to tell
    yield from _prediction(case, explainer, explanation, row)
    yield from _probability(case, row)
    yield from _interactions(case, explainer)
    yield from _times(case, explainer)
    yield from _pictures(explanation, row, out)


def fit() -> Case:
    """Fit gradient boosting to three quarters of scikit-learn's breast cancer table."""
    from sklearn.datasets import load_breast_cancer
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.model_selection import train_test_split

    data = load_breast_cancer()
    train, test, train_target, test_target = train_test_split(data.data, data.target, random_state=0)
    model = HistGradientBoostingClassifier(max_iter=100, max_leaf_nodes=8, random_state=0).fit(train, train_target)
    names = [str(name) for name in data.feature_names]
    return Case(model, train, test, names, train_target, float(model.score(test, test_target)))


def _title(case: Case) -> Iterator[str]:
    n_train, n_test = len(case.train), len(case.test)
    yield ""
    yield f"  ferroshap {ferroshap.__version__}: an ensemble of trees, explained exactly"
    yield "  " + "=" * (WIDTH - 2)
    yield f"  Data    {n_train + n_test} tumours with {len(case.names)} measurements each, benign or malignant"
    yield "          (bundled with scikit-learn)"
    yield f"  Model   {type(case.model).__name__}, fitted to {n_train} of them; right about"
    yield f"          {case.accuracy:.0%} of the other {n_test}, which are explained here"


def _prediction(case: Case, explainer: Any, explanation: Any, row: int) -> Iterator[str]:
    """Lines of the table that adds up, on the scale of the trees: log-odds of "benign"."""
    values, base = explanation.values[row], float(explanation.base_values[row])
    yield from heading("1. One prediction, exactly: it adds up")
    plan, n_all = explainer.plan.details, f"2^{len(values)}"
    yield f"  {plan['trees']} trees of {plan['leaves']:,} leaves: no coalition is played, none of {n_all} left out."
    yield f"  Tumour {row} is the closest call of all (log-odds of benign):"
    yield ""
    yield f"  {'':<26}{'measured':>10}{'value':>12}"
    yield f"  {'average of training':<26}{'':>10}{base:>12.4f}"
    order = np.argsort(-np.abs(values), kind="stable")
    longest = float(np.abs(values).max())
    for player in order[:SHOWN]:
        bar = "#" * round(34 * abs(float(values[player])) / longest)
        measured = float(case.test[row, player])
        yield f"  {case.names[player]:<26}{measured:>10.4g}{values[player]:>+12.4f}   {bar}".rstrip()
    rest = float(values[order[SHOWN:]].sum())
    yield f"  {f'{len(values) - SHOWN} others':<26}{'':>10}{rest:>+12.4f}"
    total, predicted = base + float(values.sum()), float(case.model.decision_function(case.test[[row]])[0])
    yield f"  {'':<26}{'':>10}{'-' * 9:>12}"
    yield f"  {'sum':<26}{'':>10}{total:>12.4f}"
    yield f"  {'the model predicts':<26}{'':>10}{predicted:>12.4f}   difference {abs(total - predicted):.0e}"
    all_predicted = case.model.decision_function(case.test)
    gap = np.abs(explanation.base_values + explanation.values.sum(axis=1) - all_predicted).max()
    yield ""
    yield f"  All {len(case.test)} tumours: largest difference {gap:.0e}"


def _probability(case: Case, row: int) -> Iterator[str]:
    """Lines about the probability, against the fitted tumours as a background."""
    explainer = ferroshap.TreeExplainer(case.model, case.train, model_output="probability", feature_names=case.names)
    explanation = explainer(case.test)
    predicted = case.model.predict_proba(case.test)[:, 1]
    gap = np.abs(explanation.base_values + explanation.values.sum(axis=1) - predicted).max()
    values = explanation.values[row]
    yield from heading("2. The probability itself, against all fitted tumours")
    yield f"  Absent measurements come from all {len(case.train)} fitted tumours, which are benign with"
    yield f"  {float(explainer.expected_value):.1%} on average; tumour {row} with {predicted[row]:.1%}:"
    yield ""
    for player in np.argsort(-np.abs(values), kind="stable")[:SHOWN]:
        yield f"  {case.names[player]:<26}{100 * values[player]:>+11.2f} points"
    yield ""
    yield f"  All {len(case.test)} tumours: largest difference from predict_proba {gap:.0e}"


def _interactions(case: Case, explainer: Any) -> Iterator[str]:
    """Lines of the pairs that matter most."""
    matrix = explainer.shap_interaction_values(case.test, reduce="mean_abs")
    matrices = explainer.shap_interaction_values(case.test)
    gap = np.abs(matrices.sum(axis=2) - explainer.shap_values(case.test)).max()
    upper = np.triu(2.0 * matrix, k=1)
    yield from heading("3. Which measurements speak only together")
    yield f"  {'mean |interaction|':>38}"
    for place in np.argsort(-upper, axis=None, kind="stable")[:SHOWN]:
        first, second = divmod(int(place), len(case.names))
        yield f"  {upper[first, second]:>14.4f}   {case.names[first]} and {case.names[second]}"
    yield ""
    yield f"  Rows of the matrices sum to the values: largest difference {gap:.0e}"


def _times(case: Case, explainer: Any) -> Iterator[str]:
    """Lines of times, beside XGBoost's own where it is installed."""
    yield from heading("4. What it takes")
    rows = np.tile(case.test, (20, 1))
    yield _time(f"values of {len(rows):,} tumours", lambda: explainer.shap_values(rows))
    yield _time(
        f"all {len(case.names)} x {len(case.names)} interactions of {len(case.test)}",
        lambda: explainer.shap_interaction_values(case.test),
    )
    yield _time("one tumour", lambda: explainer.shap_values(case.test[:1]))
    over = ferroshap.TreeExplainer(case.model, case.train)
    over.shap_values(case.test[:1])
    yield _time(f"values of {len(rows):,} against {len(case.train)} fitted ones", lambda: over.shap_values(rows))
    if importlib.util.find_spec("xgboost") is not None:
        yield from _beside_xgboost(case, rows)


def _beside_xgboost(case: Case, rows: Floats) -> Iterator[str]:
    """The same table through XGBoost, which computes values of its own."""
    import xgboost

    model = xgboost.XGBClassifier(n_estimators=100, max_depth=6, random_state=0, n_jobs=1).fit(case.train, case.target)
    explainer = ferroshap.TreeExplainer(model)
    matrix = xgboost.DMatrix(rows)
    booster = model.get_booster()
    theirs = booster.predict(matrix, pred_contribs=True)[:, :-1]
    ours = explainer.shap_values(rows)
    yield ""
    yield f"  XGBoost {xgboost.__version__} computes these values itself. A model of its own, one thread:"
    yield _time("its pred_contribs", lambda: booster.predict(matrix, pred_contribs=True))
    yield _time("TreeExplainer", lambda: explainer.shap_values(rows, n_jobs=1))
    yield f"  {'largest difference':<46}{np.abs(ours - theirs).max():>12.0e}"


def _time(what: str, work: Callable[[], object]) -> str:
    seconds = []
    for _ in range(REPEATS):
        begun = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - begun)
    return f"  {what:<46}{1e3 * min(seconds):>12,.2f} ms"


def _pictures(explanation: Any, row: int, out: Path) -> Iterator[str]:
    yield from heading("5. Pictures")
    plots = ferroshap.plots
    yield from drawn(
        out,
        [
            ("trees_waterfall", f"how tumour {row} came to its log-odds", plots.waterfall, explanation[row]),
            ("trees_bar", "which measurements matter most, on average", plots.bar, explanation),
            ("trees_beeswarm", "every tumour and every measurement", plots.beeswarm, explanation),
        ],
    )
