"""Functions of jax arrays as gradient functions."""

import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from ferroshap.errors import DimensionError, InvalidModelError, OptionError
from ferroshap.gradients.jax_sums import JaxSums
from ferroshap.gradients.reached import reached

Array = npt.NDArray[Any]

#: Outputs times elements of the inputs up to which the backwards of all outputs run side by side, taking as many times
#: the memory; beyond, one after another.
LARGEST_VECTORISED = 1 << 20

DETACHED = (
    "the model's output is made of {dtype}, which has no gradient: explain the score before the rounding, `argmax` "
    "or comparison, or use `ferroshap.Explainer`, which needs no gradient."
)


class JaxGradFn:
    """A function of jax arrays as a gradient function: NumPy in, NumPy out, or everything on its device.

    All outputs asked for share one forward. What is called is compiled by `jax.jit`, once for each
    number of rows: so batches are padded to one of few sizes. A function that branches on values
    cannot be compiled: jax's error says so, and `jnp.where` or `jax.lax.cond` mend it.

    Parameters
    ----------
    model : callable
        A pure function of one array `(rows, *shape)` an input; returns `(rows,)` or `(rows, outputs)`.
        With `state`, its first argument is what that returns. Passed to `GradientExplainer` as it is, it
        is recognised by the arrays or libraries of jax that it closes over or names.
    background : sequence, optional
        Not needed.
    state : callable, optional
        Gives the model's parameters, as a pytree, at every call. Arrays that the function closes over
        are constants of what was compiled; parameters that change between calls come through here.
    dtype : dtype, optional
        float32 (default) or float64, which jax has only after
        `jax.config.update("jax_enable_x64", True)`; then it is the default.

    Examples
    --------
    A function of arrays (not run here, for jax is not installed everywhere)::

        grad_fn = JaxGradFn(lambda z: (z**2).sum(1))
        y, (g,) = grad_fn.gradient((np.array([[1.0, 2.0]], np.float32),), np.zeros((1, 1), np.int64))
        # y == [[5.0]], g == [[[2.0, 4.0]]]
    """

    #: Models of jax say nothing about how they want images.
    layout: str | None = None

    def __init__(
        self,
        model: Callable[..., Any],
        background: Sequence[object] = (),
        *,
        state: Callable[[], Any] | None = None,
        dtype: Any = None,
    ) -> None:
        """Choose the precision; nothing is compiled yet."""
        del background
        if "jax" not in sys.modules:
            msg = "`model` was given as a jax function, but jax has not been imported: import it, or pass a `GradFn`."
            raise OptionError(msg)
        self.function = model
        self.state = dict if state is None else state
        has_float64 = bool(sys.modules["jax"].config.jax_enable_x64)
        self.dtype = np.dtype((np.float64 if has_float64 else np.float32) if dtype is None else dtype)
        if self.dtype.kind != "f" or self.dtype.itemsize < 4 or (self.dtype.itemsize > 4 and not has_float64):
            msg = (
                f"`dtype` is {self.dtype}, but jax computes in float32 here: pass float32, or call "
                '`jax.config.update("jax_enable_x64", True)` before anything else.'
            )
            raise OptionError(msg)
        self._sizes: list[int] = []
        self._compiled: dict[str, Any] = {}

    def __repr__(self) -> str:
        """Name the function and its precision."""
        name = getattr(self.function, "__qualname__", type(self.function).__name__)
        return f"<JaxGradFn {name}, {self.dtype}>"

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what was compiled."""
        return self.__dict__ | {"_compiled": {}}

    @staticmethod
    def recognises(model: object) -> bool:
        """Tell whether a function reaches jax, or a library or array of it."""
        return callable(model) and bool(reached(model, _is_jax))

    @property
    def prefers_device(self) -> bool:
        """Whether sums are better left to jax; not so on the CPU, where the core adds faster (measured)."""
        return str(sys.modules["jax"].default_backend()) != "cpu"

    def explaining(self) -> AbstractContextManager[None]:
        """Change nothing: a pure function has no mode."""
        return nullcontext()

    def forward(self, inputs: tuple[Array, ...]) -> Array:
        """Compute `f`, `(rows,)` or `(rows, outputs)`."""
        n_rows = len(inputs[0])
        out = self.run("forward", self._checked_call, *self.padded(inputs))
        return np.asarray(out)[:n_rows]

    def activations(self, inputs: tuple[Array, ...]) -> tuple[Array, ...]:
        """Compute what the function returns, of any shape and as many arrays as it likes: an encoder's activations."""
        n_rows = len(inputs[0])
        found = self.run("activations", self._call, *self.padded(inputs))
        several = isinstance(found, list | tuple)
        return tuple(np.asarray(array)[:n_rows] for array in (found if several else (found,)))

    def gradient(self, inputs: tuple[Array, ...], outputs: npt.NDArray[np.int64]) -> tuple[Array, tuple[Array, ...]]:
        """Compute `y (rows, T)` and, for each input, `d y[r, t] / d input[r]` as `(rows, T, *shape)`."""
        n_rows = len(inputs[0])
        columns = self.padded((outputs.astype(np.int32),))[0]
        y, gradients = self.run("gradient", self.differentiate, *self.padded(inputs), columns)
        return np.asarray(y)[:n_rows], tuple(np.asarray(gradient)[:n_rows] for gradient in gradients)

    def load(
        self,
        rows: tuple[Array, ...],
        background: tuple[Array, ...],
        outputs: npt.NDArray[np.int64],
        n_maps: int,
    ) -> JaxSums:
        """Move rows and background to the device, and make room for the sums."""
        return JaxSums(self, rows, background, outputs, n_maps)

    def accumulate(
        self,
        handle: JaxSums,
        row: Array,
        background: Array,
        alpha: Array,
        weight: Array,
        replicate: Array,
        controls: Array,
    ) -> None:
        """Add the points of one block; nothing is added when memory runs out."""
        handle.accumulate(row, background, alpha, weight, replicate, controls)

    def scale(self, handle: JaxSums, factor: float, rows: Any) -> None:
        """Multiply what some rows have summed up."""
        handle.scale(factor, rows)

    def sums(self, handle: JaxSums) -> tuple[npt.NDArray[np.float64], ...]:
        """Give the sums: float64 `(rows, T, n_maps, d)` an input."""
        return handle.to_host()

    def differentiate(self, state: Any, *inputs_and_columns: Any) -> tuple[Any, tuple[Any, ...]]:
        """Compute outputs `(rows, T)` and gradients `(rows, T, *shape)` as jax arrays; traceable."""
        jax, jnp = sys.modules["jax"], sys.modules["jax.numpy"]
        *inputs, columns = inputs_and_columns
        out, pull = jax.vjp(lambda *z: self._checked_call(state, *z), *inputs)
        if not jnp.issubdtype(out.dtype, jnp.floating):
            raise InvalidModelError(DETACHED.format(dtype=out.dtype))
        if out.ndim == 1:
            y = jnp.broadcast_to(out[:, None], columns.shape)
            gradients = pull(jnp.ones_like(out))
            return y, tuple(jnp.broadcast_to(one[:, None], (*columns.shape, *one.shape[1:])) for one in gradients)
        chosen = jax.nn.one_hot(columns.T, out.shape[1], dtype=out.dtype)  # (T, rows, outputs)
        n_elements = columns.shape[1] * sum(array.size for array in inputs)
        backwards = jax.vmap(pull) if n_elements <= LARGEST_VECTORISED else partial(jax.lax.map, pull)
        return jnp.take_along_axis(out, columns, axis=1), tuple(jnp.swapaxes(one, 0, 1) for one in backwards(chosen))

    def padded(self, arrays: tuple[Array, ...]) -> tuple[Any, ...]:
        """Lengthen arrays to one of the few numbers of rows that are compiled for, repeating the last row."""
        n_rows = len(arrays[0])
        size = self.size(n_rows)
        if size == n_rows:
            return tuple(np.ascontiguousarray(array) for array in arrays)
        at = np.minimum(np.arange(size), n_rows - 1)
        return tuple(array[at] for array in arrays)

    def size(self, n_rows: int) -> int:
        """Number of rows that a batch is padded to.

        A size already compiled for, if that wastes less than half; else the next one whose binary
        digits after the first three are zero, so that there are at most four sizes in each doubling.
        """
        known = [size for size in self._sizes if n_rows <= size < 2 * n_rows]
        if known:
            return min(known)
        grain = 1 << max(0, n_rows.bit_length() - 3)
        size = -(-n_rows // grain) * grain
        self._sizes.append(size)
        return size

    def run(self, name: str, function: Callable[..., Any], *arguments: Any) -> Any:
        """Call `function(state, *arguments)`, compiled under that name."""
        if name not in self._compiled:
            self._compiled[name] = sys.modules["jax"].jit(function)
        return self._compiled[name](self.state(), *arguments)

    def _call(self, state: Any, *inputs: Any) -> Any:
        return self.function(*inputs) if self.state is dict else self.function(state, *inputs)

    def _checked_call(self, state: Any, *inputs: Any) -> Any:
        """Call the model and refuse what is not one or several numbers a row."""
        out = self._call(state, *inputs)
        if not hasattr(out, "ndim"):
            remedy = (
                "choose one of its parts, for instance `lambda z: model(z)[0]`"
                if isinstance(out, dict | list | tuple)
                else "compute with jax operations to the end"
            )
            msg = f"the model returned a {type(out).__name__}, not an array: {remedy}."
            raise InvalidModelError(msg)
        if out.ndim not in {1, 2} or len(out) != len(inputs[0]):
            msg = (
                f"the model returned an array of shape {tuple(out.shape)} for {len(inputs[0])} rows: it must return "
                "(rows,) or (rows, outputs). Reduce or flatten it inside the function that you pass; a model of one "
                "row is made one of many by `jax.vmap`."
            )
            raise DimensionError(msg)
        return out


def _is_jax(thing: object) -> bool:
    """Whether something is of jax, or of a library that stands on it."""
    home = getattr(getattr(thing, "__spec__", None), "name", None) or type(thing).__module__
    declared = getattr(thing, "__module__", None)
    return any(
        isinstance(name, str) and name.partition(".")[0] in {"jax", "jaxlib", "flax", "equinox", "haiku"}
        for name in (home, declared)
    )
