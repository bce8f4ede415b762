"""Two of MTCNN's three nets, a real detector of faces, over the weights that the package facenet-pytorch carries.

The package itself is never imported: it needs an old torch. Zhang, Zhang, Li, Qiao (2016), "Joint face detection and
alignment using multitask cascaded convolutional networks".
"""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the nets are those of torch, which is not installed")
nn = torch.nn

STRIDE, CELL, CROP = 2, 12, 48


class PNet(nn.Module):
    """Faces of 12 pixels, at every second pixel."""

    def __init__(self):
        super().__init__()
        self.conv1, self.prelu1 = nn.Conv2d(3, 10, 3), nn.PReLU(10)
        self.pool1 = nn.MaxPool2d(2, 2, ceil_mode=True)
        self.conv2, self.prelu2 = nn.Conv2d(10, 16, 3), nn.PReLU(16)
        self.conv3, self.prelu3 = nn.Conv2d(16, 32, 3), nn.PReLU(32)
        self.conv4_1, self.conv4_2 = nn.Conv2d(32, 2, 1), nn.Conv2d(32, 4, 1)

    def forward(self, images):
        x = self.pool1(self.prelu1(self.conv1(images)))
        x = self.prelu3(self.conv3(self.prelu2(self.conv2(x))))
        return self.conv4_1(x), self.conv4_2(x)


class ONet(nn.Module):
    """Whether a crop of 48 pixels is a face, and where its edges are."""

    def __init__(self):
        super().__init__()
        self.conv1, self.prelu1 = nn.Conv2d(3, 32, 3), nn.PReLU(32)
        self.conv2, self.prelu2 = nn.Conv2d(32, 64, 3), nn.PReLU(64)
        self.conv3, self.prelu3 = nn.Conv2d(64, 64, 3), nn.PReLU(64)
        self.conv4, self.prelu4 = nn.Conv2d(64, 128, 2), nn.PReLU(128)
        self.pool, self.pool3 = nn.MaxPool2d(3, 2, ceil_mode=True), nn.MaxPool2d(2, 2, ceil_mode=True)
        self.dense5, self.prelu5 = nn.Linear(1152, 256), nn.PReLU(256)
        self.dense6_1, self.dense6_2, self.dense6_3 = nn.Linear(256, 2), nn.Linear(256, 4), nn.Linear(256, 10)

    def forward(self, images):
        x = self.pool(self.prelu1(self.conv1(images)))
        x = self.pool3(self.prelu3(self.conv3(self.pool(self.prelu2(self.conv2(x))))))
        x = self.prelu4(self.conv4(x)).permute(0, 3, 2, 1).reshape(len(images), -1)
        x = self.prelu5(self.dense5(x))
        return self.dense6_1(x), self.dense6_2(x)


def weights_folder():
    """The folder of the weights, or None."""
    spec = find_spec("facenet_pytorch")
    folder = None if spec is None or spec.origin is None else Path(spec.origin).parent / "data"
    return folder if folder is not None and (folder / "onet.pt").exists() else None


def loaded(net):
    name = f"{type(net).__name__.lower()}.pt"
    net.load_state_dict(torch.load(weights_folder() / name, weights_only=True))
    return net.eval().requires_grad_(False)


def scaled(images):
    """From bytes to what the nets were trained on."""
    return (images - 127.5) / 128.0


def pnet_detector(net):
    """A dense detector of tensors `(m, 3, H, W)` in 0..255: a face or not at each position."""

    def detect(images):
        logits, shifts = net(scaled(images))
        m, _, height, width = logits.shape
        y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
        corners = STRIDE * torch.stack([x, y, x, y], dim=-1).reshape(-1, 4).to(images)
        cells = corners + torch.tensor([0.0, 0.0, CELL, CELL]).to(images)
        logits = logits.permute(0, 2, 3, 1).reshape(m, -1, 2)
        return {
            "boxes": cells + CELL * shifts.permute(0, 2, 3, 1).reshape(m, -1, 4),
            "objectness": logits.softmax(-1)[..., 1],
            "objectness_logits": logits[..., 1] - logits[..., 0],
            "class_probs": torch.ones_like(logits[..., :1]),
        }

    return detect


def onet_detector(net):
    """A detector of one box: whether a crop `(m, 3, 48, 48)` in 0..255 is a face."""

    def detect(images):
        logits, shifts = net(scaled(images))
        cell = torch.tensor([0.0, 0.0, CROP, CROP]).to(images)
        return {
            "boxes": (cell + CROP * shifts)[:, None],
            "objectness": logits.softmax(-1)[:, 1:],
            "objectness_logits": logits[:, 1:] - logits[:, :1],
            "class_probs": torch.ones_like(logits[:, :1, None]),
        }

    return detect


def of_numpy(detect):
    """The same detector for arrays `(m, H, W, 3)`, without gradients."""

    def detect_arrays(images):
        tensor = torch.from_numpy(np.ascontiguousarray(np.moveaxis(images, -1, 1), dtype=np.float32))
        with torch.no_grad():
            return detect(tensor)

    return detect_arrays


def resized(image, height, width):
    """Means over areas: `(H, W, 3)` of bytes."""
    tensor = torch.from_numpy(np.moveaxis(image, -1, 0).astype(np.float32))[None]
    found = nn.functional.interpolate(tensor, size=(height, width), mode="area")[0].numpy()
    return np.rint(np.moveaxis(found, 0, -1)).astype(np.uint8)
