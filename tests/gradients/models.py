"""Models with known gradients, in NumPy: what the laws are tested on."""

import numpy as np


class Net:
    """One hidden layer: `n_outputs` outputs (None: one number a row), smooth or with kinks."""

    def __init__(self, d, n_outputs=None, *, units=8, seed=0, is_relu=False, dtype=np.float64):
        rng = np.random.default_rng([seed, d])
        self.dtype = np.dtype(dtype)
        self.first = rng.normal(size=(d, units)).astype(dtype) / np.sqrt(d).astype(dtype)
        self.shift = rng.normal(size=units).astype(dtype)
        self.last = rng.normal(size=(units, n_outputs or 1)).astype(dtype)
        self.is_vector, self.is_relu = n_outputs is None, is_relu

    def hidden(self, x):
        z = x.reshape(len(x), -1) @ self.first + self.shift
        return (np.maximum(z, 0), (z > 0).astype(z.dtype)) if self.is_relu else (np.tanh(z), 1 - np.tanh(z) ** 2)

    def forward(self, inputs):
        y = self.hidden(inputs[0])[0] @ self.last
        return y[:, 0] if self.is_vector else y

    def gradient(self, inputs, outputs):
        a, slope = self.hidden(inputs[0])
        y = np.take_along_axis(a @ self.last, outputs, axis=1)
        g = (slope[:, None] * self.last.T[outputs]) @ self.first.T
        return y, (g.reshape(*outputs.shape, *inputs[0].shape[1:]),)

    def at(self, output=0):
        """The gradient of an output at one place, for the oracle."""
        return lambda place: self.gradient((place[None],), np.array([[output]]))[1][0][0, 0]


class Counting:
    """Counts rows of both kinds of calls, and calls."""

    def __init__(self, model):
        self.model, self.dtype = model, model.dtype
        self.forward_rows = self.gradient_rows = self.gradient_calls = 0

    def forward(self, inputs):
        self.forward_rows += len(inputs[0])
        return self.model.forward(inputs)

    def gradient(self, inputs, outputs):
        self.gradient_calls += 1
        self.gradient_rows += len(inputs[0])
        return self.model.gradient(inputs, outputs)


class Multilinear:
    """A sum of products of different features; `terms` are `(coefficient, features)`."""

    dtype = np.dtype(np.float64)

    def __init__(self, terms):
        self.terms = terms

    def __call__(self, x):
        return sum(c * x[:, list(s)].prod(axis=1) for c, s in self.terms)

    def forward(self, inputs):
        return self(inputs[0])

    def gradient(self, inputs, outputs):
        (x,) = inputs
        g = np.zeros(x.shape)
        for c, s in self.terms:
            for i in s:
                g[:, i] += c * x[:, [j for j in s if j != i]].prod(axis=1)
        return self(x)[:, None], (g[:, None],)


def linear(slopes):
    return lambda x: (x @ slopes, np.broadcast_to(slopes, x.shape))


def quadratic(matrix):
    """`x' M x` with a symmetric M."""
    return lambda x: (((x @ matrix) * x).sum(1), 2 * x @ matrix)
