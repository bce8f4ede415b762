"""Functions of jax arrays: the same laws, padded batches, and the device mode."""

import numpy as np
import pytest

import ferroshap
from ferroshap.errors import DimensionError, InvalidModelError, OptionError
from ferroshap.gradients import JaxGradFn, Quadrature, as_grad_fn
from ferroshap.gradients.not_finite import NonFiniteGradientError
from ferroshap.gradients.protocol import DeviceGradFn

jax = pytest.importorskip("jax", reason="jax is not installed: pip install jax")
jnp = jax.numpy

pytestmark = pytest.mark.filterwarnings("ignore::ferroshap.errors.PrecisionWarning")


def dense(seed, n_in=6, n_out=3):
    rng = np.random.default_rng(seed)
    first, last = rng.normal(size=(n_in, 16)).astype(np.float32) / 2, rng.normal(size=(16, n_out)).astype(np.float32)
    return lambda z: jnp.tanh(z @ first) @ last


def rows_of(seed, *shape):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def columns(n_rows, *wanted):
    return np.tile(np.array(wanted, np.int64), (n_rows, 1))


def test_gradients_are_those_of_jax(seed):
    f, z = dense(seed), rows_of(seed, 7, 6)
    grad_fn = as_grad_fn(f, ())
    assert isinstance(grad_fn, JaxGradFn)
    assert isinstance(grad_fn, DeviceGradFn)
    known = np.asarray(jax.vmap(jax.jacobian(lambda row: f(row[None])[0]))(z))
    y, (gradients,) = grad_fn.gradient((z,), columns(7, 2, 0))
    assert np.allclose(gradients, known[:, [2, 0]], rtol=0, atol=1e-5)
    assert np.allclose(y, np.asarray(f(z))[:, [2, 0]], rtol=0, atol=1e-5)
    assert grad_fn.forward((z,)).shape == (7, 3)


def test_one_after_another_and_side_by_side_agree(seed, monkeypatch):
    z = rows_of(seed, 7, 6)
    together = JaxGradFn(dense(seed)).gradient((z,), columns(7, 2, 0))[1][0]
    monkeypatch.setattr("ferroshap.gradients.jax_model.LARGEST_VECTORISED", 0)
    assert np.allclose(JaxGradFn(dense(seed)).gradient((z,), columns(7, 2, 0))[1][0], together, rtol=0, atol=1e-6)


def test_few_batch_sizes_are_compiled():
    traced = []

    def f(z):
        traced.append(len(z))
        return z.sum(1)

    grad_fn = JaxGradFn(f)
    for n_rows in [50, 50, 17, 49, 33, 1, 2, 3, 50, 30, 9, 26]:
        y, (gradients,) = grad_fn.gradient((rows_of(n_rows, n_rows, 3),), columns(n_rows, 0))
        assert y.shape == (n_rows, 1)
        assert gradients.shape == (n_rows, 1, 3)
        assert (gradients == 1).all()
    assert len(set(traced)) == 7
    for n_rows in range(1, 257):
        grad_fn.size(n_rows)
    assert len(grad_fn._sizes) <= 4 * 9  # four in each doubling
    assert all(size <= 1.25 * n_rows for n_rows in range(1, 300) if (size := JaxGradFn(f).size(n_rows)))


def test_values_add_up_and_quadrature_is_exact(seed):
    f, x, background = dense(seed), rows_of(seed, 4, 6), rows_of(seed + 1, 20, 6)
    found = ferroshap.GradientExplainer(f, background)(x, 200, silent=True)
    assert np.allclose(found.values.sum(1) + found.base_values, np.asarray(f(x)), rtol=0, atol=1e-5)
    exact = ferroshap.GradientExplainer(f, jnp.asarray(background), method=Quadrature(nodes=16))(jnp.asarray(x))
    assert np.abs(exact.gap).max() < 1e-4
    assert np.abs(found.values - exact.values).max() < 10 * found.error_std.max() + 1e-5


@pytest.mark.parametrize("n_points", [7, 64], ids=["sequence", "stratified"])
def test_host_and_device_agree(seed, n_points):
    f, x, background = dense(seed), rows_of(seed, 5, 6), rows_of(seed + 1, 20, 6)
    host, device = (
        ferroshap.GradientExplainer(f, background, device_plan=is_device)(x, n_points, rseed=seed, silent=True)
        for is_device in (False, True)
    )
    assert np.abs(host.values - device.values).max() <= 1e-5 * np.abs(host.values).max()
    assert np.allclose(host.error_std, device.error_std, rtol=1e-3, atol=1e-5, equal_nan=True)


def test_one_dimensional_outputs_and_several_inputs(seed):
    first, second = dense(seed, n_out=1), dense(seed + 1, n_in=4, n_out=1)

    def f(a, b):
        return (first(a) * second(b.reshape(len(b), -1)))[:, 0]

    background, x = [rows_of(1, 8, 6), rows_of(2, 8, 2, 2)], [rows_of(3, 3, 6), rows_of(4, 3, 2, 2)]
    for device_plan in (False, True):
        found = ferroshap.GradientExplainer(f, background, device_plan=device_plan)(x, 64, silent=True)
        assert [one.values.shape for one in found] == [(3, 6), (3, 2, 2)]
        total = found[0].values.sum(1) + found[1].values.sum((1, 2)) + found[0].base_values
        assert np.allclose(total, np.asarray(f(*x)), rtol=0, atol=1e-5)


def test_a_function_that_branches_on_values_gets_jaxs_own_error():
    grad_fn = JaxGradFn(lambda z: z.sum(1) if float(z[0, 0]) > 0 else z.max(1))
    with pytest.raises(jax.errors.ConcretizationTypeError):
        grad_fn.gradient((rows_of(0, 3, 6),), columns(3, 0))


def test_state_is_read_at_every_call(seed):
    held = {"slopes": np.ones(6, np.float32)}
    grad_fn = JaxGradFn(lambda state, z: z @ state["slopes"], state=lambda: held)
    z = rows_of(seed, 3, 6)
    assert np.allclose(grad_fn.gradient((z,), columns(3, 0))[1][0], 1)
    held["slopes"] = np.full(6, 2, np.float32)
    assert np.allclose(grad_fn.gradient((z,), columns(3, 0))[1][0], 2)


def test_bad_functions_are_refused_with_a_remedy():
    z = rows_of(0, 2, 6)
    for f, error, said in [
        (lambda rows: (rows > 0).argmax(1), InvalidModelError, "argmax"),
        (lambda rows: (rows, rows), InvalidModelError, r"model\(z\)\[0\]"),
        (lambda rows: rows.sum(), DimensionError, "vmap"),
        (lambda rows: rows[:, :, None], DimensionError, "flatten"),
    ]:
        with pytest.raises(error, match=said):
            JaxGradFn(f).gradient((z,), columns(2, 0))
    with pytest.raises(OptionError, match="jax_enable_x64"):
        JaxGradFn(lambda rows: rows.sum(1), dtype=np.float64)


def test_a_gradient_that_is_not_finite_is_named():
    explainer = ferroshap.GradientExplainer(lambda z: jnp.sqrt(z).sum(1), np.array([[1.0, 1.0], [0.0, 1.0]]))
    with pytest.raises(NonFiniteGradientError, match="from background row 1 to row 1 of `X`"):
        explainer(np.array([[1.0, 1.0], [0.0, 1.0]]), 16, silent=True)


def test_layers_in_activation_space(seed):
    encoder, head = dense(seed), JaxGradFn(dense(seed + 1, n_in=3, n_out=2))
    x, background = rows_of(seed, 4, 6), rows_of(seed + 1, 9, 6)
    found = ferroshap.GradientExplainer((encoder, head), background, method=Quadrature(nodes=64))(x)
    assert found.values.shape == (4, 3, 2)
    assert np.allclose(
        found.values.sum(1) + found.base_values, np.asarray(head.function(encoder(x))), rtol=0, atol=1e-5
    )
    assert np.abs(found.gap).max() < 1e-4


def test_what_is_recognised_and_what_a_pickle_leaves_out():
    assert JaxGradFn.recognises(dense(0))
    assert JaxGradFn.recognises(jax.jit(dense(0)))
    assert not JaxGradFn.recognises(np.sum)
    grad_fn = JaxGradFn(dense(0))
    grad_fn.forward((rows_of(0, 3, 6),))
    assert grad_fn._compiled
    assert not grad_fn.__getstate__()["_compiled"]
