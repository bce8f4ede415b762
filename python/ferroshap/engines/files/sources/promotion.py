"""One type for a column whose files do not quite agree."""

from typing import Any

from ferroshap.errors import SourceColumnsError, nearest
from ferroshap.export.libraries import met


def unified(schemas: list[tuple[str, Any]], names: list[str]) -> Any:
    """Return the types of some columns that all pieces can be cast to.

    Parameters
    ----------
    schemas : list of (str, pyarrow.Schema)
        Each piece's name and columns.
    names : list of str
        The columns that are needed.

    Raises
    ------
    SourceColumnsError
        Naming piece and column, what it was and what it is.

    Examples
    --------
    >>> import pyarrow as pa
    >>> unified([("a", pa.schema({"x": pa.int32()})), ("b", pa.schema({"x": pa.float64()}))], ["x"]).field("x").type
    DataType(double)
    """
    arrow = met("pyarrow", "explain_parquet")
    seen: list[Any] = []
    types: dict[str, Any] = {}
    first = schemas[0][0]
    for piece, schema in schemas:
        if seen and schema.equals(seen[-1]):
            continue  # ten thousand files of one kind are looked at once
        seen.append(schema)
        for name in names:
            kind = _type_in(schema, name, piece)
            was = types.setdefault(name, kind)
            found = was if was.equals(kind) else _promoted(was, kind)
            if found is None:
                msg = (
                    f"column {name!r} is {kind} in {piece}, but was {was} before (from {first}): "
                    "write it as one type in all files"
                )
                raise SourceColumnsError(msg)
            types[name] = found
    return arrow.schema(list(types.items()))


def _type_in(schema: Any, name: str, piece: str) -> Any:
    places = schema.get_all_field_indices(name)
    if len(places) == 1:
        return schema.field(places[0]).type
    if places:
        msg = f"{piece} has {len(places)} columns of the name {name!r}: columns are told apart by their names"
        raise SourceColumnsError(msg)
    known = ", ".join(map(repr, schema.names[:10])) + (
        f" and {len(schema.names) - 10} more" if len(schema) > 10 else ""
    )
    msg = f"{piece} has no column {name!r}{nearest(name, schema.names)} It has: {known}"
    raise SourceColumnsError(msg)


def _promoted(was: Any, kind: Any) -> Any:
    """The type that holds both without loss of kind; None where there is none."""
    arrow = met("pyarrow", "explain_parquet")
    types = arrow.types
    if types.is_dictionary(was) or types.is_dictionary(kind):
        plain = [one.value_type if types.is_dictionary(one) else one for one in (was, kind)]
        return plain[0] if plain[0].equals(plain[1]) else _promoted(*plain)
    text = [types.is_string(one) or types.is_large_string(one) or types.is_string_view(one) for one in (was, kind)]
    if all(text):
        return was
    try:
        pair = [arrow.schema({"x": was}), arrow.schema({"x": kind})]
        return arrow.unify_schemas(pair, promote_options="permissive").field("x").type
    except arrow.ArrowException:
        return None
