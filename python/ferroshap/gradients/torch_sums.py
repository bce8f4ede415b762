"""Expected Gradients' sums on the device of a torch model: only numbers of rows and positions cross."""

import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ferroshap.gradients.not_finite import refuse_unless

if TYPE_CHECKING:
    from ferroshap.gradients.torch_model import TorchGradFn

Array = npt.NDArray[Any]

#: Apple's GPUs compute in single precision only.
DEVICES_WITHOUT_FLOAT64 = {"mps"}


class TorchSums:
    r"""Rows, background and sums of one call, on the device.

    A point is `z = b + \alpha (x - b)`; with `d = x - b`, `h = d \odot \nabla f(z)` and the point's
    weight `\omega`, what is summed for each row and output is `\sum \omega h` over the points of each
    replicate, `\sum \omega h d c_k` for each of `K` controls `c_k`, and `\sum \omega h h`: so many maps.
    `h` is computed in the precision of the gradients, products and sums in float64 (in float32, then
    added up on the host, where the device has no float64).

    Cost: `21 + 8 K` bytes a point cross to the device; the sums take `8 T d` bytes a map and row.

    Attributes
    ----------
    sums : list of tensor
        `(rows, maps, T * d)` an input.
    """

    def __init__(
        self,
        grad_fn: "TorchGradFn",
        rows: tuple[Array, ...],
        background: tuple[Array, ...],
        outputs: npt.NDArray[np.int64],
        n_maps: int,
    ) -> None:
        """Move rows and background over, in the model's dtype, and make room."""
        torch = sys.modules["torch"]
        self._grad_fn = grad_fn
        self._n_maps = n_maps
        self._n_wanted = outputs.shape[1]
        is_wide = grad_fn.device.type not in DEVICES_WITHOUT_FLOAT64
        self._wide = torch.float64 if is_wide else torch.float32
        with grad_fn.recorded():
            self._rows = [grad_fn.tensor(array, is_ours=False) for array in rows]
            self._background = [grad_fn.tensor(array, is_ours=False) for array in background]
            self._columns = grad_fn.columns(outputs)
            held_on = grad_fn.device if is_wide else torch.device("cpu")
            self.sums = [
                torch.zeros(
                    len(array),
                    n_maps,
                    self._n_wanted * (array[0].numel() if len(array) else 0),
                    dtype=torch.float64,
                    device=held_on,
                )
                for array in self._rows
            ]
        self._pending: tuple[Any, Array, Array, Array] | None = None

    def accumulate(
        self, row: Array, background: Array, alpha: Array, weight: Array, replicate: Array, controls: Array
    ) -> None:
        """Add the points of one block; host arrays, one entry a point. Nothing is added when memory runs out."""
        torch = sys.modules["torch"]
        self._look_at_pending()
        here, own = np.unique(row, return_inverse=True)  # rows of this block, and each point's number among them
        with self._grad_fn.recorded():
            at_row, at_background = self._numbers(row), self._numbers(background)
            position = torch.tensor(alpha, dtype=self._grad_fn.tensor_dtype, device=self._grad_fn.device)
            starts = [array[at_background] for array in self._background]
            steps = [array[at_row] - start for array, start in zip(self._rows, starts, strict=True)]
            leaves = [
                torch.addcmul(start, step, position.view(-1, *[1] * (step.ndim - 1)))
                for start, step in zip(starts, steps, strict=True)
            ]
            _, gradients = self._grad_fn.differentiate(leaves, self._columns[at_row])
        with torch.inference_mode(mode=False), torch.no_grad():
            scale, factors = (
                torch.tensor(numbers, dtype=self._wide, device=self._grad_fn.device) for numbers in (weight, controls)
            )
            first_map = self._numbers(own) * self._n_maps
            first_control = first_map + (self._n_maps - 1 - controls.shape[1])
            places = [first_map + self._numbers(replicate), first_control, first_map + (self._n_maps - 1)]
            added = [
                self._block(step, gradient, scale, factors, places, len(here))
                for step, gradient in zip(steps, gradients, strict=True)
            ]
            is_finite = torch.stack([finite for _, finite in added]).all(0)
            at = [torch.tensor(here, dtype=torch.int64, device=held.device) for held in self.sums]
            for held, numbers, (block, _) in zip(self.sums, at, added, strict=True):
                held.index_add_(0, numbers, block.to(held))
        self._pending = (is_finite, row, background, alpha)

    def scale(self, factor: float, rows: Array) -> None:
        """Multiply what some rows have summed up, as when a doubled plan halves the weights."""
        torch = sys.modules["torch"]
        with torch.inference_mode(mode=False):
            for held in self.sums:
                held[torch.tensor(np.asarray(rows, np.int64), device=held.device)] *= factor

    def to_host(self) -> tuple[npt.NDArray[np.float64], ...]:
        """Bring the sums over: `(rows, T, maps, d)` an input."""
        self._look_at_pending()
        shape = (self._n_maps, self._n_wanted)
        return tuple(
            np.array(held.cpu().numpy().reshape(len(held), *shape, -1).swapaxes(1, 2), order="C") for held in self.sums
        )

    def _numbers(self, numbers: Array) -> Any:
        return sys.modules["torch"].tensor(np.asarray(numbers, np.int64), device=self._grad_fn.device)

    def _block(
        self, step: Any, gradient: Any, scale: Any, factors: Any, places: list[Any], n_rows: int
    ) -> tuple[Any, Any]:
        """Sum one input's points: `(rows of the block, maps, T * d)`, and which points are finite."""
        torch = sys.modules["torch"]
        n_points = len(step)
        step = step.reshape(n_points, 1, -1).to(gradient.dtype)
        product = gradient.reshape(n_points, self._n_wanted, -1) * step
        is_finite = torch.isfinite(product).flatten(1).all(1)
        step = step.expand_as(product).flatten(1)
        product = product.flatten(1)
        weighted = product * scale[:, None]
        block = weighted.new_zeros(n_rows * self._n_maps, weighted.shape[1])
        of_replicate, first_control, last = places
        block.index_add_(0, of_replicate, weighted)
        block.index_add_(0, last, weighted * product)
        if factors.shape[1]:
            sloped = weighted * step
            for k in range(factors.shape[1]):
                block.index_add_(0, first_control + k, sloped * factors[:, k : k + 1])
        return block.view(n_rows, self._n_maps, -1), is_finite

    def _look_at_pending(self) -> None:
        """Refuse gradients that were not finite.

        One block late: asking the device at once would make it wait for us between blocks.
        """
        if self._pending is None:
            return
        is_finite, row, background, alpha = self._pending
        self._pending = None
        refuse_unless(is_finite.cpu().numpy(), row, background, alpha)
