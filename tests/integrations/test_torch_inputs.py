"""Tensors as background and rows, in every place where arrays go."""

import numpy as np
import pytest

import ferroshap

torch = pytest.importorskip("torch", reason="tensors need torch")

pytestmark = pytest.mark.filterwarnings("ignore::ferroshap.errors.PrecisionWarning")


def made():
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Linear(4, 6), torch.nn.ReLU(), torch.nn.Linear(6, 2)), torch.randn(7, 4)


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
def test_tensors_are_read_as_arrays(dtype):
    net, background = made()
    background = background.to(getattr(torch, dtype))
    x = background[:3] * 2
    arrays = background.float().numpy(), x.float().numpy()
    from_tensors = ferroshap.GradientExplainer(net, background)(x, nsamples=32)
    from_arrays = ferroshap.GradientExplainer(net, arrays[0])(arrays[1], nsamples=32)
    assert np.array_equal(from_tensors.values, from_arrays.values)
    assert from_tensors.feature_names == ["Feature 0", "Feature 1", "Feature 2", "Feature 3"]


def test_tensors_that_require_gradients_stay_as_they_are():
    net, background = made()
    x = background[:2].clone().requires_grad_()
    ferroshap.GradientExplainer(net, background)(x, nsamples=16)
    assert x.grad is None
    assert all(parameter.grad is None for parameter in net.parameters())


def test_one_tensor_row_and_lists_of_tensors():
    net, background = made()
    explainer = ferroshap.GradientExplainer(net, background)
    assert explainer(background[0], nsamples=16).shape == (4, 2)
    parts = ferroshap.GradientExplainer(torch.nn.Bilinear(4, 4, 1), [background, background])(
        [background[:2], background[:2]], nsamples=16
    )
    assert [part.shape for part in parts] == [(2, 4, 1)] * 2
    found = ferroshap.Explainer(net, background)
    assert isinstance(found, ferroshap.GradientExplainer)


def test_whole_tensors_are_refused_as_tokens():
    net, background = made()
    with pytest.raises(ferroshap.errors.OptionError, match="tokens"):
        ferroshap.GradientExplainer(net, background.long())
