"""Operations that op-chains know too: magnitudes, order, and reductions over an axis."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from ferroshap.errors import DimensionError, OptionError
from ferroshap.explanation.axes import take_axes
from ferroshap.explanation.field import Body
from ferroshap.explanation.fields import Take
from ferroshap.explanation.history import OpHistoryItem
from ferroshap.explanation.op_chain import ChainedMethod, ChainedProperty, OpChain
from ferroshap.explanation.reductions import REDUCTIONS, Drop, Magnitude, Reduce, Several

if TYPE_CHECKING:
    from ferroshap.explanation.cohorts import Cohorts
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
    def sum(
        self, axis: int | tuple[int, ...] | None = None, grouping: Mapping[str, str] | None = None
    ) -> "Explanation":
        """Sum over an axis or several, over everything if None; or features into groups.

        Parameters
        ----------
        axis : int or tuple of int, optional
            What is summed over; with `grouping` the axis of the features, or None.
        grouping : dict of str to str, optional
            The group that a feature goes into, by names. Groups stand where their first feature stood; features that
            are not named stay. The data of a group are missing, and a clustering goes.

        Raises
        ------
        KeyError
            When `grouping` names a feature that there is not.
        DimensionError
            When there is no axis of features with names, or `axis` is another.

        Examples
        --------
        >>> from ferroshap.explanation import Explanation
        >>> sv = Explanation([[1.0, 2.0, 4.0]], feature_names=["lat", "age", "lon"])
        >>> grouped = sv.sum(grouping={"lat": "place", "lon": "place"})
        >>> grouped.feature_names, grouped.values
        (['place', 'age'], array([[5., 2.]]))
        """
        if grouping is not None:
            from ferroshap.explanation.grouping import grouped

            return grouped(cast("Explanation", self), grouping, axis)
        return self._reduced("sum", axis)

    @ChainedMethod
    def percentile(self, q: float, axis: int | tuple[int, ...] | None = None) -> "Explanation":
        """The `q`-th percentile over an axis or several, of everything if None, as `numpy.percentile` has it."""
        if not isinstance(q, (int, float, np.integer, np.floating)) or not 0 <= q <= 100:
            msg = f"`q` is {q!r}: pass one number from 0 to 100"
            raise OptionError(msg)
        return self._reduced("percentile", axis, partial(_percentile, q=q), q)

    @ChainedMethod
    def sample(self, max_samples: int, replace: bool = False, random_state: int = 0) -> "Explanation":
        """Random rows, at most as many as there are; the same for the same `random_state`, and those that shap draws.

        Raises
        ------
        DimensionError
            When there is no row axis.
        OptionError
            When `max_samples` is negative.
        """
        if "row" not in self.axes:
            msg = f"`sample` draws rows, but this Explanation has axes {self.axes}"
            raise DimensionError(msg)
        if not isinstance(max_samples, (int, np.integer)) or max_samples < 0:
            msg = f"`max_samples` is {max_samples!r}: pass a number of rows"
            raise OptionError(msg)
        n_rows = self.shape[0]
        # The legacy generator on purpose, a private one: it gives the rows that users know.
        chosen = np.random.RandomState(random_state).choice(n_rows, min(int(max_samples), n_rows), replace)
        keys = (chosen.astype(np.intp, copy=False), *(None,) * (len(self.axes) - 1))
        given: dict[str, object] = {"replace": replace, "random_state": random_state}
        operation = OpHistoryItem("sample", self.shape, (max_samples,), given)
        return self.derived(take_axes(self.values, keys), self.axes, Take(self.axes, keys), operation)

    @ChainedMethod
    def hclust(self, metric: str = "sqeuclidean", axis: int = 0) -> np.ndarray:
        """Positions of the rows (or, with ``axis=1``, of the features) in an order that keeps like beside like.

        Complete linkage and the best order of its leaves; more than 2,048 rows are gathered around 512 centres first,
        and follow each other by their sum inside: :func:`ferroshap.clustering.hclust_ordering`.

        Raises
        ------
        DimensionError
            When the values have not two axes.
        OptionError
            For an unknown metric or another axis.

        Examples
        --------
        >>> from ferroshap.explanation import Explanation
        >>> Explanation([[0.0, 1.0], [9.0, 1.0], [1.0, 1.0], [8.0, 1.0]]).hclust()
        array([0, 2, 3, 1])
        """
        from ferroshap.clustering import hclust_ordering

        if len(self.axes) != 2:
            msg = f"`hclust` orders values of two axes, but these are {' x '.join(self.axes) or 'a single number'}"
            raise DimensionError(f"{msg}: pick one output, as sv[..., 0]" if "output" in self.axes else msg)
        if axis not in {0, 1}:
            msg = f"`axis` is {axis!r}: pass 0 for rows or 1 for features"
            raise OptionError(msg)
        values = np.asarray(self.values)
        return hclust_ordering(values if axis == 0 else values.T, metric)

    def hstack(self, other: "Explanation") -> "Explanation":
        """Put the features of another Explanation of the same rows beside these.

        Parameters
        ----------
        other : Explanation
            Values of the same rows, with the same base values to 1e-6.

        Raises
        ------
        StackError
            When rows, outputs or roles of axes differ. Also an AssertionError.
        ValueError
            When the base values differ.

        Examples
        --------
        >>> from ferroshap.explanation import Explanation
        >>> sv = Explanation([[1.0, 2.0, 4.0]], 0.5, feature_names=["lat", "age", "lon"])
        >>> sv[:, ["age"]].hstack(sv[:, ["lat", "lon"]]).feature_names
        ['age', 'lat', 'lon']
        """
        from ferroshap.explanation.stacking import stacked

        return stacked(cast("Explanation", self), other)

    def cohorts(self, cohorts: Any) -> "Cohorts":
        """Split the rows into groups, each an Explanation with a name.

        Parameters
        ----------
        cohorts : int or sequence
            At most so many groups, told apart by thresholds on the data that a regression tree of the values finds:
            ``Age < 28.5 & Hours >= 40``, with missing data as a side of their own. Or one label for each row.

        Returns
        -------
        Cohorts
            Together they have every row once.

        Raises
        ------
        ValueError
            For values of several outputs, and where there are no data to tell rows apart.
        TypeError
            When it is neither a number nor labels.

        Examples
        --------
        >>> from ferroshap.explanation import Explanation
        >>> sv = Explanation([[1.0], [2.0], [9.0]], data=[[20.0], [25.0], [60.0]], feature_names=["Age"])
        >>> sv.cohorts(["old", "young", "old"])
        <Cohorts: old [2], young [1]>
        """
        from ferroshap.explanation.cohorts import cohorts_of

        return cohorts_of(cast("Explanation", self), cohorts)

    def _reduced(
        self,
        name: str,
        axis: int | tuple[int, ...] | None,
        compute: Callable[..., Any] | None = None,
        *first: float,
    ) -> "Explanation":
        """Reduce values and fields over an axis or several; `first` are arguments that stand before the axis."""
        compute = REDUCTIONS[name] if compute is None else compute
        axes, n_axes = self.axes, len(self.axes)
        given = tuple(range(n_axes)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
        if not all(isinstance(one, (int, np.integer)) and -n_axes <= one < n_axes for one in given):
            msg = f"`axis` is {axis!r}, but this Explanation has {n_axes} axes: {axes}"
            raise IndexError(msg)
        values = compute(self.values, axis=None if axis is None else given)
        merged = sorted(int(one) % n_axes for one in given)
        operation = OpHistoryItem(name, self.shape, (*first, axis), None, any(axes[i] == "row" for i in merged))
        left, steps = axes, []
        for i in reversed(merged):
            steps.append(Reduce(name, compute, left, i))
            left = left[:i] + left[i + 1 :]
        return self.derived(values, left, steps[0] if len(steps) == 1 else Several(steps), operation)


def _percentile(values: Any, axis: Any = None, *, q: float) -> Any:
    """NumPy's percentile, in the order of arguments that all reductions here have."""
    return np.percentile(values, q, axis=axis)
