"""Bicycles rented in Washington, D.C., hour by hour."""

import csv
import gzip
import importlib.resources
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Columns that hold words.
WORDS = {"season", "weather"}


def bike() -> tuple[Any, NDArray[np.float64]]:
    """Return 2,000 hours of 2011 and 2012: calendar and weather, and how many bicycles were rented.

    A random sample, in order of time, of the 17,379 hours of the "Bike Sharing" data set by Fanaee-T and Gama (2014),
    "Event labeling combining ensemble detectors and background knowledge", UCI Machine Learning Repository,
    CC BY 4.0. The temperature and what it feels like correlate to 0.99; season and month depend on each other.

    Returns
    -------
    X : pandas.DataFrame of shape ``(2000, 12)``
        ``season`` and ``weather`` as words, everything else as numbers; temperatures in degrees Celsius,
        ``humidity`` from 0 to 1, ``windspeed`` in km/h.
    y : ndarray of shape ``(2000,)``
        Bicycles rented in that hour.

    Raises
    ------
    ImportError
        When pandas is not installed.

    Examples
    --------
    >>> X, y = bike()
    >>> X.shape, int(y.max())
    ((2000, 12), 968)
    """
    import pandas as pd

    packed = importlib.resources.files("ferroshap.datasets").joinpath("bike.csv.gz").read_bytes()
    names, *rows = csv.reader(gzip.decompress(packed).decode().splitlines())
    columns = dict(zip(names, zip(*rows, strict=True), strict=True))
    typed = {name: list(cells) if name in WORDS else _numbers(cells) for name, cells in columns.items()}
    y = np.asarray(typed.pop("count"), dtype=np.float64)
    return pd.DataFrame(typed), y


def _numbers(cells: tuple[str, ...]) -> NDArray[Any]:
    values = np.array(cells, dtype=np.float64)
    whole = values.astype(np.int64)
    return whole if (whole == values).all() and not any("." in cell for cell in cells) else values
