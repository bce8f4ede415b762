"""The question: how much longer than the bare model calls an explanation takes, and how much longer with shap.

f(X) = tanh(0.3 X w) + X0 X1 in float64, 100 background rows, ten rows explained at equal evaluations. "Bare" is the
time of the model alone on batches of the same sizes, so 1.0 would be a library that costs nothing: once on batches
that lie one after the other in memory, as masked rows made beforehand would, and once on one batch again and again,
which the caches hold; the library's own time is what goes beyond that.
"""

import sys

import measuring
import numpy as np
import shap

import ferroshap

N_BACKGROUND, N_ROWS = 100, 10
REPETITIONS = 5
IN_MEMORY, IN_CACHE = 1 << 28, 0  # bytes that the bare model walks through


def model_of(n_features):
    weights = np.random.default_rng(0).normal(size=n_features)

    def model(rows):
        return np.tanh(0.3 * (rows @ weights)) + rows[:, 0] * rows[:, 1]

    return model


def bare(model, sizes, n_features, memory):
    """The model alone on batches of the sizes that a library asked for, cut from `memory` bytes in turn."""
    held = max([*sizes, memory // (8 * n_features)])
    rows = np.random.default_rng(1).normal(size=(held, n_features))
    starts, at = [], 0
    for size in sizes:
        at = 0 if at + size > held else at
        starts.append(at)
        at += size

    def run():
        for start, size in zip(starts, sizes, strict=True):
            model(rows[start : start + size])

    return run


def explainers(n_features, rows):
    """Name to what makes an explainer's call from a model, at equal evaluations on `rows`."""
    background = np.random.default_rng(2).normal(size=(N_BACKGROUND, n_features))
    orders = {12: 20, 50: 10, 200: 4}[n_features]  # 12 features: the default of 500 evaluations
    evaluations = orders * (2 * n_features + 1)
    nsamples = 2 * n_features + 2048
    masker = shap.maskers.Independent(background, max_samples=N_BACKGROUND)

    def ours(explainer_class, n_jobs, **options):
        def make(model):
            explainer = explainer_class(model, background, n_jobs=n_jobs)
            return lambda rows: explainer(rows, silent=True, **options)

        return make

    def theirs_permutation(model):
        explainer = shap.PermutationExplainer(model, masker, seed=0)
        return lambda rows: explainer(rows, max_evals=evaluations, silent=True)

    def theirs_kernel(model):
        explainer = shap.KernelExplainer(model, background, seed=0)
        return lambda rows: explainer.shap_values(rows, nsamples=nsamples, l1_reg=False, silent=True)

    def theirs_exact(model):
        explainer = shap.ExactExplainer(model, masker)
        return lambda rows: explainer(rows, silent=True)

    # shap asks for more than `max_evals` says: ours get as many whole orders as that pays for.
    asked = sum(recorded(model_of(n_features), theirs_permutation, rows)) / N_BACKGROUND / N_ROWS
    cost = 2 * (n_features - 1)
    asked = 2 + cost * round((asked - 2) / cost)
    made = {}
    for n_jobs in [1, 2]:
        made[f"Permutation, {n_jobs} thread"] = ours(ferroshap.PermutationExplainer, n_jobs, max_evals=asked)
        made[f"Kernel, {n_jobs} thread"] = ours(ferroshap.KernelExplainer, n_jobs, nsamples=nsamples)
        if n_features == 12:
            made[f"Exact, {n_jobs} thread"] = ours(ferroshap.ExactExplainer, n_jobs)
    made |= {"shap Permutation": theirs_permutation, "shap Kernel": theirs_kernel}
    return made | ({"shap Exact": theirs_exact} if n_features == 12 else {})


def recorded(model, make, rows):
    """The sizes of the batches that one explanation of `rows` asks for; the background beforehand not counted."""
    recorder = measuring.Recorder(model)
    call = make(recorder)
    recorder.sizes.clear()
    call(rows)
    return recorder.sizes


def measure(n_features):
    model = model_of(n_features)
    rows = np.random.default_rng(3).normal(size=(N_ROWS, n_features))
    functions, masked = {}, {}
    for name, make in explainers(n_features, rows).items():
        sizes = recorded(model, make, rows)
        call = make(model)
        masked[name] = sum(sizes)
        functions[name] = lambda call=call: call(rows)
        functions[name, "bare"] = bare(model, sizes, n_features, IN_MEMORY)
        functions[name, "cached"] = bare(model, sizes, n_features, IN_CACHE)
        if not name.startswith("shap"):
            functions[name, "singly"] = lambda call=call: [call(rows[i : i + 1]) for i in range(N_ROWS)]
    times = measuring.interleaved(functions, REPETITIONS)
    lines = []
    for name, n_masked in masked.items():
        total, alone, cached = (measuring.median(times[key]) for key in (name, (name, "bare"), (name, "cached")))
        is_ours, peer = not name.startswith("shap"), "shap " + name.partition(",")[0]
        lines.append(
            [
                n_features,
                name,
                f"{n_masked / N_ROWS:,.0f}",
                f"{alone / n_masked * 1e9:.0f}",
                f"{measuring.ratio(times, name, (name, 'bare')):.2f}",
                f"{measuring.ratio(times, name, (name, 'cached')):.2f}",
                f"{(total - cached) / n_masked * 1e9:.1f}",
                f"{measuring.ratio(times, (name, 'singly'), name):.2f}" if is_ours else "",
                f"{measuring.ratio(times, peer, name) * n_masked / masked[peer]:.1f}" if is_ours else "",
            ]
        )
    return lines


def main():
    measuring.environment("ferroshap", "shap")
    sizes = [int(size) for size in sys.argv[1:]] or [12, 50, 200]
    head = [
        "n",
        "explainer",
        "masked rows a row",
        "bare ns a masked row",
        "total / bare",
        "in cache",
        "library ns a masked row",
    ]
    for size in sizes:
        measuring.table([*head, "rows singly / at once", "shap's / ours, a masked row"], measure(size))


if __name__ == "__main__":
    main()
