"""Classes by their dotted paths, without importing the library they are from."""

import sys
from typing import Any

from ferroshap.errors import OptionError


def safe_isinstance(obj: Any, class_path_str: str | list[str] | tuple[str, ...]) -> bool:
    """Tell whether an object is of a class, or one of several, given by paths: a library not loaded has no objects.

    Raises
    ------
    OptionError
        When a path has no module in it.

    Examples
    --------
    >>> safe_isinstance([1.0], ["pandas.DataFrame", "builtins.list"])
    True
    """
    paths = [class_path_str] if isinstance(class_path_str, str) else list(class_path_str)
    for path in paths:
        module, dot, name = path.rpartition(".")
        if not dot:
            msg = f"`class_path_str` is {path!r}: give a full path, such as 'sklearn.ensemble.RandomForestRegressor'"
            raise OptionError(msg)
        cls = getattr(sys.modules.get(module), name, None)
        if isinstance(cls, type) and isinstance(obj, cls):
            return True
    return False
