"""Sums that stay where the model is: the device's side of the protocol, played by NumPy."""

import numpy as np
import pytest
from tests.gradients.models import Counting, Net

import ferroshap
from ferroshap.gradients import DeviceGradFn
from ferroshap.gradients.not_finite import NonFiniteGradientError

pytestmark = pytest.mark.filterwarnings("ignore::ferroshap.errors.PrecisionWarning")


class OutOfMemoryError(RuntimeError):
    """As torch calls it."""


class Device:
    """A model whose sums stay with it; `inner` is any GradFn."""

    def __init__(self, inner):
        self.inner, self.dtype = inner, inner.dtype
        self.forward, self.gradient = inner.forward, inner.gradient
        self.n_blocks = self.n_scaled = 0

    def load(self, rows, background, outputs, n_maps):
        sums = [np.zeros((*outputs.shape, n_maps, int(np.prod(part.shape[1:])))) for part in rows]
        return rows, background, outputs, sums

    def accumulate(self, handle, row, background, alpha, weight, replicate, controls):
        rows, starts, outputs, sums = handle
        self.n_blocks += 1
        d = [x[row] - b[background] for x, b in zip(rows, starts, strict=True)]
        between = [alpha.reshape(-1, *[1] * (part.ndim - 1)) for part in d]
        z = tuple(b[background] + a * part for b, a, part in zip(starts, between, d, strict=True))
        _, slopes = self.inner.gradient(z, outputs[row])
        for part, slope, held in zip(d, slopes, sums, strict=True):
            flat = part.reshape(len(row), 1, -1)
            h = slope.reshape(*slope.shape[:2], -1) * flat
            bad = ~np.isfinite(h).all(axis=(1, 2))
            if bad.any():
                point = np.flatnonzero(bad)[0]
                raise NonFiniteGradientError(int(row[point]), int(background[point]), float(alpha[point]))
            n_replicates = held.shape[2] - controls.shape[1] - 1
            weighted = weight[:, None, None] * h
            np.add.at(held, (row, slice(None), replicate), weighted)
            for k, control in enumerate(controls.T):
                np.add.at(held, (row, slice(None), n_replicates + k), weighted * flat * control[:, None, None])
            np.add.at(held, (row, slice(None), -1), weighted * h)

    def scale(self, handle, factor, rows):
        self.n_scaled += 1
        for held in handle[3]:
            held[rows] *= factor

    def sums(self, handle):
        return tuple(handle[3])


def made(seed, n_outputs=2):
    rng = np.random.default_rng(seed)
    return Net(5, n_outputs, seed=seed), rng.normal(size=(9, 5)), rng.normal(size=(7, 5))


@pytest.mark.parametrize("options", [{"nsamples": 5}, {"nsamples": 64}, {"nsamples": 512, "tol": 0.02}])
def test_host_and_device_agree(seed, options):
    model, background, x = made(seed)
    device = Device(model)
    assert isinstance(device, DeviceGradFn)
    there = ferroshap.GradientExplainer(device, background, batch_size=20)(x, **options)
    here = ferroshap.GradientExplainer(device, background, device_plan=False)(x, **options)
    assert device.n_blocks > 0
    assert ("tol" in options) == (device.n_scaled > 0)
    assert np.array_equal(there.n_evaluations, here.n_evaluations)
    assert np.allclose(there.values, here.values, rtol=0, atol=1e-9)
    assert np.allclose(there.error_std, here.error_std, rtol=0, atol=1e-8, equal_nan=True)


def test_smoothing_brings_the_gradients_to_the_host(seed):
    model, background, x = made(seed)
    device = Device(model)
    ferroshap.GradientExplainer(device, background, local_smoothing=0.1)(x)
    assert device.n_blocks == 0
    with pytest.raises(ferroshap.errors.OptionError, match="noise is added on the host"):
        ferroshap.GradientExplainer(device, background, local_smoothing=0.1, device_plan=True)


def test_several_inputs_and_ranked_outputs_on_a_device(seed):
    class Two(Counting):
        def forward(self, inputs):
            return super().forward((np.hstack(inputs),))

        def gradient(self, inputs, outputs):
            y, (g,) = super().gradient((np.hstack(inputs),), outputs)
            return y, (g[..., :2], g[..., 2:])

    model, background, x = made(seed, 4)
    device = Device(Two(model))
    parts = [[part[:, :2].copy(), part[:, 2:].copy()] for part in (background, x)]
    there, numbers = ferroshap.GradientExplainer(device, parts[0]).shap_values(parts[1], 32, ranked_outputs=2)
    here, same = ferroshap.GradientExplainer(model, background).shap_values(x, 32, ranked_outputs=2)
    assert np.array_equal(numbers, same)
    assert np.allclose(np.concatenate(there, axis=1), here, rtol=0, atol=1e-9)


def test_gradients_that_are_not_finite_are_named_in_the_user_s_numbers():
    class Broken(Net):
        def gradient(self, inputs, outputs):
            y, (g,) = super().gradient(inputs, outputs)
            g[inputs[0][:, 0] > 2] = np.nan
            return y, (g,)

    _, background, x = made(0)
    background, x = np.clip(background, -1, 1), np.clip(x, -1, 1)
    x[5, 0] = 9.0
    explainer = ferroshap.GradientExplainer(Device(Broken(5)), background, weights=[0, *[1] * 8], batch_size=64)
    with pytest.raises(NonFiniteGradientError, match="from background row [1-8] to row 5 of `X`") as caught:
        explainer(x)
    assert caught.value.row == 5
    assert len(explainer.partial) >= 5


def test_blocks_that_do_not_fit_on_the_device_are_halved(seed):
    model, background, x = made(seed)

    class Small(Device):
        def accumulate(self, handle, row, *others):
            if len(row) > 6:
                raise OutOfMemoryError
            super().accumulate(handle, row, *others)

    there = ferroshap.GradientExplainer(Small(model), background)(x, 32)
    assert np.allclose(there.values, ferroshap.GradientExplainer(model, background)(x, 32).values, rtol=0, atol=1e-9)


def test_a_flat_model_is_noticed_on_a_device_too():
    class Steps(Net):
        def forward(self, inputs):
            return np.round(inputs[0]).sum(1)

        def gradient(self, inputs, outputs):
            return self.forward(inputs)[:, None], (np.zeros((len(inputs[0]), 1, 5)),)

    _, background, x = made(0)
    with pytest.raises(ferroshap.errors.ExplainerError, match="piecewise constant"):
        ferroshap.GradientExplainer(Device(Steps(5)), background)(x + 4)
