"""The question: whether maps of detections point to what was detected, at equal evaluations.

Digits on canvases of 48 x 48 pixels with noise and clutter, and a dense detector of them; all objects that are detected
are targets, all targets of a scene share a run, hidden pixels are 0. Ours along the partition tree that follows the
image (cells of one pixel) and along halves of rectangles (cells of 4 pixels, and of one); shap's PartitionExplainer on
the same model; and random masks as D-RISE takes them (RISE masks of 8 x 8 and 16 x 16 cells, each visible with
probability 1/2; a pixel gets the mean worth where it is visible, less that of all masks, for else all is positive).
Pointing game, share of the positive values inside the box, best overlap with the box and with the digit's ink, which
covers about half of the box: means over all targets. Milliseconds: beside the detector, an evaluation.
"""

import argparse
import sys
import time
from functools import partial

import measuring
import numpy as np

import ferroshap
from ferroshap import metrics
from ferroshap.maskers import Image
from ferroshap.models import Detector

sys.path.insert(0, str(measuring.REPOSITORY))

from tests.scenes import CANVAS, draw_scene, trained_detector

BUDGETS = (100, 300, 1000)
METRICS = {
    "pointing": (metrics.pointing_game, "boxes"),
    "energy in box": (metrics.energy_inside, "boxes"),
    "best IoU, box": (metrics.best_iou, "boxes"),
    "best IoU, ink": (metrics.best_iou, "ink"),
}


class Timed:
    """A model that adds up its seconds and images."""

    def __init__(self, model):
        self.model = model
        self.output_names = model.output_names
        self.seconds, self.n_images = 0.0, 0

    def __call__(self, images):
        begun = time.perf_counter()
        worths = self.model(images)
        self.seconds += time.perf_counter() - begun
        self.n_images += len(images)
        return worths


def ours(model, image, n_evaluations, masker):
    return ferroshap.Explainer(model, masker)(image[None], max_evals=n_evaluations, silent=True).sum_channels().values


def shap_partition(model, image, n_evaluations):
    import shap

    masker = shap.maskers.Image(np.zeros_like(image), image.shape)
    explainer = shap.PartitionExplainer(model, masker)
    return explainer(image[None], max_evals=n_evaluations, batch_size=50, silent=True).values.sum(axis=3)


def random_masks(model, image, n_evaluations, n_cells):
    """RISE: bilinear enlargements of coarse random masks, shifted at random; each pixel's mean worth when visible."""
    rng = np.random.default_rng(0)
    side = -(-CANVAS // n_cells)
    total, mean = np.zeros(()), 0.0
    for first in range(0, n_evaluations, 100):
        count = min(100, n_evaluations - first)
        coarse = (rng.uniform(size=(count, n_cells + 2, n_cells + 2)) < 0.5).astype(float)
        shifts = rng.integers(0, side, (count, 2))
        places = np.arange(CANVAS) + 0.5
        masks = np.stack([enlarged(*pair, places, side) for pair in zip(coarse, shifts, strict=True)])
        worths = model(masks[..., None] * image)
        total, mean = total + np.einsum("mhw,mk->hwk", masks, worths), mean + worths.sum(axis=0)
    return ((total / 0.5 - mean) / n_evaluations)[None]


def enlarged(coarse, shift, places, side):
    for axis in range(2):
        at = (places + shift[axis]) / side
        below = np.floor(at).astype(int)
        share = (at - below)[:, None]
        rows = np.moveaxis(coarse, axis, 0)
        coarse = np.moveaxis((1 - share) * rows[below] + share * rows[below + 1], 0, axis)
    return coarse


def ways():
    yield "partition tree", partial(ours, masker=Image(0.0))
    yield "axis tree, cells of 4", partial(ours, masker=Image(0.0, segments="axis", cell=4))
    yield "axis tree, cells of 1", partial(ours, masker=Image(0.0, segments="axis"))
    try:
        import shap
    except ImportError:
        print("shap is not installed: no comparison with it\n")
    else:
        yield f"shap {shap.__version__} Partition", shap_partition
    for n_cells in (8, 16):
        yield f"random masks {n_cells} x {n_cells}", partial(random_masks, n_cells=n_cells)


def scenes(count, seed):
    """Scenes with those of their objects that are detected where they are, with a score above 0.5."""
    detect = trained_detector()
    for number in range(count):
        scene = draw_scene(np.random.default_rng([seed, number]))
        found = Detector(detect, (scene.boxes, scene.labels))(scene.image[None])[0] > 0.5
        if found.any():
            objects = {"boxes": scene.boxes[found], "ink": np.moveaxis(scene.ink[found], 0, -1)[None]}
            yield scene.image, Detector(detect, (scene.boxes[found], scene.labels[found])), objects


def measure(explain, n_evaluations, tested):
    """Means of all metrics, images asked a scene, and milliseconds an image of all but the detector."""
    scores, seconds, n_images = [], 0.0, 0
    for image, detector, objects in tested:
        model = Timed(detector)
        begun = time.perf_counter()
        maps = explain(model, image, n_evaluations)
        seconds += time.perf_counter() - begun - model.seconds
        n_images += model.n_images
        scores.append(np.stack([function(maps, objects[kind])[0] for function, kind in METRICS.values()]))
    means = np.concatenate(scores, axis=1).mean(axis=1)
    return [*(f"{mean:.3f}" for mean in means), f"{n_images / len(tested):.0f}", f"{1e3 * seconds / n_images:.2f}"]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenes", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    measuring.environment("ferroshap", "scikit-learn", "shap")
    tested = list(scenes(options.scenes, options.seed))
    n_targets = sum(len(detector.targets) for _, detector, _ in tested)
    print(f"{len(tested)} scenes, {n_targets} targets\n")
    rows = []
    for name, explain in ways():
        for n_evaluations in BUDGETS:
            rows.append([name, str(n_evaluations), *measure(explain, n_evaluations, tested)])
            print(*rows[-1], sep=", ", file=sys.stderr, flush=True)
    measuring.table(["", "evaluations", *METRICS, "images asked", "library ms an image"], rows)


if __name__ == "__main__":
    main()
