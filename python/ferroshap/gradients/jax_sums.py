"""Expected Gradients' sums for a jax function: interpolation, gradients and products compiled as one."""

import sys
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ferroshap.gradients.not_finite import refuse_unless

if TYPE_CHECKING:
    from ferroshap.gradients.jax_model import JaxGradFn

Array = npt.NDArray[Any]


class JaxSums:
    r"""Rows and background of one call on the device; the sums of each block come to the host.

    A point is `z = b + \alpha (x - b)`; with `d = x - b`, `h = d \odot \nabla f(z)` and the point's
    weight `\omega`, what is summed for each row and output is `\sum \omega h` over the points of each
    replicate, `\sum \omega h d c_k` for each of `K` controls `c_k`, and `\sum \omega h h`: so many maps.
    On the device over the points of a block, in the precision of the gradients, and over blocks in
    float64 on the host, for jax has no float64 unless it was enabled.

    Cost: `21 + 8 K` bytes a point cross to the device, and `T d` numbers a map and row of a block cross back.
    """

    def __init__(
        self,
        grad_fn: "JaxGradFn",
        rows: tuple[Array, ...],
        background: tuple[Array, ...],
        outputs: npt.NDArray[np.int64],
        n_maps: int,
    ) -> None:
        """Move rows and background over, and make room."""
        jnp = sys.modules["jax.numpy"]
        self._grad_fn = grad_fn
        self._n_maps = n_maps
        self._n_wanted = outputs.shape[1]
        self._rows = tuple(jnp.array(array, grad_fn.dtype) for array in rows)
        self._background = tuple(jnp.array(array, grad_fn.dtype) for array in background)
        self._columns = jnp.array(outputs, np.int32)
        width = [int(np.prod(array.shape[1:])) for array in rows]
        self._sums = [np.zeros((len(outputs), n_maps, self._n_wanted * size)) for size in width]

    def accumulate(
        self, row: Array, background: Array, alpha: Array, weight: Array, replicate: Array, controls: Array
    ) -> None:
        """Add the points of one block; host arrays, one entry a point. Nothing is added when memory runs out."""
        here, own = np.unique(row, return_inverse=True)  # rows of this block, and each point's number among them
        n_slots = 1 << (len(here) - 1).bit_length()  # few sizes, for each is compiled once
        grad_fn = self._grad_fn
        first_map = own * self._n_maps
        at, behind, first, part = (
            np.asarray(one, np.int32) for one in (row, background, first_map, first_map + replicate)
        )
        points = grad_fn.padded((at, behind, alpha.astype(grad_fn.dtype), first, part, controls.astype(grad_fn.dtype)))
        scale = np.zeros(len(points[0]), grad_fn.dtype)
        scale[: len(row)] = weight
        held = (self._rows, self._background, self._columns)
        blocks, is_finite = grad_fn.run(
            f"accumulate {n_slots} {self._n_maps}",
            partial(_block_sums, grad_fn, n_slots, self._n_maps),
            held,
            *points,
            scale,
        )
        refuse_unless(np.asarray(is_finite)[: len(row)], row, background, alpha)
        for sums, block in zip(self._sums, blocks, strict=True):
            sums[here] += np.asarray(block)[: len(here)]

    def scale(self, factor: float, rows: Any) -> None:
        """Multiply what some rows have summed up, as when a doubled plan halves the weights."""
        for sums in self._sums:
            sums[rows] *= factor

    def to_host(self) -> tuple[npt.NDArray[np.float64], ...]:
        """Give the sums: `(rows, T, maps, d)` an input."""
        shape = (self._n_maps, self._n_wanted)
        return tuple(
            np.array(sums.reshape(len(sums), *shape, sums.shape[2] // max(self._n_wanted, 1)).swapaxes(1, 2), order="C")
            for sums in self._sums
        )


def _block_sums(
    grad_fn: "JaxGradFn",
    n_slots: int,
    n_maps: int,
    state: Any,
    held: tuple[Any, Any, Any],
    at_row: Any,
    at_background: Any,
    alpha: Any,
    first_map: Any,
    of_replicate: Any,
    controls: Any,
    weight: Any,
) -> tuple[list[Any], Any]:
    """Sum the points of a block, `(slots, maps, T * d)` an input, and say which are finite; traceable."""
    jnp = sys.modules["jax.numpy"]
    rows, background, columns = held
    starts = [array[at_background] for array in background]
    steps = [array[at_row] - start for array, start in zip(rows, starts, strict=True)]
    points = [
        start + alpha.reshape(-1, *[1] * (step.ndim - 1)) * step for start, step in zip(starts, steps, strict=True)
    ]
    _, gradients = grad_fn.differentiate(state, *points, columns[at_row])
    n_points, n_wanted = len(alpha), columns.shape[1]
    first_control = first_map + (n_maps - 1 - controls.shape[1])
    blocks, is_finite = [], jnp.ones(n_points, bool)
    for step, gradient in zip(steps, gradients, strict=True):
        flat = step.reshape(n_points, 1, -1)
        product = gradient.reshape(n_points, n_wanted, -1) * flat
        is_finite &= jnp.isfinite(product).all((1, 2))
        weighted = product * weight[:, None, None]
        sloped = weighted * flat
        block = jnp.zeros((n_slots * n_maps, *product.shape[1:]), product.dtype)
        block = block.at[of_replicate].add(weighted).at[first_map + n_maps - 1].add(weighted * product)
        for k in range(controls.shape[1]):
            block = block.at[first_control + k].add(sloped * controls[:, k, None, None])
        blocks.append(block.reshape(n_slots, n_maps, -1))
    return blocks, is_finite
