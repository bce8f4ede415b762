"""Operators: they act on the values as NumPy does; base values and errors follow where that is true."""

import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from ferroshap.explanation.field import Body
from ferroshap.explanation.fields import FOLLOWS, LIKE_VALUES, OF_MAPS
from ferroshap.explanation.history import OpHistoryItem
from ferroshap.explanation.status import weaker

if TYPE_CHECKING:
    from ferroshap.explanation.explanation import Explanation

_OF_THE_SAME = OF_MAPS | {LIKE_VALUES}  # what belongs to these values and to no others
_NUMBERS = (int, float, np.number, np.bool_)
_UFUNCS: dict[Any, str] = {np.add: "add", np.subtract: "sub", np.multiply: "mul", np.divide: "truediv"}


def _forward(name: str, compute: Callable[[Any, Any], Any]) -> "Callable[[Arithmetic, Any], Explanation]":
    def operate(self: Body, other: Any) -> Any:
        return combined(self, other, name, compute)

    return operate


def _reflected(name: str, compute: Callable[[Any, Any], Any]) -> "Callable[[Arithmetic, Any], Explanation]":
    def operate(self: Body, other: Any) -> Any:
        return combined(self, other, name, lambda a, b: compute(b, a))

    return operate


def _comparison(compute: Callable[[Any, Any], Any]) -> "Callable[[Arithmetic, Any], NDArray[np.bool_]]":
    def operate(self: Body, other: Any) -> Any:
        return compute(np.asarray(self.values), _operand(other))

    return operate


class Arithmetic(Body):
    """The operators of an Explanation.

    ``e + f`` and ``e - f`` explain the sum and the difference of two functions;
    ``e * c`` explains c times the function, with errors scaled by its magnitude.
    The data never change.
    """

    __slots__ = ()

    __add__ = _forward("__add__", operator.add)
    __sub__ = _forward("__sub__", operator.sub)
    __mul__ = _forward("__mul__", operator.mul)
    __truediv__ = _forward("__truediv__", operator.truediv)
    __pow__ = _forward("__pow__", operator.pow)
    __radd__ = _reflected("__radd__", operator.add)
    __rsub__ = _reflected("__rsub__", operator.sub)
    __rmul__ = _reflected("__rmul__", operator.mul)
    __rtruediv__ = _reflected("__rtruediv__", operator.truediv)
    __rpow__ = _reflected("__rpow__", operator.pow)
    __lt__ = _comparison(operator.lt)
    __le__ = _comparison(operator.le)
    __gt__ = _comparison(operator.gt)
    __ge__ = _comparison(operator.ge)

    def __neg__(self) -> "Explanation":
        """Explain the negated function."""
        return combined(self, -1, "__neg__", operator.mul)

    def __pos__(self) -> "Explanation":
        """Return the Explanation itself."""
        return cast("Explanation", self)

    def __abs__(self) -> "Explanation":
        """Magnitudes, as the property `abs` has them."""
        return cast("Explanation", self).abs

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        """Return the values."""
        if copy is None:
            return np.asarray(self.values, dtype=dtype)
        return np.array(self.values, dtype=dtype, copy=copy)

    def __float__(self) -> float:
        """Return the number, if it is a single one."""
        return float(self.values)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        """Delegate the four operators, compute everything else on the values."""
        name = _UFUNCS.get(ufunc)
        if method == "__call__" and name is not None and not kwargs and len(inputs) == 2:
            if inputs[0] is self:
                return getattr(self, f"__{name}__")(inputs[1])
            return getattr(self, f"__r{name}__")(inputs[0])
        return getattr(ufunc, method)(*map(_operand, inputs), **kwargs)

    def __array_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        """Compute NumPy's other functions on the values."""
        del types
        return func(*(_operands(arg) for arg in args), **{key: _operands(arg) for key, arg in kwargs.items()})


def combined(left: Body, other: Any, name: str, compute: Callable[[Any, Any], Any]) -> "Explanation":
    """Operate on values, then on each field that stays true."""
    if isinstance(other, Arithmetic):
        return _with_explanation(left, other, name, compute)
    if not isinstance(other, (*_NUMBERS, np.ndarray, list, tuple)):
        return cast("Explanation", NotImplemented)  # Python asks the other operand then
    factor = np.asarray(other)
    values = compute(np.asarray(left.values), other if factor.ndim == 0 else factor)
    if values.shape != left.shape:
        msg = f"`{name}`: an array of shape {factor.shape} does not fit values of shape {left.shape}"
        raise ValueError(msg)
    changed = _scaled(left, factor, name)
    return left.derived(values, left.axes, changed, OpHistoryItem(name, left.shape, (other,)))


def _scaled(left: Body, factor: np.ndarray, name: str) -> dict[str, Any]:
    """What becomes of base values, errors and residuals when a number or an array comes in."""
    gone: dict[str, Any] = {key: None for key, follows in FOLLOWS.items() if follows in _OF_THE_SAME}
    gone["gap"] = gone["msev"] = None
    if name in {"__add__", "__radd__", "__sub__", "__rsub__"}:
        return gone | {"error_std": left.error_std}
    if name not in {"__mul__", "__rmul__", "__truediv__", "__neg__"}:
        return gone | {"base_values": None}
    compute = operator.truediv if name == "__truediv__" else operator.mul
    error_std, base, gap = left.error_std, left.base_values, left.gap
    per_base = _along_base(factor, left)
    if factor.ndim == 0:
        gone |= _scaled_maps(left, factor, compute)
    return gone | {
        "error_std": None if error_std is None else compute(error_std, np.abs(factor)),
        "base_values": None if base is None or per_base is None else compute(base, per_base),
        "gap": None if gap is None or per_base is None else compute(gap, per_base),
    }


def _scaled_maps(left: Body, factor: np.ndarray, compute: Callable[[Any, Any], Any]) -> dict[str, Any]:
    """What is known of whole maps survives one factor for all of their pixels."""
    by = {"channel_error_std": np.abs(factor), "pooled_error_std": np.abs(factor), "replicates": factor}
    known = {name: getattr(left, name) for name in by}
    scaled = {name: None if known[name] is None else compute(known[name], by[name]) for name in by}
    return scaled | {"relative_error": left.relative_error, "segments": left.segments}


def _along_base(factor: np.ndarray, left: Body) -> np.ndarray | None:
    """The factor as base values see it; None if it differs from feature to feature."""
    if factor.ndim == 0:
        return factor
    features = tuple(axis for axis, role in enumerate(left.axes) if role == "feature")
    if factor.ndim != len(left.axes) or any(factor.shape[axis] != 1 for axis in features):
        return None
    return factor.squeeze(axis=features)


def _with_explanation(left: Body, right: Body, name: str, compute: Any) -> "Explanation":
    """Explain f + g or f - g; other operators leave only the values."""
    mine, theirs = left.feature_names, right.feature_names
    if (
        mine is not None
        and theirs is not None
        and "feature" in left.axes
        and "feature" in right.axes
        and mine != theirs
    ):
        msg = f"`{name}`: the features differ ({_first_difference(mine, theirs)}): align them first"
        raise ValueError(msg)
    values = compute(np.asarray(left.values), np.asarray(right.values))
    model = left if left.shape == values.shape else right
    if model.shape != values.shape:
        msg = f"`{name}`: values of shapes {left.shape} and {right.shape} do not fit each other"
        raise ValueError(msg)
    changed: dict[str, Any] = {key: None for key, follows in FOLLOWS.items() if follows in _OF_THE_SAME}
    changed |= {"gap": None, "n_evaluations": None, "plan": None, "seed": None, "compute_time": None}
    changed |= {"msev": None, "plausibility": None, "screening": None, "forward_rows": None}
    changed["status"] = weaker(left.status, right.status)
    base = None
    if name in {"__add__", "__sub__"} and left.base_values is not None and right.base_values is not None:
        base = compute(left.base_values, right.base_values)
    changed["base_values"] = base
    return model.derived(values, model.axes, changed, OpHistoryItem(name, left.shape, (right,)))


def _first_difference(mine: Any, theirs: Any) -> str:
    pairs = zip(mine, theirs, strict=False)
    different = next((f"{a!r} and {b!r}" for a, b in pairs if a != b), None)
    return different or f"{len(mine)} and {len(theirs)} of them"


def _operand(value: Any) -> Any:
    return np.asarray(value.values) if isinstance(value, Arithmetic) else value


def _operands(value: Any) -> Any:
    """Replace Explanations by their values, inside lists and tuples too."""
    if type(value) is list or type(value) is tuple:
        return type(value)(map(_operands, value))
    return _operand(value)
