"""How an Explanation leaves: methods that look up the room above by name when they are called."""

import importlib
from typing import TYPE_CHECKING, Any

from ferroshap.explanation.field import Body

if TYPE_CHECKING:
    from ferroshap.explanation.explanation import Explanation

#: Where each way out leads: the one way up, by name.
LEAVING = {
    "to_pandas": "ferroshap.export.frames:to_pandas",
    "to_polars": "ferroshap.export.frames:to_polars",
    "to_arrow": "ferroshap.export.arrow:to_arrow",
    "__arrow_c_stream__": "ferroshap.export.arrow:stream",
    "to_json": "ferroshap.export.json:to_json",
    "to_html": "ferroshap.export.report:report",
    "to_shap": "ferroshap.export.shap:to_shap",
    "from_shap": "ferroshap.export.shap:from_shap",
    "save": "ferroshap.export.file:save",
    "load": "ferroshap.export.file:load",
}


def door(method: str) -> Any:
    """Return the function behind a method."""
    room, _, name = LEAVING[method].partition(":")
    return getattr(importlib.import_module(room), name)


class Leaving(Body):
    """The ways out of an Explanation, and back in."""

    __slots__ = ()

    def to_pandas(self, field: str = "values", form: str = "wide", output: Any = None) -> Any:
        """Return a pandas frame.

        Parameters
        ----------
        field : str
            For the wide form: "values", "data", "display_data", "error_std", "lower_bounds", "upper_bounds",
            "main_effects" or "hierarchical_values".
        form : {"wide", "long"}
            "wide" has one column a feature and one line a row, whose names are the index. "long" has one line a
            value, with columns row, feature, (partner, for interactions,) output, value, data, base_value, error_std;
            of the data of several kinds each entry keeps its own.
        output : int or str, optional
            The output to take. The wide form of several needs one.

        Returns
        -------
        pandas.DataFrame

        Raises
        ------
        OptionError
            For an unknown field or form, and where the form has no room for several outputs or interactions.
        DimensionError
            For images.
        ImportError
            Where pandas is not installed.

        Examples
        --------
        >>> from ferroshap.explanation import Explanation
        >>> Explanation([[1.0, -2.0], [3.0, 0.5]], 10.0, feature_names=["age", "bmi"]).to_pandas()
           age  bmi
        0  1.0 -2.0
        1  3.0  0.5
        """
        return door("to_pandas")(self, field, form, output)

    def to_polars(self, field: str = "values", form: str = "wide", output: Any = None) -> Any:
        """Return a polars frame; parameters and errors as for :meth:`to_pandas`.

        Names of rows are in the long form only. Features must have different names. A column of data of kinds
        that do not go together is written as words.
        """
        return door("to_polars")(self, field, form, output)

    def to_arrow(self, field: str = "values", form: str = "wide", output: Any = None) -> Any:
        """Return a pyarrow table; parameters and errors as for :meth:`to_pandas`, differences as for polars."""
        return door("to_arrow")(self, field, form, output)

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        """Stream the values to any library that reads Arrow: wide where there is room, else long."""
        return door("__arrow_c_stream__")(self, requested_schema)

    def to_json(self, path: Any = None, *, indent: int | None = None) -> str | None:
        """Return everything as JSON text, or write it.

        An object with format, version, axes, shape, values and every field there is, as nested lists. NaN,
        infinities and missing values are null; objects that JSON does not know are written as their text. ASCII
        only and without ``</``: it can stand inside a script element. For a copy that loses nothing: :meth:`save`.

        Parameters
        ----------
        path : path or text stream, optional
            Where it goes; None returns the text.
        indent : int, optional
            Spaces for each level; None writes one line.

        Examples
        --------
        >>> from ferroshap.explanation import Explanation
        >>> print(Explanation([1.0, float("nan")], 0.5).to_json()[:112])
        {"format": "ferroshap.explanation.json", "version": 1, "axes": ["feature"], "shape": [2], "values": [1.0, null],
        """
        return door("to_json")(self, path, indent=indent)  # type: ignore[no-any-return]

    def to_html(self, path: Any = None, *, title: str | None = None, max_rows: int = 5000) -> Any:
        """Make one HTML file that explains itself: :func:`ferroshap.report`."""
        return door("to_html")(self, path, title=title, max_rows=max_rows)

    def to_shap(self) -> Any:
        """Return a real ``shap.Explanation`` with the same numbers and names, to draw with shap's own plots.

        `error_std` is left out: there it means the spread of single contributions, not a standard error. Fields
        that shap does not know stay behind.

        Raises
        ------
        ImportError
            Where shap is not installed, or another package answers for it.
        """
        return door("to_shap")(self)

    @classmethod
    def from_shap(cls, explanation: Any) -> "Explanation":
        """Read a ``shap.Explanation``.

        Parameters
        ----------
        explanation : shap.Explanation
            Or anything with its attributes. Rows of different lengths, as texts have, are filled up at their ends
            with values of zero, which leaves every sum as it is; their data is the empty word
            :data:`ferroshap.export.shap.ABSENT`. `error_std` is not taken: see :meth:`to_shap`.

        Raises
        ------
        TypeError
            When it has no values.
        """
        return door("from_shap")(explanation)  # type: ignore[no-any-return]

    def save(self, path: Any) -> None:
        """Write everything into one file: a zip of a JSON header and NumPy arrays, without pickles.

        The format is described in :mod:`ferroshap.export.file`; :meth:`load` reads it.

        Parameters
        ----------
        path : path or binary stream
            Where it goes. A file that is there is replaced at the end, whole or not at all.

        Raises
        ------
        TypeError
            When the data hold objects that no file can keep.
        """
        door("save")(self, path)

    @classmethod
    def load(cls, path: Any) -> "Explanation":
        """Read what :meth:`save` wrote.

        Raises
        ------
        ExplanationFileError
            When the file is damaged, no such file at all, or from a newer version.
        """
        return door("load")(path)  # type: ignore[no-any-return]
