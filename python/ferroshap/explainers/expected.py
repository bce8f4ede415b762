"""The base value as notebooks use it: a float that also answers to ``[0]``."""

from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray


class ExpectedValue(np.float64):
    """A float whose only element is itself.

    Many notebooks write ``explainer.expected_value[0]``, because scikit-learn's regressors once
    gave an array of one. It has no length and cannot be iterated over, for tools take what has
    for a list of classes.

    Examples
    --------
    >>> value = ExpectedValue(2.5)
    >>> float(value[0] + value)
    5.0
    """

    def __getitem__(self, index: Any) -> Any:
        """Return the value for ``0``, ``-1``, ``()`` and ``...``."""
        if index is Ellipsis or (isinstance(index, tuple) and not index) or (type(index) is int and index in (0, -1)):
            return float(self)
        msg = f"expected_value is one number (the model has one output), so there is no element {index!r}"
        raise IndexError(msg)

    def __iter__(self) -> NoReturn:
        """Refuse: one number is not a list."""
        msg = "expected_value is one number, not a list"
        raise TypeError(msg)

    def __reduce__(self) -> tuple[type["ExpectedValue"], tuple[float]]:
        """Pickle as the number."""
        return ExpectedValue, (float(self),)


def as_expected_value(base: NDArray[np.float64], *, is_vector: bool) -> ExpectedValue | NDArray[np.float64]:
    """Return a float for a model of one output, ``(n_outputs,)`` else."""
    return ExpectedValue(base[0]) if is_vector else base
