"""What a function of the user's does: its code, and what it can see."""

import sys
import sysconfig
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

#: Flags and names of code that say where it stands, not what it does, are left out.
INSTALLED = ("site-packages", "dist-packages")


def is_of_a_library(value: Any) -> bool:
    """Whether a function or class is an installed library's, which its name tells.

    Examples
    --------
    >>> import numpy as np
    >>> is_of_a_library(np.linalg.norm), is_of_a_library(lambda: 0)
    (True, False)
    """
    module = str(getattr(value, "__module__", "") or "")
    name = getattr(value, "__qualname__", "")
    if module == "__main__" or "<" in name:
        return False
    top = module.partition(".")[0]
    if top in sys.builtin_module_names or top in {"builtins", "ferroshap", "numpy"}:
        return True
    path = getattr(sys.modules.get(module), "__file__", None)
    if path is None:
        return False
    parts = Path(path).parts
    return any(part in INSTALLED for part in parts) or path.startswith(sysconfig.get_path("stdlib"))


def parts_of_function(function: FunctionType) -> list[Any]:
    """Return what a function is made of: code, defaults, what it closes over, and the globals that it names."""
    cells = [cell.cell_contents if _is_filled(cell) else None for cell in function.__closure__ or ()]
    names = _names_of(function.__code__)
    seen = {name: function.__globals__[name] for name in sorted(names) if name in function.__globals__}
    return [function.__code__, function.__defaults__, function.__kwdefaults__, cells, seen]


def parts_of_code(code: CodeType) -> list[Any]:
    """Return what code does, without where it stands: no file, no lines, no name of its own.

    The constants of inner functions hold their code.
    """
    return [
        code.co_code,
        list(code.co_consts),
        list(code.co_names),
        list(code.co_varnames),
        list(code.co_freevars),
        list(code.co_cellvars),
        code.co_flags,
        code.co_argcount,
        code.co_kwonlyargcount,
        code.co_posonlyargcount,
    ]


def _names_of(code: CodeType) -> set[str]:
    """Names of globals and attributes, also those of inner functions."""
    inner = [constant for constant in code.co_consts if isinstance(constant, CodeType)]
    return set(code.co_names).union(*map(_names_of, inner))


def _is_filled(cell: Any) -> bool:
    try:
        cell.cell_contents  # noqa: B018 - only whether it is there
    except ValueError:
        return False
    return True
