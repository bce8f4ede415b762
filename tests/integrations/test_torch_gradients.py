"""`GradientExplainer` on torch models: laws, what peers got wrong, and refusals."""

import random

import numpy as np
import pytest

import ferroshap
from ferroshap.errors import FerroshapError, InvalidModelError, OptionError, PrecisionWarning
from ferroshap.gradients import ExpectedGradients, Quadrature, TorchGradFn

torch = pytest.importorskip("torch", reason="torch is not installed: pip install torch (the CPU wheel)")
nn = torch.nn

pytestmark = pytest.mark.filterwarnings("ignore::ferroshap.errors.PrecisionWarning")


def filled(net, seed, dtype=torch.float32):
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in net.parameters():
            fan = parameter[0].numel() if parameter.ndim > 1 else 4
            parameter.copy_(torch.randn(parameter.shape, generator=generator) / fan**0.5)
    return net.to(dtype).eval()


def dense(seed, n_in=6, n_out=3, dtype=torch.float32, unit=nn.Tanh):
    return filled(nn.Sequential(nn.Linear(n_in, 16), unit(), nn.Linear(16, n_out)), seed, dtype)


def rows_of(seed, *shape, dtype=np.float32):
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


def outputs_of(model, *rows):
    with torch.no_grad():
        return model(*(torch.tensor(row) for row in rows)).double().numpy()


def oracle(model, x, background, n_nodes=64):
    """Gauss-Legendre along every path, one row at a time: `(outputs, *shape)`."""
    nodes, shares = np.polynomial.legendre.leggauss(n_nodes)
    total = 0.0
    for b in background:
        for node, share in zip((1 + nodes) / 2, shares / 2, strict=True):
            z = torch.tensor((b + node * (x - b))[None], requires_grad=True)
            out = model(z)[0]
            gradients = [torch.autograd.grad(one, z, retain_graph=True)[0][0].numpy() for one in out]
            total = total + share * np.stack(gradients) * (x - b) / len(background)
    return total


class Skip(nn.Module):
    """A residual block, with its normalisation and a layer that works in place."""

    def __init__(self, channels):
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.norm = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU(inplace=True)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, z):
        return self.relu(z + self.second(self.relu(self.norm(self.first(z)))))


def residual_net(seed, dtype=torch.float32):
    net = nn.Sequential(nn.Conv2d(1, 4, 3, stride=2), Skip(4), nn.Dropout(0.5), Skip(4), nn.Flatten(), nn.Linear(36, 3))
    return filled(net, seed, dtype)


def test_linear_models_are_exact_with_any_points(seed):
    net = filled(nn.Linear(6, 2), seed, torch.float64)
    x, background = rows_of(seed, 4, 6, dtype=np.float64), rows_of(seed + 1, 9, 6, dtype=np.float64)
    slopes = net.weight.detach().numpy()
    for n_points in (1, 5, 9, 40):
        found = ferroshap.GradientExplainer(net, background)(x, n_points, silent=True)
        assert np.allclose(found.values, (x - background.mean(0))[:, :, None] * slopes.T, rtol=0, atol=1e-10)


@pytest.mark.parametrize("device_plan", [False, True], ids=["host", "device"])
def test_values_add_up_and_the_raw_gap_is_small(seed, device_plan):
    net, x, background = dense(seed), rows_of(seed, 4, 6), rows_of(seed + 1, 20, 6)
    found = ferroshap.GradientExplainer(net, background, device_plan=device_plan)(x, 200, silent=True)
    expected = outputs_of(net, x)
    assert np.allclose(found.values.sum(1) + found.base_values, expected, rtol=0, atol=1e-9)
    assert np.abs(found.gap).max() < 0.05
    exact = ferroshap.GradientExplainer(net, background, device_plan=device_plan, method=Quadrature(nodes=16))(x)
    assert np.abs(exact.gap).max() < 1e-5  # float32 gradients
    assert np.abs(found.values - exact.values).max() < 10 * found.error_std.max() + 1e-5


def test_quadrature_is_the_oracles(seed):
    net = dense(seed, dtype=torch.float64)
    x, background = rows_of(seed, 2, 6, dtype=np.float64), rows_of(seed + 1, 5, 6, dtype=np.float64)
    found = ferroshap.GradientExplainer(net, background, method=Quadrature(nodes=32))(x)
    for row in range(2):
        assert np.allclose(found.values[row].T, oracle(net, x[row], background, 32), rtol=0, atol=1e-12)


@pytest.mark.parametrize("n_points", [7, 64, 90], ids=["sequence", "stratified", "unequal"])
def test_host_and_device_agree(seed, n_points):
    net, x, background = dense(seed), rows_of(seed, 5, 6), rows_of(seed + 1, 20, 6)
    host, device = (
        ferroshap.GradientExplainer(net, background, device_plan=is_device)(x, n_points, rseed=seed, silent=True)
        for is_device in (False, True)
    )
    scale = np.abs(host.values).max()
    assert np.abs(host.values - device.values).max() <= 1e-5 * scale
    assert np.allclose(host.gap, device.gap, atol=1e-5 * np.abs(outputs_of(net, x)).max())
    assert np.allclose(host.error_std, device.error_std, rtol=1e-3, atol=1e-5 * scale, equal_nan=True)


def test_a_tolerance_doubles_on_the_device_as_on_the_host(seed):
    net, x, background = dense(seed), rows_of(seed, 5, 6), rows_of(seed + 1, 8, 6)
    method = ExpectedGradients(budget=512, tol=0.02)
    host, device = (
        ferroshap.GradientExplainer(net, background, method=method, device_plan=is_device)(x, silent=True)
        for is_device in (False, True)
    )
    assert np.array_equal(host.n_evaluations, device.n_evaluations)
    assert np.abs(host.values - device.values).max() <= 1e-5 * np.abs(host.values).max()


def test_on_the_cpu_sums_are_the_hosts_unless_asked():
    explainer = ferroshap.GradientExplainer(dense(0), rows_of(0, 4, 6))
    assert explainer._on_device is False
    assert ferroshap.GradientExplainer(dense(0), rows_of(0, 4, 6), device_plan=True)._on_device is True


def test_host_values_are_the_same_bits_whatever_the_company_of_a_row(seed):
    net, x, background = dense(seed), rows_of(seed, 5, 6), rows_of(seed + 1, 20, 6)
    explainer = ferroshap.GradientExplainer(net, background)
    whole = explainer(x, 40, silent=True).values
    assert np.array_equal(explainer(x, 40, silent=True).values, whole)
    # torch multiplies matrices of other sizes in another order: not the same bits, but the same points.
    alone = explainer(x[2:3], 40, row_key=[2], silent=True).values
    assert np.allclose(alone[0], whole[2], rtol=0, atol=1e-5)


def test_precisions_agree(seed):
    x, background = rows_of(seed, 4, 6), rows_of(seed + 1, 16, 6)
    single = ferroshap.GradientExplainer(dense(seed), background)(x, 64, silent=True)
    double = ferroshap.GradientExplainer(dense(seed, dtype=torch.float64), background)(x, 64, silent=True)
    assert np.abs(single.values - double.values).max() < 1e-4 * np.abs(double.values).max()
    with pytest.warns(PrecisionWarning, match="bfloat16"):
        half = ferroshap.GradientExplainer(dense(seed, dtype=torch.bfloat16), background)(x, 64, silent=True)
    assert np.abs(half.values - double.values).max() < 0.1 * np.abs(double.values).max()


@pytest.mark.parametrize("kind", ["array", "tensor that requires grad", "list of rows", "float64 tensor", "bfloat16"])
def test_backgrounds_and_rows_come_as_anything(seed, kind):
    net, x, background = dense(seed), rows_of(seed, 3, 6), rows_of(seed + 1, 8, 6)
    known = ferroshap.GradientExplainer(net, background)(x, 32, silent=True).values
    made = {
        "array": lambda array: array.astype(np.float64),
        "tensor that requires grad": lambda array: torch.tensor(array, requires_grad=True),
        "list of rows": lambda array: array.tolist(),
        "float64 tensor": lambda array: torch.tensor(array, dtype=torch.float64),
        "bfloat16": lambda array: torch.tensor(array).bfloat16(),
    }[kind]
    found = ferroshap.GradientExplainer(net, made(background))(made(x), 32, silent=True).values
    assert np.allclose(found, known, rtol=0, atol=0.05 if kind == "bfloat16" else 1e-5)


def test_one_dimensional_outputs_have_no_output_axis(seed):
    net, x, background = dense(seed, n_out=1), rows_of(seed, 3, 6), rows_of(seed + 1, 8, 6)
    found = ferroshap.GradientExplainer(lambda z: net(z)[:, 0], background)(x, 32, silent=True)
    assert found.values.shape == (3, 6)
    assert np.isscalar(found.base_values) or found.base_values.shape == (3,)
    assert ferroshap.GradientExplainer(net, background)(x, 32, silent=True).values.shape == (3, 6, 1)


def test_images_come_channels_first_and_last(seed):
    net = residual_net(seed)
    x, background = rows_of(seed, 2, 1, 8, 8), rows_of(seed + 1, 6, 1, 8, 8)
    first = ferroshap.GradientExplainer(net, background)
    found = first(x, 48, silent=True)
    assert found.values.shape == (2, 8, 8, 1, 3)
    assert found.data.shape == (2, 8, 8, 1)
    assert first.shap_values(x, 48).shape == (2, 1, 8, 8, 3)
    last = ferroshap.GradientExplainer(lambda z: net(z.permute(0, 3, 1, 2)), np.moveaxis(background, 1, -1))
    assert np.allclose(last(np.moveaxis(x, 1, -1), 48, silent=True).values, found.values, rtol=0, atol=1e-5)
    of_tensors = ferroshap.GradientExplainer(net, torch.tensor(background))(torch.tensor(x), 48, silent=True)
    assert np.allclose(of_tensors.values, found.values, rtol=0, atol=1e-5)
    one = ferroshap.GradientExplainer(net, background[:1])(x[0], 16, silent=True)
    assert one.values.shape == (8, 8, 1, 3)


def test_residual_nets_with_normalisation_and_layers_in_place(seed):
    net = residual_net(seed, torch.float64).train()
    net[1].norm.eval()
    flags = [part.training for part in net.modules()]
    x, background = rows_of(seed, 2, 1, 8, 8, dtype=np.float64), rows_of(seed + 1, 4, 1, 8, 8, dtype=np.float64)
    found = ferroshap.GradientExplainer(net, background, method=Quadrature(nodes=64))(x)
    assert [part.training for part in net.modules()] == flags
    expected = outputs_of(net.eval(), x)
    assert np.allclose(found.values.sum((1, 2, 3)) + found.base_values, expected, atol=1e-9)
    assert np.abs(found.gap).max() < 0.02 * np.abs(expected).max()


def test_several_inputs_move_together(seed):
    first, second = dense(seed), dense(seed + 1, n_in=4)
    background = [rows_of(1, 8, 6), rows_of(2, 8, 2, 2)]
    x = [rows_of(3, 3, 6), rows_of(4, 3, 2, 2)]

    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.second = first, second

        def forward(self, a, b):
            return self.first(a) * self.second(b.flatten(1))

    explainer = ferroshap.GradientExplainer(Two(), background)
    found = explainer(x, 64, silent=True)
    assert [one.values.shape for one in found] == [(3, 6, 3), (3, 2, 2, 3)]
    total = found[0].values.sum(1) + found[1].values.sum((1, 2)) + found[0].base_values
    assert np.allclose(total, outputs_of(Two(), *x), rtol=0, atol=1e-9)
    device = ferroshap.GradientExplainer(Two(), background, device_plan=True)(x, 64, silent=True)
    assert np.allclose(device[1].values, found[1].values, rtol=0, atol=1e-5)
    assert [one.shape for one in explainer.shap_values(x, 64)] == [(3, 6, 3), (3, 2, 2, 3)]


def test_all_outputs_share_one_forward_and_ranked_ones_are_those_of_all(seed):
    class Counting(nn.Module):
        def __init__(self):
            super().__init__()
            self.net, self.rows = dense(seed, n_out=5), 0

        def forward(self, z):
            self.rows += len(z)
            return self.net(z)

    net, x, background = Counting(), rows_of(seed, 4, 6), rows_of(seed + 1, 8, 6)
    explainer = ferroshap.GradientExplainer(net, background)
    net.rows = 0
    found = explainer(x, 64, silent=True)
    assert net.rows == 4 * 64 + 4  # every point once, for all five outputs, and f(x)
    values, indexes = explainer.shap_values(x, 64, ranked_outputs=2)
    assert np.array_equal(indexes, np.argsort(-outputs_of(net, x), axis=1)[:, :2])
    for row in range(4):
        assert np.allclose(values[row], found.values[row][:, indexes[row]], rtol=0, atol=1e-6)


def test_dropout_in_a_function_and_batch_statistics_are_refused():
    class Dropping(nn.Module):
        def forward(self, z):
            return nn.functional.dropout(z, 0.5, training=True).sum(1)

    class Standardised(nn.Module):
        def forward(self, z):
            return nn.functional.batch_norm(z, None, None, training=True).pow(2).cumsum(1)

    background = rows_of(0, 8, 6)
    with pytest.raises(InvalidModelError, match="dropout"):
        ferroshap.GradientExplainer(Dropping(), background)
    with pytest.raises(InvalidModelError, match="BatchNorm"):
        ferroshap.GradientExplainer(Standardised(), background)
    with pytest.raises(InvalidModelError, match="rows must not look at each other"):
        ferroshap.GradientExplainer(lambda z: (z - z.mean(0, keepdim=True) + torch.ones(6)).pow(2), background)


def test_modules_behind_a_function_are_held_in_evaluation_mode(seed):
    net = nn.Sequential(dense(seed), nn.Dropout(0.5)).train()
    x, background = rows_of(seed, 3, 6), rows_of(seed + 1, 8, 6)
    found = ferroshap.GradientExplainer(lambda z: net(z).softmax(1), background)(x, 32, silent=True)
    assert net.training
    net.eval()
    assert np.allclose(found.values.sum(1) + found.base_values, outputs_of(lambda z: net(z).softmax(1), x), atol=1e-6)


def global_states():
    drawn = np.random.get_state()  # noqa: NPY002 - whether it was touched is the question
    return torch.get_rng_state().tolist(), drawn[1].tolist(), drawn[2], random.getstate()


def test_nothing_but_the_answer_is_left_behind(seed):
    net, x, background = dense(seed).train(), rows_of(seed, 3, 6), rows_of(seed + 1, 8, 6)
    kept, states = x.copy(), global_states()
    ferroshap.GradientExplainer(net, background)(x, 32, silent=True)
    assert global_states() == states
    assert net.training
    assert all(parameter.grad is None and parameter.requires_grad for parameter in net.parameters())
    assert np.array_equal(x, kept)


@pytest.mark.parametrize("error", [ValueError("mine"), KeyboardInterrupt()], ids=["error", "interrupt"])
@pytest.mark.parametrize("device_plan", [False, True], ids=["host", "device"])
def test_flags_come_back_and_what_was_reached_stays_after_an_exception(seed, error, device_plan):
    class Failing(nn.Module):
        def __init__(self):
            super().__init__()
            self.net, self.left = nn.Sequential(dense(seed), nn.Dropout()), 10**9

        def forward(self, z):
            if torch.is_grad_enabled():
                self.left -= 1
                if self.left < 0:
                    raise error
            return self.net(z)

    net = Failing().train()
    x, background = rows_of(seed, 3, 6), rows_of(seed + 1, 8, 6)
    explainer = ferroshap.GradientExplainer(net, background, batch_size=16, device_plan=device_plan)
    net.left = 3
    with pytest.raises(type(error)) as caught:
        explainer(x, 32, silent=True)
    assert caught.value is error
    assert all(part.training for part in net.net[1].modules())
    assert explainer.partial is not None
    assert "INTERRUPTED" in np.ravel(explainer.partial.status)
    net.left = 10**9
    assert explainer(x, 32, silent=True).values.shape == (3, 6, 3)


def test_memory_that_runs_out_halves_the_batch(seed):
    full = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")

    class Large(nn.Module):
        def __init__(self):
            super().__init__()
            self.net, self.sizes = dense(seed), []

        def forward(self, z):
            self.sizes.append(len(z))
            if torch.is_grad_enabled() and len(z) > 5:
                raise full
            return self.net(z)

    x, background = rows_of(seed, 3, 6), rows_of(seed + 1, 8, 6)
    known = ferroshap.GradientExplainer(dense(seed), background)(x, 32, silent=True).values
    for device_plan in (False, True):
        net = Large()
        found = ferroshap.GradientExplainer(net, background, device_plan=device_plan)(x, 32, silent=True)
        assert np.allclose(found.values, known, rtol=0, atol=1e-5)
        assert sum(size > 5 for size in net.sizes[4:]) <= 8  # remembered, not tried again at every batch


def test_bad_models_and_rows_are_refused_with_a_remedy(seed):
    net, background = dense(seed), rows_of(seed, 8, 6)
    for model, said in [
        (lambda z: net(z).argmax(1), "argmax"),
        (lambda z: net(z).round(), "piecewise constant"),
        (lambda z: net(z)[:, :, None], "flatten"),
    ]:
        with pytest.raises(FerroshapError, match=said):
            ferroshap.GradientExplainer(model, background)(background[:2] + 1, 16, silent=True)
    with pytest.raises(FerroshapError, match="not finite on the path from background row 0 to row 1 of `X`"):
        ferroshap.GradientExplainer(lambda z: torch.sqrt(z).sum(1), np.zeros((1, 2)), device_plan=True)(
            np.array([[1.0, 1.0], [1.0, 0.0]]), 16, silent=True
        )
    with pytest.raises(OptionError, match=r"\(encoder, head\)"):
        ferroshap.GradientExplainer(net, np.arange(12).reshape(2, 6))


def test_bytes_are_images_in_their_own_scale(seed):
    net = residual_net(seed)
    scaled = nn.Sequential(net)
    x = np.random.default_rng(seed).integers(0, 256, (2, 1, 8, 8), dtype=np.uint8)
    background = np.random.default_rng(seed + 1).integers(0, 256, (4, 1, 8, 8), dtype=np.uint8)
    found = ferroshap.GradientExplainer(lambda z: scaled(z / 255), background)(x, 32, silent=True)
    known = ferroshap.GradientExplainer(scaled, background.astype(np.float32) / 255)(
        x.astype(np.float32) / 255, 32, silent=True
    )
    assert np.allclose(found.values, known.values, rtol=0, atol=1e-4 * np.abs(known.values).max())


def test_a_recurrent_model(seed):
    class Last(nn.Module):
        def __init__(self):
            super().__init__()
            self.cell, self.head = nn.LSTM(3, 5, num_layers=2, dropout=0.5, batch_first=True), nn.Linear(5, 2)

        def forward(self, z):
            return self.head(self.cell(z)[0][:, -1])

    net = filled(Last(), seed).train()
    x, background = rows_of(seed, 2, 7, 3), rows_of(seed + 1, 6, 7, 3)
    found = ferroshap.GradientExplainer(net, background, method=Quadrature(nodes=16))(x)
    assert np.allclose(found.values.sum((1, 2)) + found.base_values, outputs_of(net.eval(), x), atol=1e-5)
    assert np.abs(found.gap).max() < 1e-4


def test_explainers_of_modules_pickle(seed):
    import pickle

    explainer = ferroshap.GradientExplainer(dense(seed), rows_of(seed, 8, 6))
    again, x = pickle.loads(pickle.dumps(explainer)), rows_of(seed + 1, 2, 6)
    assert np.array_equal(again(x, 32, silent=True).values, explainer(x, 32, silent=True).values)


def test_explainer_chooses_gradients_for_a_network(seed):
    explainer = ferroshap.Explainer(dense(seed), rows_of(seed, 8, 6))
    assert isinstance(explainer, ferroshap.GradientExplainer)
    assert isinstance(explainer.grad_fn, TorchGradFn)
