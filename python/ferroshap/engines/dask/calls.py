"""`explain`: which of the two kinds of collection came."""

from typing import Any

from ferroshap.engines.carried import Carried
from ferroshap.engines.dask.arrays import explain_array
from ferroshap.engines.dask.frames import explain_frame
from ferroshap.engines.dask.keys import INSTALL, WHO
from ferroshap.engines.pieces import check_call
from ferroshap.errors import OptionError
from ferroshap.export.libraries import met


def explain(
    rows: Any,
    explainer: Any,
    *,
    n_jobs: int | None = 1,
    row_key: str = "content",
    columns: Any = None,
    **layout: Any,
) -> Any:
    """Explain the rows of a Dask dataframe or array, lazily: the same values as of a serial call, bit for bit.

    Partition by partition, without a shuffle: what moves is rows in and values out. Of a dataframe only the columns
    that the explainer needs are read. The explainer is one key of the graph, pickled once; each worker fetches it once.

    Parameters
    ----------
    rows : dask.dataframe.DataFrame or dask.array.Array
        An array has shape ``(rows, features)``; its columns are brought together where they are in several blocks.
        Divisions, index and unknown sizes stay as they are.
    explainer : Explainer
        For tables.
    n_jobs : int or None
        Threads of the core in each task. One, since Dask runs a task on every thread that it has; None: as many as
        ``OMP_NUM_THREADS`` says in the worker.
    row_key : "content" or the name of a column of integers
        What tells rows apart that draw coalitions of their own (``shared_design=False``). Dask knows no numbers of
        rows, so it is the row itself; a serial call with ``row_key="content"`` gives the same bits.
    columns : list of str, optional
        The columns that are the features, in the explainer's order, instead of a match by name; not for arrays.
    **layout
        What the values look like: `layout`, `dtype`, `top_k`, `interactions`, `keep` and `error_std` of
        :class:`ferroshap.engines.arrow.Layout`; of an array, `dtype`.

    Returns
    -------
    dask.dataframe.DataFrame
        As `Explainer.explain_frame` makes it of each partition, under the index of `rows`.
    dask.array.Array
        Of an array: values, ``(rows, features)`` or ``(rows, features, outputs)``. Base values are
        ``explainer.expected_value``.

    Raises
    ------
    OptionError, UnknownOptionError
        For what is no collection of Dask, and options that are not known.
    DimensionError
        When features are missing, by name, or the array is none of two dimensions.
    ImportError
        Where Dask is not installed.

    Notes
    -----
    An error of the model comes out of ``compute`` as the exception that it was, with a note that names the partition.
    A worker that dies is Dask's to replace; what it had done is done again, with the same bits. Dask warns of graphs
    beyond 10 MB, and so of explainers beyond that: raise ``distributed.admin.large-graph-warning-threshold``. Its
    scheduler "processes" sends the explainer with every task: use ``distributed.LocalCluster``.

    Examples
    --------
    >>> import ferroshap, numpy as np, pandas as pd
    >>> import dask.dataframe as dd  # doctest: +SKIP
    >>> rows = pd.DataFrame({"age": [30.0, 50.0], "bmi": [20.0, 30.0]}, index=["Ada", "Bo"])
    >>> explainer = ferroshap.LinearExplainer((np.array([2.0, 1.0]), 0.0), rows)
    >>> explain(dd.from_pandas(rows, npartitions=2), explainer).compute()  # doctest: +SKIP
         phi_age  phi_bmi  base_value
    Ada    -20.0     -5.0       105.0
    Bo      20.0      5.0       105.0
    """
    check_call("dask", row_key, layout)
    met("dask", WHO, install=INSTALL)
    call = {"n_jobs": n_jobs, "row_key": row_key, "columns": columns}
    module = type(rows).__module__
    if module.startswith("dask.dataframe") and rows.ndim == 2:
        return explain_frame(rows, Carried(explainer), call, layout)
    if module.startswith("dask.array"):
        return explain_array(rows, Carried(explainer), call, layout)
    msg = f"`rows` is a {module}.{type(rows).__name__}, but must be a Dask dataframe or array: see dask.dataframe"
    raise OptionError(msg)
