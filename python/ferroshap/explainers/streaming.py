"""How tables go through an explainer: methods that look up the room above by name when they are called."""

import functools
import importlib
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from ferroshap.errors import check_options
from ferroshap.explainers.calls import options_of

P = ParamSpec("P")
R = TypeVar("R")

#: Where each way leads: the one way up, by name.
STREAMING = {
    "explain_arrow": "ferroshap.engines.arrow:explain_arrow",
    "output_schema": "ferroshap.engines.arrow:output_schema",
    "explain_frame": "ferroshap.engines.arrow:explain_frame",
    "empty_output": "ferroshap.engines.arrow:empty_output",
}


def door(method: str) -> Any:
    """Return the function behind a method."""
    room, _, name = STREAMING[method].partition(":")
    return getattr(importlib.import_module(room), name)


def refusing(method: Callable[P, R]) -> Callable[P, R]:
    """Refuse options that a method does not know by the name of the nearest."""
    known = options_of(method)

    @functools.wraps(method)
    def called(*args: P.args, **options: P.kwargs) -> R:
        check_options(options, known, f"{type(args[0]).__name__}.{method.__name__}")
        return method(*args, **options)

    return called


class Streaming:
    """Tables in, tables of values out; what files and engines are made of."""

    __slots__ = ()

    @refusing
    def explain_arrow(
        self,
        data: Any,
        *,
        first_row: int = 0,
        n_jobs: int | None = None,
        columns: Any = None,
        row_key: Any = None,
        layout: str = "columns",
        dtype: Any = "float64",
        top_k: int | None = None,
        interactions: bool = False,
        keep: Any = (),
        error_std: bool = False,
    ) -> Any:
        """Explain a record batch or table of Arrow, and return a table whose schema is known beforehand.

        Columns are matched by name, and those that are no features are passed over; the values stand in the
        explainer's own order of features, whatever that of the table. However a table is cut into batches, each row
        gets the same bits. A model without names takes columns by position, which must then be as many.

        Parameters
        ----------
        data : pyarrow.RecordBatch, Table or RecordBatchReader
            Or anything else with ``__arrow_c_stream__`` or ``__arrow_c_array__``, polars frames among them.
        first_row : int
            Number of the first row in the whole table, of which `data` is a part.
        n_jobs : int, optional
            Threads of this call; never changes a bit.
        columns : list of str, optional
            The columns that are the features, in the explainer's order, instead of a match by name.
        row_key : None, "content", or the name of a column of integers
            What tells rows apart that do not share a design. None: their numbers, from `first_row` on. "content":
            the row itself, for engines that know no order.
        layout, dtype, top_k, interactions, keep, error_std
            What the table looks like: :class:`ferroshap.engines.arrow.Layout`.

        Returns
        -------
        pyarrow.Table
            Its schema is :meth:`output_schema` with the same options.

        Raises
        ------
        DimensionError, OptionError
            When features are missing, by name; for options that are not known or do not go together.
        ImportError
            Where pyarrow is not installed.

        Examples
        --------
        >>> import numpy as np, pyarrow as pa
        >>> import ferroshap as shap
        >>> explainer = shap.Explainer((np.array([1.0, 2.0]), 0.5), np.zeros((1, 2)), feature_names=["age", "bmi"])
        >>> explainer.explain_arrow(pa.table({"id": [7], "bmi": [4.0], "age": [3.0]}), keep="id").to_pylist()
        [{'id': 7, 'phi_age': 3.0, 'phi_bmi': 8.0, 'base_value': 0.5}]
        """
        options = {"layout": layout, "dtype": dtype, "top_k": top_k, "interactions": interactions}
        options |= {"keep": keep, "error_std": error_std}
        return door("explain_arrow")(
            self, data, first_row=first_row, n_jobs=n_jobs, columns=columns, row_key=row_key, **options
        )

    @refusing
    def output_schema(
        self,
        *,
        layout: str = "columns",
        dtype: Any = "float64",
        top_k: int | None = None,
        interactions: bool = False,
        keep: Any = (),
        error_std: bool = False,
        input_schema: Any = None,
    ) -> Any:
        """Return the schema of what :meth:`explain_arrow` returns; neither the model nor data are needed.

        Parameters
        ----------
        layout, dtype, top_k, interactions, keep, error_std
            What the table looks like: :class:`ferroshap.engines.arrow.Layout`.
        input_schema : pyarrow.Schema, optional
            Of the tables explained; needed where `keep` names columns of them.

        Examples
        --------
        >>> import numpy as np
        >>> import ferroshap as shap
        >>> explainer = shap.Explainer((np.array([1.0, 2.0]), 0.5), np.zeros((1, 2)), feature_names=["age", "bmi"])
        >>> print(explainer.output_schema(dtype="float32"))
        phi_age: float
        phi_bmi: float
        base_value: float
        """
        options = {"layout": layout, "dtype": dtype, "top_k": top_k, "interactions": interactions}
        return door("output_schema")(self, input_schema=input_schema, keep=keep, error_std=error_std, **options)

    @refusing
    def explain_frame(
        self,
        frame: Any,
        *,
        first_row: int = 0,
        n_jobs: int | None = None,
        columns: Any = None,
        row_key: Any = None,
        layout: str = "columns",
        dtype: Any = "float64",
        top_k: int | None = None,
        interactions: bool = False,
        keep: Any = (),
        error_std: bool = False,
    ) -> Any:
        """Explain a frame of any library, and return a frame of the same kind, a pandas one with its index.

        Parameters
        ----------
        frame : frame of pandas, polars, pyarrow, or another library that narwhals knows
            Lazy frames are refused: collect them, or explain them batch by batch in their own engine.
        first_row, n_jobs, columns, row_key, layout, dtype, top_k, interactions, keep, error_std
            As for :meth:`explain_arrow`. Columns to `keep` come back as they are.

        Raises
        ------
        OptionError
            For lazy frames, and what is no frame.

        Examples
        --------
        >>> import numpy as np, pandas as pd
        >>> import ferroshap as shap
        >>> explainer = shap.Explainer((np.array([1.0, 2.0]), 0.5), np.zeros((1, 2)), feature_names=["age", "bmi"])
        >>> explainer.explain_frame(pd.DataFrame({"age": [3.0], "bmi": [4.0]}, index=["Ada"]))
             phi_age  phi_bmi  base_value
        Ada      3.0      8.0         0.5
        """
        options = {"layout": layout, "dtype": dtype, "top_k": top_k, "interactions": interactions}
        options |= {"keep": keep, "error_std": error_std}
        return door("explain_frame")(
            self, frame, first_row=first_row, n_jobs=n_jobs, columns=columns, row_key=row_key, **options
        )

    @refusing
    def empty_output(
        self,
        kind: str = "pandas",
        *,
        layout: str = "columns",
        dtype: Any = "float64",
        top_k: int | None = None,
        interactions: bool = False,
        keep: Any = (),
        error_std: bool = False,
        input_schema: Any = None,
    ) -> Any:
        """Return a frame of no rows with the columns and types of what :meth:`explain_frame` returns.

        Parameters
        ----------
        kind : {"pandas", "polars", "pyarrow"}
            Whose frame.
        layout, dtype, top_k, interactions, keep, error_std, input_schema
            As for :meth:`output_schema`.

        Examples
        --------
        >>> import numpy as np
        >>> import ferroshap as shap
        >>> explainer = shap.Explainer((np.array([1.0, 2.0]), 0.5), np.zeros((1, 2)), feature_names=["age", "bmi"])
        >>> explainer.empty_output().dtypes.to_dict()
        {'phi_age': dtype('float64'), 'phi_bmi': dtype('float64'), 'base_value': dtype('float64')}
        """
        options = {"layout": layout, "dtype": dtype, "top_k": top_k, "interactions": interactions}
        return door("empty_output")(self, kind, input_schema=input_schema, keep=keep, error_std=error_std, **options)
