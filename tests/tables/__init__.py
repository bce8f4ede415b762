"""Samples of two tables that everybody knows, in the shapes that notebooks use."""

import gzip
import io
from pathlib import Path

import pytest

pd = pytest.importorskip("pandas")

HERE = Path(__file__).parent


def read(name):
    with gzip.open(HERE / f"{name}.csv.gz", "rt", encoding="utf-8") as file:
        return pd.read_csv(io.StringIO(file.read()), keep_default_na=False)


def california():
    """Features and the median house value in units of 100,000 dollars."""
    table = read("california")
    return table.drop(columns="MedHouseVal"), table["MedHouseVal"].to_numpy()


def adult(*, display=False):
    """Features, words as codes unless for display, and whether more than 50,000 dollars were earned."""
    table = read("adult")
    X, y = table.drop(columns="class"), (table["class"] == ">50K").to_numpy()
    if display:
        return X, y
    words = [name for name in X if X[name].dtype.kind not in "iuf"]
    return X.assign(**{name: X[name].astype("category").cat.codes.astype("int32") for name in words}), y
