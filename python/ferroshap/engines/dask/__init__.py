"""Dask: a dataframe or an array of rows in, one of values out, lazily; or a summary of the values.

``pip install ferroshap[distributed]``. Any scheduler will do: threads in one process (what Dask does unless it is told
otherwise, and the fastest for trees, whose core holds no lock), or processes for models of Python code, by
``distributed.LocalCluster`` here or workers elsewhere.
"""

from ferroshap.engines.dask.calls import explain
from ferroshap.engines.dask.reducing import reduce

__all__ = ["explain", "reduce"]
