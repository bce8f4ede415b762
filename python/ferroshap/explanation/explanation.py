"""`Explanation`: values of players, with the base values, data and names they belong to."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ferroshap.explanation import checks
from ferroshap.explanation.arithmetic import Arithmetic
from ferroshap.explanation.axes import Axes, checked_axes, take_axes
from ferroshap.explanation.fields import FOLLOWS, Fields, Step, Take
from ferroshap.explanation.history import OpHistoryItem
from ferroshap.explanation.indexing import out_of_range, resolved
from ferroshap.explanation.intervals import confidence_interval
from ferroshap.explanation.leaving import Leaving
from ferroshap.explanation.maps import Maps
from ferroshap.explanation.names import FeatureNames, NameTable
from ferroshap.explanation.operations import Operations


class Explanation(Arithmetic, Operations, Maps, Leaving):
    """Values of players for each explained row, with all that belongs to them.

    ``base_values + values.sum(features)`` is the model's output, in the space
    of the link. Slices are views; fields other than the values are cut when
    they are first asked for.

    Parameters
    ----------
    values : array_like or Explanation
        ``(rows, features[, outputs])``; without the row axis for one row, with
        a second feature axis for interactions. Images have two or three feature
        axes, ``(rows, height, width[, channels][, outputs])``, and as many in their data. An Explanation is copied with
        all its fields, which the other arguments then replace.
    base_values : array_like, optional
        ``(rows[, outputs])``, or one number; ``(outputs,)`` is repeated for all rows.
    data, display_data : array_like or table, optional
        ``(rows, features)``: the explained rows, and how to show them.
    instance_names, feature_names, output_names, output_indexes : sequence, optional
        Along rows, features and outputs. Features without names are called
        ``Feature 0``, ``Feature 1``, ...; one string names a feature that was picked.
    lower_bounds, upper_bounds, error_std, main_effects, hierarchical_values : array_like, optional
        Shaped as the values. `error_std` is one standard error (`std_errors` is
        another name of it), NaN where it is unknown.
    clustering : array_like, optional
        ``(features - 1, 4)``, or one a row.
    compute_time : float, optional
        Seconds.
    n_evaluations : array_like, optional
        Worths that were computed, one number a row.
    status : optional
        How the rows ended: ``EXACT``, ``CONVERGED``, ``BUDGET_SPENT`` or ``INTERRUPTED``, one for all or
        one a row. `status` is then the weakest, `statuses` has one for each row.
    plan : optional
        The route that was taken, and why.
    gap : array_like, optional
        Model output minus base value minus sum of values, as it was found.
    interval_df : float or array_like, optional
        Degrees of freedom of the standard errors, one for all or one a row.
    seed : optional
        What the random numbers were made from.
    screening : optional
        Who was screened out of each row, in which groups, and what these are worth together with their errors, where
        the estimator screens (:class:`ferroshap.estimators.Screened`): one ``Screening`` a row.
    plausibility : optional
        How far the masked rows lie from real ones.
    msev : array_like, optional
        Mean squared difference between the worths that were evaluated and the model's output, ``(rows[, outputs])``.
        First the mean over the coalitions of one size, then over the sizes between nobody and everybody; the lower, the
        better the worths predict the output. Worths over some background rows each (`rows_per_eval`) spread, which
        counts too: :func:`ferroshap.metrics.value_function_error` takes all rows. NaN for a row of fewer than two
        features that vary.
    relative_error : array_like, optional
        Standard error of a whole map over its size, ``(rows[, outputs])``.
    forward_rows : array_like, optional
        Rows that the model predicted, one number a row (`n_forward_rows` is another name of it).
    channel_error_std, pooled_error_std : array_like, optional
        Standard errors of maps whose channels were summed, ``(rows, height, width[, outputs])``, and
        of those summed over blocks of 8 x 8 pixels too, ``(rows, ceil(height / 8), ceil(width / 8)[, outputs])``:
        what `sum_channels` and `pooled` answer with.
    replicates : array_like, optional
        ``(rows, replicates, *features[, outputs])``: R maps of equal weight whose mean are the values. The squared
        standard error of anything linear is the sum of its squared deviations over them, divided by R (R - 1).
    segments : array_like, optional
        The player that each pixel belongs to, -1 for none: ``(rows, height, width)``, or one segmentation for all rows.
    axes : sequence of str, optional
        The role of each axis of the values: ``"row"``, ``"feature"``, ``"output"``.
        Inferred from the other arguments if left out.

    Raises
    ------
    DimensionError
        If a field does not fit the values.

    Examples
    --------
    >>> sv = Explanation([[1.0, -2.0], [3.0, 0.5]], 10.0, feature_names=["age", "bmi"])
    >>> float(sv[0, "bmi"])
    -2.0
    >>> sv[:, sv.abs.mean(0).argsort.flip[:1]].feature_names
    ['age']
    >>> sv[1:].base_values + sv[1:].sum(1).values
    array([13.5])
    """

    __slots__ = ("__weakref__", "_axes", "_fields", "_history", "_values")

    _values: np.ndarray
    _axes: Axes
    _fields: Fields
    _history: tuple[OpHistoryItem, ...]

    def __init__(
        self,
        values: Any,
        base_values: Any = None,
        data: Any = None,
        display_data: Any = None,
        instance_names: Any = None,
        feature_names: Any = None,
        output_names: Any = None,
        output_indexes: Any = None,
        lower_bounds: Any = None,
        upper_bounds: Any = None,
        error_std: Any = None,
        main_effects: Any = None,
        hierarchical_values: Any = None,
        clustering: Any = None,
        compute_time: Any = None,
        *,
        n_evaluations: Any = None,
        status: Any = None,
        plan: Any = None,
        gap: Any = None,
        interval_df: Any = None,
        seed: Any = None,
        screening: Any = None,
        plausibility: Any = None,
        msev: Any = None,
        relative_error: Any = None,
        forward_rows: Any = None,
        channel_error_std: Any = None,
        pooled_error_std: Any = None,
        replicates: Any = None,
        segments: Any = None,
        axes: Any = None,
    ) -> None:
        arguments = locals()
        given = {name: arguments[name] for name in FOLLOWS if arguments[name] is not None}
        self._history = ()
        if isinstance(values, Explanation):
            self._values, self._history = values.values, tuple(values.op_history)
            self._axes = values.axes if axes is None else checked_axes(axes, self._values.ndim)
            given = values._fields.all() | given
        else:
            self._values = checks.as_numbers("values", values)
            self._axes = checks.roles(self._values.shape, given, axes)
        self._fields = Fields(checks.all_fitted(given, self._values.shape, self._axes))

    @classmethod
    def _trusted(
        cls,
        values: np.ndarray,
        axes: Axes,
        fields: dict[str, Any],
        history: tuple[OpHistoryItem, ...] = (),
    ) -> "Explanation":
        """Build from parts that are known to fit: nothing is checked or copied.

        `fields` becomes the Explanation's own dictionary. Base values and gap
        are one number or ``(rows[, outputs])``; `feature_names` is a `NameTable`
        or `FeatureNames`; `instance_names` and `output_names` are `NameTable`.
        """
        names = fields.get("feature_names")
        if type(names) is NameTable:
            fields["feature_names"] = FeatureNames((names,) * axes.count("feature"))
        self = object.__new__(cls)
        self._values = values
        self._axes = axes
        self._fields = Fields(fields)
        self._history = history
        return self

    def derived(
        self,
        values: Any,
        axes: Axes,
        changed: dict[str, Any] | Step,
        operation: OpHistoryItem,
    ) -> "Explanation":
        """Make the Explanation that an operation leaves: new values, and fields set anew or stepped lazily."""
        new = object.__new__(type(self))
        new._values = values
        new._axes = axes
        new._fields = self._fields.replaced(changed) if isinstance(changed, dict) else Fields({}, self._fields, changed)
        new._history = (*self._history, operation)
        return new

    @property
    def values(self) -> Any:
        """The values; setting them re-validates every field.

        Values without the output axis, with one more, or without the axis of a single row are
        accepted, and a list with one array for each output too; fields that do not fit such values
        any more go: set `base_values` after them.
        """
        return self._values

    @values.setter
    def values(self, values: Any) -> None:
        from ferroshap.explanation.refitting import kept_fields, refitted

        array, axes = refitted(values, self._values.shape, self._axes)
        known = kept_fields(self._fields.all(), array.shape, axes, self._axes)
        self._values, self._axes, self._fields = array, axes, Fields(known)

    @property
    def axes(self) -> Axes:
        """The role of each axis of the values."""
        return self._axes

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the values."""
        return self._values.shape

    @property
    def op_history(self) -> list[OpHistoryItem]:
        """What was done since the Explanation was computed, first to last."""
        return list(self._history)

    def names_along(self, axis: int) -> Any:
        """Return the name table of an axis, None if it has none."""
        role = self._axes[axis]
        if role == "feature":
            names = self._fields.get("feature_names")
            return None if names is None else names.tables[self._axes[:axis].count("feature")]
        return self._fields.get("instance_names" if role == "row" else "output_names")

    def __getitem__(self, item: Any) -> "Explanation":
        """Select on each axis by itself, by number, slice, mask, name, Explanation or op-chain."""
        keys = resolved(item, self)
        axes = self._axes
        try:
            values = take_axes(self._values, keys)
        except IndexError:
            raise IndexError(out_of_range(keys, self)) from None
        new = object.__new__(type(self))  # as in `derived`, without its ways round: a slice costs what stands here
        new._values = values
        new._axes = axes
        if values.ndim < len(axes):
            new._axes = tuple([axis for axis, key in zip(axes, keys, strict=True) if type(key) is not int])
        new._fields = Fields({}, self._fields, Take(axes, keys))
        new._history = (*self._history, OpHistoryItem("__getitem__", self._values.shape, (item,)))
        return new

    def __len__(self) -> int:
        """Length of the first axis."""
        if not self._axes:
            msg = "this Explanation holds a single number: it has no length"
            raise TypeError(msg)
        return int(self._values.shape[0])

    def __iter__(self) -> Iterator["Explanation"]:
        """Go along the first axis."""
        return (self[i] for i in range(len(self)))

    def confidence_interval(self, level: float = 0.9) -> tuple[np.ndarray, np.ndarray]:
        """Lower and upper ends of an interval that holds each true value with probability `level`.

        ``values ± t(level, interval_df) * error_std`` with Student's t; the
        normal distribution where the degrees of freedom are unknown; NaN where
        the standard error is. The error of the model itself is not in it.

        Examples
        --------
        >>> sv = Explanation([1.0, 2.0], error_std=[0.1, np.nan], interval_df=10)
        >>> lower, upper = sv.confidence_interval(0.95)
        >>> lower, upper
        (array([0.777, nan]), array([1.223, nan]))
        """
        return confidence_interval(np.asarray(self._values), self.error_std, self.interval_df, level)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle values, roles, fields and history as plain parts."""
        return _restored, (type(self), self._values, self._axes, self._fields.all(), self._history)

    def __repr__(self) -> str:
        """Show values, base values and data; the status if the result may still move."""
        from ferroshap.explanation.text import as_text

        return as_text(self)

    def _repr_html_(self) -> str:
        """Show the strongest features with bars, for notebooks."""
        from ferroshap.explanation.notebook import as_html

        return as_html(self)


def _restored(
    cls: type[Explanation], values: np.ndarray, axes: Axes, fields: dict[str, Any], history: Any
) -> Explanation:
    """Unpickle; kept under this name for files written before."""
    return cls._trusted(values, axes, fields, history)
