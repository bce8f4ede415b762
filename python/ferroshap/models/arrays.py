"""The library that an array belongs to: formulas of detection are written once, for all that can differentiate."""

import importlib
from types import ModuleType
from typing import Any

import numpy as np

from ferroshap.errors import InvalidModelError

#: Where the functions on arrays of a library are, by the library that the array's class belongs to.
NAMESPACES = {
    "numpy": "numpy",
    "torch": "torch",
    "jax": "jax.numpy",
    "jaxlib": "jax.numpy",
    "autograd": "autograd.numpy",
}


def namespace_of(array: Any) -> ModuleType:
    """Return the module that computes on arrays of this class, so that its library sees every step.

    Raises
    ------
    InvalidModelError
        The class belongs to no library that is known here.

    Examples
    --------
    >>> namespace_of(np.zeros(3)).__name__
    'numpy'
    """
    for kind in type(array).__mro__:
        name = NAMESPACES.get(kind.__module__.partition(".")[0])
        if name is not None:
            return importlib.import_module(name)
    msg = f"an array of the class {type(array).__name__} is none of {', '.join(sorted({*NAMESPACES} - {'jaxlib'}))}"
    raise InvalidModelError(msg)


def constant_like(array: Any, values: Any) -> Any:
    """Give fixed numbers the library, the dtype and the device of an array."""
    xp = namespace_of(array)
    if xp.__name__ == "torch":
        return xp.asarray(np.asarray(values), dtype=array.dtype, device=array.device)
    return xp.array(np.asarray(values), dtype=array.dtype)
