"""A real model on real data: one prediction that adds up, the sampled values beside it, three pictures."""

import importlib.util
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import ferroshap

Floats = npt.NDArray[np.float64]

# What the ten columns of the diabetes table are (Efron, Hastie, Johnstone and Tibshirani, 2004).
MEASUREMENTS = [
    "age",
    "sex",
    "body mass index",
    "blood pressure",
    "total cholesterol",
    "LDL cholesterol",
    "HDL cholesterol",
    "cholesterol ratio",
    "log triglycerides",
    "blood sugar",
]
BUDGET = 256  # evaluations for the sampled values; the exact ones take 2^10 = 1,024
ROWS_PER_EVAL = 100  # background rows in turn, where an evaluation does not take all of them
WIDTH = 88


def missing_libraries() -> list[str]:
    """Names, as `pip` knows them, of the libraries that the demonstration lacks."""
    needed = {"sklearn": "scikit-learn", "matplotlib": "matplotlib"}
    return [package for module, package in needed.items() if importlib.util.find_spec(module) is None]


class CountedModel:
    """A model's `predict` that counts the rows it was given."""

    def __init__(self, model: Any) -> None:
        """Wrap a fitted scikit-learn regressor."""
        self.model = model
        self.n_rows = 0

    def __call__(self, rows: Floats) -> Floats:
        """Predict, and count: `(rows, features)` to `(rows,)`."""
        self.n_rows += len(rows)
        predicted: Floats = self.model.predict(rows)
        return predicted


@dataclass(frozen=True)
class Case:
    """A fitted model, the rows it was fitted on, and rows it has not seen."""

    model: Any
    train: Floats  # (rows, features)
    test: Floats
    r_squared: float


@dataclass(frozen=True)
class Answer:
    """An explanation and what it cost."""

    explanation: Any
    model_rows: int
    seconds: float


def run(out: Path) -> Iterator[str]:
    """Explain, and yield the lines of the report as they are known; the pictures go to the folder `out`."""
    case = fit()
    yield from _title(case)
    exact = explain(case, "ExactExplainer", case.test)
    row = int(np.argmax(exact.explanation.values.sum(axis=1)))  # the patient whose outlook is the worst
    yield from _prediction(case, exact, row)
    sampled = {
        "kernel": explain(case, "KernelExplainer", case.test[[row]], rows_per_eval=None),
        "permutation": explain(case, "PermutationExplainer", case.test[[row]], rows_per_eval=ROWS_PER_EVAL),
    }
    yield from _comparison(case, exact.explanation.values[row], sampled)
    yield from _pictures(exact.explanation, row, out)


def fit() -> Case:
    """Fit gradient boosting to three quarters of scikit-learn's diabetes table."""
    from sklearn.datasets import load_diabetes
    from sklearn.ensemble import GradientBoostingRegressor
    from sklearn.model_selection import train_test_split

    table, progression = load_diabetes(return_X_y=True, scaled=False)
    train, test, train_target, test_target = train_test_split(table, progression, random_state=0)
    model = GradientBoostingRegressor(n_estimators=40, subsample=0.5, random_state=0)
    model.fit(train, train_target)
    return Case(model, train, test, model.score(test, test_target))


def explain(case: Case, front_door: str, rows: Floats, **options: Any) -> Answer:
    """Explain `rows` with one of our explainers, over the whole background, and keep count."""
    model = CountedModel(case.model)
    explainer = getattr(ferroshap, front_door)(model, case.train, feature_names=MEASUREMENTS, **options)
    model.n_rows = 0  # the base value was paid for once, above
    budget = {"KernelExplainer": {"nsamples": BUDGET}, "PermutationExplainer": {"max_evals": BUDGET}}
    begun = time.perf_counter()
    explanation = explainer(rows, **budget.get(front_door, {}))
    return Answer(explanation, model.n_rows, time.perf_counter() - begun)


def _title(case: Case) -> Iterator[str]:
    n_train, n_test = len(case.train), len(case.test)
    yield ""
    yield f"  ferroshap {ferroshap.__version__}: Shapley values of a real model on real data"
    yield "  " + "=" * (WIDTH - 2)
    yield f"  Data    {n_train + n_test} diabetes patients with ten measurements each, and how far the"
    yield "          disease had moved a year later (bundled with scikit-learn)"
    yield f"  Model   {type(case.model).__name__}, fitted to {n_train} of the patients;"
    yield f"          R2 = {case.r_squared:.2f} on the other {n_test}, who are explained here"


def heading(text: str) -> Iterator[str]:
    """Give the lines of a heading."""
    yield ""
    yield f"  {text}"
    yield "  " + "-" * (WIDTH - 2)


def _prediction(case: Case, exact: Answer, row: int) -> Iterator[str]:
    """Lines of the table that adds up: base value, a line a measurement by size, prediction."""
    values, base = exact.explanation.values[row], float(exact.explanation.base_values[row])
    n_rows, n_players = exact.explanation.values.shape
    yield from heading("1. One prediction, exactly: it adds up")
    yield f"  All 2^{n_players} = {2**n_players:,} coalitions of measurements, each averaged over all"
    yield f"  {len(case.train)} fitted patients: {exact.model_rows:,} model rows for the {n_rows} others,"
    yield f"  {exact.seconds:.1f} s with the model's own time. Patient {row} has the worst outlook of them:"
    yield ""
    yield f"  {'':<22}{'measured':>10}{'value':>12}"
    yield f"  {'average prediction':<22}{'':>10}{base:>12.3f}"
    longest = float(np.abs(values).max())
    for player in np.argsort(-np.abs(values), kind="stable"):
        bar = "#" * round(36 * abs(float(values[player])) / longest)
        measured = float(case.test[row, player])
        yield f"  {MEASUREMENTS[player]:<22}{measured:>10.4g}{values[player]:>+12.3f}   {bar}".rstrip()
    total = base + float(values.sum())
    predicted = float(case.model.predict(case.test[[row]])[0])
    yield f"  {'':<22}{'':>10}{'-' * 9:>12}"
    yield f"  {'sum':<22}{'':>10}{total:>12.3f}"
    yield f"  {'the model predicts':<22}{'':>10}{predicted:>12.3f}   difference {abs(total - predicted):.0e}"


def _comparison(case: Case, exact: Floats, sampled: dict[str, Answer]) -> Iterator[str]:
    """Lines of the table of sampled values, each with its standard error, beside the exact ones."""
    yield from heading("2. The same prediction, sampled: every number says how far it may be off")
    yield f"  {'':<22}{'exact':>10}" + "".join(f"{name:>16}{'std. error':>14}" for name in sampled)
    explanations = [answer.explanation for answer in sampled.values()]
    for player in np.argsort(-np.abs(exact), kind="stable"):
        cells = "".join(f"{e.values[0, player]:>+16.3f}{e.std_errors[0, player]:>14.3f}" for e in explanations)
        yield f"  {MEASUREMENTS[player]:<22}{exact[player]:>+10.3f}{cells}"
    yield ""
    evaluations = [int(np.sum(e.n_evaluations)) for e in explanations]
    yield _counts("evaluations", 2 ** len(exact), evaluations)
    yield _counts("model rows", 2 ** len(exact) * len(case.train), [a.model_rows for a in sampled.values()])
    yield ""
    yield f"  Kernel averages every coalition over all {len(case.train)} fitted patients,"
    yield f"  permutation over {ROWS_PER_EVAL} of them in turn."


def _counts(name: str, exact: int, sampled: list[int]) -> str:
    cells = (" " * 14).join(f"{count:>16,}" for count in sampled)
    return f"  {name:<22}{exact:>10,}{cells}"


def _pictures(exact: Any, row: int, out: Path) -> Iterator[str]:
    """Draw the three pictures and say where they are."""
    yield from heading("3. Pictures")
    plots = ferroshap.plots
    yield from drawn(
        out,
        [
            ("waterfall", f"how patient {row} came to this prediction", plots.waterfall, exact[row]),
            ("bar", "which measurements matter most, on average", plots.bar, exact),
            ("beeswarm", "every patient and every measurement", plots.beeswarm, exact),
        ],
    )


def drawn(out: Path, pictures: list[tuple[str, str, Any, Any]]) -> Iterator[str]:
    """Draw pictures (file, what it shows, plot, explanation) and say where they are."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    out.mkdir(parents=True, exist_ok=True)
    for name, what, draw, shown in pictures:
        figure = plt.figure()
        draw(shown, show=False)
        path = out / f"{name}.png"
        figure.savefig(path, dpi=200)
        plt.close(figure)
        yield f"  {path!s:<30}  {what}"
    yield ""
