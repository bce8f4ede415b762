"""Ray Data: a dataset of rows in, one of values out, lazily, through `map_batches`.

``pip install 'ray[data]'``.
"""

from typing import Any

from ferroshap.engines.carried import Carried
from ferroshap.engines.pieces import check_call, naming
from ferroshap.engines.reducing import Reducing
from ferroshap.errors import OptionError
from ferroshap.export.libraries import met

__all__ = ["explain", "reduce"]

#: Who asks, in messages about what is missing, and what pip is to install.
WHO, INSTALL = "engines.ray", "'ray[data]'"
#: Explainers that this worker process has read, by fingerprint: Ray runs task after task in it, and keeps nothing.
_READ: dict[str, Carried] = {}
MOST_READ = 4


def explain(
    dataset: Any,
    explainer: Any,
    *,
    n_jobs: int | None = 1,
    row_key: str = "content",
    columns: Any = None,
    batch_size: int | None = 65_536,
    **layout: Any,
) -> Any:
    """Explain the rows of a Ray dataset, lazily: the same values as of a serial call, bit for bit.

    Nothing is shuffled: each batch is explained in a task of its own; what moves is rows in and values out. The
    explainer is put into the object store once, pickled once, and read once by each worker process, which keeps it for
    later tasks.

    Parameters
    ----------
    dataset : ray.data.Dataset
        The rows, in any order. Choose its columns where it has many more than the explainer needs
        (`ferroshap.engines.arrow.needed_columns`): Ray cannot look into a function.
    explainer : Explainer
        For tables.
    n_jobs : int or None
        Threads of the core in each task. One, since Ray runs a task on every processor that it has; None: as many as
        ``OMP_NUM_THREADS`` says in the worker.
    row_key : "content" or the name of a column of integers
        What tells rows apart that draw coalitions of their own (``shared_design=False``). Ray knows no numbers of
        rows, so it is the row itself; a serial call with ``row_key="content"`` gives the same bits.
    columns : list of str, optional
        The columns that are the features, in the explainer's order, instead of a match by name.
    batch_size : int or None
        Rows of a batch; None: those of a block.
    **layout
        What the values look like: `layout`, `dtype`, `top_k`, `interactions`, `keep` and `error_std` of
        :class:`ferroshap.engines.arrow.Layout`.

    Returns
    -------
    ray.data.Dataset
        With the columns of ``explainer.output_schema(...)``. Blocks come in the order in which they are done, unless
        ``ray.data.DataContext.execution_options.preserve_order`` is on: `keep` what tells rows apart.

    Raises
    ------
    OptionError, UnknownOptionError
        For what is no Ray dataset, and options that are not known.
    ImportError
        Where Ray is not installed.

    Notes
    -----
    An error of the model ends the run: Ray shows its traceback, with the batch that it was. Where
    ``ray.data.DataContext.raise_original_map_exception`` is on, ``except`` finds it under its own type as well.

    Examples
    --------
    >>> from ferroshap.engines import ray as engine
    >>> rows = ray.data.read_parquet("rows.parquet")  # doctest: +SKIP
    >>> engine.explain(rows, explainer, keep="id", dtype="float32").write_parquet("values")  # doctest: +SKIP
    """
    check_call("ray", row_key, layout)
    sent = _sent(dataset, explainer)
    _check(explainer, layout)
    options = {"n_jobs": n_jobs, "row_key": row_key, "columns": columns, **layout}
    return dataset.map_batches(_explained, batch_format="pyarrow", batch_size=batch_size, fn_args=(*sent, options))


def reduce(
    dataset: Any,
    explainer: Any,
    reducers: Any,
    *,
    n_jobs: int | None = 1,
    row_key: str = "content",
    columns: Any = None,
    dtype: Any = "float64",
    batch_size: int | None = 65_536,
) -> dict[str, Any]:
    """Reduce the values of a Ray dataset, now: the same bytes as of a serial run, however it is cut into blocks.

    Each batch is explained and reduced where it is; what comes back is one state a reducer and batch, which are merged
    here as they come.

    Parameters
    ----------
    dataset : ray.data.Dataset
        The rows, in any order.
    explainer : Explainer
        For tables.
    reducers : dict, reducer or sequence of reducers
        Of :mod:`ferroshap.engines.reducers`, by names or by their classes; they themselves stay as they are.
    n_jobs, row_key, columns, batch_size
        As for `explain`; `row_key` is also what a `Reservoir` chooses rows by.
    dtype : {"float64", "float32"}
        Of the values that reducers see.

    Returns
    -------
    dict
        Finished reducers, by name: ``["MeanAbs"].result()``.

    Raises
    ------
    OptionError
        For what is no Ray dataset, or no reducer.
    ImportError
        Where Ray is not installed.
    """
    check_call("ray", row_key, ())
    sent = _sent(dataset, explainer)
    reducing = Reducing.of(reducers, {"n_jobs": n_jobs, "row_key": row_key, "columns": columns, "dtype": dtype})
    states = dataset.map_batches(_reduced, batch_format="pyarrow", batch_size=batch_size, fn_args=(*sent, reducing))
    return reducing.of_rows((row["reducer"], row["state"]) for row in states.iter_rows())


def _sent(dataset: Any, explainer: Any) -> tuple[Any, str]:
    """Put an explainer for what must be a dataset into the object store: where it is, and its fingerprint."""
    ray = met("ray", WHO, install=INSTALL)
    if not type(dataset).__module__.startswith("ray.data"):
        msg = f"`dataset` is a {type(dataset).__module__}.{type(dataset).__name__}, but must be a ray.data.Dataset"
        raise OptionError(msg)
    carried = Carried(explainer)
    return ray.put(carried), carried.fingerprint


def _check(explainer: Any, layout: dict[str, Any]) -> None:
    """Refuse options here that every task would refuse; columns to keep are known in the tasks alone."""
    explainer.output_schema(**{name: value for name, value in layout.items() if name != "keep"})


def _explained(batch: Any, reference: Any, fingerprint: str, options: dict[str, Any]) -> Any:
    """Explain one batch."""
    explainer = _fetched(fingerprint, reference).explainer
    with naming(f"a batch of {batch.num_rows} rows"):
        return explainer.explain_arrow(batch, **options)


def _reduced(batch: Any, reference: Any, fingerprint: str, reducing: Reducing) -> Any:
    """Explain and reduce one batch."""
    explainer = _fetched(fingerprint, reference).explainer
    with naming(f"a batch of {batch.num_rows} rows"):
        return reducing.as_table(reducing.part(explainer, batch))


def _fetched(fingerprint: str, reference: Any) -> Carried:
    """Fetch an explainer from the object store of this machine, once a process."""
    if fingerprint not in _READ:
        while len(_READ) >= MOST_READ:
            del _READ[next(iter(_READ))]
        _READ[fingerprint] = met("ray", WHO, install=INSTALL).get(reference)
    return _READ[fingerprint]
