"""The loop of a call: plan, places, gradients, sums, and values of the rows that are done."""

import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from ferroshap import _native
from ferroshap.errors import ExplainerError, FerroshapError, MemoryLimitError
from ferroshap.gradients.background import Background, side_by_side
from ferroshap.gradients.batches import batch_points
from ferroshap.gradients.completeness import complaint, errors_of_sums, is_notable
from ferroshap.gradients.expected_gradients import ExpectedGradients
from ferroshap.gradients.maps import Maps
from ferroshap.gradients.protocol import Arrays, DeviceGradFn, GradFn, Numbers, explaining, is_out_of_memory
from ferroshap.gradients.quadrature import Quadrature, QuadraturePlan
from ferroshap.gradients.shapes import Floats, InputShape
from ferroshap.gradients.sums import Block, DeviceSums, HostSums, Sums
from ferroshap.progress import Progress

Method = ExpectedGradients | Quadrature
Rows = NDArray[np.intp]

#: Sums of more rows than fit here wait.
GROUP_BYTES = 2**28
#: Rows of a group, the first with notable gaps, of which it is asked whether their errors explain them.
LOOKED_AT = 16
#: Parts of a row's points that take turns with those of other rows where time may run out.
TURNS = 16
#: As many gradients of zero are no accident.
LEAST_FLAT = 8
#: A gap of this size, relative to the output, is no rounding.
GAP = 1e-6


@dataclass(frozen=True)
class Settings:
    """How rows are explained.

    Attributes
    ----------
    method : ExpectedGradients or Quadrature
        With the budget and tolerance of this call.
    seed, n_threads, memory_bytes : int
        As everywhere.
    batch_size : int or None
        Points of one call of the model; None chooses.
    smoothing : float
        Standard deviation of the noise added to the places.
    on_device : bool
        Leave gradients where the model is.
    deadline : float or None
        When to stop, by the monotonic clock.
    keeps_replicates : bool
        Keep the maps that errors come from.
    """

    method: Method
    seed: int
    n_threads: int
    memory_bytes: int
    batch_size: int | None = None
    smoothing: float = 0.0
    on_device: bool = False
    deadline: float | None = None
    keeps_replicates: bool = False


def make_plan(method: Method, background: Background, seed: int, tol: float | None) -> Any:
    """Return the plan of a method over a background: `_native.GradientPlan`, or one like it."""
    if isinstance(method, Quadrature):
        return QuadraturePlan(background.weights, method)
    scores = background.scores if method.control else None
    return _native.GradientPlan(
        background.weights, background.ranks, scores, method.budget, method.replicates, seed, tol is not None
    )


class RowsOfGradients:
    """Rows to be explained, and what was found of them.

    Parameters
    ----------
    grad_fn : GradFn
        The model.
    background : Background
        Made ready.
    shapes : sequence of InputShape
        Of the inputs.
    rows : tuple of ndarray
        Each ``(n, *shape)``, in the dtype of the model, C-contiguous.
    outputs : ndarray of shape ``(n, T)``
        The outputs explained of each row.
    target : ndarray of shape ``(n, T)``
        Their outputs less the base values.
    scale : ndarray of shape ``(n, T)``
        How large outputs are: what is rounding and what is not.
    keys : ndarray of shape ``(n,)``
        What each row's random number is drawn by.
    settings : Settings
        How.
    progress : Progress
        Counts points.
    """

    def __init__(
        self,
        grad_fn: GradFn,
        background: Background,
        shapes: Sequence[InputShape],
        rows: Arrays,
        outputs: Numbers,
        target: Floats,
        scale: Floats,
        keys: NDArray[np.uint64],
        settings: Settings,
        progress: Progress,
    ) -> None:
        """Plan."""
        self.grad_fn, self.background, self.settings, self.seed = grad_fn, background, settings, settings.seed
        self.rows, self.outputs, self.target, self.scale, self.keys = rows, outputs, target, scale, keys
        self.progress = progress
        method = settings.method
        self.tol = method.tol if isinstance(method, ExpectedGradients) else None
        self.plan = make_plan(method, background, settings.seed, self.tol)
        self.n_rows, self.n_outputs = outputs.shape
        self.n_maps = self.plan.n_replicates + self.plan.n_controls + 1
        self._d = sum(shape.size for shape in shapes)
        self.maps = Maps(
            self.n_rows,
            self.n_outputs,
            shapes,
            self.plan.n_replicates,
            settings.memory_bytes,
            keeps_replicates=settings.keeps_replicates,
        )
        self.n_points = np.zeros(self.n_rows, dtype=np.int64)
        self.statuses = np.full(self.n_rows, "INTERRUPTED", dtype="<U12")
        #: Standard errors of the raw sums, where these are far from what they should be.
        self.sum_errors = np.full((self.n_rows, self.n_outputs), np.nan)
        #: Whether some gradient differs from zero.
        self.is_proven = False
        self.batch = settings.batch_size or batch_points(rows, self.n_outputs, is_cached=not settings.on_device)

    def run(self) -> None:
        """Explain all rows; what an exception leaves undone stays NaN or as far as it came."""
        with explaining(self.grad_fn):
            for group in self._groups():
                Group(self, group).run(self._time_of(group))
                if self._time_is_up():
                    break

    def complaint(self) -> str | None:
        """Say that what the gradients add up to is not what it should be; None if it may be."""
        method = self.settings.method
        done = self.n_points > 0
        if self.settings.smoothing or not done.any():
            return None
        nodes = method.nodes if isinstance(method, Quadrature) else None
        errors = self.sum_errors[done]
        return complaint(self.maps.gap[done], errors, self.target[done], self.plan.n_replicates, nodes)

    def _groups(self) -> Iterator[Rows]:
        """Rows whose sums fit into the memory granted together."""
        row_bytes = 8 * self.n_outputs * self._d * (self.n_maps + self.plan.n_replicates + 4)
        limit = self.settings.memory_bytes
        if row_bytes > limit:
            msg = (
                f"the sums of one row of {self._d} features and {self.n_outputs} outputs take {row_bytes:,} bytes, but "
                f"`memory_limit` allows {limit:,}: explain fewer outputs (`ranked_outputs=1`, or `outputs=[...]`)"
            )
            raise MemoryLimitError(msg)
        step = max(1, min(limit, GROUP_BYTES) // row_bytes)
        for first in range(0, self.n_rows, step):
            yield np.arange(first, min(first + step, self.n_rows))

    def _time_of(self, group: Rows) -> float | None:
        """When a group must be done: each has its share of the time that is left."""
        deadline = self.settings.deadline
        if deadline is None:
            return None
        now = time.monotonic()
        return now + (deadline - now) * float(len(group) / (self.n_rows - int(group[0])))

    def _time_is_up(self) -> bool:
        deadline = self.settings.deadline
        return deadline is not None and time.monotonic() >= deadline


class Group:
    """Rows whose sums are in memory at the same time and whose points share batches."""

    def __init__(self, whole: RowsOfGradients, rows: Rows) -> None:
        """Make room for sums."""
        self._whole, self._rows = whole, rows
        self._plan, self._grad_fn, self._settings = whole.plan, whole.grad_fn, whole.settings
        self._inputs = tuple(values[rows[0] : rows[-1] + 1] for values in whole.rows)
        self._flat = side_by_side(self._inputs)
        self._keys = whole.keys[rows]
        self._told = np.zeros(len(rows), dtype=np.uint64)
        self._stage = 0
        self._sums = self._make_sums()

    def _make_sums(self) -> Sums:
        settings, whole = self._settings, self._whole
        outputs = whole.outputs[self._rows]
        background = whole.background
        numbers = self._rows, background.index
        if settings.on_device:
            device = cast("DeviceGradFn", self._grad_fn)
            return DeviceSums(device, self._inputs, background.inputs, outputs, whole.n_maps, numbers=numbers)
        return HostSums(
            self._grad_fn,
            self._inputs,
            background.inputs,
            outputs,
            whole.n_maps,
            smoothing=settings.smoothing,
            seed=settings.seed,
            n_threads=settings.n_threads,
            numbers=numbers,
        )

    def run(self, deadline: float | None) -> None:
        """Go from stage to stage with the rows that are not precise enough; keep what was reached if it fails."""
        active = np.arange(len(self._rows))
        try:
            while True:
                if not self._play(active, deadline):
                    self._finish(active)
                    return
                self._finish(active)
                whole, tol = self._whole, self._whole.tol
                names = self._rows[active]
                whole.statuses[names] = "BUDGET_SPENT"
                if tol is not None:
                    is_precise = (whole.maps.relative[names] <= tol).all(axis=1)
                    whole.statuses[names[is_precise]] = "CONVERGED"
                    active = active[~is_precise]
                if not len(active) or self._stage + 1 >= self._plan.n_stages:
                    return
                whole.statuses[self._rows[active]] = "INTERRUPTED"
                self._stage += 1
                self._sums.halve(active)
        except BaseException:
            # The exception goes on; the rows begun keep the estimate that their points give, if they give one.
            with suppress(FerroshapError):
                self._finish(active, is_checked=False)
            raise

    def _play(self, active: Rows, deadline: float | None) -> bool:
        """Tell the sums the points that the stage adds for the active rows; False if time ran out."""
        before = self._plan.n_points(self._stage - 1) if self._stage else 0
        own = self._plan.n_points(self._stage) - before
        for block in self._blocks(active, before, own, deadline is not None):
            self._add(block)
            if deadline is not None and time.monotonic() >= deadline:
                return bool((self._told[active] == before + own).all())
        return True

    def _blocks(self, active: Rows, before: int, own: int, in_turns: bool) -> Iterator[Block]:
        """Points in batches: row after row, or where time may run out a part of each row in turn."""
        batch = self._whole.batch
        if not in_turns:
            keys, total, first = self._keys[active], own * len(active), 0
            while first < total:
                count = min(batch, total - first)
                yield self._block(active, keys, before, own, first, count)
                first += count
            return
        part = -(-own // TURNS)
        for first in range(0, own, part):
            count = min(part, own - first)
            for row in active:
                yield self._block(np.array([row]), self._keys[[row]], before, own, first, count)

    def _block(self, active: Rows, keys: NDArray[np.uint64], before: int, own: int, first: int, count: int) -> Block:
        row, background, alpha, weight, replicate, controls = self._plan.block(keys, self._stage, first, count)
        places = active[row].astype(np.uint32) if len(active) < len(self._rows) else row
        block = Block(places, background, alpha, weight, replicate, controls)
        if not self._settings.smoothing:
            return block
        numbers = (before + np.arange(first, first + count) % own).astype(np.uint64)
        return replace(block, keys=self._keys[places], numbers=numbers)

    def _add(self, block: Block) -> None:
        """Add a block; one that is too large for the memory is cut, and so are those that follow."""
        whole = self._whole
        first = 0
        while first < len(block):
            part = block.part(first, first + whole.batch) if len(block) > whole.batch else block
            try:
                self._sums.add(part)
            except Exception as error:
                if len(part) == 1 or not is_out_of_memory(self._grad_fn, error):
                    raise
                whole.batch = len(part) // 2
                continue
            first += len(part)
            counts = np.bincount(part.row, minlength=len(self._rows))
            self._told += counts.astype(np.uint64)
            whole.n_points[self._rows] += counts
            whole.progress.add(len(part))
            if len(part) >= LEAST_FLAT and not whole.is_proven:
                self._check_first(np.flatnonzero(counts))

    def _finish(self, active: Rows, *, is_checked: bool = True) -> None:
        """Make values of the sums of rows that have any."""
        active = active[self._told[active] > 0]
        if not is_checked:  # a gradient that was not finite has spoilt its row
            active = active[np.isfinite(self._sums.read(active)).all(axis=(1, 2, 3))]
        if not len(active):
            return
        whole, settings, method = self._whole, self._settings, self._settings.method
        names = self._rows[active]
        x, told = self._flat[active], self._told[active]
        is_whole = bool((told == self._plan.n_points(self._stage)).all())
        sums, target = self._sums.read(active), whole.target[names]
        if is_checked:
            self._check_sums(sums, target, whole.scale[names])
        shares_gap = settings.smoothing == 0 and (isinstance(method, Quadrature) or method.residual)

        def finished(at: Any, *, residual: bool) -> Any:
            return self._plan.finish(
                self._keys[active][at],
                self._stage,
                None if is_whole else told[at],
                np.ascontiguousarray(x[at]),
                whole.background.flat,
                np.ascontiguousarray(sums[at]),
                np.ascontiguousarray(target[at]),
                residual,
                settings.n_threads,
            )

        *found, share = finished(slice(None), residual=shares_gap)
        whole.maps.store(names, found, share)
        notable = np.flatnonzero(is_notable(found[1], target, whole.scale[names]))[:LOOKED_AT]
        whole.sum_errors[names] = np.nan
        if len(notable) and settings.smoothing == 0 and isinstance(method, ExpectedGradients):
            # The errors of the sums themselves are gone once the gap is shared out.
            values, _, _, replicates, share = finished(notable, residual=False)
            whole.sum_errors[names[notable]] = errors_of_sums(values, replicates, share)

    def _check_first(self, rows: Rows) -> None:
        """Stop at once where no gradient of the first batch differs from zero."""
        whole = self._whole
        whole.is_proven = True
        sums, names = self._sums.read(rows), self._rows[rows]
        if not sums[:, :, -1].any():
            self._check_sums(sums, whole.target[names], whole.scale[names])

    def _check_sums(self, sums: Floats, target: Floats, scale: Floats) -> None:
        """Refuse sums that are not finite, and gradients that are zero although outputs differ."""
        if self._settings.on_device and not np.isfinite(sums).all():
            msg = "a gradient of the model is not finite: `device_plan=False` finds the row and the place"
            raise ExplainerError(msg)
        is_flat = ~sums[:, :, -1].any(axis=2)
        if self._settings.smoothing == 0 and (is_flat & (np.abs(target) > GAP * scale)).any():
            raise zero_gradient()


def zero_gradient() -> ExplainerError:
    """Say that outputs differ while gradients are zero."""
    return ExplainerError(
        "the gradient of the model is 0 everywhere on the paths, although its output differs from the background's: it "
        "is piecewise constant (trees, labels, rounding) or detached from its input. ferroshap.Explainer(model, "
        "background) explains by outputs alone; images by their segments: ferroshap.maskers.Image"
    )
