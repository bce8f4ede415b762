"""What explanations of images are judged by: definitions in NumPy, and models that remember what they were asked."""

import numpy as np
from tests.oracle import mean_gains, orders_of_tree, shapley


class Recorder:
    """A model that keeps every image it was asked about."""

    def __init__(self, function):
        self.function = function
        self.seen, self.calls = [], []

    def __call__(self, images):
        self.seen.append(images.copy())
        self.calls.append(len(images))
        return self.function(images)

    @property
    def images(self):
        return np.concatenate(self.seen)


def masked(image, fill, labels, present):
    """The image, with the fill where the region of a pixel is not present; -1 is always visible."""
    is_visible = np.append(present, True)[labels]
    return np.where(is_visible[..., None] if image.ndim == 3 else is_visible, image, fill)


def coalitions(n_players):
    return (np.arange(2**n_players)[:, None] >> np.arange(n_players)) & 1 == 1


def table(model, image, fill, labels, n_players):
    """All worths of the regions of an image: `(2 ** n_players, n_outputs)`."""
    stack = np.stack([masked(image, fill, labels, present) for present in coalitions(n_players)])
    return np.asarray(model(stack), dtype=float).reshape(2**n_players, -1)


def nested(merges, n_players):
    """The tuples of a tree given as its merges."""
    nodes = list(range(n_players))
    for left, right in zip(*(side.tolist() for side in merges), strict=True):
        nodes.append((nodes[left], nodes[right]))
    return nodes[-1]


def shapley_values(worths):
    """`(n_players, n_outputs)`."""
    n_players = len(worths).bit_length() - 1
    return np.array([shapley(column, n_players) for column in worths.T]).T


def owen_values(worths, tree):
    """The same over all orders that respect a tree."""
    orders = orders_of_tree(tree)
    return np.array([mean_gains(column, orders) for column in worths.T]).T


def by_region(values, labels, n_players):
    """Sum `(H, W, C[, outputs])` over the pixels and channels of each region."""
    outputs = values.reshape(*values.shape[:3], -1).sum(axis=2)
    return np.array([outputs[labels == player].sum(axis=0) for player in range(n_players)])


def box_mean(image, kx, ky):
    """The mean over boxes, the border mirrored without repeating the edge."""
    height, width, _ = image.shape
    rows, columns = mirrored(height, ky), mirrored(width, kx)
    blurred = image[rows].astype(float).mean(axis=1)
    return blurred[:, columns].mean(axis=2)


def mirrored(size, k):
    """The places that each box covers: `(size, k)`."""
    places = np.arange(size)[:, None] - k // 2 + np.arange(k)
    if size == 1:
        return np.zeros_like(places)
    period = 2 * (size - 1)
    places = np.abs(places) % period
    return np.minimum(places, period - places)


def curved(n_outputs, seed, shape):
    """A model that is neither linear nor additive, and does not depend on who is in the batch."""
    weights = np.random.default_rng(seed).normal(size=(n_outputs, *shape))

    def model(images):
        scale = 255.0 if images.dtype == np.uint8 else 1.0
        axes = tuple(range(1, images.ndim))
        sums = [(images / scale * weight).sum(axis=axes) for weight in weights]
        return np.tanh(np.stack(sums, axis=1) / np.sqrt(np.prod(shape)))

    return model
