"""The fields of an Explanation, as attributes."""

from typing import TYPE_CHECKING, Any

import numpy as np

from ferroshap.explanation import checks
from ferroshap.explanation.axes import Axes
from ferroshap.explanation.fields import Step
from ferroshap.explanation.history import OpHistoryItem
from ferroshap.explanation.names import FeatureNames, NameTable
from ferroshap.explanation.status import status_name, weakest

if TYPE_CHECKING:
    from ferroshap.explanation.explanation import Explanation


class Field:
    """A field beside the values: read through the store; set, where it may be, through the checks."""

    __slots__ = ("_name", "_settable")

    def __init__(self, *, settable: bool = False, name: str | None = None) -> None:
        self._settable = settable
        self._name = name or ""

    def __set_name__(self, owner: type, name: str) -> None:
        """Take the name of the attribute, unless this is another name of a field."""
        del owner
        self._name = self._name or name

    def __get__(self, obj: Any, owner: type) -> Any:
        """Cut the field if that has not been done, and show names as lists."""
        del owner
        if obj is None:
            return self
        value = obj._fields.get(self._name)
        if isinstance(value, FeatureNames):
            return value.shown()
        return list(value.names) if isinstance(value, NameTable) else value

    def __set__(self, obj: "Explanation", value: Any) -> None:
        """Check the new value; slices made before keep the old one."""
        if not self._settable:
            msg = f"`{self._name}` cannot be set: make another Explanation"
            raise AttributeError(msg)
        checked = checks.fitted(self._name, value, obj.shape, obj.axes)
        obj._fields = obj._fields.replaced({self._name: checked})


class Status(Field):
    """The status that stands for all rows: the weakest."""

    __slots__ = ()

    def __get__(self, obj: Any, owner: type) -> Any:
        """Look at all rows."""
        return weakest(super().__get__(obj, owner))


class Statuses(Field):
    """The status of each row, or of the only one."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__(name="status")

    def __get__(self, obj: Any, owner: type) -> Any:
        """Repeat a status that all rows share."""
        status = super().__get__(obj, owner)
        if obj is None or status is None or isinstance(status, np.ndarray) or "row" not in obj.axes:
            return status
        return np.full(obj.shape[obj.axes.index("row")], str(status_name(status)))


class Body:
    """What the parts of an Explanation share: its fields, and what `Explanation` itself provides."""

    __slots__ = ()

    base_values = Field(settable=True)
    data = Field(settable=True)
    display_data = Field(settable=True)
    instance_names = Field()
    feature_names = Field(settable=True)
    output_names = Field(settable=True)
    output_indexes = Field()
    lower_bounds = Field()
    upper_bounds = Field()
    error_std = Field()
    std_errors = Field(name="error_std")
    main_effects = Field(settable=True)
    hierarchical_values = Field(settable=True)
    clustering = Field(settable=True)
    compute_time = Field()
    n_evaluations = Field()
    status = Status()
    statuses = Statuses()
    plan = Field()
    gap = Field()
    interval_df = Field()
    seed = Field()
    screening = Field()
    plausibility = Field()
    msev = Field()
    relative_error = Field()
    forward_rows = Field()
    n_forward_rows = Field(name="forward_rows")
    channel_error_std = Field()
    pooled_error_std = Field()
    replicates = Field()
    segments = Field()

    if TYPE_CHECKING:

        @property
        def values(self) -> Any: ...
        @property
        def axes(self) -> Axes: ...
        @property
        def shape(self) -> tuple[int, ...]: ...
        def derived(
            self, values: Any, axes: Axes, changed: dict[str, Any] | Step, operation: OpHistoryItem
        ) -> "Explanation": ...
