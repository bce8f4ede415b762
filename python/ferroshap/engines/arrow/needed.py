"""Which columns of a table an explainer needs, and where each of its features stands there."""

import difflib
from collections import Counter
from collections.abc import Sequence
from typing import Any

from ferroshap.engines.arrow.subject import subject_of
from ferroshap.errors import DimensionError, OptionError, nearest


def needed_columns(
    explainer: Any, names: Sequence[str], keep: Any = (), row_key: str | None = None, columns: Any = None
) -> list[str]:
    """Return the columns of a table without which its rows cannot be explained, in the table's order.

    Engines and files read, move and pass on these alone; explaining what is left gives the same values.

    Parameters
    ----------
    explainer : Explainer
        For tables.
    names : sequence of str
        The columns of the table.
    keep : str or sequence of str
        Those that the output has too.
    row_key : str or None
        "content", or a column of integers, as for `explain_arrow`.
    columns : sequence of str, optional
        The features, as for `explain_arrow`.

    Raises
    ------
    DimensionError, OptionError
        When a column is missing, by name, with the nearest there is; or is there twice.
    """
    names = list(names)
    if row_key is not None and not isinstance(row_key, str):
        msg = f"`row_key` is {row_key!r}, but must be None, 'content' or the name of a column of integers"
        raise OptionError(msg)
    kept = as_names(keep, "keep")
    columns_at(names, kept, "keep")
    wanted = {names[place] for place in feature_places(explainer, names, kept, row_key, columns)} | set(kept)
    if row_key is not None and row_key != "content":
        wanted.add(names[column_at(names, row_key, "row_key")])
    return [name for name in names if name in wanted]


def feature_places(
    explainer: Any, names: Sequence[str], keep: Sequence[str] = (), row_key: str | None = None, columns: Any = None
) -> list[int]:
    """Return where the columns to be explained stand, in the explainer's own order."""
    names = list(names)
    if columns is not None:
        given = as_names(columns, "columns")
        known = getattr(columns_of(explainer), "n_columns", len(given))
        if len(given) != known:
            msg = f"`columns` has {len(given)} names, but the explainer has {known} columns: name each of them once"
            raise DimensionError(msg)
        return columns_at(names, given, "columns")
    wanted, count = _wanted(explainer)
    if wanted is None:
        return _by_position(names, count, keep, row_key)
    spelled = {name.replace(" ", "_"): name for name in names}  # LightGBM keeps an underscore for each space
    known_names = set(names)
    found = [name if name in known_names else spelled.get(name) for name in wanted]
    missing = [name for name, here in zip(wanted, found, strict=True) if here is None]
    if not missing:
        return columns_at(names, [str(name) for name in found], "data")
    if len(missing) == len(wanted):
        places = _left_over(names, count, keep, row_key)
        if places is not None:
            return places  # by position, of which the explainer warns
    raise _missing(missing, names, len(wanted))


def as_names(given: Any, argument: str) -> tuple[str, ...]:
    """Return names of columns that a user gave, one or several.

    Examples
    --------
    >>> as_names("id", "keep"), as_names(["id", "day"], "keep")
    (('id',), ('id', 'day'))
    """
    listed = (given,) if isinstance(given, str) else tuple(given if hasattr(given, "__iter__") else (given,))
    wrong = [name for name in listed if not isinstance(name, str)]
    if wrong:
        msg = f"`{argument}` has {wrong[0]!r}, but must be names of columns"
        raise OptionError(msg)
    twice = [name for name in dict.fromkeys(listed) if listed.count(name) > 1]
    if twice:
        msg = f"`{argument}` has {twice[0]!r} twice: name every column once"
        raise OptionError(msg)
    return listed


def column_at(names: Sequence[str], name: str, argument: str) -> int:
    """Return where the one column of a name stands: :func:`columns_at`."""
    return columns_at(names, [name], argument)[0]


def columns_at(names: Sequence[str], wanted: Sequence[str], argument: str) -> list[int]:
    """Return where the one column of each name stands.

    Raises
    ------
    OptionError
        When there is none of a name, or several.

    Examples
    --------
    >>> columns_at(["id", "age", "bmi"], ["bmi", "id"], "keep")
    [2, 0]
    """
    places = {name: place for place, name in enumerate(names)}
    counts = Counter(names)
    for name in wanted:
        if name not in places:
            msg = f"`{argument}` has {name!r}, which is no column of `data`{nearest(name, names)}"
            raise OptionError(msg)
        if counts[name] > 1:
            msg = f"`data` has {counts[name]} columns of the name {name!r}: rename them"
            raise OptionError(msg)
    return [places[name] for name in wanted]


def columns_of(explainer: Any) -> Any:
    """What knows the columns of an explainer's rows; None for an explainer of the user's own."""
    columns = getattr(explainer, "_columns", None)
    return getattr(columns, "matched", columns)  # those of a linear model are wrapped


def _wanted(explainer: Any) -> tuple[list[str] | None, int]:
    """Names of the columns to be explained, None to go by position, and how many there are."""
    columns = columns_of(explainer)
    if columns is None:
        names = subject_of(explainer).features
        return names, len(names)
    names = columns.source_names
    n_columns = getattr(columns, "n_columns", None) or len(names or columns.names)
    return (None if names is None else list(names)), int(n_columns)


def _left_over(names: Sequence[str], count: int, keep: Sequence[str], row_key: str | None) -> list[int] | None:
    """Columns that are features because all others are something else; None where their number is another."""
    for others in ((), (row_key,), keep, (*keep, row_key)):
        places = [place for place, name in enumerate(names) if name not in others]
        if len(places) == count:
            return places
    return None


def _by_position(names: Sequence[str], count: int, keep: Sequence[str], row_key: str | None) -> list[int]:
    places = _left_over(names, count, keep, row_key)
    if places is not None:
        return places
    apart = "" if not keep and row_key is None else " beside those named in `keep` and `row_key`"
    n_others = len([name for name in names if name not in {*keep, row_key}])
    msg = (
        f"`data` has {n_others} columns{apart}, but the model has {count} without names, so that they go by position: "
        "pass these alone, or name them in `columns`"
    )
    raise DimensionError(msg)


def _missing(missing: list[str], names: Sequence[str], n_wanted: int) -> OptionError | DimensionError:
    shown = ", ".join(map(repr, missing[:10])) + (f" and {len(missing) - 10} more" if len(missing) > 10 else "")
    lowered = {name.lower(): name for name in names}
    close = [(name, difflib.get_close_matches(name.lower(), lowered, n=1)) for name in missing[:10]]
    meant = [f"{lowered[found[0]]!r} for {name!r}" for name, found in close if found][:3]
    hint = f"; is it {', '.join(meant)}?" if meant else "."
    msg = f"`data` lacks {len(missing)} of the {n_wanted} columns that the explainer needs: {shown}{hint}"
    return DimensionError(msg)
