"""The sums over points: kept here and fed with gradients, or kept where the model is."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ferroshap import _native
from ferroshap.errors import ExplainerError
from ferroshap.game.buffers import Buffers
from ferroshap.gradients.not_finite import NonFiniteGradientError
from ferroshap.gradients.protocol import Arrays, DeviceGradFn, GradFn, Numbers
from ferroshap.gradients.shapes import Floats

Numbered = tuple[NDArray[np.intp], NDArray[np.intp]]

OUTPUT = "output"


@dataclass(frozen=True, eq=False)
class Block:
    """Some points: row and background row, position on the path, weight, replicate and controls of each.

    Where noise is added, `keys` and `numbers` tell which: the row's key, and the point's number in its row.
    """

    row: NDArray[np.uint32]
    background: NDArray[np.uint32]
    alpha: Floats
    weight: Floats
    replicate: NDArray[np.uint8]
    controls: Floats
    keys: NDArray[np.uint64] | None = None
    numbers: NDArray[np.uint64] | None = None

    def __len__(self) -> int:
        """Number of points."""
        return len(self.row)

    def part(self, first: int, stop: int) -> "Block":
        """Return some of the points."""
        at = slice(first, stop)
        return Block(
            self.row[at],
            self.background[at],
            self.alpha[at],
            self.weight[at],
            self.replicate[at],
            self.controls[at],
            None if self.keys is None else self.keys[at],
            None if self.numbers is None else self.numbers[at],
        )


class Sums(Protocol):
    """Sums for each row and output: what every replicate adds up, then those of the controls and of the squares."""

    def add(self, block: Block) -> None:
        """Ask the model about points and add what it says; nothing is added when it fails."""
        ...

    def halve(self, rows: NDArray[np.intp]) -> None:
        """Make room for as many points again."""
        ...

    def read(self, rows: NDArray[np.intp]) -> Floats:
        """Return the sums of some rows: ``(rows, T, n_maps, d)``."""
        ...


class HostSums:
    """Gradients come to NumPy and are added there, in the order of the points."""

    def __init__(
        self,
        grad_fn: GradFn,
        rows: Arrays,
        background: Arrays,
        outputs: Numbers,
        n_maps: int,
        *,
        smoothing: float,
        seed: int,
        n_threads: int,
        numbers: Numbered,
    ) -> None:
        """Nothing is told yet; `numbers` are those of the rows and background rows in the user's arrays."""
        self._numbers = numbers
        self._grad_fn = grad_fn
        self._rows = [values.reshape(len(values), -1) for values in rows]
        self._background = tuple(values.reshape(len(values), -1) for values in background)
        self._shapes = tuple(values.shape[1:] for values in rows)
        self._outputs = outputs
        self._smoothing, self._seed, self._n_threads = smoothing, seed, n_threads
        self._buffers = Buffers()
        n_rows, n_outputs = outputs.shape
        self._sums = [np.zeros((n_rows, n_outputs, n_maps, part.shape[1])) for part in self._rows]

    def add(self, block: Block) -> None:
        """Interpolate, ask for gradients, add."""
        places = self._buffers.take(self._rows, len(block))
        self._tell(block, places)
        self._buffers.give_back(places)

    def _tell(self, block: Block, buffers: list[NDArray[Any]]) -> None:
        chosen = self._outputs[block.row]
        y, slopes = self._grad_fn.gradient(self._places(block, buffers), chosen)
        y = np.asarray(y)
        check_gradient(y, slopes, chosen.shape, self._shapes)
        if not np.isfinite(y).all():
            point = int(np.argwhere(~np.isfinite(y))[0][0])
            raise self._not_finite(block, point, what=OUTPUT)
        for x, b, slope, sums in zip(self._rows, self._background, slopes, self._sums, strict=True):
            given = np.ascontiguousarray(slope)
            if given.dtype not in (np.float32, np.float64):
                given = given.astype(np.float32 if given.dtype.itemsize < 4 else np.float64)
            bad = _native.gradient_tell(
                x,
                b,
                block.row,
                block.background,
                block.weight,
                block.replicate,
                block.controls,
                given,
                sums,
                self._n_threads,
            )
            if bad is not None:
                raise self._not_finite(block, bad[0])

    def _places(self, block: Block, buffers: list[NDArray[Any]]) -> Arrays:
        """Return the points themselves, in the shapes of the model."""
        places, offset = [], 0
        for x, b, shape, buffer in zip(self._rows, self._background, self._shapes, buffers, strict=True):
            out = buffer[: len(block)]
            _native.gradient_lerp(x, b, block.row, block.background, block.alpha, out, self._n_threads)
            if block.keys is not None and block.numbers is not None:
                _native.gradient_noise(out, self._seed, block.keys, block.numbers, offset, self._smoothing)
            offset += x.shape[1]
            places.append(out.reshape(len(block), *shape))
        return tuple(places)

    def _not_finite(self, block: Block, point: int, *, what: str = "gradient") -> NonFiniteGradientError:
        """Say where the model has no finite answer, in the numbers of the user's arrays."""
        row, background = self._numbers[0][block.row[point]], self._numbers[1][block.background[point]]
        return NonFiniteGradientError(int(row), int(background), float(block.alpha[point]), what=what)

    def halve(self, rows: NDArray[np.intp]) -> None:
        """Halve the sums of some rows."""
        for sums in self._sums:
            sums[rows] *= 0.5

    def read(self, rows: NDArray[np.intp]) -> Floats:
        """Return the sums of some rows."""
        parts = [sums if len(rows) == len(sums) else sums[rows] for sums in self._sums]
        return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=3)


class DeviceSums:
    """Only places and weights cross to the device, and the sums come back."""

    def __init__(
        self,
        grad_fn: DeviceGradFn,
        rows: Arrays,
        background: Arrays,
        outputs: Numbers,
        n_maps: int,
        *,
        numbers: Numbered,
    ) -> None:
        """Move the rows; `numbers` are those of the rows and background rows in the user's arrays."""
        self._grad_fn, self._numbers = grad_fn, numbers
        self._handle = grad_fn.load(rows, background, outputs, n_maps)

    def add(self, block: Block) -> None:
        """Let the device do it all."""
        with self._numbered():
            self._grad_fn.accumulate(
                self._handle,
                block.row,
                block.background,
                block.alpha,
                block.weight,
                block.replicate,
                block.controls,
            )

    @contextmanager
    def _numbered(self) -> Iterator[None]:
        """Name rows by their numbers in the user's arrays."""
        try:
            yield
        except NonFiniteGradientError as error:
            row, background = self._numbers[0][error.row], self._numbers[1][error.background]
            raise NonFiniteGradientError(int(row), int(background), error.alpha) from None

    def halve(self, rows: NDArray[np.intp]) -> None:
        """Halve the sums of some rows."""
        self._grad_fn.scale(self._handle, 0.5, rows)

    def read(self, rows: NDArray[np.intp]) -> Floats:
        """Fetch the sums."""
        with self._numbered():
            found = self._grad_fn.sums(self._handle)
        parts = [np.asarray(part, dtype=np.float64)[rows] for part in found]
        return np.ascontiguousarray(parts[0] if len(parts) == 1 else np.concatenate(parts, axis=3))


def check_gradient(y: NDArray[Any], slopes: Any, chosen: tuple[int, int], shapes: tuple[tuple[int, ...], ...]) -> None:
    """Refuse answers of a gradient function that are not shaped as its protocol says.

    Raises
    ------
    ExplainerError
        With both shapes.
    """
    if not isinstance(slopes, tuple | list) or len(slopes) != len(shapes):
        msg = f"`model.gradient` must return (outputs, gradients) with a tuple of {len(shapes)} gradients, one an input"
        raise ExplainerError(msg)
    wanted = [chosen, *((*chosen, *shape) for shape in shapes)]
    for found, want in zip([y, *slopes], wanted, strict=True):
        if np.shape(found) != want:
            what = "outputs" if found is y else "gradients"
            msg = f"`model.gradient` returned {what} of shape {np.shape(found)} where {want} are needed"
            raise ExplainerError(msg)
