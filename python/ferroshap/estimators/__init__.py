"""Estimators: the methods that turn worths into values, one frozen dataclass each."""

from ferroshap.estimators.auto import Auto
from ferroshap.estimators.choice import as_method
from ferroshap.estimators.controlled import Controlled
from ferroshap.estimators.even_gp import EvenGP
from ferroshap.estimators.exact import Exact
from ferroshap.estimators.leverage import Leverage
from ferroshap.estimators.method import Method, asks_by_worths, chosen, keeps_no_worths, resolve
from ferroshap.estimators.odd_gp import OddGP
from ferroshap.estimators.owen import Owen
from ferroshap.estimators.permutation import Permutation
from ferroshap.estimators.screened import Screened
from ferroshap.estimators.sparse_odd import SparseOdd
from ferroshap.estimators.unbiased import Unbiased

__all__ = [
    "Auto",
    "Controlled",
    "EvenGP",
    "Exact",
    "Leverage",
    "Method",
    "OddGP",
    "Owen",
    "Permutation",
    "Screened",
    "SparseOdd",
    "Unbiased",
    "as_method",
    "asks_by_worths",
    "chosen",
    "keeps_no_worths",
    "resolve",
]
