"""The question: how many gradients iid sampling needs for our error, whether errors are honest, what a gradient costs.

Four parts, all of them or those named on the command line:

accuracy   digits nets, 50 rows, 128 background rows; relative RMSE to a dense quadrature (64 Gauss-Legendre nodes on
           each of the 128 paths); iid is (background, position) drawn afresh for every gradient, which is what shap's
           `nsamples` and captum's `n_samples` are, and both are measured beside it
errors     standard errors against true ones: coverage of the 90 % interval a pixel, and pooled size
overhead   time a gradient of one output, over that of a bare loop of forward and backward on batches of the same sizes
device     on the CPU: sums on the model's side against sums by the native module

torch is needed for all of it but the twin (scikit-learn's perceptron); shap and captum are left out where absent.
"""

import sys
import time
import warnings
from functools import partial

import measuring
import numpy as np
from measuring import networks

import ferroshap as fs
from ferroshap import gradients
from ferroshap.errors import PrecisionWarning

N_ROWS, N_BACKGROUND = 50, 128
SEEDS, PEER_SEEDS = 20, 4
BUDGETS = (16, 64, 256)
T_90 = 2.353363  # Student's t, 3 degrees of freedom, both tails of 5 %

warnings.simplefilter("ignore", PrecisionWarning)  # rough maps are what is measured


class Target:
    """One explained function: rows, background, each row's own output, and the reference."""

    def __init__(self, name, model, net, rows, background):
        self.name, self.net, self.rows, self.background = name, net, rows, background
        self.explainer = fs.GradientExplainer(model, background, background_rows=None, progress=None)
        self.grad_fn = self.explainer.grad_fn
        dense = fs.GradientExplainer(model, background, background_rows=None, method=gradients.Quadrature(nodes=64))
        found = dense(rows, ranked_outputs=1, silent=True)
        self.reference = found.values[..., 0].reshape(len(rows), -1)
        self.columns = np.asarray(found.output_indexes)[:, 0]
        self.gap = float(
            np.max(np.abs(found.gap) / np.abs(found.values.sum(axis=tuple(range(1, found.values.ndim - 1)))))
        )

    def ours(self, budget, seed, **options):
        found = self.explainer(self.rows, budget, ranked_outputs=1, rseed=seed, silent=True, **options)
        shape = (len(self.rows), -1)
        return found.values[..., 0].reshape(shape), found.error_std[..., 0].reshape(shape)

    def iid(self, budget, seed):
        """Every gradient at a background row and a position of its own."""
        rng = np.random.default_rng([seed, budget])
        sums = np.zeros(self.reference.shape)
        for row, (x, column) in enumerate(zip(self.rows, self.columns, strict=True)):
            b = self.background[rng.integers(0, len(self.background), budget)]
            alpha = rng.random(budget).reshape(-1, *[1] * x.ndim)
            z = np.ascontiguousarray(b + alpha * (x - b), self.grad_fn.dtype)
            _, (g,) = self.grad_fn.gradient((z,), np.full((budget, 1), column))
            sums[row] = (g[:, 0] * (x - b)).mean(axis=0).ravel()
        return sums

    def shap(self, budget, seed):
        import shap

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            explainer = shap.GradientExplainer(self.net, tensor(self.background))
            values, indexes = explainer.shap_values(tensor(self.rows), nsamples=budget, ranked_outputs=1, rseed=seed)
        if not np.array_equal(indexes[:, 0], self.columns):
            sys.exit("shap ranks other outputs first")
        return np.asarray(values)[..., 0].reshape(len(self.rows), -1)

    def captum(self, budget, seed):
        import torch
        from captum.attr import GradientShap

        torch.manual_seed(seed)
        np.random.seed(seed)  # noqa: NPY002 - it draws there
        method, found = GradientShap(self.net), np.empty(self.reference.shape)
        for row, column in enumerate(self.columns):
            x, background = tensor(self.rows[row : row + 1]), tensor(self.background)
            values = method.attribute(x, background, n_samples=budget, stdevs=0.0, target=int(column))
            found[row] = values.detach().numpy().ravel()
        return found

    def integrated(self, budget, _seed):
        """Integrated Gradients of captum from the mean row: another quantity, shown for its distance."""
        from captum.attr import IntegratedGradients

        found, mean = np.empty(self.reference.shape), tensor(self.background.mean(0, keepdims=True))
        for row, column in enumerate(self.columns):
            x = tensor(self.rows[row : row + 1])
            values = IntegratedGradients(self.net).attribute(x, mean, n_steps=budget, target=int(column))
            found[row] = values.detach().numpy().ravel()
        return found


def tensor(array):
    import torch

    return torch.tensor(np.asarray(array, np.float32))


def targets():
    """Digits nets that are there: torch's with logits and probabilities, scikit-learn's twin."""
    (images, _), (tested, _) = networks.digits()
    background, rows = images[:N_BACKGROUND], tested[:N_ROWS]
    if networks.has("torch"):
        from torch import nn

        for kind in ("ReLU, strided", "ReLU, mean-pooled", "ReLU, max-pooled", "GELU, strided"):
            net, accuracy = networks.digits_cnn(kind)
            print(f"digits CNN, {kind}: accuracy {accuracy:.3f}")
            probable = nn.Sequential(net, nn.Softmax(1)).eval()
            given = rows[:, None], background[:, None]
            yield Target(f"CNN {kind}: logit", net, net, *given)
            yield Target(f"CNN {kind}: probability", probable, probable, *given)
    model, accuracy = networks.digits_mlp()
    print(f"digits perceptron of scikit-learn, 64-32 ReLU: accuracy {accuracy:.3f}")
    given = rows.reshape(-1, 64).astype(float), background.reshape(-1, 64).astype(float)
    yield Target("perceptron: logit", gradients.MLPGradFn(model, output="raw"), None, *given)
    yield Target("perceptron: probability", model, None, *given)


def squared(found, reference):
    return np.square(found - reference).sum() / np.square(reference).sum()


def accuracy(every):
    lines = []
    for target in every:
        peers = {name: getattr(target, name) for name in ("shap", "captum", "integrated")}
        if target.net is None:
            peers = {}
        peers = {name: run for name, run in peers.items() if networks.has("captum" if name != "shap" else "shap")}
        extra = (1 + (N_BACKGROUND + 5) / N_ROWS) / 3  # forwards of f(x), f(b) and the checks; a gradient is three
        for budget in BUDGETS:
            ours = np.mean([squared(target.ours(budget, seed)[0], target.reference) for seed in range(SEEDS)])
            iid = np.mean([squared(target.iid(budget, seed), target.reference) for seed in range(SEEDS)])
            theirs = {
                name: np.sqrt(np.mean([squared(run(budget, seed), target.reference) for seed in range(PEER_SEEDS)]))
                for name, run in peers.items()
            }
            lines.append(
                [
                    target.name,
                    budget,
                    f"{np.sqrt(ours):.4f}",
                    f"{np.sqrt(iid):.4f}",
                    *[f"{theirs[name]:.4f}" if name in theirs else "" for name in ("shap", "captum", "integrated")],
                    f"{iid / ours:.1f}",
                    f"{iid / ours * budget / (budget + extra):.1f}",
                    f"{(theirs['shap'] ** 2 / ours):.1f}" if "shap" in theirs else "",
                ]
            )
        print(f"{target.name}: reference's own raw gap at most {target.gap:.1e}", flush=True)
    measuring.table(
        [
            "target",
            "N",
            "ours",
            "iid",
            "shap",
            "captum GradientShap",
            "captum IG from the mean",
            "gradients iid needs / ours",
            "with all forwards counted",
            "shap needs / ours",
        ],
        lines,
    )


def errors(every):
    lines = []
    for target in every:
        for budget in (16, 32, 64, 128, 256, 512):
            inside, of_pixels, sizes, within = [], [], [], []
            for seed in range(SEEDS // 2):
                values, stated = target.ours(budget, seed)
                true = np.abs(values - target.reference)
                varies = stated > 0
                inside.append((true <= T_90 * stated)[varies].mean())
                pooled, real = np.sqrt(np.square(stated).sum(1)), np.sqrt(np.square(true).sum(1))
                of_pixels.append(np.sqrt(np.square(stated).sum() / np.square(true).sum()))
                sizes.append(np.median(pooled / real))
                within.append((real <= 2 * pooled).mean())
            lines.append(
                [
                    target.name,
                    budget,
                    f"{100 * np.mean(inside):.1f} %",
                    f"{np.mean(of_pixels):.2f}",
                    f"{np.median(sizes):.2f}",
                    f"{100 * np.mean(within):.1f} %",
                ]
            )
    measuring.table(
        [
            "target",
            "N",
            "coverage at 90 %, a pixel",
            "stated / true, pooled over all",
            "median over rows",
            "true <= 2 stated, pooled a row",
        ],
        lines,
    )


class Timed:
    """A gradient function that knows how long the model took, and how many rows it was asked for at once."""

    def __init__(self, inner):
        self.inner, self.dtype, self.seconds, self.sizes = inner, inner.dtype, 0.0, []

    def forward(self, inputs):
        begun = time.perf_counter()
        found = self.inner.forward(inputs)
        self.seconds += time.perf_counter() - begun
        return found

    def gradient(self, inputs, outputs):
        begun = time.perf_counter()
        found = self.inner.gradient(inputs, outputs)
        self.seconds += time.perf_counter() - begun
        self.sizes.append(len(outputs))
        return found


def bare(net, shape, sizes, n_outputs=1):
    """Forward and backward on batches of these sizes, nothing else: made beforehand, results dropped."""
    import torch

    batches = {size: torch.randn(size, *shape) for size in set(sizes)}

    def run():
        for size in sizes:
            z = batches[size].requires_grad_()
            out = net(z)
            for t in range(n_outputs):
                torch.autograd.grad(out[:, t].sum(), z, retain_graph=t < n_outputs - 1)

    return run


def overhead():
    import torch

    torch.set_num_threads(1)
    cases = [
        ("MLP 30-64-10", networks.small_mlp(), (30,), 100, 20, 200),
        ("CNN 28x28", networks.small_cnn(), (1, 28, 28), 100, 10, 200),
    ]
    real = networks.efficientnet()
    if real is not None:
        cases.append(("EfficientNet-Lite0 224x224", real, (3, 224, 224), 8, 1, 32))
    lines = []
    for name, whole, shape, n_background, n_rows, budget in cases:
        net, rng = networks.only(whole, 3), np.random.default_rng(0)
        background = rng.normal(size=(n_background, *shape)).astype(np.float32)
        rows = rng.normal(size=(n_rows, *shape)).astype(np.float32)
        n_points = n_rows * budget
        timed = Timed(gradients.TorchGradFn(net))
        explainer = fs.GradientExplainer(net, background, background_rows=None)
        inside = fs.GradientExplainer(timed, background, background_rows=None)
        inside(rows, budget, silent=True)
        sizes = list(timed.sizes)
        functions = {
            "bare": bare(net, shape, sizes),
            "ours": partial(explainer, rows, budget, silent=True),
            "bare at 50": bare(net, shape, [50] * (n_points // 50) if n_points >= 50 else [n_points]),
        }
        functions |= peers_of(net, background, rows, budget)
        times = measuring.interleaved(functions, 5 if n_points > 100 else 3)
        shares = []
        for _ in range(5 if n_points > 100 else 3):
            timed.seconds = 0.0
            total = measuring.seconds(partial(inside, rows, budget, silent=True))
            shares.append(1 - timed.seconds / total)
        for key in functions:
            against = "bare" if key == "ours" else "bare at 50"
            lines.append(
                [
                    name,
                    key,
                    f"{1e6 * measuring.median(times[key]) / n_points:.1f}",
                    f"{measuring.ratio(times, key, against):.2f}",
                    f"{100 * measuring.median(shares):.1f} %" if key == "ours" else "",
                ]
            )
    measuring.table(["model, one output", "library", "us a gradient", "over bare", "outside the model"], lines)


def peers_of(net, background, rows, budget):
    functions = {}
    if networks.has("shap"):
        import shap

        explainer = shap.GradientExplainer(net, tensor(background))
        functions["shap"] = lambda: explainer.shap_values(tensor(rows), nsamples=budget)
    if networks.has("captum"):
        from captum.attr import GradientShap, IntegratedGradients

        def gradient_shap():
            for x in rows:
                GradientShap(net).attribute(tensor(x[None]), tensor(background), n_samples=budget, target=0)

        def integrated():
            for x in rows:
                base = tensor(background[:1])
                IntegratedGradients(net).attribute(
                    tensor(x[None]), base, n_steps=budget, target=0, internal_batch_size=50
                )

        functions |= {"captum GradientShap": gradient_shap, "captum IntegratedGradients": integrated}
    return functions


def device():
    """Where sums are better kept on the CPU: what `device_plan=None` chooses is the faster one here."""
    import torch

    torch.set_num_threads(1)
    lines = []
    cases = [("MLP 30-64-10", networks.small_mlp(), (30,), 20), ("CNN 28x28", networks.small_cnn(), (1, 28, 28), 10)]
    for name, net, shape, n_rows in cases:
        rng = np.random.default_rng(0)
        background = rng.normal(size=(100, *shape)).astype(np.float32)
        rows = rng.normal(size=(n_rows, *shape)).astype(np.float32)
        column = networks.only(net, 3)
        timed = Timed(gradients.TorchGradFn(column))
        fs.GradientExplainer(timed, background, background_rows=None)(rows, 256, silent=True)
        functions = {"bare": bare(column, shape, timed.sizes)}
        for place, is_device in (("native module", False), ("torch", True)):
            explainer = fs.GradientExplainer(column, background, background_rows=None, device_plan=is_device)
            functions[f"sums by {place}"] = partial(explainer, rows, 256, silent=True)
        times = measuring.interleaved(functions, 5)
        for key in functions:
            rate = n_rows * 256 / measuring.median(times[key])
            lines.append([name, key, f"{rate:,.0f}", f"{measuring.ratio(times, key, 'bare'):.2f}"])
    measuring.table(["model", "CPU, one thread", "gradients a second", "over bare"], lines)


def main():
    measuring.environment("ferroshap", "torch", "shap", "captum", "scikit-learn")
    wanted = sys.argv[1:] or ["accuracy", "errors", "overhead", "device"]
    if {"accuracy", "errors"} & set(wanted):
        every = list(targets())
        if "accuracy" in wanted:
            accuracy(every)
        if "errors" in wanted:
            errors(every)
    if {"overhead", "device"} & set(wanted) and networks.has("torch"):
        if "overhead" in wanted:
            overhead()
        if "device" in wanted:
            device()


if __name__ == "__main__":
    main()
