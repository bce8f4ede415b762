"""What a table of values looks like, known before a row is explained."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ferroshap.engines.arrow.arrays import columns_of, kind_of
from ferroshap.engines.arrow.explained import Explained
from ferroshap.engines.arrow.forms import Columns, Form, Largest, LargestPairs, Lists, Pairs
from ferroshap.engines.arrow.needed import as_names, columns_at
from ferroshap.engines.arrow.rows import as_arrow
from ferroshap.engines.arrow.subject import Subject, pairs_of, subject_of
from ferroshap.errors import OptionError, nearest
from ferroshap.export.libraries import met

LAYOUTS = ("columns", "list")
#: Columns that no file or frame is made for; pairs of features are soon so many.
MOST_COLUMNS = 100_000


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Columns of a table of values.

    First come the columns kept, as they are; then for each output its values, errors and base value:

    =========================  ======================================================================================
    default                    ``phi_<feature>``, ..., ``base_value``
    ``layout="list"``          ``phi``: a list of fixed size a row, with the features' names (JSON) in the metadata
                               ``features`` of the field
    ``top_k=2``                ``feature_1``, ``value_1``, ``feature_2``, ``value_2``, ``rest``: names are encoded by
                               the dictionary of all features, the same in every batch, and `rest` is what the
                               others add up to. Of values of the same size the first feature's comes first
    ``interactions=True``      ``phi_<feature>`` are main effects, and ``phi_<feature>:<feature>`` the pairs that can
                               interact, undivided, so that rows add up to the model's output
    the same as a list         ``interactions``: structs of first, second (the same for a main effect) and value, for
                               terms other than 0
    the same with `top_k`      as without, with ``<feature>:<feature>`` for pairs; as a list the `k` largest structs
                               and `rest`
    ``error_std=True``         ``error_std_<feature>`` after the values, or ``error_std`` beside them; null where values
                               are exact, NaN where nothing can be said of errors
    =========================  ======================================================================================

    For several outputs every name but those of kept columns ends in ``_<output>``. Values add up to the output: the sum
    of `phi` (or values and `rest`) and the base value is the model's output on the explainer's scale.

    Attributes
    ----------
    layout : {"columns", "list"}
        One column a feature, or one column of lists.
    dtype : {"float64", "float32"}
        Of the values; for trees float32 is that of the arithmetic, too.
    top_k : int or None
        Keep the features with the largest values alone; at most all are kept.
    interactions : bool
        Main effects and pairs instead of values.
    keep : tuple of str
        Columns of the input that the output has too, first, with their own types and dictionaries.
    error_std : bool
        Standard errors of sampled values.

    Examples
    --------
    >>> Layout(top_k=3, keep="id")
    Layout(layout='columns', dtype='float64', top_k=3, interactions=False, keep=('id',), error_std=False)
    """

    layout: str = "columns"
    dtype: str = "float64"
    top_k: int | None = None
    interactions: bool = False
    keep: tuple[str, ...] = ()
    error_std: bool = False

    def __post_init__(self) -> None:
        """Refuse what no table looks like."""
        if self.layout not in LAYOUTS:
            meant = nearest(str(self.layout), LAYOUTS)
            msg = f"`layout` is {self.layout!r}, which is not known{meant} Known: {', '.join(LAYOUTS)}"
            raise OptionError(msg)
        for name in ("interactions", "error_std"):
            if not isinstance(getattr(self, name), bool | np.bool_):
                msg = f"`{name}` is {getattr(self, name)!r}, but must be True or False"
                raise OptionError(msg)
        top_k = self.top_k
        is_number = hasattr(top_k, "__index__") and not isinstance(top_k, bool)
        if top_k is not None and (not is_number or int(top_k) < 1):
            msg = f"`top_k` is {top_k!r}, but must be a positive integer or None"
            raise OptionError(msg)
        object.__setattr__(self, "top_k", None if top_k is None else int(top_k))
        object.__setattr__(self, "dtype", _float_name(self.dtype))
        object.__setattr__(self, "keep", as_names(self.keep, "keep"))
        object.__setattr__(self, "interactions", bool(self.interactions))
        object.__setattr__(self, "error_std", bool(self.error_std))

    def schema(self, explainer: Any, input_schema: Any = None) -> Any:
        """Return the schema of the tables that `table` makes; nothing is run.

        Raises
        ------
        OptionError
            When columns are to be kept that the input does not have, two columns would have one name, there would be
            too many, or the explainer is none for tables.
        """
        subject = subject_of(explainer)
        return self._schema(subject, self._form(explainer, subject), input_schema)

    def table(self, explainer: Any, explained: Explained, rows: Any = None) -> Any:
        """Lay out a block of values as a table; `rows` are those explained, of which columns are kept."""
        arrow = met("pyarrow", "explain_arrow")
        subject = subject_of(explainer)
        form = self._form(explainer, subject)
        kept, input_schema = [], None
        if self.keep:
            if rows is None:
                raise _without_input(self.keep)
            source = as_arrow(rows)
            input_schema = source.schema
            kept = [source.column(place) for place in columns_at(source.column_names, self.keep, "keep")]
        arrays = []
        for output in range(subject.n_outputs):
            errors = None if explained.error_std is None else explained.error_std[..., output]
            arrays += form.arrays(explained.values[..., output], errors)
            arrays += columns_of(explained.base_values[:, output, None], self.dtype)
        return arrow.Table.from_arrays([*kept, *arrays], schema=self._schema(subject, form, input_schema))

    def _schema(self, subject: Subject, form: Form, input_schema: Any) -> Any:
        arrow = met("pyarrow", "output_schema")
        fields = []
        if self.keep:
            if input_schema is None:
                raise _without_input(self.keep)
            fields = [input_schema.field(place) for place in columns_at(input_schema.names, self.keep, "keep")]
        suffixes = [""] if subject.outputs is None else [f"_{output}" for output in subject.outputs]
        for suffix in suffixes:
            fields += form.fields(suffix)
            fields.append(arrow.field(f"base_value{suffix}", kind_of(self.dtype)))
        _refuse_doubles([field.name for field in fields])
        return arrow.schema(fields)

    def _form(self, explainer: Any, subject: Subject) -> Form:
        terms = pairs_of(explainer) if self.interactions else None
        n_terms = len(subject.features) if terms is None else len(terms)
        common = (subject.features, terms, self.dtype, self.error_std)
        k = None if self.top_k is None else min(self.top_k, n_terms)
        if self.layout == "list" and terms is not None:
            return Pairs(*common) if k is None else LargestPairs(*common, k)
        if k is not None:
            return Largest(*common, k)
        if self.layout == "list":
            return Lists(*common)
        if n_terms * subject.n_outputs > MOST_COLUMNS:
            what = "features" if terms is None else "pairs that can interact"
            msg = f"`layout` is 'columns', but {n_terms:,} {what} would be as many columns: pass 'list', or `top_k`"
            raise OptionError(msg)
        return Columns(*common)


def _float_name(dtype: Any) -> str:
    try:
        name = str(np.dtype(dtype).name)
    except TypeError:
        name = str(dtype)
    if dtype is None or name not in {"float32", "float64"}:
        msg = f"`dtype` is {dtype!r}, but must be float32 or float64"
        raise OptionError(msg)
    return name


def _without_input(keep: tuple[str, ...]) -> OptionError:
    return OptionError(
        f"`keep` names columns of the input ({', '.join(keep)}), whose types are not known: pass `input_schema`"
    )


def _refuse_doubles(names: list[str]) -> None:
    if len(set(names)) == len(names):
        return
    seen: set[str] = set()
    twice = next(name for name in names if name in seen or seen.add(name))  # type: ignore[func-returns-value]
    msg = f"two columns of the output would be called {twice!r}: rename that feature, output or column to `keep`"
    raise OptionError(msg)
