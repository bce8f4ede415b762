"""Gradients of several outputs of a torch model from one forward."""

import sys
import warnings
from typing import Any

#: Outputs times elements of the inputs up to which all outputs are differentiated in one vectorised backward.
#: Measured on one CPU thread with 10 outputs: 1.7 times faster than one backward after another for a dense net of
#: 30 inputs, 1.2 times for a 28 x 28 convolutional net; 1.4 times slower for EfficientNet-Lite0, 4 outputs, 112 pixels.
LARGEST_VECTORISED = 1 << 20
FEWEST_VECTORISED = 3


class Backward:
    """Gradients of chosen outputs with respect to leaves, by the fastest way that the model allows.

    Cost: one backward an output. Up to `LARGEST_VECTORISED` elements they run as one, which takes
    as many times the memory; a model with an operation that has no rule for it goes the slow way
    from then on.

    Attributes
    ----------
    vectorises : bool or None
        Whether the model's backward can be vectorised over outputs; None until it was tried.
    """

    def __init__(self) -> None:
        """Begin without knowing."""
        self.vectorises: bool | None = None

    def __call__(self, out: Any, leaves: list[Any], columns: Any) -> list[Any]:
        """Differentiate `out[r, columns[r, t]]` for every row `r` and each `t`: `(rows, T, *shape)` a leaf.

        None for a leaf that the output does not depend on.

        Parameters
        ----------
        out : tensor
            `(rows,)` or `(rows, outputs)`, recorded.
        leaves : list of tensor
            What is differentiated with respect to.
        columns : tensor of int64
            `(rows, T)`, the outputs wanted; not read when `out` has one dimension.
        """
        torch = sys.modules["torch"]
        n_rows, n_wanted = columns.shape
        if out.ndim == 1:
            gradients = torch.autograd.grad(out, leaves, torch.ones_like(out), allow_unused=True)
            return [
                None if one is None else one.unsqueeze(1).expand(n_rows, n_wanted, *one.shape[1:]) for one in gradients
            ]
        n_elements = n_wanted * sum(leaf.numel() for leaf in leaves)
        if self.vectorises is not False and n_wanted >= FEWEST_VECTORISED and n_elements <= LARGEST_VECTORISED:
            if self.vectorises is None:
                self.vectorises = _can_vectorise(out, leaves, columns)
            if self.vectorises:
                return _vectorised(out, leaves, columns, retains=False)
        return _one_by_one(out, leaves, columns)


def _one_by_one(out: Any, leaves: list[Any], columns: Any) -> list[Any]:
    torch = sys.modules["torch"]
    n_rows, n_wanted = columns.shape
    held: list[Any] = [None] * len(leaves)
    for t in range(n_wanted):
        chosen = torch.zeros_like(out).scatter_(1, columns[:, t : t + 1], 1.0)
        is_last = t == n_wanted - 1
        gradients = torch.autograd.grad(out, leaves, chosen, retain_graph=not is_last, allow_unused=True)
        for number, gradient in enumerate(gradients):
            if gradient is None:
                continue
            if held[number] is None:
                held[number] = gradient.new_empty(n_rows, n_wanted, *gradient.shape[1:])
            held[number][:, t] = gradient
    return held


def _vectorised(out: Any, leaves: list[Any], columns: Any, *, retains: bool) -> list[Any]:
    torch = sys.modules["torch"]
    n_wanted = columns.shape[1]
    chosen = out.new_zeros(n_wanted, *out.shape).scatter_(2, columns.T.unsqueeze(2), 1.0)
    gradients = torch.autograd.grad(out, leaves, chosen, retain_graph=retains, allow_unused=True, is_grads_batched=True)
    return [None if one is None else one.transpose(0, 1) for one in gradients]


def _can_vectorise(out: Any, leaves: list[Any], columns: Any) -> bool:
    """Try it, and keep what was recorded for another go."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", UserWarning)  # torch warns where it would loop inside instead
            _vectorised(out, leaves, columns, retains=True)
    except (RuntimeError, NotImplementedError, UserWarning):
        return False
    return True
