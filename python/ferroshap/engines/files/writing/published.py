"""Whether a destination is whole already: values carry the fingerprint of what made them."""

import json
from pathlib import Path
from typing import Any

from ferroshap.engines.files.destination import Destination
from ferroshap.engines.files.units import n_units
from ferroshap.engines.files.writing.values_file import KEY
from ferroshap.export.libraries import met


def about(version: str, fingerprint: str, explainer: Any) -> dict[bytes, bytes]:
    """Return the metadata of a file of values: what they are, as JSON; no pickle, and no path of this machine.

    Parameters
    ----------
    version : str
        Of ferroshap.
    fingerprint : str
        Of explainer, source and options.
    explainer : Explainer
        Its base value and the names of its outputs are told.
    """
    import numpy as np

    base = np.asarray(explainer.expected_value, dtype=np.float64)
    told = {
        "version": version,
        "fingerprint": fingerprint,
        "base_value": base.tolist(),
        "output_names": None if base.ndim == 0 else [str(name) for name in explainer.output_names or ()],
    }
    return {KEY: json.dumps(told).encode()}


def rows_published(destination: Destination, fingerprint: str, n_rows: int | None) -> int | None:
    """Return the rows of a destination that is what it should be; None where it is not, or not there."""
    path = destination.path
    if path is None or not path.exists() or path.is_dir() != destination.is_directory:
        return None
    files = sorted(path.glob("part-*.parquet")) if path.is_dir() else [path]
    rows = [_rows_of(file, fingerprint) for file in files]
    if not rows or None in rows:
        return None
    total = sum(count or 0 for count in rows)
    if (n_rows is not None and total != n_rows) or (path.is_dir() and len(files) != max(1, n_units(total))):
        return None
    return total


def _rows_of(file: Path, fingerprint: str) -> int | None:
    arrow, parquet = met("pyarrow", "explain_parquet"), met("pyarrow.parquet", "explain_parquet")
    try:
        metadata = parquet.read_metadata(file)
        told = json.loads((metadata.metadata or {}).get(KEY, b"{}"))
    except (arrow.ArrowException, OSError, ValueError):
        return None
    return int(metadata.num_rows) if told.get("fingerprint") == fingerprint else None
