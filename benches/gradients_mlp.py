"""The question: how many gradients iid sampling needs for the error of `GradientExplainer`; no framework is needed.

Digits, scikit-learn's MLP of 64 and 32 ReLU units with analytic gradients, 128 background rows; the output of the
predicted class, as a logit and as a probability. The reference is a quadrature of 64 nodes over all background rows.
Errors are relative and pooled over features, rows and seeds. Beside them: what standard errors say of the true errors,
how often 90 % intervals hold the truth, and what the library costs beyond the bare gradients of a tiny net.
`python gradients_mlp.py 20 30` are rows and seeds. Needs no network and no torch.
"""

import functools
import sys
import time
import warnings

import measuring
import numpy as np
from sklearn.datasets import load_digits
from sklearn.neural_network import MLPClassifier, MLPRegressor

import ferroshap
from ferroshap.gradients import ExpectedGradients, MLPGradFn, Quadrature
from ferroshap.gradients.batches import batch_points

warnings.simplefilter("ignore")
POINTS = [16, 32, 64, 128, 256, 512]
BACKGROUNDS = [128, 16]


def iid(grad_fn, rows, background, outputs, n_points, rng):
    """What shap and captum do: a random background row and a random place for every gradient."""
    b, alpha = rng.integers(0, len(background), (len(rows), n_points)), rng.random((len(rows), n_points, 1))
    d = rows[:, None] - background[b]
    z = (background[b] + alpha * d).reshape(-1, rows.shape[1])
    gradient = grad_fn.gradient((z,), np.repeat(outputs, n_points, axis=0))[1][0]
    return (gradient.reshape(d.shape) * d).mean(axis=1)


def accuracy(n_rows, n_seeds):
    """Print the table of errors."""
    X, y = load_digits(return_X_y=True)
    X = X / 16
    model = MLPClassifier((64, 32), max_iter=60, random_state=0).fit(X[:1500], y[:1500])
    print(f"net: {model.score(X[1500:], y[1500:]):.0%} right; {n_rows} rows x {n_seeds} seeds\n")
    rng = np.random.default_rng(0)
    rows = X[1500 : 1500 + n_rows]
    lines = []
    for n_background in BACKGROUNDS:
        background = X[rng.choice(1500, n_background, replace=False)]
        for output in ["raw", "probability"]:
            grad_fn = MLPGradFn(model, (background,), output=output)
            chosen = grad_fn.forward((rows,)).argmax(axis=1)[:, None]
            ranked = {"ranked_outputs": chosen, "output_rank_order": "custom"}
            truth = ferroshap.GradientExplainer(grad_fn, background, method=Quadrature(nodes=64))(rows, **ranked)
            truth = truth.values[..., 0]
            name = "logit" if output == "raw" else output
            for n_points in POINTS:
                found = compared(grad_fn, rows, background, chosen, ranked, truth, n_points, n_seeds)
                lines.append([n_background, name, n_points, *found])
    head = ["background", "output", "N", "iid error", "no control", "error", "gradients saved", "SE / error"]
    measuring.table([*head, "error <= 2 SE", "90 % intervals hold"], lines)


def compared(grad_fn, rows, background, chosen, ranked, truth, n_points, n_seeds):
    """Errors of iid sampling and of ours, and whether ours are honest."""
    size = np.square(truth).sum()
    plain = ferroshap.GradientExplainer(grad_fn, background, method=ExpectedGradients(control=False))
    ours = ferroshap.GradientExplainer(grad_fn, background)
    sums, said, held, within = np.zeros(3), [], [], []
    for seed in range(n_seeds):
        rng = np.random.default_rng(seed)
        random = iid(grad_fn, rows, background, chosen, n_points, rng)
        found = ours(rows, nsamples=n_points, rseed=seed, **ranked)
        uncontrolled = plain(rows, nsamples=n_points, rseed=seed, **ranked)
        errors = [random - truth, uncontrolled.values[..., 0] - truth, found.values[..., 0] - truth]
        sums += [np.square(error).sum() for error in errors]
        noise = np.square(found.error_std[..., 0]).sum(axis=1)
        true = np.square(errors[2]).sum(axis=1)
        said.append([noise.sum(), true.sum()])
        within.append(true <= 4 * noise)
        low, high = found.confidence_interval(level=0.9)
        varies = found.error_std[..., 0] > 0
        held.append(((low[..., 0] <= truth) & (truth <= high[..., 0]))[varies].mean())
    errors = np.sqrt(sums / n_seeds / size)
    honest = np.sqrt(np.divide(*np.sum(said, axis=0)))
    saved = (errors[0] / errors[2]) ** 2
    shares = [f"{np.mean(within):.0%}", f"{np.mean(held):.0%}"]
    return [*(f"{error:.4f}" for error in errors), f"{saved:.1f}x", f"{honest:.2f}", *shares]


def overhead():
    """Print seconds per gradient beside those of the bare gradient function in the same batches, for MLPs 30-64-T."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(1400, 30))
    lines = []
    for n_outputs, n_rows in [(1, 400), (10, 60)]:
        model = MLPRegressor(hidden_layer_sizes=(64,), max_iter=2, random_state=0).fit(X, X[:, : max(2, n_outputs)])
        grad_fn = MLPGradFn(model)
        explainer = ferroshap.GradientExplainer(grad_fn, X[:100], n_jobs=1)
        batch = batch_points((X,), n_outputs)
        n_batches = 256 * n_rows // batch
        z, wanted = rng.normal(size=(batch, 30)), np.tile(np.arange(n_outputs), (batch, 1))
        rows, outputs = X[100 : 100 + n_batches * batch // 256], list(range(n_outputs))
        timed = {
            "bare": functools.partial(repeated, grad_fn.gradient, n_batches, (z,), wanted),
            "whole": functools.partial(explainer, rows, nsamples=256, outputs=outputs),
        }
        seconds = {name: min(cpu_seconds(function) for _ in range(25)) for name, function in timed.items()}
        per_point = [1e6 * seconds[name] / (256 * len(rows)) for name in ["bare", "whole"]]
        lines.append(
            [n_outputs, batch, *(f"{micro:.2f}" for micro in per_point), f"{per_point[1] / per_point[0]:.2f}x"]
        )
    print("MLP 30-64-T, 100 background rows, 256 points a row; CPU microseconds a point, best of 25:\n")
    measuring.table(["outputs", "batch", "bare gradients", "GradientExplainer", "ratio"], lines)


def repeated(function, times, *args):
    """Call again and again; what is returned goes at once."""
    for _ in range(times):
        function(*args)


def cpu_seconds(function):
    """Processor time of one call: both run in one thread, and a busy machine shall not decide."""
    begun = time.process_time()
    function()
    return time.process_time() - begun


def main():
    n_rows, n_seeds = (int(number) for number in [*sys.argv[1:], 20, 30][:2])
    measuring.environment("scikit-learn")
    overhead()
    accuracy(n_rows, n_seeds)


if __name__ == "__main__":
    main()
