"""Estimators by name."""

from ferroshap.errors import OptionError, nearest
from ferroshap.estimators.auto import Auto
from ferroshap.estimators.controlled import Controlled
from ferroshap.estimators.even_gp import EvenGP
from ferroshap.estimators.exact import Exact
from ferroshap.estimators.leverage import Leverage
from ferroshap.estimators.method import Method
from ferroshap.estimators.odd_gp import OddGP
from ferroshap.estimators.owen import Owen
from ferroshap.estimators.permutation import Permutation
from ferroshap.estimators.screened import Screened
from ferroshap.estimators.sparse_odd import SparseOdd
from ferroshap.estimators.unbiased import Unbiased

KNOWN: dict[str, type[Method]] = {
    "auto": Auto,
    "controlled": Controlled,
    "even_gp": EvenGP,
    "exact": Exact,
    "leverage": Leverage,
    "odd_gp": OddGP,
    "owen": Owen,
    "permutation": Permutation,
    "screened": Screened,
    "sparse_odd": SparseOdd,
    "unbiased": Unbiased,
}


def as_method(method: Method | str) -> Method:
    """Return the estimator that is meant by a name, or the estimator itself.

    Raises
    ------
    OptionError
        For an unknown name, the name of an estimator that needs to be told more, or an object that is no estimator.

    Examples
    --------
    >>> as_method("permutation")
    Permutation(precedence=(), law=None, shared_design=True)
    """
    if isinstance(method, str):
        if method not in KNOWN:
            msg = f"`method={method!r}` is not known{nearest(method, KNOWN)} Known: {', '.join(sorted(KNOWN))}"
            raise OptionError(msg)
        return KNOWN[method]()
    if not isinstance(method, Method):
        msg = f"`method` must be an estimator such as estimators.Leverage() or its name, not {method!r}"
        raise OptionError(msg)
    return method
