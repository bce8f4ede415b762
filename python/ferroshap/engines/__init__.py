"""From one row to a hundred million: Arrow in and out, streaming files, reducers, and other people's engines."""

from typing import Any

#: What is imported when somebody asks for it.
_MET_LATER = {
    "explain_parquet": "ferroshap.engines.files:explain_parquet",
    "reducers": "ferroshap.engines.reducers",
    "dask": "ferroshap.engines.dask",
    "ray": "ferroshap.engines.ray",
    "spark": "ferroshap.engines.spark",
}


def __getattr__(name: str) -> Any:
    """Import what is met only when somebody asks for it."""
    import importlib

    if name not in _MET_LATER:
        msg = f"module 'ferroshap.engines' has no attribute {name!r}"
        raise AttributeError(msg)
    room, _, attribute = _MET_LATER[name].partition(":")
    module = importlib.import_module(room)
    return getattr(module, attribute) if attribute else module
