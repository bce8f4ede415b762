"""Operations written on the class before there is an object: ``Explanation.abs.mean(0).argsort.flip[:5]``."""

from collections.abc import Callable
from types import MethodType
from typing import TYPE_CHECKING, Any, Concatenate, Generic, NamedTuple, ParamSpec, TypeVar, overload

import numpy as np

if TYPE_CHECKING:
    from ferroshap.explanation.explanation import Explanation

P = ParamSpec("P")
R = TypeVar("R")

CHAINABLE = ("abs", "identity", "argsort", "flip", "sum", "max", "min", "mean", "percentile", "sample", "hclust")


class Operation(NamedTuple):
    """One link of a chain; `args` is None until the link is called."""

    name: str
    args: tuple[Any, ...] | None = None
    kwargs: dict[str, Any] | None = None

    def __repr__(self) -> str:
        """Write the link as it was typed."""
        if self.name == "__getitem__":
            return f"[{_shown_key((self.args or ((),))[0])}]"
        if self.args is None:
            return f".{self.name}"
        given = [*map(repr, self.args), *(f"{key}={value!r}" for key, value in (self.kwargs or {}).items())]
        return f".{self.name}({', '.join(given)})"


class OpChain:
    """A chain of operations that waits for an Explanation; it is never changed, each link makes another chain.

    Examples
    --------
    >>> from ferroshap.explanation import Explanation
    >>> strongest_first = Explanation.abs.mean(0).argsort.flip
    >>> strongest_first
    Explanation.abs.mean(0).argsort.flip
    >>> strongest_first.apply(Explanation([[1.0, -3.0, 2.0]])).values
    array([1, 2, 0])
    """

    __slots__ = ("_operations", "_root")

    def __init__(self, root_name: str = "Explanation", operations: tuple[Operation, ...] = ()) -> None:
        self._root = root_name
        self._operations = operations

    @property
    def operations(self) -> tuple[Operation, ...]:
        """The links, first to last."""
        return self._operations

    def apply(self, explanation: Any) -> Any:
        """Do the operations, one after the other; a trailing method is called by itself."""
        result = explanation
        for operation in self._operations:
            result = getattr(result, operation.name)
            if operation.args is not None:
                result = result(*operation.args, **(operation.kwargs or {}))
            elif callable(result):
                result = result()
        return result

    def has(self, name: str) -> bool:
        """Tell whether an operation of this name is among the links."""
        return any(operation.name == name for operation in self._operations)

    def __getattr__(self, name: str) -> "OpChain":
        """Add a link, if the name is one that Explanations know."""
        if name not in CHAINABLE:  # IPython, copy and pickle probe for names of their own
            msg = f"an op-chain has no operation {name!r}; known: {', '.join(CHAINABLE)}"
            raise AttributeError(msg)
        return OpChain(self._root, (*self._operations, Operation(name)))

    def __call__(self, *args: Any, **kwargs: Any) -> "OpChain":
        """Give arguments to the last link."""
        if not self._operations or self._operations[-1].args is not None:
            msg = f"`{self!r}` cannot be called: only an operation that has no arguments yet takes some"
            raise TypeError(msg)
        last = Operation(self._operations[-1].name, args, kwargs)
        return OpChain(self._root, (*self._operations[:-1], last))

    def __getitem__(self, key: object) -> "OpChain":
        """Add an indexing link."""
        return OpChain(self._root, (*self._operations, Operation("__getitem__", (key,))))

    def __iter__(self) -> Any:
        """Refuse to be iterated over: an indexing link could go on for ever."""
        msg = "an op-chain has no elements until it is applied to an Explanation"
        raise TypeError(msg)

    def __repr__(self) -> str:
        """Write the chain as it was typed."""
        return self._root + "".join(map(repr, self._operations))

    def __eq__(self, other: object) -> bool:
        """Tell whether both chains do the same."""
        if not isinstance(other, OpChain):
            return NotImplemented
        return _same(self._operations, other._operations)

    def __hash__(self) -> int:
        """Agree with equality; arguments are left out, since slices and arrays have no hash."""
        return hash(tuple(operation.name for operation in self._operations))

    def __reduce__(self) -> tuple[type["OpChain"], tuple[str, tuple[Operation, ...]]]:
        """Pickle root and links."""
        return OpChain, (self._root, self._operations)


class ChainedProperty:
    """A property of Explanations that starts an op-chain when the class is asked for it."""

    def __init__(self, compute: Callable[[Any], "Explanation"]) -> None:
        self._compute = compute
        self.__doc__ = compute.__doc__

    @overload
    def __get__(self, obj: None, owner: type) -> OpChain: ...
    @overload
    def __get__(self, obj: object, owner: type) -> "Explanation": ...
    def __get__(self, obj: object | None, owner: type) -> "OpChain | Explanation":
        """Compute on an Explanation, begin a chain on the class."""
        if obj is None:
            return OpChain(owner.__name__, (Operation(self._compute.__name__),))
        return self._compute(obj)

    def __set__(self, obj: object, value: object) -> None:
        """Refuse to be set, as properties do."""
        msg = f"`{self._compute.__name__}` cannot be set"
        raise AttributeError(msg)


class ChainedMethod(Generic[P, R]):
    """A method of Explanations that starts an op-chain when the class is asked for it."""

    def __init__(self, compute: Callable[Concatenate[Any, P], R]) -> None:
        self._compute = compute
        self.__doc__ = compute.__doc__

    @overload
    def __get__(self, obj: None, owner: type) -> OpChain: ...
    @overload
    def __get__(self, obj: object, owner: type) -> Callable[P, R]: ...
    def __get__(self, obj: object | None, owner: type) -> OpChain | Callable[P, R]:
        """Bind to an Explanation, begin a chain on the class."""
        if obj is None:
            return OpChain(owner.__name__, (Operation(self._compute.__name__),))
        return MethodType(self._compute, obj)


def _same(a: object, b: object) -> bool:
    """Compare arguments, arrays by content."""
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        return bool(np.array_equal(np.asarray(a), np.asarray(b)))
    if isinstance(a, (tuple, list)) and isinstance(b, (tuple, list)):
        return len(a) == len(b) and all(_same(x, y) for x, y in zip(a, b, strict=True))
    return bool(a == b)


def _shown_key(key: object) -> str:
    """Write an index as it was typed."""
    if isinstance(key, tuple):
        return ", ".join(map(_shown_key, key))
    if isinstance(key, slice):
        parts = ["" if part is None else repr(part) for part in (key.start, key.stop)]
        return ":".join(parts) + ("" if key.step is None else f":{key.step!r}")
    return "..." if key is Ellipsis else repr(key)
