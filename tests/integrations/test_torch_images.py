"""torch networks explained by the regions of images: given as they are, or in a function."""

import numpy as np
import pytest

import ferroshap as shap
from ferroshap import maskers

torch = pytest.importorskip("torch", reason="torch is not installed")


def network(seed):
    torch.manual_seed(seed)
    nn = torch.nn
    return nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.Dropout(0.5),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(4, 3),
    )


@pytest.mark.parametrize("dtype", [np.float32, np.uint8])
@pytest.mark.parametrize("as_tensor", [False, True])
def test_networks_are_asked_in_evaluation_mode_and_left_as_they_were(seed, dtype, as_tensor):
    net = network(seed).train()
    images = np.random.default_rng(seed).integers(0, 9, (2, 3, 12, 10)).astype(dtype)
    masker = maskers.Image("blur", (3, 12, 10), layout="NCHW")
    given = torch.from_numpy(images) if as_tensor else images
    explanation = shap.Explainer(net, masker)(given, max_evals=60)
    assert all(module.training for module in net.modules())
    with torch.no_grad():
        expected = net.eval()(torch.from_numpy(images.astype(np.float32))).numpy()
    found = explanation.base_values + explanation.values.sum(axis=(1, 2, 3))
    # the outputs are in single precision, and alone or in a batch may differ in the last bits
    assert np.allclose(found, expected, rtol=0, atol=1e-5 * np.abs(expected).max())
    assert explanation.values.shape == (2, 12, 10, 3, 3)


def test_a_network_keeps_its_name_and_travels_in_pickles(seed):
    import copy

    explainer = shap.PartitionExplainer(network(seed), maskers.Image("mean", layout="NCHW"))
    assert "Sequential" in repr(explainer)
    images = np.random.default_rng(seed).random((1, 3, 8, 8), dtype=np.float32)
    assert np.allclose(copy.deepcopy(explainer)(images, max_evals=20).values, explainer(images, max_evals=20).values)
