"""Operations that op-chains know too: magnitudes, order, and reductions over an axis."""

from typing import TYPE_CHECKING, cast

import numpy as np

from ferroshap.explanation.field import Body
from ferroshap.explanation.fields import Take
from ferroshap.explanation.history import OpHistoryItem
from ferroshap.explanation.op_chain import ChainedMethod, ChainedProperty, OpChain
from ferroshap.explanation.reductions import REDUCTIONS, Drop, Magnitude, Reduce, Several

if TYPE_CHECKING:
    from ferroshap.explanation.explanation import Explanation

_REVERSED = slice(None, None, -1)


class Operations(Body):
    """The operations of an Explanation; each appends itself to `op_history`."""

    __slots__ = ()

    def __class_getitem__(cls, key: object) -> OpChain:
        """Start an op-chain with an indexing link."""
        return OpChain(cls.__name__)[key]

    @ChainedProperty
    def identity(self) -> "Explanation":
        """The Explanation itself: where an op-chain must do nothing."""
        return cast("Explanation", self)

    @ChainedProperty
    def abs(self) -> "Explanation":
        """Magnitudes of the values; bounds, main effects and gap go."""
        return self.derived(np.abs(self.values), self.axes, Magnitude(), OpHistoryItem("abs", self.shape))

    @ChainedProperty
    def argsort(self) -> "Explanation":
        """Positions that sort the last axis, smallest first, ties in order; names, data and base values go."""
        positions = np.argsort(self.values, axis=-1, kind="stable")
        return self.derived(positions, self.axes, Drop(), OpHistoryItem("argsort", self.shape))

    @ChainedProperty
    def flip(self) -> "Explanation":
        """Every axis in reverse order, with its names and data."""
        keys = (_REVERSED,) * len(self.axes)
        return self.derived(np.flip(self.values), self.axes, Take(self.axes, keys), OpHistoryItem("flip", self.shape))

    @ChainedMethod
    def mean(self, axis: int | tuple[int, ...] | None = None) -> "Explanation":
        """Average over an axis or several, over everything if None."""
        return self._reduced("mean", axis)

    @ChainedMethod
    def max(self, axis: int | tuple[int, ...] | None = None) -> "Explanation":
        """Largest value along an axis, of all if None."""
        return self._reduced("max", axis)

    @ChainedMethod
    def min(self, axis: int | tuple[int, ...] | None = None) -> "Explanation":
        """Smallest value along an axis, of all if None."""
        return self._reduced("min", axis)

    @ChainedMethod
    def sum(self, axis: int | tuple[int, ...] | None = None) -> "Explanation":
        """Sum over an axis or several, over everything if None."""
        return self._reduced("sum", axis)

    def _reduced(self, name: str, axis: int | tuple[int, ...] | None) -> "Explanation":
        axes, n_axes = self.axes, len(self.axes)
        given = tuple(range(n_axes)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
        if not all(isinstance(one, (int, np.integer)) and -n_axes <= one < n_axes for one in given):
            msg = f"`axis` is {axis!r}, but this Explanation has {n_axes} axes: {axes}"
            raise IndexError(msg)
        values = REDUCTIONS[name](self.values, axis=None if axis is None else given)
        merged = sorted(int(one) % n_axes for one in given)
        operation = OpHistoryItem(name, self.shape, (axis,), None, any(axes[i] == "row" for i in merged))
        left, steps = axes, []
        for i in reversed(merged):
            steps.append(Reduce(name, left, i))
            left = left[:i] + left[i + 1 :]
        return self.derived(values, left, steps[0] if len(steps) == 1 else Several(steps), operation)
