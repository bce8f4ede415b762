"""What a function of the user reaches: the modules, tensors and libraries that it closes over or names."""

import sys
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import PurePath
from types import CodeType, FunctionType, MethodType

Accepts = Callable[[object], bool]


def reached(model: object, accepts: Accepts) -> list[object]:
    """List what `accepts` says yes to among all that `model` reaches, outermost first, each once.

    Looked at are the object itself, what a bound method is bound to, what a `functools.partial`
    holds, and what a function closes over, has as defaults, or names among its globals. Functions
    found on the way are followed, except those of installed libraries; lists, dictionaries and plain
    objects are opened once; what is accepted is not opened.

    Examples
    --------
    >>> rate = 3.0
    >>> scale = lambda x: rate * x
    >>> reached(lambda x: scale(x) + 1, lambda thing: isinstance(thing, float))
    [3.0]
    """
    found: dict[int, object] = {}
    _search(model, accepts, found, set(), may_open=True)
    return list(found.values())


def _search(thing: object, accepts: Accepts, found: dict[int, object], seen: set[int], *, may_open: bool) -> None:
    if id(thing) in seen:
        return
    seen.add(id(thing))
    if accepts(thing):
        found[id(thing)] = thing
        return
    parts: Iterable[object] = ()
    if isinstance(thing, MethodType):
        parts, may_open = (thing.__self__, thing.__func__), True
    elif isinstance(thing, partial):
        parts, may_open = (thing.func, *thing.args, *thing.keywords.values()), True
    elif isinstance(thing, FunctionType) and (len(seen) == 1 or not _is_installed(thing)):
        parts, may_open = _of_function(thing), True
    elif may_open:
        parts, may_open = _contents(thing), False
    for part in parts:
        _search(part, accepts, found, seen, may_open=may_open)


def _of_function(function: FunctionType) -> list[object]:
    """What a function closes over, has as defaults, and names among its globals."""
    held: list[object] = []
    for cell in function.__closure__ or ():
        try:
            held.append(cell.cell_contents)
        except ValueError:  # not filled yet
            continue
    held += [*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()]
    wrapped = getattr(function, "__wrapped__", None)  # what a decorator stands before
    held += [] if wrapped is None else [wrapped]
    names = _names(function.__code__)
    return held + [value for name, value in function.__globals__.items() if name in names]


def _is_installed(function: FunctionType) -> bool:
    """Whether a function is of an installed library or the standard one, whose insides say nothing about the user's."""
    root = (function.__module__ or "").partition(".")[0]
    if root in sys.stdlib_module_names:
        return True
    spec = getattr(sys.modules.get(root), "__spec__", None)
    return bool({"site-packages", "dist-packages"} & set(PurePath(getattr(spec, "origin", None) or "").parts))


def _names(code: CodeType) -> set[str]:
    nested = (_names(constant) for constant in code.co_consts if isinstance(constant, CodeType))
    return set(code.co_names).union(*nested)


def _contents(thing: object) -> list[object]:
    if isinstance(thing, list | tuple | set):
        return list(thing)
    if isinstance(thing, dict):
        return list(thing.values())
    if isinstance(thing, type) or hasattr(thing, "__spec__"):  # a class, a library
        return []
    held = getattr(thing, "__dict__", None)
    parts = list(held.values()) if isinstance(held, dict) else []
    if callable(thing):
        called = vars(type(thing)).get("__call__")
        parts += [called] if isinstance(called, FunctionType) else []
    return parts
