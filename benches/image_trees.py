"""The question: how few evaluations find an object, along a tree that follows the image and along halves of rectangles.

Scenes of 112 x 112 pixels: a textured background, four distracting blobs and the object; or blobs cut out of
photographs on another one (with scikit-image). The model is worth a function of the object's visible share: linear, a
ramp from 0.3 to 0.7, a steep logistic curve. Best overlap (intersection over union) of the thresholded values with the
object, means over scenes and functions. Cells of 2 pixels are what large images have; their edges alone cost overlap.
"""

import argparse

import measuring
import numpy as np

from ferroshap import Explainer, _native, metrics
from ferroshap.maskers import Image

SIDE, BUDGETS = 112, (50, 100, 500, 1000)
#: Width of the texture, its strength, and that of the noise.
TEXTURES = {
    "soft": (15, 18, 6),
    "rough": (5, 22, 14),
    "noise": (3, 10, 30),
    "camouflage": (13, 20, 10),
    "gradient": (31, 25, 8),
    "stripes": (13, 15, 8),
}
WORTHS = {
    "linear": lambda share: share,
    "ramp": lambda share: np.clip((share - 0.3) / 0.4, 0, 1),
    "logistic": lambda share: 1 / (1 + np.exp(-12 * (share - 0.5))),
}
ROWS, COLUMNS = np.mgrid[:SIDE, :SIDE]


def texture(rng, width):
    """Blurred noise of variance 1."""
    noise = _native.image_blur(rng.normal(size=(SIDE, SIDE, 3)), width, width, 3)
    return noise / noise.std()


def blob(rng):
    """A round thing with a wavy outline."""
    row, column = rng.uniform(18, SIDE - 18, 2)
    angle = np.arctan2(ROWS - row, COLUMNS - column)
    waves = [1 + rng.uniform(-0.15, 0.15) * np.cos(k * angle + rng.uniform(0, 2 * np.pi)) for k in (2, 3, 4)]
    return np.hypot(ROWS - row, COLUMNS - column) < rng.uniform(9, 16) * np.prod(waves, axis=0)


def blobs(rng, count=5):
    """Blobs that do not overlap."""
    found, taken = [], np.zeros((SIDE, SIDE), bool)
    while len(found) < count:
        one = blob(rng)
        if not (one & taken).any():
            found.append(one)
            taken |= one
    return found


def drawn(kind, rng):
    """A scene and its object."""
    width, strength, noise = TEXTURES[kind]
    base = rng.uniform(60, 200, 3)
    image = base + strength * texture(rng, width) + noise * rng.normal(size=(SIDE, SIDE, 3))
    found = blobs(rng)
    for mask in found:
        far = (12, 30) if kind == "camouflage" else (40, 90)
        thing = base + rng.choice([-1, 1], 3) * rng.uniform(*far, 3) + 8 * texture(rng, 9)
        thing += 0.7 * noise * rng.normal(size=(SIDE, SIDE, 3))
        if kind == "gradient":
            thing += 50 * ((ROWS + COLUMNS) / SIDE - 1)[..., None]
        if kind == "stripes":
            thing += 50 * (np.sin(0.5 * ROWS + 0.75 * COLUMNS) > 0)[..., None]
        image[mask] = thing[mask]
    return image, found[0]


def photographs():
    """Square photographs, if scikit-image is there."""
    try:
        from skimage import data
        from skimage.transform import resize
    except ImportError:
        print("scikit-image is not installed: no scenes of photographs\n")
        return []
    squares = []
    for photograph in (data.chelsea(), data.coffee(), data.astronaut(), data.rocket()):
        side = min(photograph.shape[:2])
        first = [(length - side) // 2 for length in photograph.shape[:2]]
        square = photograph[first[0] : first[0] + side, first[1] : first[1] + side]
        squares.append(255 * resize(square, (SIDE, SIDE), anti_aliasing=True))
    return squares


def pasted(squares, rng):
    """Blobs of photographs on another one."""
    order = rng.permutation(len(squares))
    image, found = squares[order[0]].copy(), blobs(rng)
    for number, mask in enumerate(found):
        other = np.roll(squares[order[1 + number % (len(squares) - 1)]], rng.integers(-25, 25, 2), (0, 1))
        image[mask] = other[mask]
    return image, found[0]


def scenes(count):
    """Kind, image and object. No pixel is black: black pixels are hidden ones."""
    squares = photographs()
    for kind in [*TEXTURES, *(["photographs"] if squares else [])]:
        for number in range(count):
            rng = np.random.default_rng([number, len(kind), ord(kind[0])])
            image, thing = pasted(squares, rng) if kind == "photographs" else drawn(kind, rng)
            yield kind, np.clip(np.round(image), 1, 255).astype(np.uint8), thing


def overlap(image, thing, masker, worth, budget):
    """Best overlap of the values with the object."""
    inside = np.flatnonzero(thing)

    def model(images):
        return worth((images[..., 0].reshape(len(images), -1)[:, inside] > 0).mean(axis=1))

    values = Explainer(model, masker)(image[None], max_evals=budget, silent=True).sum_channels().values
    return float(metrics.best_iou(values[..., None], thing[None, :, :, None]).squeeze())


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenes", type=int, default=10)
    parser.add_argument("--cells", type=int, nargs="*", default=[2, 1])
    options = parser.parse_args()
    measuring.environment("ferroshap", "scikit-image")
    tested = list(scenes(options.scenes))
    kinds = list(dict.fromkeys(kind for kind, _, _ in tested))
    for cell in options.cells:
        rows = []
        for segments in ("bpt", "axis"):
            masker = Image(0, segments=segments, cell=cell)
            for budget in BUDGETS:
                found = {kind: [] for kind in kinds}
                for kind, image, thing in tested:
                    found[kind] += [overlap(image, thing, masker, worth, budget) for worth in WORTHS.values()]
                means = [float(np.mean(found[kind])) for kind in kinds]
                rows.append([segments, budget, *(f"{mean:.2f}" for mean in [np.mean(means), *means])])
        measuring.table([f"tree, cells of {cell}", "evaluations", "mean", *kinds], rows)


if __name__ == "__main__":
    main()
