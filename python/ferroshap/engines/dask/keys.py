"""An explainer as one key of a graph, on which all of its tasks lean."""

from typing import Any

from ferroshap.engines.carried import Carried
from ferroshap.export.libraries import met

#: Who asks, in messages about what is missing, and what pip is to install.
WHO = "engines.dask"
INSTALL = "ferroshap[distributed]"


def as_key(carried: Carried) -> Any:
    """Return an explainer as a Delayed: one entry of the graph, whatever the number of partitions.

    Workers fetch it from each other once and keep it as long as tasks want it. It is made again where the worker dies
    that held it, which scattered data is not.
    """
    delayed = met("dask.delayed", WHO, install=INSTALL)
    return delayed.delayed(carried, name=f"explainer-{carried.fingerprint}", traverse=False)
