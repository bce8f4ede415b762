"""A real detector, MTCNN's first and last net, on a real photograph: as a black box and by its gradients."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")
data = pytest.importorskip("skimage.data", reason="scikit-image, which has the photograph, is not installed")

from tests import mtcnn  # noqa: E402

import ferroshap as shap  # noqa: E402 - only where torch is
from ferroshap.maskers import Image  # noqa: E402
from ferroshap.metrics import deletion, energy_inside, pointing_game  # noqa: E402
from ferroshap.models import Detector  # noqa: E402

pytestmark = pytest.mark.skipif(
    mtcnn.weights_folder() is None, reason="facenet-pytorch, which has the weights, is not installed"
)

FACE = (171, 71, 257, 157)  # in the photograph of 512 pixels
SCALE = 71 / 512


@pytest.fixture(scope="module")
def photograph():
    return data.astronaut()


@pytest.fixture(scope="module")
def small(photograph):
    return mtcnn.resized(photograph, 71, 71)


@pytest.fixture(scope="module")
def crop(photograph):
    x0, y0, x1, y1 = FACE
    return mtcnn.resized(photograph[y0:y1, x0:x1], mtcnn.CROP, mtcnn.CROP)


@pytest.fixture(scope="module")
def pnet():
    return mtcnn.pnet_detector(mtcnn.loaded(mtcnn.PNet()))


@pytest.fixture(scope="module")
def onet():
    return mtcnn.onet_detector(mtcnn.loaded(mtcnn.ONet()))


def test_the_nets_find_the_face(small, crop, pnet, onet):
    found = mtcnn.of_numpy(pnet)(small[None])
    best = int(found["objectness"].argmax())
    assert found["objectness"][0, best] > 0.9993  # 0.9996 in the design
    y, x = divmod(best, 31)  # cells along a side
    np.testing.assert_allclose(np.array([2 * x, 2 * y, 2 * x + 12, 2 * y + 12]) / SCALE, FACE, atol=4)
    assert mtcnn.of_numpy(onet)(crop[None])["objectness"] > 0.9995


def test_two_hundred_evaluations_find_what_the_black_box_looks_at(small, pnet):
    detector = Detector.of(mtcnn.of_numpy(pnet), small, class_names=["face"])
    assert detector.output_names[0].startswith("face 1.00 [2")
    best = Detector(detector.detect, detector.targets[:1], class_names=["face"])
    explanation = shap.Explainer(best, Image("fill"))(small[None], max_evals=200, silent=True)
    assert explanation.values.shape == (1, 71, 71, 3, 1)
    total = explanation.base_values + explanation.values.sum(axis=(1, 2, 3))
    np.testing.assert_allclose(total, best(small[None]), rtol=0, atol=1e-9)
    # The net sees 12 pixels of each cell; its box is what it believes of them.
    y, x = divmod(int(best.targets.anchors[0]), 31)
    cell = [2 * x, 2 * y, 2 * x + 12, 2 * y + 12]
    # The region of the largest values follows the image: its pixels share the maximum, and few lie over the cell's edge.
    assert pointing_game(explanation, cell) > 0.9
    assert energy_inside(explanation, cell) > 10 * (12 / 71) ** 2  # ten times the share of the image


def test_several_faces_share_their_evaluations(small, pnet):
    detector = Detector.of(mtcnn.of_numpy(pnet), small, min_score=0.6)
    explanation = shap.Explainer(detector, Image(127))(small[None], max_evals=50, silent=True)
    assert explanation.n_evaluations[0] <= 50
    assert list(explanation.output_names) == detector.output_names
    assert len(detector.output_names) > 1
    np.testing.assert_allclose(explanation.base_values, detector(np.full_like(small, 127)[None]), atol=1e-9)


def test_the_gradients_of_a_pinned_crop_complete(photograph, crop, onet):
    """The logit of the objectness: where the probability is 0.9997, its own gradient has vanished."""
    detector = Detector.of(mtcnn.of_numpy(onet), crop, class_names=["face"])
    corners = [(300, 300), (20, 300), (400, 20), (20, 20), (330, 200), (120, 420)]
    others = [mtcnn.resized(photograph[y : y + 86, x : x + 86], 48, 48) for x, y in corners]
    x, background = (np.moveaxis(np.stack(part), -1, 1).astype(np.float32) for part in ([crop], others))
    target = detector.pinned("objectness", detect=onet)
    explanation = shap.GradientExplainer(target, background)(x)
    assert explanation.values.shape == (1, 48, 48, 3, 1)
    assert list(explanation.output_names) == detector.output_names
    logit = target(torch.from_numpy(x))
    assert logit > 7.0
    total = explanation.base_values + explanation.values.sum(axis=(1, 2, 3))
    np.testing.assert_allclose(total, logit, rtol=1e-5)
    # What matters most is what makes it a face: without a tenth of its pixels the logit falls by more than half.
    curve = deletion(explanation, lambda images: target(torch.from_numpy(images)), layout="NCHW", n_steps=10)
    assert curve.outputs[0, 0, 1] < 0.5 * curve.outputs[0, 0, 0]


def test_the_gradients_of_the_soft_target_complete(crop, onet):
    detector = Detector.of(mtcnn.of_numpy(onet), crop)
    target = detector.soft(detect=onet)
    x = np.moveaxis(crop[None], -1, 1).astype(np.float32)
    background = np.full_like(x, 127.5)
    explanation = shap.GradientExplainer(target, background)(x)
    total = explanation.base_values + explanation.values.sum(axis=(1, 2, 3))
    np.testing.assert_allclose(total, target(torch.from_numpy(x)), rtol=1e-5)
