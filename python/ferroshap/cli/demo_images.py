"""Images: a network explained by its gradients, the same without them, and a photograph where PyTorch is installed."""

import contextlib
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import ferroshap
from ferroshap.cli import demo_photograph
from ferroshap.cli.demo import WIDTH, heading

Floats = npt.NDArray[np.float64]

SIDE = 8  # pixels along a side of a digit
GRADIENTS, NODES = 1024, 64  # gradients a digit; places on each path for the values that it is compared with
BACKGROUND = 100
EVALUATIONS = 200
SHOWN = 3  # outputs that are listed and drawn


@dataclass(frozen=True)
class Case:
    """A fitted classifier of digits, the rows it was fitted on, rows it has not seen, and how often it is right."""

    model: Any
    train: Floats  # (rows, 64), ink between 0 and 1
    test: Floats
    accuracy: float
    row: int  # the one that is explained
    classes: list[int]  # the likeliest for it, first to last


def run(out: Path, *, photograph: bool | None = None) -> Iterator[str]:
    """Explain digits, then a photograph; pictures go to the folder `out`; yield the report line by line as it comes.

    `photograph`: None explains one where the libraries for it are installed.
    """
    out.mkdir(parents=True, exist_ok=True)
    case = fit()
    yield from _title(case)
    by_gradients = yield from _gradients(case)
    by_regions = yield from _regions(case)
    pictures = [
        ("images_gradients.png", "what each pixel did, by the gradients", by_gradients),
        ("images_regions.png", "the same, without gradients", by_regions),
    ]
    if photograph or (photograph is None and not demo_photograph.missing_packages()):
        found = yield from demo_photograph.report(heading)
        pictures += found
    elif photograph is None:
        yield from heading("3. A photograph")
        yield f"  Left out: it needs {' '.join(demo_photograph.missing_packages())}."
    yield from heading("Pictures")
    for name, what, explanation in pictures:
        path = out / name
        explanation.to_png(path)
        yield f"  {path!s:<34}  {what}"
    yield from _drawn(out, pictures[-1][2])
    yield ""


def fit() -> Case:
    """Fit a small network to three quarters of scikit-learn's digits; choose the one it is least sure of."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split
    from sklearn.neural_network import MLPClassifier

    ink, digit = load_digits(return_X_y=True)
    train, test, train_digit, test_digit = train_test_split(ink / 16.0, digit, random_state=0)
    model = MLPClassifier((64, 32), learning_rate_init=5e-3, alpha=1e-2, max_iter=500, random_state=0)
    model.fit(train, train_digit)
    likely = np.sort(model.predict_proba(test), axis=1)
    row = int(np.argmin(likely[:, -1] - likely[:, -2]))
    classes = np.argsort(-model.predict_proba(test[[row]])[0], kind="stable")[:SHOWN].tolist()
    return Case(model, train, test, float(model.score(test, test_digit)), row, classes)


def of_pixels(explanation: Any) -> Any:
    """Give values of 64 features the shape of the image: ``(rows, 8, 8, outputs)``."""
    n_rows, _, n_outputs = explanation.shape
    return ferroshap.Explanation(
        explanation.values.reshape(n_rows, SIDE, SIDE, n_outputs),
        explanation.base_values,
        explanation.data.reshape(n_rows, SIDE, SIDE),
        output_names=explanation.output_names,
        gap=explanation.gap,
        relative_error=explanation.relative_error,
        axes=("row", "feature", "feature", "output"),
    )


def _title(case: Case) -> Iterator[str]:
    n_train, n_test = len(case.train), len(case.test)
    first, second = case.classes[:2]
    yield ""
    yield f"  ferroshap {ferroshap.__version__}: images, with and without gradients"
    yield "  " + "=" * (WIDTH - 2)
    yield f"  Data    {n_train + n_test:,} handwritten digits of 8 x 8 pixels (bundled with scikit-learn)"
    yield f"  Model   {type(case.model).__name__}, fitted to {n_train:,} of them; right about {case.accuracy:.0%}"
    yield f"          of the other {n_test}. Number {case.row} is the closest call of all: {first} or {second}?"


def _gradients(case: Case) -> Generator[str, None, Any]:
    """Lines about expected gradients; returns their Explanation."""
    from ferroshap.gradients import ExpectedGradients, Quadrature

    background, rows = case.train[:BACKGROUND], case.test[[case.row]]
    names = [f"digit {k}" for k in case.model.classes_]
    explainer = ferroshap.GradientExplainer(
        case.model, background, method=ExpectedGradients(budget=GRADIENTS), output_names=names
    )
    begun = time.perf_counter()
    explanation = explainer(rows, outputs=case.classes)
    seconds = time.perf_counter() - begun
    dense = ferroshap.GradientExplainer(case.model, background, method=Quadrature(nodes=NODES), output_names=names)
    exact = dense(rows, outputs=case.classes).values[0]
    difference = explanation.values[0] - exact
    error = np.sqrt((difference**2).sum(axis=0) / (exact**2).sum(axis=0))
    yield from heading("1. Expected gradients: it adds up, and says how rough it is")
    yield f"  {GRADIENTS:,} gradients of each output on the straight paths from {BACKGROUND} digits to this one,"
    yield f"  {1e3 * seconds:.0f} ms with the network's own time."
    yield ""
    yield f"  {'':<26}" + "".join(f"{name:>14}" for name in explanation.output_names)
    base, total = explanation.base_values[0], explanation.values[0].sum(axis=0)
    yield _line("average of background", base)
    yield _line("sum of the 64 values", total, signed=True)
    predicted = case.model.predict_proba(rows)[0, case.classes]
    yield _line("the network predicts", predicted)
    yield f"  {'largest difference':<26}{np.abs(base + total - predicted).max():>14.0e}"
    yield ""
    yield _line("gap before it was shared", explanation.gap[0], signed=True)
    yield _percent("error it states", explanation.relative_error[0])
    yield _percent("error it has", error)
    yield ""
    yield f"  The last line compares with {NODES} places on each path, {NODES * BACKGROUND:,} gradients."
    return of_pixels(explanation)


def _regions(case: Case) -> Generator[str, None, Any]:
    """Lines about regions hidden from the network; returns their Explanation."""
    digits = case.test[[case.row]].reshape(1, SIDE, SIDE)

    def network(images: Floats) -> Floats:
        probabilities: Floats = case.model.predict_proba(images.reshape(len(images), -1))
        return probabilities

    names = [f"digit {k}" for k in case.model.classes_]
    masker = ferroshap.maskers.Image(0.0, (SIDE, SIDE))
    explainer = ferroshap.PartitionExplainer(network, masker, output_names=names)
    begun = time.perf_counter()
    explanation = explainer(digits, max_evals=EVALUATIONS, outputs=case.classes)
    seconds = time.perf_counter() - begun
    base, total = explanation.base_values[0], explanation.values[0].sum(axis=(0, 1))
    predicted = network(digits)[0, case.classes]
    yield from heading("2. Without gradients: regions hidden from the network, any function of images will do")
    yield "  A tree of regions that follows the ink, split where most is at stake; hidden ink is 0."
    yield f"  {int(explanation.n_evaluations[0])} calls for all outputs together, {1e3 * seconds:.0f} ms."
    yield ""
    yield f"  {'':<26}" + "".join(f"{name:>14}" for name in explanation.output_names)
    yield _line("without any ink", base)
    yield _line("sum of the values", total, signed=True)
    yield _line("the network predicts", predicted)
    yield f"  {'largest difference':<26}{np.abs(base + total - predicted).max():>14.0e}"
    return explanation


def _line(name: str, numbers: Any, *, signed: bool = False) -> str:
    return f"  {name:<26}" + "".join(f"{number:>{'+' if signed else ''}14.4f}" for number in numbers)


def _percent(name: str, parts: Any) -> str:
    return f"  {name:<26}" + "".join(f"{100.0 * part:>12.1f} %" for part in parts)


def _drawn(out: Path, explanation: Any) -> Iterator[str]:
    """Draw the last picture with matplotlib too."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    axes = ferroshap.plots.image(explanation, show=False)
    path = out / "images_plot.png"
    axes[0, 0].figure.savefig(path, dpi=120)
    with contextlib.suppress(ValueError):
        plt.close(axes[0, 0].figure)
    yield f"  {path!s:<34}  the last of them by plots.image"
