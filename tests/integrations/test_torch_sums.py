"""Sums that stay on a torch model's device: those of the host, whatever the device lacks."""

import numpy as np
import pytest

from ferroshap.gradients import TorchGradFn
from ferroshap.gradients.not_finite import NonFiniteGradientError

torch = pytest.importorskip("torch", reason="torch is not installed: pip install torch (the CPU wheel)")
nn = torch.nn


def dense(seed, n_in=5, n_out=3, dtype=torch.float32):
    generator = torch.Generator().manual_seed(seed)
    net = nn.Sequential(nn.Linear(n_in, 8), nn.Tanh(), nn.Linear(8, n_out))
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) / 2)
    return net.to(dtype)


def rows_of(seed, *shape, dtype=np.float32):
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


def sums_by_hand(grad_fn, rows, background, outputs, n_maps, block):
    """What the sums are, point by point in float64."""
    row, behind, alpha, weight, replicate, controls = block
    n_controls = controls.shape[1]
    steps = [(x[row].astype(float) - b[behind]) for x, b in zip(rows, background, strict=True)]
    z = tuple(
        (b[behind] + alpha.reshape(-1, *[1] * (step.ndim - 1)) * step).astype(b.dtype)
        for b, step in zip(background, steps, strict=True)
    )
    _, gradients = grad_fn.gradient(z, outputs[row])
    found = []
    for step, gradient in zip(steps, gradients, strict=True):
        flat = step.reshape(len(row), -1)
        sums = np.zeros((len(outputs), outputs.shape[1], n_maps, flat.shape[1]))
        for k in range(len(row)):
            h = gradient[k].reshape(outputs.shape[1], -1) * flat[k]
            sums[row[k], :, replicate[k]] += weight[k] * h
            for j in range(n_controls):
                sums[row[k], :, n_maps - 1 - n_controls + j] += weight[k] * h * flat[k] * controls[k, j]
            sums[row[k], :, -1] += weight[k] * h * h
        found.append(sums)
    return found


def some_block(seed, n_points, n_rows, n_background, n_replicates=4, n_controls=3):
    rng = np.random.default_rng(seed)
    return (
        np.sort(rng.integers(0, n_rows, n_points)).astype(np.uint32),
        rng.integers(0, n_background, n_points).astype(np.uint32),
        rng.random(n_points),
        rng.random(n_points) / n_points,
        rng.integers(0, n_replicates, n_points).astype(np.uint8),
        rng.normal(size=(n_points, n_controls)),
    )


@pytest.mark.parametrize("n_controls", [0, 3])
@pytest.mark.parametrize("lacks_float64", [False, True], ids=["float64 sums", "as on a device without float64"])
def test_sums_on_the_device_are_those_of_the_host(seed, n_controls, lacks_float64, monkeypatch):
    if lacks_float64:
        monkeypatch.setattr("ferroshap.gradients.torch_sums.DEVICES_WITHOUT_FLOAT64", {"cpu"})
    net, other = dense(seed), dense(seed + 1, n_in=4)
    grad_fn = TorchGradFn(lambda a, b: net(a) * other(b.flatten(1)))
    rows, background = (rows_of(1, 4, 5), rows_of(2, 4, 2, 2)), (rows_of(3, 6, 5), rows_of(4, 6, 2, 2))
    outputs = np.random.default_rng(seed).integers(0, 3, (4, 2))
    n_maps = 4 + n_controls + 1
    block = some_block(seed, 37, 4, 6, n_controls=n_controls)
    handle = grad_fn.load(rows, background, outputs, n_maps)
    for part in (slice(0, 20), slice(20, 37)):
        grad_fn.accumulate(handle, *(array[part] for array in block))
    for found, known in zip(
        grad_fn.sums(handle), sums_by_hand(grad_fn, rows, background, outputs, n_maps, block), strict=True
    ):
        assert found.shape == known.shape
        assert found.dtype == np.float64
        assert np.abs(found - known).max() <= 1e-5 * np.abs(known).max()
    before = [found.copy() for found in grad_fn.sums(handle)]
    grad_fn.scale(handle, 0.5, np.array([1, 3]))
    for found, known in zip(grad_fn.sums(handle), before, strict=True):
        assert np.array_equal(found[[1, 3]], known[[1, 3]] / 2)
        assert np.array_equal(found[[0, 2]], known[[0, 2]])


def test_a_gradient_that_is_not_finite_is_named(seed):
    grad_fn = TorchGradFn(lambda z: torch.sqrt(z).sum(1))
    x, b = np.array([[1.0, 1.0], [4.0, 1.0]], np.float32), np.array([[1.0, 1.0], [0.0, 1.0]], np.float32)
    handle = grad_fn.load((x,), (b,), np.zeros((2, 1), np.int64), 5)
    row, behind = np.array([0, 1, 1], np.uint32), np.array([0, 0, 1], np.uint32)
    alpha, weight, replicate = np.array([0.5, 0.5, 0.0]), np.ones(3) / 3, np.zeros(3, np.uint8)
    grad_fn.accumulate(handle, row, behind, alpha, weight, replicate, np.empty((3, 0)))
    # Said with the next block or when the sums are asked for, so that the device need not be waited for.
    with pytest.raises(NonFiniteGradientError, match="background row 1 to row 1 of `X`, at 0 of the way"):
        grad_fn.sums(handle)
