"""Columns matched by name, so that a frame in another order is not explained by position in silence."""

import difflib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ferroshap.errors import ColumnsWarning, DimensionError, OptionError, warn_user
from ferroshap.inputs.table import Table

#: Of pandas and CatBoost, LightGBM, polars, ourselves, interpret.
AUTOMATIC_NAMES = ("{}", "Column_{}", "column_{}", "Feature {}", "feature_{:04}")


def is_automatic(names: Sequence[str]) -> bool:
    """Whether a library numbered the columns because the user had not named them.

    Examples
    --------
    >>> is_automatic(["Column_0", "Column_1"]), is_automatic(["1", "0"]), is_automatic(["age", "sex"])
    (True, False, False)
    """
    return any(
        all(name == pattern.format(position) for position, name in enumerate(names)) for pattern in AUTOMATIC_NAMES
    )


def as_written_in(table: Table, own: Sequence[str] | None) -> Sequence[str] | None:
    """Return the model's names as the table has them: LightGBM keeps an underscore for each space.

    Examples
    --------
    >>> from ferroshap.inputs import read_table
    >>> row = read_table({"hours a week": 40.0, "age": 39.0}, argument="X", allow_single_row=True)
    >>> as_written_in(row, ["age", "hours_a_week"])
    ['age', 'hours a week']
    """
    if own is None or table.names is None:
        return own
    spelled = {name.replace(" ", "_"): name for name in table.names}
    known = set(table.names)
    return [name if name in known else spelled.get(name, name) for name in own]


def match_columns(
    rows: Table,
    reference_names: Sequence[str] | None,
    *,
    argument: str,
    reference: str,
) -> npt.NDArray[np.intp] | None:
    """Find where each column of the reference stands in `rows`.

    Parameters
    ----------
    rows : Table
        The rows to be matched.
    reference_names : sequence of str or None
        The names in the order that the model expects, of the background or of the model.
    argument, reference : str
        What the caller calls the rows, and where the names come from, for messages.

    Returns
    -------
    ndarray or None
        Positions for `rows.reorder`; None to go by position: one side has no names,
        the order is already the same, or no name is common to both (with a
        `ColumnsWarning`, unless the names were made up by a library).

    Raises
    ------
    OptionError
        Some names agree and some do not, with as many columns on both sides.
    DimensionError
        Not as many columns on both sides.

    Examples
    --------
    >>> from ferroshap.inputs import read_table
    >>> row = read_table({"sex": 1.0, "age": 39.0}, argument="X", allow_single_row=True)
    >>> match_columns(row, ["age", "sex"], argument="X", reference="`background`")
    array([1, 0])
    """
    if reference_names is None:
        return None
    names = rows.names
    if names is None or names == list(reference_names):
        _check_count(rows.n_columns, len(reference_names), argument, reference)
        return None
    where = {name: position for position, name in enumerate(names)}
    missing = [name for name in reference_names if name not in where]
    if not missing and len(names) == len(reference_names):
        return np.array([where[name] for name in reference_names], np.intp)
    if len(missing) == len(reference_names):
        _check_count(len(names), len(reference_names), argument, reference)
        if not is_automatic(names) and not is_automatic(reference_names):
            warn_user(
                f"no column of `{argument}` has a name that {reference} knows: the columns are matched by position; "
                f"`{argument}` has {_listed(names)}, {reference} has {_listed(reference_names)}",
                ColumnsWarning,
            )
        return None
    raise _disagreement(names, list(reference_names), missing, argument, reference)


def _check_count(got: int, want: int, argument: str, reference: str) -> None:
    if got != want:
        msg = f"`{argument}` has {got} columns, but {reference} has {want}: pass the same columns in the same order."
        raise DimensionError(msg)


def _disagreement(
    names: list[str], reference_names: list[str], missing: list[str], argument: str, reference: str
) -> DimensionError | OptionError:
    """Say which names are missing, which unexpected, and which were probably meant."""
    unexpected = [name for name in names if name not in set(reference_names)]
    parts = [f"`{argument}` has {len(names)} columns whose names differ from the {len(reference_names)} of {reference}"]
    if missing:
        parts.append(f"missing: {_listed(missing)}")
    if unexpected:
        parts.append(f"unexpected: {_listed(unexpected)}")
    close = ((name, difflib.get_close_matches(name, missing, n=1)) for name in unexpected)
    meant = [f"{known[0]!r} by {name!r}" for name, known in close if known][:3]
    if meant:
        parts.append(f"did you mean {', '.join(meant)}?")
    error = OptionError if len(names) == len(reference_names) else DimensionError
    return error("; ".join(parts) + ("" if meant else "."))


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:10])
    return shown if len(names) <= 10 else f"{shown} and {len(names) - 10} more"
