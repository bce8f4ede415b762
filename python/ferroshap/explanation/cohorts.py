"""Groups of rows side by side: one Explanation a group."""

import operator
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from ferroshap.errors import DimensionError, OptionError
from ferroshap.explanation.field import Body
from ferroshap.explanation.levels import is_missing

if TYPE_CHECKING:
    from ferroshap.explanation.explanation import Explanation

_SEVERAL_OUTPUTS = (
    "Cohorts cannot be calculated on multiple outputs at once: pick one, as "
    "sv[..., {name!r}].cohorts(...); `cohorts` was asked of values with {n} outputs"
)


class Cohorts:
    """Explanations by name, each of other rows; what is asked of them is asked of each.

    Attributes, indices and calls are forwarded, so ``cohorts.abs.mean(0)`` has one
    line of values a cohort. The Explanations themselves are in `cohorts`.

    Parameters
    ----------
    **explanations : Explanation
        The cohorts by name.

    Raises
    ------
    TypeError
        When one of them is no Explanation.

    Examples
    --------
    >>> from ferroshap.explanation import Explanation
    >>> sv = Explanation([[1.0], [2.0], [9.0]], data=[[20.0], [25.0], [60.0]], feature_names=["Age"])
    >>> cohorts = sv.cohorts(2)
    >>> cohorts
    <Cohorts: Age < 40 [2], Age >= 40 [1]>
    >>> {name: float(mean.values) for name, mean in cohorts.mean().cohorts.items()}
    {'Age < 40': 1.5, 'Age >= 40': 9.0}
    """

    def __init__(self, /, **explanations: "Explanation") -> None:
        self._callables: dict[str, Any] = {}
        self.cohorts = explanations

    @property
    def cohorts(self) -> dict[str, Any]:
        """The Explanations by name; after ``.values`` and the like, what each of them answered."""
        return self._cohorts

    @cohorts.setter
    def cohorts(self, explanations: dict[str, Any]) -> None:
        if not isinstance(explanations, dict):
            msg = f"`cohorts` is a {type(explanations).__name__}: pass a dict of names and Explanations"
            raise TypeError(msg)
        for name, explanation in explanations.items():
            if not isinstance(explanation, Body):
                kind = type(explanation).__name__
                msg = f"cohort {name!r} is a {kind}: cohorts must be Explanation objects"
                raise TypeError(msg)
        self._cohorts = explanations

    @classmethod
    def _holding(cls, answers: dict[str, Any]) -> "Cohorts":
        """What each cohort answered: methods wait for a call, everything else is there."""
        new = cls()
        new._callables = {name: answer for name, answer in answers.items() if callable(answer)}
        new._cohorts = {name: answer for name, answer in answers.items() if not callable(answer)}
        return new

    def __getitem__(self, item: Any) -> "Cohorts":
        """Index each cohort."""
        return self._holding({name: explanation[item] for name, explanation in self._cohorts.items()})

    def __getattr__(self, name: str) -> "Cohorts":
        """Ask each cohort."""
        if name.startswith("_"):  # copy, pickle and notebooks probe for names of their own
            msg = f"Cohorts have no attribute {name!r}"
            raise AttributeError(msg)
        return self._holding({key: getattr(explanation, name) for key, explanation in self._cohorts.items()})

    def __call__(self, *args: Any, **kwargs: Any) -> "Cohorts":
        """Call the method that was asked of each cohort."""
        if not self._callables:
            msg = "No methods to __call__: ask the cohorts for one first, as in cohorts.mean(0)"
            raise ValueError(msg)
        return self._holding({name: method(*args, **kwargs) for name, method in self._callables.items()})

    def __len__(self) -> int:
        """Count the cohorts."""
        return len(self._cohorts) + len(self._callables)

    def __iter__(self) -> Iterator[str]:
        """Go along the names."""
        return iter({**self._cohorts, **self._callables})

    def __repr__(self) -> str:
        """Show names and numbers of rows."""
        parts = [f"{name} [{_rows_of(explanation)}]" for name, explanation in self._cohorts.items()]
        parts += [f"{name}.{method.__name__}" for name, method in self._callables.items()]
        return f"<Cohorts: {', '.join(parts)}>" if parts else "<Cohorts: none>"


def _rows_of(explanation: Any) -> str:
    shape = np.shape(getattr(explanation, "values", explanation))
    is_table = isinstance(explanation, Body) and "row" in explanation.axes
    return str(shape[0]) if is_table else " x ".join(map(str, shape)) or "one number"


def cohorts_of(explanation: "Explanation", cohorts: Any) -> Cohorts:
    """Split the rows of an Explanation by labels, or into so many groups.

    Raises
    ------
    ValueError
        When there are several outputs, or no data to tell rows apart by.
    TypeError
        When `cohorts` is neither a number nor labels.
    """
    if "output" in explanation.axes:
        names = explanation.output_names
        last = names[-1] if isinstance(names, list) and names else "k"
        raise DimensionError(_SEVERAL_OUTPUTS.format(name=last, n=explanation.shape[-1]))
    if "row" not in explanation.axes:
        msg = f"`cohorts` needs rows to tell apart, but this Explanation has axes {explanation.axes}"
        raise DimensionError(msg)
    if isinstance(cohorts, (int, np.integer)) and not isinstance(cohorts, bool):
        groups = _by_data(explanation, operator.index(cohorts))
    elif hasattr(cohorts, "__len__") and not isinstance(cohorts, (str, bytes, dict)):
        groups = _by_label(cohorts, len(explanation))
    else:
        kind = type(cohorts).__name__
        msg = f"`cohorts` is a {kind}: pass the number of cohorts, or one label for each row"
        raise TypeError(msg)
    return Cohorts(**{name: explanation[rows] for name, rows in groups.items()})


def _by_label(labels: Any, n_rows: int) -> dict[str, np.ndarray]:
    """Rows of each distinct label, labels in their own order, missing ones last."""
    given = [label.item() if isinstance(label, np.generic) else label for label in labels]
    if len(given) != n_rows:
        msg = f"`cohorts` has {len(given)} labels, but there are {n_rows} rows: pass one for each"
        raise DimensionError(msg)
    rows: dict[str, list[int]] = {}
    first: dict[str, Any] = {}
    for row, label in enumerate(given):
        name = str(label)
        rows.setdefault(name, []).append(row)
        first.setdefault(name, label)
    present = [name for name in rows if not is_missing(first[name])]
    try:
        ordered = sorted(present, key=lambda name: first[name])
    except TypeError:  # labels of several kinds
        ordered = sorted(present)
    ordered += [name for name in rows if is_missing(first[name])]
    return {name: np.array(rows[name]) for name in ordered}


def _by_data(explanation: "Explanation", n_cohorts: int) -> dict[str, np.ndarray]:
    """Rows of each leaf of a tree that predicts the values from the data."""
    from ferroshap.explanation.cohort_tree import described, parted

    if n_cohorts < 1:
        msg = f"`cohorts` is {n_cohorts}: ask for at least 1"
        raise OptionError(msg)
    data = explanation.data
    if data is None:
        msg = "`cohorts` tells rows apart by their data, but this Explanation has none: pass labels, one a row"
        raise DimensionError(msg)
    names = explanation.feature_names
    data = np.asarray(data)
    if data.ndim == 1:
        data, names = data[:, None], [names if isinstance(names, str) else "the feature"]
    if data.ndim != 2:
        msg = f"`cohorts` needs data of rows and features, not of shape {data.shape}: pass labels, one a row"
        raise DimensionError(msg)
    if not isinstance(names, list) or len(names) != data.shape[1] or isinstance(names[0], list):
        names = [f"Feature {i}" for i in range(data.shape[1])]
    targets = np.asarray(explanation.values, dtype=np.float64).reshape(len(data), -1)
    groups: dict[str, np.ndarray] = {}
    for part in parted(data, targets, n_cohorts):
        name = described(part.conditions, names)
        if name in groups:  # two features of the same name
            name = f"{name} ({len(groups) + 1})"
        groups[name] = part.rows
    return groups
