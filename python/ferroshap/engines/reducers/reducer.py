"""What all reducers do: see blocks of rows, meet others, leave as bytes, come back."""

from typing import Any, ClassVar, Protocol, Self

from ferroshap.engines.reducers import packing
from ferroshap.engines.reducers.blocks import Block, as_block
from ferroshap.errors import FerroshapError, ReducerError, nearest
from ferroshap.threads import as_threads


class State(Protocol):
    """What a reducer keeps of the rows it has seen."""

    @property
    def n_rows(self) -> int:
        """Rows seen."""

    def merge(self, other: Any, /) -> None:
        """Take what another state has seen."""

    def copy(self) -> Any:
        """Return another state that has seen the same."""

    def to_bytes(self) -> bytes:
        """Return the state as bytes."""


class Reducer:
    """A summary of values that never holds the values.

    It is made without a table, and bound to the names of features and outputs by the first rows it sees. What it
    keeps are whole numbers (counts, exact sums) or whole rows, so two reducers that have seen the same rows have **the
    same bytes, however the table was cut, in whatever order the pieces came and were merged, on however many threads
    or workers**.
    """

    #: Which reducer bytes are of; filled by the classes as they are defined.
    KINDS: ClassVar[dict[str, type["Reducer"]]] = {}

    _names: tuple[tuple[str, ...], tuple[str, ...]] | None = None
    _state: Any = None

    def __init_subclass__(cls, **options: Any) -> None:
        """Make the class known to `from_bytes`."""
        super().__init_subclass__(**options)
        if not cls.__name__.startswith("_"):
            Reducer.KINDS[cls.__name__] = cls

    def update(self, explained: Any, *, n_jobs: int | None = None) -> Self:
        """See the rows of a block.

        Parameters
        ----------
        explained : Explained or Explanation
            What `engines.arrow.explain_block` returns, or an Explanation ``(rows, features[, outputs])``. Of an
            Explanation, rows are numbered from 0: give each row to one reducer once.
        n_jobs : int, optional
            Threads; never changes a bit.

        Returns
        -------
        Reducer
            Itself.

        Raises
        ------
        ReducerError
            For other features or outputs than before.
        DimensionError
            For interactions.
        """
        block = as_block(explained)
        names = (block.feature_names, block.output_names)
        if self._names is None:
            state = self._started(*map(len, names))
            self._absorb(state, block, as_threads(n_jobs))
            self._state, self._names = state, names
        else:
            self._check_names(names, "`explained`")
            self._absorb(self._state, block, as_threads(n_jobs))
        return self

    def part(self, explained: Any, *, n_jobs: int | None = None) -> Self:
        """Return a new reducer of the same kind that has seen this block alone: a partial result, to be merged."""
        return self.fresh().update(explained, n_jobs=n_jobs)

    def fresh(self) -> Self:
        """Return a reducer with the same options that has seen nothing."""
        return type(self)(**self._options())

    def copy(self) -> Self:
        """Return a reducer that has seen the same rows."""
        return self.fresh().merge(self)

    def merge(self, other: "Reducer") -> Self:
        """See all that another reducer of the same kind has seen; in any order, the result has the same bytes.

        Returns
        -------
        Reducer
            Itself. The other one stays as it is.

        Raises
        ------
        ReducerError
            For a reducer of another kind, with other options, features or outputs.
        """
        if type(other) is not type(self):
            msg = f"`other` is a {type(other).__name__}, which cannot be merged into {self!r}"
            raise ReducerError(msg)
        for name, own in self._options().items():
            theirs = other._options()[name]  # noqa: SLF001 - of this class
            if theirs != own:
                msg = f"`other` has {name}={theirs!r}, but this {type(self).__name__} has {name}={own!r}"
                raise ReducerError(msg)
        if other._names is None:  # noqa: SLF001 - of this class
            return self
        if self._names is None:
            self._names, self._state = other._names, other._state.copy()  # noqa: SLF001 - of this class
            return self
        self._check_names(other._names, "`other`")  # noqa: SLF001 - of this class
        self._state.merge(other._state)  # noqa: SLF001 - of this class
        return self

    def result(self) -> Any:
        """Return what was reduced to; see each reducer.

        Raises
        ------
        ReducerError
            When no rows were seen.
        """
        raise NotImplementedError

    @property
    def n_rows(self) -> int:
        """Rows seen so far."""
        return 0 if self._state is None else int(self._state.n_rows)

    @property
    def feature_names(self) -> tuple[str, ...] | None:
        """Names of the features, None before the first rows."""
        return None if self._names is None else self._names[0]

    @property
    def output_names(self) -> tuple[str, ...] | None:
        """Names of the outputs, None before the first rows."""
        return None if self._names is None else self._names[1]

    def to_bytes(self) -> bytes:
        """Return the reducer as bytes, for checkpoints and for the way between processes: no pickle, no code.

        The same bytes for the same rows, in whatever order they were seen.
        """
        features, outputs = (None, None) if self._names is None else map(list, self._names)
        head = {"reducer": type(self).__name__, "options": self._options(), "features": features, "outputs": outputs}
        return packing.packed(head, b"" if self._state is None else self._state.to_bytes())

    @classmethod
    def from_bytes(cls, data: Any) -> Self:
        """Return the reducer that `to_bytes` made bytes of.

        Parameters
        ----------
        data : bytes-like
            They may come from anywhere: they are checked, and nothing of them is run.

        Raises
        ------
        ReducerError
            Where the bytes are not of such a reducer, or were cut or changed.
        """
        head, state = packing.unpacked(data)
        kind = head.get("reducer")
        found = Reducer.KINDS.get(kind) if isinstance(kind, str) else None
        if found is None:
            msg = f"`data` is of a reducer {kind!r}, which is not known{nearest(str(kind), Reducer.KINDS)}"
            raise ReducerError(msg)
        if not issubclass(found, cls):
            msg = f"`data` is of a {kind}, but {cls.__name__}.from_bytes reads a {cls.__name__}: use {kind}.from_bytes"
            raise ReducerError(msg)
        names = head.get("features"), head.get("outputs")
        try:
            reducer = found(**head["options"])
        except (FerroshapError, TypeError, KeyError) as error:
            msg = f"`data` has options that {kind} does not take: {error}"
            raise ReducerError(msg) from None
        reducer._restore(names, state)  # noqa: SLF001 - of this class
        return reducer

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle as bytes that are checked when they are read."""
        return type(self).from_bytes, (self.to_bytes(),)

    def __repr__(self) -> str:
        """Show options, and what was seen."""
        options = ", ".join(f"{name}={value!r}" for name, value in self._options().items())
        what = f"{type(self).__name__}({options})"
        if self._names is None:
            return f"<{what}: no rows yet>"
        features, outputs = map(len, self._names)
        of_outputs = f" x {outputs} outputs" if outputs > 1 else ""
        return f"<{what}: {self.n_rows:,} rows x {features:,} features{of_outputs}>"

    def _options(self) -> dict[str, Any]:
        """What the constructor takes, as JSON can hold it."""
        return {}

    def _started(self, n_features: int, n_outputs: int) -> State:
        """Return a state that has seen nothing."""
        raise NotImplementedError

    def _read(self, state: bytes, n_features: int, n_outputs: int) -> State:
        """Return the state that came as bytes."""
        raise NotImplementedError

    def _absorb(self, state: Any, block: Block, n_threads: int) -> None:
        """Put the rows of a block into a state."""
        raise NotImplementedError

    def _restore(self, names: tuple[Any, Any], state: bytes) -> None:
        if names == (None, None) and not state:
            return
        for found in names:
            if not isinstance(found, list) or not found or not all(isinstance(name, str) for name in found):
                msg = "`data` has names that are none"
                raise ReducerError(msg)
        features, outputs = map(tuple, names)
        restored = self._read(state, len(features), len(outputs))
        self._names, self._state = (features, outputs), restored

    def _check_names(self, names: tuple[tuple[str, ...], tuple[str, ...]], argument: str) -> None:
        own = self._names or names
        for kind, ours, theirs in zip(("feature", "output"), own, names, strict=True):
            if len(ours) != len(theirs):
                msg = f"{argument} has {len(theirs)} {kind}s, but this {type(self).__name__} has seen {len(ours)}"
                raise ReducerError(msg)
            for place, (mine, other) in enumerate(zip(ours, theirs, strict=True)):
                if mine != other:
                    msg = f"{argument} has {other!r} as {kind} {place}, where this {type(self).__name__} has {mine!r}"
                    raise ReducerError(msg)

    @staticmethod
    def _check_shape(found: tuple[int, ...], wanted: tuple[int, ...]) -> None:
        """Refuse a state that was read, and is not of what its head says."""
        if tuple(found) != wanted:
            msg = f"`data` has a state of shape {tuple(found)}, where its head says {wanted}"
            raise ReducerError(msg)

    def _seen(self) -> tuple[Any, tuple[str, ...], tuple[str, ...]]:
        """Return the state and the names, or refuse."""
        if self._names is None or self.n_rows == 0:
            msg = f"{type(self).__name__} has seen no rows yet: `update` it first"
            raise ReducerError(msg)
        return self._state, *self._names
