"""Tables to train on: scikit-learn's own, and `../shared/data` where it is."""

import csv
from dataclasses import dataclass
from functools import cache

import numpy as np
from sklearn import datasets

import measuring

SHARED = measuring.REPOSITORY.parent / "shared" / "data"
FILES = {"California": "california_housing.csv", "bike": "bike.csv", "adult": "adult_census.csv"}
NAMES = ["California", "diabetes", "bike", "wine", "adult", "breast cancer", "digits"]  # 8, 10, 12, 13, 14, 30, 64


@dataclass(frozen=True)
class Data:
    """Rows, a number to learn for each, and whether that is one of two classes."""

    table: np.ndarray  # (rows, columns)
    target: np.ndarray  # standardised, or 0 and 1
    is_class: bool


def missing():
    """Names of the tables that are not here."""
    return [name for name, file in FILES.items() if not (SHARED / file).exists()]


@cache
def load(name):
    """Return a table by name, its rows in a fixed random order."""
    table, target, is_class = _from_file(name) if name in FILES else _bundled(name)
    if not is_class:
        target = (target - target.mean()) / target.std()
    order = np.random.default_rng(0).permutation(len(table))
    return Data(table[order], target[order].astype(float), is_class)


def _bundled(name):
    reader = {"breast cancer": datasets.load_breast_cancer}.get(name) or getattr(datasets, f"load_{name}")
    table, target = reader(return_X_y=True)
    if name == "diabetes":
        return table, target, False
    # Two classes: the wines of the second grower, benign, digits of five and more.
    return table, {"wine": target == 1, "breast cancer": target == 1, "digits": target >= 5}[name], True


def _from_file(name):
    with (SHARED / FILES[name]).open(newline="") as file:
        _, *rows = csv.reader(file)
    columns = [_numbers(column) for column in zip(*rows, strict=True)]
    return np.column_stack(columns[:-1]), columns[-1], name == "adult"


def _numbers(column):
    """Numbers as they are; words by their place in the alphabet."""
    try:
        return np.array(column, dtype=float)
    except ValueError:
        return np.unique(np.array(column), return_inverse=True)[1].astype(float)
