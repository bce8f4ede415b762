"""torch models as gradient functions, one by one: what comes back, and what stays untouched."""

import random

import numpy as np
import pytest

from ferroshap.errors import DimensionError, InvalidModelError, OptionError, PrecisionWarning
from ferroshap.gradients import JaxGradFn, TorchGradFn
from ferroshap.gradients.protocol import DeviceGradFn, GradFn
from ferroshap.gradients.recognition import as_grad_fn

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


def columns(n_rows, *wanted):
    return np.tile(np.array(wanted, np.int64), (n_rows, 1))


def by_hand(net, z, column):
    """The gradient of one output, row by row."""
    found = []
    for row in z:
        leaf = torch.tensor(row[None], requires_grad=True)
        out = net(leaf)
        (gradient,) = torch.autograd.grad(out[0, column] if out.ndim == 2 else out[0], leaf)
        found.append(gradient[0].numpy())
    return np.stack(found)


def global_states():
    drawn = np.random.get_state()  # noqa: NPY002 - whether it was touched is the question
    return torch.get_rng_state().tolist(), drawn[1].tolist(), drawn[2], random.getstate()


class Counting(nn.Module):
    def __init__(self, net):
        super().__init__()
        self.net, self.n_forwards = net, 0

    def forward(self, *z):
        self.n_forwards += 1
        return self.net(*z)


@pytest.mark.parametrize("wanted", [(1,), (2, 0), (0, 1, 2, 1)], ids=["one", "two", "four"])
def test_gradients_are_those_of_single_rows_from_one_forward(seed, wanted):
    net, z = Counting(dense(seed)), rows_of(seed, 6, 5)
    y, (gradients,) = TorchGradFn(net).gradient((z.copy(),), columns(6, *wanted))
    assert net.n_forwards == 1  # shap repeats the forward for each output
    assert gradients.shape == (6, len(wanted), 5)
    assert gradients.flags.c_contiguous
    with torch.no_grad():
        outputs = net(torch.tensor(z)).numpy()
    assert np.array_equal(y, outputs[:, list(wanted)])
    for place, column in enumerate(wanted):
        # Two products of at most 8 terms in float32, entries of order one.
        assert np.allclose(gradients[:, place], by_hand(net, z, column), atol=64 * 2**-24)


def test_vectorised_and_repeated_backwards_agree(seed):
    net, z = dense(seed), rows_of(seed, 6, 5)
    fast, slow = TorchGradFn(net), TorchGradFn(net)
    slow._backward.vectorises = False
    wanted = columns(6, 0, 1, 2)
    found = [grad_fn.gradient((z.copy(),), wanted)[1][0] for grad_fn in (fast, slow)]
    assert fast._backward.vectorises
    assert np.allclose(*found, atol=64 * 2**-24)


def test_an_operation_that_cannot_be_vectorised_is_repeated(seed):
    class Twice(torch.autograd.Function):
        @staticmethod
        def forward(context, z):
            return 2 * z

        @staticmethod
        def backward(context, gradient):
            return 2 * gradient * (gradient.data_ptr() != 0)  # asks for memory, which a vectorised tensor has not

    net, z = dense(seed), rows_of(seed, 4, 5)
    grad_fn = TorchGradFn(lambda rows: Twice.apply(net(rows)))
    _, (gradients,) = grad_fn.gradient((z.copy(),), columns(4, 0, 1, 2))
    assert grad_fn._backward.vectorises is False
    assert np.allclose(gradients[:, 1], 2 * by_hand(net, z, 1), atol=128 * 2**-24)


def test_a_one_dimensional_output_is_one_output(seed):
    net, z = dense(seed, n_out=1), rows_of(seed, 4, 5)
    grad_fn = TorchGradFn(lambda rows: net(rows)[:, 0])
    assert grad_fn.forward((z,)).shape == (4,)  # shap: IndexError
    y, (gradients,) = grad_fn.gradient((z.copy(),), columns(4, 0))
    assert y.shape == (4, 1)
    assert gradients.shape == (4, 1, 5)


def test_the_dtype_of_the_model_is_found(seed):
    z = rows_of(seed, 4, 5, dtype=np.float64)
    double = TorchGradFn(dense(seed, dtype=torch.float64))  # shap: RuntimeError
    assert double.dtype == np.float64
    assert double.gradient((z.copy(),), columns(4, 0))[1][0].dtype == np.float64
    closed_over = dense(seed, dtype=torch.float64)
    assert TorchGradFn(lambda rows: closed_over(rows).softmax(1)).dtype == np.float64
    loose = torch.ones(5, dtype=torch.float64)
    assert TorchGradFn(lambda rows: rows @ loose).dtype == np.float64
    assert TorchGradFn(lambda rows: rows.sum(1), dtype=torch.float64).dtype == np.float64
    with pytest.raises(OptionError, match="int64"):
        TorchGradFn(lambda rows: rows.sum(1), dtype=torch.int64)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=["bfloat16", "float16"])
def test_half_precision_gets_its_own_dtype_and_gives_float32(seed, dtype):
    net = dense(seed)
    z = rows_of(seed, 4, 5)
    exact = by_hand(net, z, 1)
    with pytest.warns(PrecisionWarning, match="digits"):
        grad_fn = TorchGradFn(net.to(dtype))
    assert grad_fn.dtype == np.float32
    y, (gradients,) = grad_fn.gradient((z.copy(),), columns(4, 1))
    assert y.dtype == gradients.dtype == np.float32
    eps = torch.finfo(dtype).eps
    assert np.abs(gradients[:, 0] - exact).max() < 64 * eps * np.abs(exact).max()


def test_nothing_of_the_model_or_of_global_state_changes(seed):
    net = nn.Sequential(dense(seed), nn.Dropout(0.5), nn.BatchNorm1d(3)).train()
    net[1].eval()
    net[0][0].weight.requires_grad_(False)
    net[0][0].bias.grad = kept = torch.ones(8)
    flags = [part.training for part in net.modules()]
    torch.manual_seed(seed)
    states = global_states()
    statistics = net[2].running_mean.clone()
    grad_fn = TorchGradFn(net)
    with grad_fn.explaining():
        assert not any(part.training for part in net.modules())
        grad_fn.forward((rows_of(seed, 4, 5),))
        grad_fn.gradient((rows_of(seed, 4, 5),), columns(4, 0, 2))
    assert [part.training for part in net.modules()] == flags
    assert net[0][0].bias.grad is kept
    assert net[0][0].weight.grad is None
    assert torch.equal(kept, torch.ones(8))
    assert not net[0][0].weight.requires_grad
    assert torch.equal(net[2].running_mean, statistics)
    assert global_states() == states


@pytest.mark.parametrize("error", [RuntimeError("mine"), KeyboardInterrupt()], ids=["error", "interrupt"])
def test_training_flags_come_back_after_an_exception(error):
    class Failing(nn.Module):
        def forward(self, z):
            raise error

    net = nn.Sequential(nn.Linear(5, 3), nn.Sequential(nn.Dropout(), Failing()))
    net[1][0].eval()
    flags = [part.training for part in net.modules()]
    grad_fn = TorchGradFn(net)
    with pytest.raises(type(error)) as caught, grad_fn.explaining():
        grad_fn.gradient((rows_of(0, 2, 5),), columns(2, 0))
    assert caught.value is error
    assert [part.training for part in net.modules()] == flags


def test_modules_shared_or_overriding_train_are_restored():
    class Folding(nn.Linear):
        def train(self, mode=True):
            pytest.fail("a mode is not ours to switch")

    shared = Folding(5, 5)
    f = nn.Sequential(shared, nn.Tanh(), shared)
    g = nn.Sequential(shared, nn.ReLU())
    grad_fn = TorchGradFn(lambda z: f(z) + g(z))
    assert len(grad_fn.modules) == 2
    with grad_fn.explaining():
        assert not shared.training
    assert shared.training


def test_the_callers_modes_do_not_matter(seed):
    net, z = dense(seed), rows_of(seed, 4, 5)
    grad_fn = TorchGradFn(net)
    plain = grad_fn.gradient((z.copy(),), columns(4, 1))[1][0]
    with torch.no_grad():
        assert np.array_equal(grad_fn.gradient((z.copy(),), columns(4, 1))[1][0], plain)
        assert not torch.is_grad_enabled()
    with torch.inference_mode():
        assert np.array_equal(grad_fn.gradient((z.copy(),), columns(4, 1))[1][0], plain)
        assert torch.is_inference_mode_enabled()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert np.array_equal(grad_fn.gradient((z.copy(),), columns(4, 1))[1][0], plain)
        assert torch.is_autocast_enabled("cpu")


@pytest.mark.filterwarnings("ignore:.*in-place")
def test_a_first_layer_that_works_in_place_gets_a_copy(seed):
    net = nn.Sequential(nn.ReLU(inplace=True), dense(seed))
    counting, z = Counting(net), rows_of(seed, 4, 5)
    grad_fn, given = TorchGradFn(counting), z.copy()
    found = grad_fn.gradient((given,), columns(4, 1))[1][0]
    assert np.allclose(found[:, 0], by_hand(nn.Sequential(nn.ReLU(), net[1]), z, 1), atol=64 * 2**-24)
    assert counting.n_forwards == 2
    grad_fn.gradient((z.copy(),), columns(4, 1))
    assert counting.n_forwards == 3  # it was remembered
    kept = z.copy()
    grad_fn.forward((z,))
    assert np.array_equal(z, kept)  # and the caller's rows are not what it works on


def test_unused_inputs_have_gradient_zero(seed):
    net = dense(seed)
    a, b = rows_of(seed, 4, 5), rows_of(seed + 1, 4, 2)
    _, (by_a, by_b) = TorchGradFn(lambda first, second: net(first)).gradient((a, b), columns(4, 0, 2))
    assert by_a.any()
    assert by_b.shape == (4, 2, 2)
    assert not by_b.any()


@pytest.mark.parametrize(
    "f",
    [
        lambda net: lambda z: net(z).argmax(1),
        lambda net: lambda z: net(z.detach()),
        lambda net: lambda z: (net(z) > 0).float(),
        lambda net: lambda z: torch.from_numpy(net(z).detach().numpy()),
    ],
    ids=["argmax", "detached input", "threshold", "through numpy"],
)
def test_an_output_without_gradient_is_refused_with_the_remedy(f):
    with pytest.raises(InvalidModelError, match="argmax.*ferroshap.Explainer"):
        TorchGradFn(f(dense(0))).gradient((rows_of(0, 2, 5),), columns(2, 0))


def test_tokens_are_refused_naming_the_encoder():
    net = nn.Sequential(nn.Embedding(7, 4), nn.Flatten(), nn.Linear(12, 2))
    with pytest.raises(InvalidModelError, match=r"\(encoder, head\)"):
        TorchGradFn(net).gradient((rows_of(0, 2, 3),), columns(2, 0))
    with pytest.raises(InvalidModelError, match=r"\(encoder, head\)"):
        TorchGradFn(lambda z: net(z.long().clamp(0, 6))).gradient((rows_of(0, 2, 3),), columns(2, 0))


def test_outputs_of_the_wrong_kind_are_refused():
    net, z = dense(0), rows_of(0, 2, 5)
    for f, error, said in [
        (lambda rows: {"logits": net(rows)}, InvalidModelError, "logits"),
        (lambda rows: (net(rows), rows), InvalidModelError, r"model\(z\)\[0\]"),
        (lambda rows: net(rows).detach().numpy(), InvalidModelError, "to the end"),
        (lambda rows: (net(rows).detach().numpy(), rows.detach().numpy()), InvalidModelError, "FunctionGradFn"),
        (lambda rows: net(rows)[:, :, None], DimensionError, "flatten"),
        (lambda rows: net(rows).sum(), DimensionError, "2 rows"),
        (lambda rows: net(rows)[:1], DimensionError, "2 rows"),
    ]:
        with pytest.raises(error, match=said):
            TorchGradFn(f).forward((z,))


@pytest.mark.filterwarnings("ignore:`torch.jit.*` is deprecated:FutureWarning")
def test_scripted_modules_are_modules(seed):
    net, z = nn.Sequential(dense(seed), nn.Dropout(0.5)).train(), rows_of(seed, 4, 5)
    scripted = torch.jit.script(net)
    grad_fn = TorchGradFn(scripted)
    with grad_fn.explaining():
        found = grad_fn.gradient((z.copy(),), columns(4, 1))[1][0]
    assert np.allclose(found[:, 0], by_hand(net[0], z, 1), atol=64 * 2**-24)
    assert scripted.training


def test_the_models_own_error_passes_through():
    mine = ValueError("mine")

    def failing(z):
        raise mine

    with pytest.raises(ValueError, match="mine") as caught:
        TorchGradFn(failing).gradient((rows_of(0, 2, 5),), columns(2, 0))
    assert caught.value is mine
    assert "FunctionGradFn" in mine.__notes__[0]  # it may be meant for NumPy


@pytest.mark.parametrize("cell", [nn.RNN, nn.LSTM, nn.GRU])
def test_recurrent_layers_in_evaluation_mode(seed, cell):
    class Last(nn.Module):
        def __init__(self):
            super().__init__()
            self.cell, self.head = cell(3, 4, batch_first=True), nn.Linear(4, 2)

        def forward(self, z):
            return self.head(self.cell(z)[0][:, -1])

    torch_state = torch.get_rng_state()
    net, z = Last(), rows_of(seed, 5, 6, 3)
    torch.set_rng_state(torch_state)
    grad_fn = TorchGradFn(net)
    with grad_fn.explaining():
        _, (gradients,) = grad_fn.gradient((z.copy(),), columns(5, 0, 1))
        assert np.allclose(gradients[:, 1], by_hand(net, z, 1), atol=1e-5)


def test_cudnn_is_left_out_for_recurrent_layers_on_its_device():
    from ferroshap.gradients.torch_modules import is_recurrent, recording

    assert is_recurrent([nn.Sequential(nn.Linear(2, 2), nn.LSTM(2, 2))])
    assert not is_recurrent([nn.Linear(2, 2)])
    was = torch.backends.cudnn.enabled
    with recording(torch.device("cpu"), without_cudnn=True):
        assert not torch.backends.cudnn.enabled
    assert torch.backends.cudnn.enabled == was


def test_what_is_recognised():
    net = dense(0)

    class Wrapper:
        def __init__(self):
            self.net = net

        def predict(self, z):
            return self.net(z)

        def __call__(self, z):
            return torch.tanh(z).sum(1)

    recognised = [
        net,
        lambda z: net(z)[:, 0],
        Wrapper().predict,
        Wrapper(),
        lambda z: torch.tanh(z).sum(1),
        net.forward,
    ]
    for model in recognised:
        assert TorchGradFn.recognises(model), model
        assert isinstance(as_grad_fn(model, (rows_of(0, 2, 5),)), TorchGradFn)
    for model in [np.sum, lambda z: z.sum(1), np.tanh, "net", 3]:
        assert not TorchGradFn.recognises(model), model
    assert not JaxGradFn.recognises(net)
    assert isinstance(TorchGradFn(net), GradFn)
    assert isinstance(TorchGradFn(net), DeviceGradFn)


def test_running_out_of_memory_on_the_cpu_is_known():
    with pytest.raises(RuntimeError) as caught:
        torch.empty(1 << 60)
    assert TorchGradFn.is_out_of_memory(caught.value)
    assert not TorchGradFn.is_out_of_memory(RuntimeError("shapes differ"))


def test_adapters_pickle_with_their_model():
    import pickle

    grad_fn, z = TorchGradFn(dense(0)), rows_of(0, 3, 5)
    again = pickle.loads(pickle.dumps(grad_fn))
    assert np.array_equal(again.forward((z,)), grad_fn.forward((z,)))
