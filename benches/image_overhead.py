"""The question: what an explanation of an image costs beyond the model itself, an evaluation, and what shap's costs.

One photograph-like image of 224 x 224 x 3 (smooth noise), bytes and single precision, 500 evaluations, batches of 50
images, the model a sum over a sixteenth of the pixels, whose own time is measured inside and taken off. Shap fills
with a constant, as its blur needs OpenCV; ours is measured with that and with its own fills.
"""

import time

import measuring
import numpy as np
import shap

import ferroshap
from ferroshap import maskers

N_EVALUATIONS, BATCH = 500, 50
SHAPE = (224, 224, 3)


def image_of(dtype):
    """Noise of several scales."""
    rng, image = np.random.default_rng(0), np.zeros(SHAPE)
    for scale in (4, 14, 56, 224):
        image += np.kron(rng.normal(size=(scale, scale, 3)), np.ones((224 // scale, 224 // scale, 1))) * 32
    image = np.clip(128 + image / 2, 0, 255)
    return image[None].astype(np.uint8) if dtype == "uint8" else (image[None] / 255).astype(np.float32)


class Timed:
    """A cheap model that knows how long it took."""

    def __init__(self):
        self.seconds, self.rows = 0.0, 0

    def __call__(self, images):
        begun = time.perf_counter()
        outputs = images[:, ::4, ::4].astype(np.float32).reshape(len(images), -1)
        outputs = np.stack([outputs.mean(axis=1), outputs[:, ::2].mean(axis=1)], axis=1)
        self.seconds += time.perf_counter() - begun
        self.rows += len(images)
        return outputs


def ours(mask_value, segments, n_jobs):
    def make(model, images):
        explainer = ferroshap.Explainer(model, maskers.Image(mask_value, SHAPE, segments=segments), n_jobs=n_jobs)
        return lambda: explainer(images, max_evals=N_EVALUATIONS, batch_size=BATCH, silent=True)

    return make


def theirs(model, images):
    explainer = shap.Explainer(model, shap.maskers.Image(np.zeros(SHAPE, images.dtype), SHAPE))
    return lambda: explainer(images, max_evals=N_EVALUATIONS, batch_size=BATCH, silent=True)


CALLS = {
    "shap, axis tree, constant": theirs,
    "axis tree, constant": ours(0, "axis", 1),
    "colour tree, constant": ours(0, "bpt", 1),
    "colour tree, blur": ours("blur", "bpt", 1),
    "colour tree, blur, two threads": ours("blur", "bpt", 2),
    "colour tree, filled": ours("fill", "bpt", 1),
    "100 superpixels, blur": ours("blur", "slic", 1),
}


def main():
    measuring.environment("shap")
    for dtype in ("float32", "uint8"):
        beyond = {name: [] for name in CALLS}
        models = {name: Timed() for name in CALLS}
        calls = {name: make(models[name], image_of(dtype)) for name, make in CALLS.items()}
        for _ in range(6):
            for name, call in calls.items():
                model = models[name]
                model.seconds, model.rows = 0.0, 0
                total = measuring.seconds(call)
                beyond[name].append((total - model.seconds) / model.rows * 1e3)
        rows = []
        for name, numbers in beyond.items():
            kept = numbers[1:]  # the first call of shap makes its tree
            ratio = measuring.median(
                [a / b for a, b in zip(beyond["shap, axis tree, constant"][1:], kept, strict=True)]
            )
            low, high = min(kept), max(kept)
            rows.append(
                [name, f"{measuring.median(kept):.3f}", f"{low:.3f} to {high:.3f}", f"{ratio:.1f}", f"{numbers[0]:.2f}"]
            )
        print(dtype)
        measuring.table(["", "ms an evaluation", "range", "shap's is so many times", "first call"], rows)


if __name__ == "__main__":
    main()
