"""Keras 3 models on the backend that Keras runs on: `KERAS_BACKEND=jax pytest tests/integrations/test_keras_gradients.py`."""

import importlib.util
import os

import numpy as np
import pytest

import ferroshap
from ferroshap.errors import InvalidModelError, OptionError
from ferroshap.gradients import KerasGradFn, Quadrature

BACKENDS = [name for name in ("torch", "jax", "tensorflow") if importlib.util.find_spec(name)]
if not BACKENDS:
    pytest.skip("no backend of Keras is installed: pip install jax", allow_module_level=True)
os.environ.setdefault("KERAS_BACKEND", BACKENDS[0])
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
keras = pytest.importorskip("keras", reason="keras is not installed: pip install keras")

pytestmark = [
    pytest.mark.filterwarnings("ignore::ferroshap.errors.PrecisionWarning"),
    # Keras 3.15 turns its variables into NumPy 2 arrays the old way.
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"),
]


def convolutional(seed):
    keras.utils.set_random_seed(seed)
    layers = keras.layers
    net = keras.Sequential(
        [
            layers.Input((8, 8, 1)),
            layers.Conv2D(4, 3, activation="tanh"),
            layers.BatchNormalization(),
            layers.Dropout(0.5),
            layers.Flatten(),
            layers.Dense(3, activation="softmax"),
        ]
    )
    net.layers[1].moving_mean.assign(np.full(4, 0.1))
    return net


def rows_of(seed, *shape):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def predicted(model, *rows):
    return model.predict(rows[0] if len(rows) == 1 else list(rows), verbose=0).astype(float)


def test_gradients_are_slopes(seed):
    net, z, d = convolutional(seed), rows_of(seed, 5, 8, 8, 1), rows_of(seed + 1, 5, 8, 8, 1)
    grad_fn = KerasGradFn(net)
    assert np.allclose(grad_fn.forward((z,)), predicted(net, z), rtol=0, atol=1e-6)
    y, (gradients,) = grad_fn.gradient((z.copy(),), np.tile([2, 0], (5, 1)))
    assert np.allclose(y, predicted(net, z)[:, [2, 0]], rtol=0, atol=1e-6)
    step = 1e-2
    slopes = (grad_fn.forward((z + step * d,)) - grad_fn.forward((z - step * d,)))[:, [2, 0]] / (2 * step)
    # The third derivative along `d` is of order one, times a sixth of the square of the step; float32 adds 1e-5.
    along = (gradients * d[:, None]).sum((2, 3, 4))
    assert np.allclose(along, slopes, rtol=0.02, atol=0.02 * np.abs(slopes).max())


def test_values_add_up_and_nothing_drops_out(seed):
    net, x, background = convolutional(seed), rows_of(seed, 3, 8, 8, 1), rows_of(seed + 1, 6, 8, 8, 1)
    found = ferroshap.GradientExplainer(net, background)(x, 48, silent=True)
    assert found.values.shape == (3, 8, 8, 1, 3)
    assert np.allclose(found.values.sum((1, 2, 3)) + found.base_values, predicted(net, x), rtol=0, atol=1e-5)
    exact = ferroshap.GradientExplainer(net, background, method=Quadrature(nodes=16))(x)
    assert np.abs(exact.gap).max() < 1e-4
    mean = np.asarray(net.layers[1].moving_mean)
    assert np.allclose(mean, 0.1)  # the statistics of normalisation are not those of path points


def test_host_and_device_agree(seed):
    net, x, background = convolutional(seed), rows_of(seed, 3, 8, 8, 1), rows_of(seed + 1, 6, 8, 8, 1)
    if keras.config.backend() == "tensorflow":
        with pytest.raises(OptionError, match="device_plan"):
            ferroshap.GradientExplainer(net, background, device_plan=True)
        return
    host, device = (
        ferroshap.GradientExplainer(net, background, device_plan=is_device)(x, 24, silent=True).values
        for is_device in (False, True)
    )
    assert np.abs(host - device).max() <= 1e-5 * np.abs(host).max()


def test_several_inputs_one_output_and_functions(seed):
    keras.utils.set_random_seed(seed)
    first, second = keras.Input((3,)), keras.Input((2, 2))
    joined = keras.layers.Concatenate()([first, keras.layers.Flatten()(second)])
    net = keras.Model([first, second], keras.layers.Dense(1)(keras.layers.Dense(8, activation="tanh")(joined)))
    background, x = [rows_of(1, 6, 3), rows_of(2, 6, 2, 2)], [rows_of(3, 2, 3), rows_of(4, 2, 2, 2)]
    found = ferroshap.GradientExplainer(net, background)(x, 48, silent=True)
    assert [one.values.shape for one in found] == [(2, 3, 1), (2, 2, 2, 1)]
    total = found[0].values.sum(1) + found[1].values.sum((1, 2)) + found[0].base_values
    assert np.allclose(total, predicted(net, *x), rtol=0, atol=1e-5)
    as_function = ferroshap.GradientExplainer(lambda a, b: net([a, b])[:, 0], background)(x, 48, silent=True)
    assert as_function[0].values.shape == (2, 3)
    assert np.allclose(as_function[1].values, found[1].values[..., 0], rtol=0, atol=1e-5)


def test_weights_are_read_at_every_call(seed):
    net, x, background = convolutional(seed), rows_of(seed, 2, 8, 8, 1), rows_of(seed + 1, 4, 8, 8, 1)
    explainer = ferroshap.GradientExplainer(net, background)
    assert explainer(x, 16, silent=True).values.any()
    grad_fn = explainer.grad_fn
    net.set_weights([0 * array for array in net.get_weights()])
    assert np.allclose(grad_fn.forward((x,)), 1 / 3)
    assert not grad_fn.gradient((x.copy(),), np.zeros((2, 1), np.int64))[1][0].any()


def test_tokens_by_layers(seed):
    keras.utils.set_random_seed(seed)
    encoder = keras.Sequential([keras.layers.Input((5,), dtype="int32"), keras.layers.Embedding(9, 4)])
    head = keras.Sequential(
        [
            keras.layers.Input((5, 4)),
            keras.layers.Flatten(),
            keras.layers.Dense(6, activation="tanh"),
            keras.layers.Dense(2),
        ]
    )
    rng = np.random.default_rng(seed)
    x, background = rng.integers(0, 9, (3, 5)), rng.integers(0, 9, (6, 5))
    found = ferroshap.GradientExplainer((encoder, head), background, method=Quadrature(nodes=8))(x)
    assert found.values.shape == (3, 5, 4, 2)
    expected = predicted(head, predicted(encoder, x).astype(np.float32))
    assert np.allclose(found.values.sum((1, 2)) + found.base_values, expected, rtol=0, atol=1e-5)
    with pytest.raises(InvalidModelError, match=r"\(encoder, head\)"):
        ferroshap.GradientExplainer((head, head.layers[0]), rows_of(0, 3, 5, 4))


def test_models_that_are_not_built_are_refused():
    with pytest.raises(InvalidModelError, match="call it on a batch"):
        ferroshap.GradientExplainer(keras.Sequential([keras.layers.Dense(2)]), rows_of(0, 3, 5))


def test_channels_first_by_keras_own_setting(seed):
    assert KerasGradFn(convolutional(seed)).layout == "NHWC"
