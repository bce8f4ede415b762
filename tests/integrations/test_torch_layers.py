"""Gradients in activation space: they add up, whatever lies before the cut, and what is no cut is refused."""

import numpy as np
import pytest

import ferroshap
from ferroshap.errors import InvalidModelError
from ferroshap.gradients import LayeredGradFn, Quadrature

torch = pytest.importorskip("torch", reason="torch is not installed: pip install torch (the CPU wheel)")
nn = torch.nn

pytestmark = pytest.mark.filterwarnings("ignore::ferroshap.errors.PrecisionWarning")


def filled(net, seed):
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) / 2)
    return net.double().eval()


def rows_of(seed, *shape):
    return np.random.default_rng(seed).normal(size=shape)


def parts(seed):
    encoder = filled(nn.Sequential(nn.Linear(4, 6), nn.Tanh()), seed)
    head = filled(nn.Sequential(nn.Linear(6, 5), nn.Sigmoid(), nn.Linear(5, 3)), seed + 1)
    return encoder, head


def outputs_of(model, x):
    with torch.no_grad():
        return model(torch.tensor(x)).numpy()


def test_layers_add_up_to_the_models_difference(seed):
    # shap multiplies by the activation at the path point: a gap of 0.064 on a target of 0.207.
    encoder, head = parts(seed)
    model = nn.Sequential(encoder, head)
    x, background = rows_of(seed, 3, 4), rows_of(seed + 1, 7, 4)
    found = ferroshap.GradientExplainer((encoder, head), background, method=Quadrature(nodes=32))(x)
    assert found.values.shape == (3, 6, 3)
    assert np.abs(found.gap).max() < 1e-6
    assert np.allclose(found.values.sum(1) + found.base_values, outputs_of(model, x), rtol=0, atol=1e-12)
    assert np.allclose(found.base_values[0], outputs_of(model, background).mean(0), rtol=0, atol=1e-12)
    assert np.allclose(found.data, outputs_of(encoder, x))


def test_a_layer_is_the_encoder_that_ends_with_it(seed):
    encoder, head = parts(seed)
    model = nn.Sequential(encoder, head)
    x, background = rows_of(seed, 3, 4), rows_of(seed + 1, 7, 4)
    known = ferroshap.GradientExplainer((encoder, head), background)(x, 48, silent=True)
    for layer in (encoder, encoder[1]):
        found = ferroshap.GradientExplainer((model, layer), background)(x, 48, silent=True)
        assert np.allclose(found.values, known.values, rtol=0, atol=1e-12)
        assert not layer._forward_hooks
    device = ferroshap.GradientExplainer((model, encoder), background, device_plan=True)(x, 48, silent=True)
    assert np.allclose(device.values, known.values, rtol=0, atol=1e-9)


def test_layers_before_the_cut_see_one_row(seed):
    class Counting(nn.Module):
        def __init__(self):
            super().__init__()
            self.rows = 0

        def forward(self, z):
            self.rows += len(z)
            return z

    encoder, head = parts(seed)
    counting = Counting()
    explainer = ferroshap.GradientExplainer((nn.Sequential(counting, encoder, head), encoder), rows_of(seed, 7, 4))
    counting.rows = 0
    explainer(rows_of(seed + 1, 2, 4), 64, silent=True)
    assert counting.rows <= 16  # 2 of the encoder, 1 of each call


def test_a_model_that_keeps_the_number_of_rows_is_fed_with_as_many(seed):
    class Shaped(nn.Module):
        def __init__(self):
            super().__init__()
            self.encoder, self.head = parts(seed)

        def forward(self, z):
            n_rows = len(z)
            return self.head(self.encoder(z).reshape(n_rows, 6))

    model = Shaped()
    x = rows_of(seed, 3, 4)
    found = ferroshap.GradientExplainer((model, model.encoder), rows_of(seed + 1, 7, 4))(x, 48, silent=True)
    assert np.allclose(found.values.sum(1) + found.base_values, outputs_of(model, x), rtol=0, atol=1e-9)


@pytest.mark.parametrize("unit", [nn.ReLU(inplace=True), nn.ReLU()], ids=["in place", "not"])
def test_a_layer_followed_by_one_in_place(seed, unit):
    first, last = filled(nn.Conv2d(1, 2, 3), seed), filled(nn.Linear(2 * 36, 2), seed + 1)
    model = nn.Sequential(first, unit, nn.Flatten(), last)
    x, background = rows_of(seed, 2, 1, 8, 8), rows_of(seed + 1, 5, 1, 8, 8)
    found = ferroshap.GradientExplainer((model, first), background, method=Quadrature(nodes=64))(x)
    assert found.values.shape == (2, 6, 6, 2, 2)  # channels last, then outputs
    assert np.allclose(found.values.sum((1, 2, 3)) + found.base_values, outputs_of(model, x), rtol=0, atol=1e-9)
    assert np.abs(found.gap).max() < 0.05


def test_tokens_are_explained_by_their_embeddings(seed):
    encoder = filled(nn.Embedding(9, 4), seed)
    head = filled(nn.Sequential(nn.Flatten(), nn.Linear(20, 6), nn.Tanh(), nn.Linear(6, 2)), seed + 1)
    model = nn.Sequential(encoder, head)
    rng = np.random.default_rng(seed)
    x, background = rng.integers(0, 9, (3, 5)), rng.integers(0, 9, (8, 5))
    for pair in ((encoder, head), (model, encoder), (model[0], head.forward)):
        found = ferroshap.GradientExplainer(pair, background, method=Quadrature(nodes=32))(x)
        assert found.values.shape == (3, 5, 4, 2)
        of_tokens = found.values.sum(2)
        with torch.no_grad():
            expected = model(torch.tensor(x)).numpy()
        assert np.allclose(of_tokens.sum(1) + found.base_values, expected, rtol=0, atol=1e-9)
        assert np.abs(found.gap).max() < 1e-9


def skipping(seed):
    class Skipping(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner, self.after = filled(nn.Linear(4, 4), seed), filled(nn.Linear(4, 2), seed + 1)

        def forward(self, z):
            return self.after(torch.tanh(z + self.inner(z)))

    return Skipping()


def test_a_layer_with_a_way_around_it_is_refused_and_two_tensors_are_not(seed):
    model = skipping(seed)
    x, background = rows_of(seed, 3, 4), rows_of(seed + 1, 7, 4)
    with pytest.raises(InvalidModelError, match="skip connection.*(encoder, head)"):
        ferroshap.GradientExplainer((model, model.inner), background)

    def encoder(z):
        return z, model.inner(z)

    def head(skip, inner):
        return model.after(torch.tanh(skip + inner))

    explainer = ferroshap.GradientExplainer(LayeredGradFn((encoder, head)), background, method=Quadrature(nodes=32))
    found = explainer(x)
    assert [one.values.shape for one in found] == [(3, 4, 2), (3, 4, 2)]
    total = found[0].values.sum(1) + found[1].values.sum(1) + found[0].base_values
    assert np.allclose(total, outputs_of(model, x), rtol=0, atol=1e-9)
    assert np.abs(found[0].gap).max() < 1e-6
    assert [one.shape for one in explainer.shap_values(x)] == [(3, 4, 2), (3, 4, 2)]


def test_two_inputs_that_meet_in_one_tensor(seed):
    def encoder(a, b):
        return torch.tanh(torch.cat([a, b], 1))

    head = filled(nn.Linear(5, 2), seed)
    x, background = [rows_of(1, 3, 2), rows_of(2, 3, 3)], [rows_of(3, 6, 2), rows_of(4, 6, 3)]
    found = ferroshap.GradientExplainer((encoder, head), background)(x, 24, silent=True)
    assert found.values.shape == (3, 5, 2)


def test_one_background_row_hides_no_skip(seed):
    model = skipping(seed)
    explainer = ferroshap.GradientExplainer((model, model.inner), rows_of(seed, 1, 4))
    with pytest.raises(InvalidModelError, match="skip connection"):
        explainer(rows_of(seed + 1, 2, 4), 16, silent=True)


def test_layers_that_cannot_be_cut_at_are_refused(seed):
    class Odd(nn.Module):
        def __init__(self):
            super().__init__()
            self.twice, self.never, self.cell = nn.Linear(4, 4), nn.Linear(4, 4), nn.LSTM(4, 4, batch_first=True)

        def forward(self, z):
            z = self.twice(torch.tanh(self.twice(z)))
            return self.cell(z[:, None])[0][:, 0]

    model = filled(Odd(), seed)
    for layer, said in [(model.twice, "called 2 times"), (model.never, "not called"), (model.cell, "returns a tuple")]:
        with pytest.raises(InvalidModelError, match=said):
            ferroshap.GradientExplainer((model, layer), rows_of(seed, 5, 4))
        assert not layer._forward_hooks


def test_modes_of_encoder_and_head_are_restored(seed):
    encoder, head = parts(seed)
    encoder = nn.Sequential(encoder, nn.Dropout(0.5)).train()
    head.train()
    found = ferroshap.GradientExplainer((encoder, head), rows_of(seed, 5, 4))(rows_of(seed + 1, 2, 4), 32, silent=True)
    assert encoder.training
    assert encoder[1].training
    assert head.training
    again = ferroshap.GradientExplainer((encoder.eval(), head), rows_of(seed, 5, 4))(
        rows_of(seed + 1, 2, 4), 32, silent=True
    )
    assert np.array_equal(found.values, again.values)


def test_an_encoder_of_numpy_before_a_torch_head(seed):
    _, head = parts(seed)
    matrix = rows_of(seed, 4, 6)
    found = ferroshap.GradientExplainer((lambda x: np.sin(x @ matrix), head), rows_of(1, 5, 4))(
        rows_of(2, 2, 4), 32, silent=True
    )
    assert found.values.shape == (2, 6, 3)
    assert np.allclose(
        found.values.sum(1) + found.base_values, outputs_of(head, np.sin(rows_of(2, 2, 4) @ matrix)), atol=1e-9
    )
