"""`outputs=`: some of the model's outputs, the same for all rows or chosen row by row."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap.errors import OptionError, nearest
from ferroshap.explanation import Explanation, OpChain

Floats = NDArray[np.float64]
Numbers = NDArray[np.intp]

ACCEPTED = "a list of numbers or names, a function of a row's outputs, or an op-chain (Explanation.argsort.flip[:3])"


class OutputChoice:
    """The outputs to keep, as the user asked for them.

    Parameters
    ----------
    outputs : list of int or str, callable, or op-chain
        The outputs; what is called or applied gets all outputs of one row and returns their numbers.
    names : list of str
        The names of all outputs.
    is_vector : bool
        Whether the model returns one dimension: then there is nothing to choose.

    Raises
    ------
    OptionError
        For outputs that the model does not have.

    Examples
    --------
    >>> choice = OutputChoice(["cat", 0], ["dog", "cat"], is_vector=False)
    >>> choice.numbers(np.zeros((3, 2)))
    array([1, 0])
    >>> OutputChoice(Explanation.argsort.flip[:1], ["dog", "cat"], is_vector=False).numbers(np.eye(2))
    array([[0],
           [1]])
    """

    def __init__(self, outputs: Any, names: Sequence[str], *, is_vector: bool) -> None:
        """Refuse what can be refused before the model is asked."""
        if is_vector:
            msg = f"`outputs` is {outputs!r}, but the model returns one number a row: leave it out"
            raise OptionError(msg)
        self._names = list(names)
        self._choose: Any = None
        self._fixed: Numbers | None = None
        if isinstance(outputs, OpChain):
            self._choose = lambda row: outputs.apply(Explanation(row))
        elif callable(outputs):
            self._choose = outputs
        else:
            self._fixed = self._checked(outputs)

    def numbers(self, full: Floats) -> Numbers:
        """Return ``(chosen,)`` numbers, or ``(rows, chosen)`` where each row has its own.

        `full` is ``(rows, outputs)``: the model on the rows themselves.
        """
        if self._fixed is not None:
            return self._fixed
        by_row = [self._checked(self._choose(row)) for row in full]
        sizes = {len(numbers) for numbers in by_row}
        if len(sizes) > 1:
            msg = f"`outputs` chooses {min(sizes)} outputs for one row, {max(sizes)} for another: choose equally many"
            raise OptionError(msg)
        return np.stack(by_row) if by_row else np.empty((0, 0), dtype=np.intp)

    def _checked(self, chosen: Any) -> Numbers:
        if isinstance(chosen, str | bytes) or not hasattr(chosen, "__len__"):
            chosen = [chosen]
        return np.array([self._number(item) for item in np.asarray(chosen, dtype=object).ravel()], dtype=np.intp)

    def _number(self, item: Any) -> int:
        count = len(self._names)
        if isinstance(item, str):
            if item in self._names:
                return self._names.index(item)
            words = item.split()
            if len(words) != 2 or words[0] != "Output" or not words[1].isdigit():
                known = ", ".join(self._names)
                msg = f"`outputs` has {item!r}, which is no output{nearest(item, self._names)} Known: {known}"
                raise OptionError(msg)
            item = int(words[1])
        if isinstance(item, bool) or not hasattr(item, "__index__"):
            msg = f"`outputs` has {item!r}, but must be {ACCEPTED}"
            raise OptionError(msg)
        if not -count <= int(item) < count:
            msg = f"`outputs` has {item!r}, but the model has {count} outputs, numbered from 0"
            raise OptionError(msg)
        return int(item) % count


def take_outputs(values: Floats, numbers: Numbers) -> Floats:
    """Select on the last axis, whose first has the rows: for all rows alike, or each row its own.

    Examples
    --------
    >>> take_outputs(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[1], [0]]))
    array([[2.],
           [3.]])
    """
    if numbers.ndim == 1:
        return values[..., numbers]
    between = (1,) * (values.ndim - 2)
    return np.take_along_axis(values, numbers.reshape(len(numbers), *between, -1), axis=-1)
