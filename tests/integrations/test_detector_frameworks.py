"""Targets of detectors in torch and jax: the same numbers as in NumPy, and gradients that flow."""

import autograd
import autograd.numpy as anp
import numpy as np
import pytest

from ferroshap.models import Detector, Targets


def detect_with(xp, weights, fixed):
    """A dense detector of images `(m, 16)`, in the library `xp`."""

    def detect(images):
        boxes, objectness, classes = (xp.tensordot(images, w, 1) for w in weights)
        exponents = xp.exp(classes)
        return {
            "boxes": fixed + xp.tanh(boxes),
            "objectness": 1 / (1 + xp.exp(-objectness[..., 0])),
            "objectness_logits": objectness[..., 0],
            "class_logits": classes,
            "class_probs": exponents / exponents.sum(-1)[..., None],
        }

    return detect


@pytest.fixture
def bed(seed):
    """Parameters, images, and targets that were found on the first."""
    rng = np.random.default_rng([seed, 88])
    corners = rng.uniform(0.0, 20.0, (6, 2))
    fixed = np.concatenate([corners, corners + rng.uniform(5.0, 15.0, (6, 2))], axis=1)
    weights = [rng.normal(size=(16, 6, width)) / 4 for width in (4, 1, 3)]
    images = rng.normal(size=(4, 16))
    found = detect_with(np, weights, fixed)(images[:1])
    chosen = [0, 3]
    targets = Targets(
        found["boxes"][0, chosen], class_probs=found["class_probs"][0, chosen], anchors=chosen, n_anchors=6
    )
    return weights, fixed, images, Detector(detect_with(anp, weights, fixed), targets)


def made(detector, mode, detect):
    return detector.soft(0.05, detect=detect) if mode == "soft" else detector.pinned(mode, detect=detect)


MODES = ["soft", "class", "objectness", "box"]


def expected_of(bed, mode):
    _, _, images, detector = bed
    target = made(detector, mode, None)
    slopes = [autograd.grad(lambda x, t=t: target(x)[:, t].sum())(images) for t in range(2)]
    return target(images), np.stack(slopes, axis=1)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("bits", [32, 64])
def test_torch(bed, mode, bits):
    torch = pytest.importorskip("torch", reason="torch is not installed")
    weights, fixed, images, detector = bed
    dtype = torch.float32 if bits == 32 else torch.float64

    def tensor(array):
        return torch.tensor(array, dtype=dtype)

    target = made(detector, mode, detect_with(torch, [tensor(w) for w in weights], tensor(fixed)))
    x = tensor(images).requires_grad_()
    found = target(x)
    slopes = [torch.autograd.grad(found[:, t].sum(), x, retain_graph=True)[0] for t in range(2)]
    values, gradients = expected_of(bed, mode)
    check(found.detach().numpy(), torch.stack(slopes, dim=1).numpy(), values, gradients, mode, bits)


@pytest.mark.parametrize("mode", MODES)
def test_jax(bed, mode):
    jax = pytest.importorskip("jax", reason="jax is not installed")
    weights, fixed, images, detector = bed
    target = made(detector, mode, detect_with(jax.numpy, [jax.numpy.asarray(w) for w in weights], fixed))
    x = jax.numpy.asarray(images)
    found = jax.jit(target)(x)
    slopes = [jax.jit(jax.grad(lambda x, t=t: target(x)[:, t].sum()))(x) for t in range(2)]
    bits = 32 if found.dtype == np.float32 else 64
    check(np.asarray(found), np.stack(slopes, axis=1), *expected_of(bed, mode), mode, bits)


def check(found, slopes, values, gradients, mode, bits):
    """Compare, up to the rounding of the library's numbers."""
    eps = 2.0**-24 if bits == 32 else 2.0**-53
    # Boxes are of size 40, and 16 terms add up; the slope of the soft maximum is divided by its temperature.
    scale = 40 * 64 * (20 if mode == "soft" else 1)
    np.testing.assert_allclose(found, values, rtol=0, atol=scale * eps)
    if mode in {"box", "soft"}:  # the first image is the targets' own: distance and overlap are at their kinks
        slopes, gradients = slopes[1:], gradients[1:]
    np.testing.assert_allclose(slopes, gradients, rtol=0, atol=scale * eps)
