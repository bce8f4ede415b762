"""Options of `TreeExplainer` and its calls: what is not meant to be accepted is refused by name."""

from typing import Any

import numpy as np

from ferroshap.errors import OptionError
from ferroshap.progress import Report
from ferroshap.trees import TreeModel


def as_flag(value: Any, argument: str) -> bool:
    """Return a truth value that a user gave: a boolean, of NumPy too, or 0 or 1.

    Raises
    ------
    OptionError
        For anything else.

    Examples
    --------
    >>> as_flag(np.True_, "silent"), as_flag(0, "silent")
    (True, False)
    >>> as_flag("no", "silent")
    Traceback (most recent call last):
    ...
    ferroshap.errors.OptionError: `silent` is 'no', but must be True or False
    """
    if isinstance(value, bool | np.bool_ | int | np.integer) and value in {0, 1}:
        return bool(value)
    msg = f"`{argument}` is {value!r}, but must be True or False"
    raise OptionError(msg)


def as_report(progress: Any) -> tuple[Report | None, bool]:
    """Return whom to tell of progress, and whether even the progress line is unwanted.

    Raises
    ------
    OptionError
        For what is neither a function nor a truth value nor None.

    Examples
    --------
    >>> as_report(None), as_report(False)
    ((None, False), (None, True))
    """
    if progress is None or isinstance(progress, bool):
        return None, progress is False
    if callable(progress):
        return progress, False
    msg = f"`progress` is {progress!r}, but must be a function of (done, total), True or None for a line, or False"
    raise OptionError(msg)


def trees_of_limit(tree_limit: Any, model: TreeModel) -> int | None:
    """Return how many of the first trees `tree_limit` means; None for all.

    LightGBM counts iterations, of one tree for each output; all others count trees. A round is never cut.

    Raises
    ------
    OptionError
        For what is no integer, and for a number of trees that cuts a round.
    """
    if tree_limit is None:
        return None
    if isinstance(tree_limit, bool | np.bool_) or not hasattr(tree_limit, "__index__"):
        msg = f"`tree_limit` is {tree_limit!r}, but must be an integer: how many of the first trees; -1 or None for all"
        raise OptionError(msg)
    count, per_round = int(tree_limit), max(1, model.forest.trees_per_round)
    if model.library.startswith("lightgbm"):
        count *= per_round
    if count <= 0 or count >= model.forest.n_trees:
        return None
    if count % per_round:
        msg = (
            f"`tree_limit` is {count}, which cuts a round of {per_round} trees: "
            f"pass a multiple of {per_round}, for instance {count - count % per_round or per_round}"
        )
        raise OptionError(msg)
    return count
