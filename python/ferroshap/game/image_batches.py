"""Asking a model about images, in batches of bounded size."""

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from ferroshap.errors import DimensionError
from ferroshap.game.batches import batch_rows
from ferroshap.game.buffers import Buffers
from ferroshap.inputs.images import Images
from ferroshap.maskers.image_painters import Painter
from ferroshap.models import Model

if TYPE_CHECKING:
    from concurrent.futures import Executor

Floats = NDArray[np.float64]
Pixels = NDArray[Any]
Words = NDArray[np.uint64]

#: Bytes of images in one call of the model, unless the user names a number.
MOST_BYTES = 1 << 26
#: Batches of fewer bytes are painted sooner than another thread wakes up.
LEAST_BYTES_AHEAD = 1 << 20


class Wanted(NamedTuple):
    """Coalitions of one image, on each of its fills.

    Attributes
    ----------
    painter : Painter
        What writes them.
    words : ndarray of shape ``(m, words)``
        The coalitions.
    n_fills : int
        Model rows of each.
    outputs : ndarray of int, or None
        The outputs to keep; None for all.
    """

    painter: Painter
    words: Words
    n_fills: int
    outputs: NDArray[np.intp] | None


class Stretch(NamedTuple):
    """Some successive coalitions of one image on one fill: a part of a batch."""

    number: int
    fill: int
    first: int
    last: int


class ImageBatches:
    """A model, and the memory in which images are painted for it.

    While the model looks at a batch, another thread paints the next, which `__exit__` waits for; what is painted does
    not depend on that.

    Parameters
    ----------
    model : Model
        The user's.
    images : Images
        Images of the size and type that are asked about.
    batch_size : int or "auto"
        The most images in one call; "auto" is 64 MiB of them, or a quarter of the memory granted.
    memory_bytes : int
        What was granted.
    n_threads : int
        Threads that paint.
    """

    def __init__(
        self, model: Model, images: Images, *, batch_size: int | str, memory_bytes: int, n_threads: int
    ) -> None:
        """Ask nothing yet."""
        self._model = model
        self._images = images
        self._n_threads = n_threads
        self._buffers = Buffers()
        self._like = np.empty((0, math.prod(images.row_shape)), dtype=images.dtype)
        image_bytes = self._like.shape[1] * self._like.itemsize
        self.batch_rows = batch_rows(batch_size if batch_size != "auto" else 1, image_bytes)
        if batch_size == "auto":
            self.batch_rows = max(1, min(MOST_BYTES, memory_bytes // 4) // image_bytes)
        self._looks_ahead = n_threads > 1 and self.batch_rows * image_bytes >= LEAST_BYTES_AHEAD
        self._pool: Executor | None = None
        self.is_vector: bool | None = None
        self.n_outputs = 0

    def __enter__(self) -> Self:
        """Ask in a with statement, which ends the thread that paints."""
        return self

    def __exit__(self, *_: object) -> None:
        """Wait for the thread that paints."""
        if self._pool is not None:
            self._pool.shutdown()
            self._pool = None

    def outputs_of_images(self) -> Floats:
        """Ask about the images as they are: ``(n_images, n_outputs)``; of none, how many outputs there are."""
        if not len(self._images):
            return self._ask(self._like, 0)
        found = []
        for first in range(0, len(self._images), self.batch_rows):
            rows = self._images.rows[first : first + self.batch_rows]
            buffer = self._take(len(rows))
            buffer[: len(rows)] = rows.reshape(len(rows), -1)
            found.append(self._ask(buffer, len(rows)).copy())
            self._buffers.give_back([buffer])
        return np.concatenate(found)

    def outputs(self, wanted: Sequence[Wanted]) -> list[Floats]:
        """Ask about coalitions of some images: ``(n_fills, m, kept outputs)`` each."""
        kept = [self.n_outputs if want.outputs is None else len(want.outputs) for want in wanted]
        found = [np.empty((want.n_fills, len(want.words), count)) for want, count in zip(wanted, kept, strict=True)]
        batches = self._cut(wanted)
        if len(batches) > 1 and self._looks_ahead and all(want.painter.is_quick for want in wanted):
            pool = self._painting_pool()
            self._ask_all(wanted, batches, found, lambda batch: pool.submit(self._painted, wanted, batch, 1).result)
        else:
            self._ask_all(wanted, batches, found, lambda batch: lambda: self._painted(wanted, batch, self._n_threads))
        return found

    def _painting_pool(self) -> "Executor":
        if self._pool is None:
            from concurrent.futures import ThreadPoolExecutor

            self._pool = ThreadPoolExecutor(1, "ferroshap-images")
        return self._pool

    def _cut(self, wanted: Sequence[Wanted]) -> list[list[Stretch]]:
        """Cut what is wanted into batches."""
        batches: list[list[Stretch]] = [[]]
        spare = self.batch_rows
        for number, want in enumerate(wanted):
            for fill in range(want.n_fills):
                first = 0
                while first < len(want.words):
                    if spare == 0:
                        batches.append([])
                        spare = self.batch_rows
                    last = min(len(want.words), first + spare)
                    batches[-1].append(Stretch(number, fill, first, last))
                    spare -= last - first
                    first = last
        return batches if batches[0] else []

    def _ask_all(
        self,
        wanted: Sequence[Wanted],
        batches: list[list[Stretch]],
        found: list[Floats],
        begin: Callable[[list[Stretch]], Callable[[], Pixels]],
    ) -> None:
        """Ask about batch after batch; `begin` begins to paint one, what it returns waits for it."""
        painted = begin(batches[0]) if batches else None
        for place, batch in enumerate(batches):
            assert painted is not None  # noqa: S101 - begun a round ago
            buffer = painted()
            if place + 1 < len(batches):
                painted = begin(batches[place + 1])
            count = sum(part.last - part.first for part in batch)
            outputs = self._ask(buffer, count)
            at = 0
            for number, fill, first, last in batch:
                of_part = outputs[at : at + last - first]
                chosen = wanted[number].outputs
                found[number][fill, first:last] = of_part if chosen is None else of_part[:, chosen]
                at += last - first
            del outputs, of_part
            self._buffers.give_back([buffer])
            del buffer

    def _painted(self, wanted: Sequence[Wanted], batch: list[Stretch], n_threads: int) -> Pixels:
        buffer = self._take(sum(part.last - part.first for part in batch))
        at = 0
        for number, fill, first, last in batch:
            out = buffer[at : at + last - first].reshape(last - first, *self._images.canvas_shape)
            wanted[number].painter.paint(wanted[number].words[first:last], fill, out, n_threads)
            at += last - first
        return buffer

    def _take(self, count: int) -> Pixels:
        return self._buffers.take([self._like], count)[0]

    def _ask(self, buffer: Pixels, count: int) -> Floats:
        """Ask about the first images of a buffer: ``(count, n_outputs)``."""
        outputs = self._model(buffer[:count].reshape(count, *self._images.row_shape), count)
        if self.is_vector is None:
            self.is_vector = outputs.ndim == 1
            self.n_outputs = 1 if self.is_vector else outputs.shape[1]
        if (outputs.ndim == 1) != self.is_vector or outputs.size != count * self.n_outputs or not self.n_outputs:
            want = f"({count},)" if self.is_vector else f"({count}, {self.n_outputs or 'outputs'})"
            msg = f"`model` returned shape {outputs.shape}, but {want} is needed: it was so for the images themselves"
            raise DimensionError(msg)
        return outputs.reshape(count, self.n_outputs)
