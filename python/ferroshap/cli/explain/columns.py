"""Which columns of a table are the model's, and as what they are read."""

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ferroshap import _native
from ferroshap.cli.explain.sources import Source
from ferroshap.cli.failing import WorkError
from ferroshap.inputs.matching import is_automatic
from ferroshap.trees import TreeModel

#: What stands for a missing category in CSV, unless the model knows a category of that name; pandas has these too.
#: CatBoost knows no missing categories: where it knows the text "nan", which pandas makes of them, they are that.
MISSING = ("", "NA", "N/A", "NaN", "nan", "NULL", "null", "None", "<NA>", "#N/A", "n/a")
_LISTED = 10


@dataclass(frozen=True)
class Known:
    """What a model says of its columns.

    Attributes
    ----------
    names : list of str or None
        In its order; None where it was trained without.
    n_columns : int
        How many there are.
    trees : TreeModel or None
        With the categories; None for explainers of other models.
    """

    names: list[str] | None
    n_columns: int
    trees: TreeModel | None = None


@dataclass(frozen=True)
class Reading:
    """How a table is read: columns in the model's order, those that are kept, and types.

    Attributes
    ----------
    columns, keep : list of str
        As the table has them.
    types : dict of str to pyarrow.DataType
        What CSV is read as, where the model says so.
    missing : dict of str to (list of str, str or None)
        Texts that stand for a missing value, and what is put in their place, for each column of text categories in CSV.
    """

    columns: list[str]
    keep: list[str]
    types: dict[str, Any]
    missing: dict[str, tuple[list[str], str | None]]

    def batches(self, source: Source) -> Iterator[Any]:
        """Yield record batches of the model's columns, then those that are kept alone."""
        both = [*self.columns, *(name for name in self.keep if name not in self.columns)]
        for batch in source.batches(both, self.types):
            yield _with_missing(batch, self.missing) if self.missing else batch

    def schema(self, source: Source) -> Any:
        """Return the schema of these batches."""
        import pyarrow as pa

        fields = [source.schema.field(name) for name in dict.fromkeys([*self.columns, *self.keep])]
        typed = [pa.field(field.name, self.types.get(field.name, field.type)) for field in fields]
        null = pa.null()
        is_text = source.kind == "csv"
        return pa.schema([field.with_type(pa.string()) if is_text and field.type == null else field for field in typed])


def chosen_columns(source: Source, known: Known, columns: Sequence[str] | None, keep: Sequence[str]) -> Reading:
    """Find the model's columns in a table.

    Raises
    ------
    WorkError
        When columns are missing, their number is wrong, or one of them holds what the model cannot compare.
    """
    there = list(source.schema.names)
    twice = sorted({name for name in there if there.count(name) > 1})
    for name in keep:
        if name not in there:
            raise _absent(source, "--keep", [name])
    found = _given(source, known, columns) if columns is not None else _by_name(source, known, keep)
    if set(twice) & {*found, *keep}:
        msg = f"`{source.option}` {source.paths[0]} has several columns of the name {twice[0]!r}: rename them"
        raise WorkError(msg)
    types, missing = _types(source, known, found)
    return Reading(found, list(keep), types, missing)


def _given(source: Source, known: Known, columns: Sequence[str]) -> list[str]:
    absent = [name for name in columns if name not in source.schema.names]
    if absent:
        raise _absent(source, "--columns", absent)
    if len(columns) != known.n_columns:
        msg = f"`--columns` names {len(columns)} columns, but the model has {known.n_columns}"
        raise WorkError(msg)
    return list(columns)


def _by_name(source: Source, known: Known, keep: Sequence[str]) -> list[str]:
    """The model's own names, else all columns by position."""
    there = source.schema.names
    names = [_spelled(name, there) for name in known.names or []]
    absent = [name for name in names if name not in there]
    if names and not absent:
        return names
    if names and not is_automatic(known.names or []):
        raise _absent(source, "the model", absent)
    rest = [name for name in there if name not in keep]
    if len(rest) != known.n_columns:
        besides = f" beside those of --keep ({', '.join(keep)})" if keep else ""
        msg = (
            f"`{source.option}` {source.paths[0]} has {len(rest)} columns{besides}, and the model was trained on "
            f"{known.n_columns} without names: name them by --columns A,B,..., in the order of training"
        )
        raise WorkError(msg)
    return rest


def _spelled(name: str, there: Sequence[str]) -> str:
    """A name as the table has it: LightGBM keeps an underscore for each space."""
    if name in there:
        return name
    return next((other for other in there if other.replace(" ", "_") == name), name)


def _absent(source: Source, wanted_by: str, absent: list[str]) -> WorkError:
    listed = ", ".join(repr(name) for name in absent[:_LISTED])
    listed += f" and {len(absent) - _LISTED} more" if len(absent) > _LISTED else ""
    there = source.schema.names
    close = [(name, difflib.get_close_matches(name, there, n=1)) for name in absent[:_LISTED]]
    meant = [f"{found[0]!r} for {name!r}" for name, found in close if found][:3]
    what = "the columns" if len(absent) > 1 else "the column"
    needs = f"{wanted_by} needs" if wanted_by == "the model" else f"`{wanted_by}` names"
    tail = f"; did you mean {', '.join(meant)}?" if meant else f": it has {_few(there)}"
    return WorkError(f"`{source.option}` {source.paths[0]} lacks {what} {listed}, which {needs}{tail}")


def _few(names: Sequence[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:_LISTED])
    return shown if len(names) <= _LISTED else f"{shown} and {len(names) - _LISTED} more"


def _types(source: Source, known: Known, columns: list[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Types that CSV is read with, and texts for missing categories; refuses what no model compares."""
    import pyarrow as pa

    types: dict[str, Any] = {}
    missing: dict[str, Any] = {}
    if known.trees is None:
        return types, missing
    for name, described in zip(columns, known.trees.forest.categories, strict=True):
        kind = source.schema.field(name).type
        if described is None or not described["values"] or described["is_numeric"]:
            if described is None or not described["values"]:
                _refuse_text(source, name, kind, is_category=described is not None)
            types |= {} if pa.types.is_boolean(kind) else {name: pa.float64()}
        else:
            types[name] = pa.string()
            unknown = [text for text in MISSING if not _knows(known.trees, described["values"], text)]
            is_word = known.trees.category_key is not None and "nan" not in unknown
            missing[name] = unknown, "nan" if is_word else None
    return (types, missing) if source.kind == "csv" else ({}, {})


def _refuse_text(source: Source, name: str, kind: Any, *, is_category: bool) -> None:
    import pyarrow as pa

    value = kind.value_type if pa.types.is_dictionary(kind) else kind
    is_number = pa.types.is_integer(value) or pa.types.is_floating(value) or pa.types.is_boolean(value)
    if (is_number and not pa.types.is_dictionary(kind)) or pa.types.is_null(value) or pa.types.is_decimal(value):
        return
    where = f"`{source.option}` {source.paths[0]} holds {value} values in column {name!r}"
    if is_category:
        msg = (
            f"{where}, but the model file does not hold the categories of this column: give the codes that the "
            "model was trained on. (XGBoost writes categories since 3.1, LightGBM those of pandas.)"
        )
    else:
        msg = f"{where}, but the model compares numbers in it"
    raise WorkError(msg)


def _knows(trees: TreeModel, values: Sequence[str], text: str) -> bool:
    """Whether a text is a category of the model's, known by itself or by its hash."""
    return (str(_native.category_hash(text)) if trees.category_key is not None else text) in values


def _with_missing(batch: Any, missing: dict[str, tuple[list[str], str | None]]) -> Any:
    """Put nulls where a text stands for a missing category."""
    import pyarrow as pa
    import pyarrow.compute as pc

    for name, (texts, word) in missing.items():
        at = batch.schema.get_field_index(name)
        column = batch.column(at)
        is_missing = pc.is_in(column, value_set=pa.array(texts, pa.string()))
        replaced = pc.if_else(is_missing, pa.scalar(word, pa.string()), column)
        batch = batch.set_column(at, batch.schema.field(at), replaced)
    return batch
