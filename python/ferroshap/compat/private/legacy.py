"""`shap.utils._legacy`: the small containers from which the incumbent's Kernel explainer was built."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap.errors import OptionError
from ferroshap.links import identity, logit
from ferroshap.maskers.background import Summary, kmeans

__all__ = [
    "Data",
    "DenseData",
    "IdentityLink",
    "Instance",
    "Link",
    "LogitLink",
    "Model",
    "convert_to_data",
    "convert_to_instance",
    "convert_to_link",
    "convert_to_model",
    "kmeans",
]

Data = Summary


class DenseData(Summary):
    """Weighted rows with named groups of columns, as :func:`ferroshap.kmeans` returns them.

    Examples
    --------
    >>> DenseData([[1.0, 2.0], [3.0, 4.0]], ["a", "b"]).weights
    array([0.5, 0.5])
    """

    def __init__(self, data: Any, group_names: Any, groups: Any = None, weights: Any = None) -> None:
        """Take one column a group and equal weights where nothing else is said."""
        rows = np.atleast_2d(np.asarray(data))
        names = [str(name) for name in group_names]
        columns = groups if groups is not None else [np.array([column]) for column in range(len(names))]
        shares = np.ones(len(rows)) if weights is None else np.asarray(weights, dtype=np.float64)
        super().__init__(rows, shares / shares.sum(), names, [np.asarray(group) for group in columns])


@dataclass
class Instance:
    """One row, and how its groups are shown."""

    x: Any
    group_display_values: Any


@dataclass
class Model:
    """A function and the names of its outputs."""

    f: Any
    out_names: Any


class Link:
    """A scale: `f` goes there, `finv` comes back."""


class IdentityLink(Link):
    """The scale of the model itself."""

    def __str__(self) -> str:
        """Name the link as the Kernel explainer's argument does."""
        return "identity"

    @staticmethod
    def f(x: Any) -> NDArray[np.float64]:
        """Return `x`."""
        return identity(np.asarray(x, dtype=np.float64))

    @staticmethod
    def finv(x: Any) -> NDArray[np.float64]:
        """Return `x`."""
        return identity.inverse(np.asarray(x, dtype=np.float64))


class LogitLink(Link):
    """Log-odds of probabilities."""

    def __str__(self) -> str:
        """Name the link as the Kernel explainer's argument does."""
        return "logit"

    @staticmethod
    def f(x: Any) -> NDArray[np.float64]:
        """Return the log-odds of `x`."""
        return logit(np.asarray(x, dtype=np.float64))

    @staticmethod
    def finv(x: Any) -> NDArray[np.float64]:
        """Return the probability of log-odds `x`."""
        return logit.inverse(np.asarray(x, dtype=np.float64))


def convert_to_link(val: Any) -> Link:
    """Read the name of a link.

    Examples
    --------
    >>> str(convert_to_link("logit"))
    'logit'
    """
    if isinstance(val, Link):
        return val
    known = {"identity": IdentityLink, "logit": LogitLink}
    if val not in known:
        msg = f"`link` is {val!r}, but must be one of: {', '.join(known)}"
        raise OptionError(msg)
    return known[val]()


def convert_to_instance(val: Any) -> Instance:
    """Wrap one row."""
    return val if isinstance(val, Instance) else Instance(np.atleast_2d(np.asarray(val)), None)


def convert_to_model(val: Any, keep_index: bool = False) -> Model:  # noqa: ARG001 - theirs
    """Wrap a function; its outputs have no names yet."""
    return val if isinstance(val, Model) else Model(val, None)


def convert_to_data(val: Any, keep_index: bool = False) -> Summary:  # noqa: ARG001 - theirs
    """Wrap rows as a background in which every column is a group of its own."""
    if isinstance(val, Summary):
        return val
    names = getattr(val, "columns", None)
    rows = np.atleast_2d(np.asarray(val))
    return DenseData(rows, list(names) if names is not None else [str(i) for i in range(rows.shape[1])])
