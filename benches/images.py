"""The question: what the pieces of an explanation of an image cost, beside those who do the same.

A photograph of 224 x 224 pixels (scikit-image's cat, or scikit-learn's flower without it), one thread, milliseconds:
median over interleaved repetitions, and the least. Trees are timed with the change of colours before them; shap's tree
is that of its `maskers.Image`, whose first one also compiles. A batch is 64 masked images, a time is that of one.
"""

import argparse
import importlib

import measuring
import numpy as np

from ferroshap import _native

SIDE, BATCH = 224, 64


def photograph():
    """The picture as bytes."""
    try:
        from skimage import data
        from skimage.transform import resize
    except ImportError:
        from sklearn.datasets import load_sample_image

        return np.ascontiguousarray(load_sample_image("flower.jpg")[:448:2, :448:2])
    side = 300
    pixels = resize(data.chelsea()[:side, 75 : 75 + side], (SIDE, SIDE), anti_aliasing=True)
    return np.round(255 * pixels).astype(np.uint8)


def peer(name):
    """A module, or None where it is not installed."""
    try:
        return importlib.import_module(name)
    except ImportError:
        print(f"{name} is not installed: no comparison with it")
        return None


def tree(image, cell):
    labels = _native.image_cells(SIDE, SIDE, cell)
    return _native.image_tree(_native.image_colours(image, 0, 255), labels, int(labels.max()) + 1, 1)


def trees(image):
    """Partition trees beside shap's halves of rectangles, and a segmentation that also merges by colour."""
    ways = {
        "partition tree, cells of 2": lambda: tree(image, 2),
        "partition tree, cells of 1": lambda: tree(image, 1),
        "axis tree, cells of 1": lambda: _native.axis_tree(SIDE, SIDE, 1),
        "colours alone": lambda: _native.image_colours(image, 0, 255),
    }
    segmentation, shap = peer("skimage.segmentation"), peer("shap")
    if segmentation:
        ways["scikit-image felzenszwalb"] = lambda: segmentation.felzenszwalb(image)
    if shap:
        first = 1e3 * measuring.seconds(lambda: shap.maskers.Image(np.zeros(image.shape), image.shape))
        print(f"shap's first axis tree: {first:.0f} ms")
        ways["shap axis tree"] = lambda: shap.maskers.Image(np.zeros(image.shape), image.shape)
    return ways


def superpixels(image):
    lab = _native.image_lab(image, 0, 255)
    ways = {
        "SLIC, 100 regions": lambda: _native.slic(_native.image_lab(image, 0, 255), 100, 10.0),
        "SLIC, 100 regions, from Lab": lambda: _native.slic(lab, 100, 10.0),
    }
    segmentation = peer("skimage.segmentation")
    if segmentation:
        ways["scikit-image SLIC, 100 regions"] = lambda: segmentation.slic(image, n_segments=100, compactness=10)
    return ways


def holes(image):
    """A quarter of the picture visible, in rectangles of 28 pixels."""
    labels = _native.grid_segments(SIDE, SIDE, 8, 8)
    hidden = np.isin(labels, np.random.default_rng(0).permutation(64)[:48])
    single = image.astype(np.float32) / 255
    ways = {
        "pull-push, single precision": lambda: _native.pull_push(single, hidden),
        "pull-push, bytes": lambda: _native.pull_push(image, hidden),
        "blur of 37, three boxes": lambda: _native.image_blur(single, 37, 37, 3),
    }
    cv2 = peer("cv2")
    if cv2:
        mask = hidden.astype(np.uint8)
        ways["OpenCV inpaint, Telea"] = lambda: cv2.inpaint(image, mask, 3, cv2.INPAINT_TELEA)
        ways["OpenCV inpaint, Navier-Stokes"] = lambda: cv2.inpaint(image, mask, 3, cv2.INPAINT_NS)
        ways["OpenCV blur of 37, once"] = lambda: cv2.blur(single, (37, 37))
    return ways


def masked(image):
    labels = _native.image_cells(SIDE, SIDE, 2)
    n_players = int(labels.max()) + 1
    present = np.random.default_rng(0).random((BATCH, n_players)) < 0.5
    words = _native.pack_coalitions(present)
    single = image.astype(np.float32) / 255
    fill = _native.image_blur(single, 37, 37, 3)
    last, first = np.empty((BATCH, SIDE, SIDE, 3), np.float32), np.empty((BATCH, 3, SIDE, SIDE), np.float32)

    def numpy_batch():
        np.copyto(last, fill)
        for number in range(BATCH):
            np.copyto(last[number], single, where=present[number][labels][..., None])

    return {
        "batch, channels last": lambda: _native.render(single, fill, labels, words, last, 1),
        "batch, channels first": lambda: _native.render(single, fill, labels, words, first, 1),
        "batch, holes filled": lambda: _native.render_filled(single, labels, words, last, 1),
        "NumPy": numpy_batch,
        "NumPy where": lambda: np.where(present[:, labels][..., None], single, fill),
    }


def report(title, ways, repetitions, share=1):
    times = measuring.interleaved(ways, repetitions)
    ours = next(iter(ways))
    rows = [
        [
            name,
            f"{1e3 * measuring.median(seconds) / share:.3f}",
            f"{1e3 * min(seconds) / share:.3f}",
            f"{measuring.ratio(times, name, ours):.2f}",
        ]
        for name, seconds in times.items()
    ]
    measuring.table([title, "median ms", "least ms", "times the first"], rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repetitions", type=int, default=9)
    repetitions = parser.parse_args().repetitions
    measuring.environment("ferroshap", "scikit-image", "shap", "opencv-python-headless")
    image = photograph()
    report("trees", trees(image), repetitions)
    report("superpixels", superpixels(image), repetitions)
    report("fills", holes(image), repetitions)
    report("masked images", masked(image), repetitions, share=BATCH)


if __name__ == "__main__":
    main()
