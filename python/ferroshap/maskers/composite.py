"""Maskers of several inputs, and of inputs that are no players."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap.errors import DimensionError, InvalidMaskerError
from ferroshap.maskers.calling import (
    clustering_of,
    mask_shapes_of,
    n_arguments,
    said_by,
    shape_of,
    standard_mask,
    varying_of,
)
from ferroshap.maskers.masker import Masker

Floats = NDArray[np.float64]

#: What a masker may say of itself, and a masker around it says in its place.
SAID = (
    "shape",
    "invariants",
    "clustering",
    "data_transform",
    "mask_shapes",
    "text_data",
    "image_data",
    "weights",
    "default_batch_size",
)


class Called(Masker):
    """A masker that is played by calling it: it has no background of its own. Not to be made directly."""

    takes_calls = True
    #: None where each input has names of its own.
    feature_names: Any = None
    shape: Any = None
    invariants: Any = None
    mask_shapes: Any = None

    @property
    def n_background(self) -> Any:
        """Rows in the background: unknown before there is a row."""
        return None


class Fixed(Called):
    """An input that is given to the model as it is: it has no players.

    For labels, where a loss is explained, and other inputs that nobody is to be credited for.

    Examples
    --------
    >>> from ferroshap import PermutationExplainer
    >>> from ferroshap.maskers import Composite, Independent
    >>> loss = lambda rows, labels: (rows.sum(axis=1) - labels) ** 2
    >>> explainer = PermutationExplainer(loss, Composite(Independent([[0.0, 0.0]]), Fixed()))
    >>> of_rows, of_labels = explainer(np.array([[1.0, 2.0]]), np.array([3.0]))
    >>> of_rows.values, of_labels.shape
    (array([[-4., -5.]]), (1, 0))
    """

    n_arguments = 1

    def __init__(self) -> None:
        """Know nothing but that there are no players."""
        self.shape = (None, 0)
        self.clustering = np.zeros((0, 4))

    def __call__(self, mask: Any, x: Any) -> tuple[list[Any]]:
        """Return the input."""
        del mask
        return ([x],)

    def mask_shapes(self, x: Any) -> list[tuple[int, ...]]:
        """No values."""
        del x
        return [(0,)]

    def __repr__(self) -> str:
        """Name the class."""
        return "Fixed()"


class _Around(Called):
    """A masker around another, that says what the inner one says."""

    masker: Any

    def __getattribute__(self, name: str) -> Any:
        """Take what is said of players from the masker inside."""
        if name in SAID:
            found = said_by(object.__getattribute__(self, "masker"), name)
            if found is None:
                msg = f"{type(self).__name__!r} around a masker without {name!r} has none either"
                raise AttributeError(msg)
            return found
        return object.__getattribute__(self, name)

    @property
    def n_arguments(self) -> int:
        """Inputs of the masker inside."""
        return n_arguments(self.masker)

    def _masked(self, mask: Any, args: tuple[Any, ...]) -> tuple[Any, ...]:
        masked = self.masker(mask, *args)
        return masked if isinstance(masked, tuple) else (masked,)


class FixedComposite(_Around):
    """Give the model what a masker makes of the inputs, and the inputs themselves behind it.

    Parameters
    ----------
    masker : masker or function
        What masks.

    Examples
    --------
    >>> masked, original = FixedComposite(lambda mask, x: (x * mask)[None])(np.array([True, False]), np.ones(2))
    >>> masked, original
    (array([[1., 0.]]), array([[1., 1.]]))
    """

    def __init__(self, masker: Any) -> None:
        """Keep the masker."""
        self.masker = _callable(masker)
        self.feature_names = getattr(masker, "feature_names", None)

    def __call__(self, mask: Any, *args: Any) -> tuple[Any, ...]:
        """Return the masked inputs, then the inputs, one row each."""
        return self._masked(mask, args) + tuple(np.array([arg]) for arg in args)

    def __repr__(self) -> str:
        """Name what is inside."""
        return f"FixedComposite({self.masker!r})"


class OutputComposite(_Around):
    """Give the model what a masker makes of the inputs, and what another model says of the inputs behind it.

    Parameters
    ----------
    masker : masker or function
        What masks.
    model : callable
        ``model(*inputs)``; its answer, or each of a tuple, is an input behind the masked ones.

    Examples
    --------
    >>> masker = OutputComposite(lambda mask, x: (x * mask)[None], lambda x: np.array([x.sum()]))
    >>> masker(np.array([True, False]), np.ones(2))
    (array([[1., 0.]]), array([2.]))
    """

    def __init__(self, masker: Any, model: Any) -> None:
        """Keep both."""
        self.masker = _callable(masker)
        self.model = model
        self.feature_names = getattr(masker, "feature_names", None)

    def __call__(self, mask: Any, *args: Any) -> tuple[Any, ...]:
        """Return the masked inputs, then the answers."""
        answers = self.model(*args)
        return self._masked(mask, args) + (answers if isinstance(answers, tuple) else (answers,))

    def __repr__(self) -> str:
        """Name what is inside."""
        return f"OutputComposite({self.masker!r}, {self.model!r})"


class Composite(Called):
    """Maskers of several inputs, side by side: all their players play one game.

    A call gives one Explanation for each input, in a list. Maskers that return one row, or do not say how many, have it
    repeated for the rows of the others.

    Parameters
    ----------
    *maskers : masker or function
        In the order of the inputs; a masker may take several of them.

    Raises
    ------
    InvalidMaskerError
        When one is no masker, or they return different numbers of rows, neither of which is one.

    Examples
    --------
    >>> from ferroshap import ExactExplainer
    >>> from ferroshap.maskers import Independent
    >>> masker = Composite(Independent([[0.0]]), Independent([[1.0, 1.0]]))
    >>> explainer = ExactExplainer(lambda a, b: a[:, 0] * b[:, 0] + b[:, 1], masker)
    >>> [part.values.tolist() for part in explainer(np.array([[2.0]]), np.array([[3.0, 5.0]]))]
    [[[4.0]], [[2.0, 4.0]]]
    """

    def __init__(self, *maskers: Any) -> None:
        """Count the inputs of each."""
        self.maskers = tuple(_callable(masker) for masker in maskers)
        if not maskers:
            msg = "`maskers` are missing: Composite puts one or more side by side"
            raise InvalidMaskerError(msg)
        self.arg_counts = list(map(n_arguments, self.maskers))
        self.n_arguments = self.total_args = sum(self.arg_counts)
        self.text_data = any(getattr(masker, "text_data", False) for masker in self.maskers)
        self.image_data = any(getattr(masker, "image_data", False) for masker in self.maskers)

    def _parts(self, args: tuple[Any, ...]) -> list[tuple[Any, tuple[Any, ...]]]:
        """Each masker with its own inputs."""
        if len(args) != self.n_arguments:
            msg = f"{len(args)} inputs were given, but the maskers take {self.n_arguments}: pass one for each"
            raise DimensionError(msg)
        parts, place = [], 0
        for masker in self.maskers:
            count = n_arguments(masker)
            parts.append((masker, args[place : place + count]))
            place += count
        return parts

    def shape(self, *args: Any) -> tuple[int | None, int]:
        """Rows and players of some inputs."""
        shapes = [shape_of(masker, own) for masker, own in self._parts(args)]
        several = {rows for rows, _ in shapes} - {None, 1}
        if len(several) > 1:
            msg = f"`maskers` return {sorted(map(str, several))} rows, but must return equally many, or one"
            raise InvalidMaskerError(msg)
        rows = next(iter(several), 1 if any(rows == 1 for rows, _ in shapes) else None)
        return rows, sum(players for _, players in shapes)

    def mask_shapes(self, *args: Any) -> list[tuple[int, ...]]:
        """The shape of the values of each input."""
        return [shape for masker, own in self._parts(args) for shape in mask_shapes_of(masker, own)]

    def invariants(self, *args: Any) -> NDArray[np.bool_]:
        """Which players are the same in the whole background: one row."""
        parts = self._parts(args)
        return np.concatenate([~varying_of(masker, own, shape_of(masker, own)[1]) for masker, own in parts])[None]

    def data_transform(self, *args: Any) -> list[Any]:
        """The inputs as they are shown."""
        shown: list[Any] = []
        for masker, own in self._parts(args):
            transform = getattr(masker, "data_transform", None)
            shown.extend(own if transform is None else transform(*own))
        return shown

    @property
    def weights(self) -> Any:  # type: ignore[override]  # those of whom they are
        """Weights of the rows, of the first masker that has several; None for equal ones."""
        known = (getattr(masker, "weights", None) for masker in self.maskers)
        return next((weights for weights in known if weights is not None and len(weights) > 1), None)

    @property
    def clustering(self) -> Any:
        """A function of the inputs that joins the trees of all maskers; None where one has no tree."""
        if any(said_by(masker, "clustering") is None for masker in self.maskers):
            return None
        return self._joined

    def _joined(self, *args: Any) -> Floats:
        parts = [(shape_of(masker, own)[1], clustering_of(masker, own)) for masker, own in self._parts(args)]
        return joined([(players, linkage) for players, linkage in parts if players])

    def __call__(self, mask: Any, *args: Any) -> tuple[Any, ...]:
        """Mask each input by its own part of the mask."""
        n_rows, n_players = self.shape(*args)
        present = standard_mask(mask, n_players)
        masked: list[Any] = []
        place = 0
        for masker, own in self._parts(args):
            count = shape_of(masker, own)[1]
            found = masker(present[place : place + count], *own)
            for part in found if isinstance(found, tuple) else (found,):
                repeats = n_rows is not None and n_rows > 1 and len(part) == 1
                masked.append([part[0]] * (n_rows or 1) if repeats else part)
            place += count
        return tuple(masked)

    def __repr__(self) -> str:
        """Name what is inside."""
        return f"Composite({', '.join(map(repr, self.maskers))})"


def joined(parts: list[tuple[int, Any]]) -> Floats:
    """Join linkages, of so many players each, to one: their roots become children of new ones, higher than all.

    Examples
    --------
    >>> joined([(2, np.array([[0, 1, 0.5, 2]])), (1, np.zeros((0, 4)))])
    array([[0. , 1. , 0.5, 2. ],
           [3. , 2. , 1. , 3. ]])
    """
    n_players = sum(players for players, _ in parts)
    merges: list[list[float]] = []
    roots: list[tuple[int, int]] = []
    first = 0
    for players, linkage in parts:
        start = n_players + len(merges)
        for left, right, height, size in np.asarray(linkage, dtype=np.float64).tolist():
            children = [int(node) + (first if node < players else start - players) for node in (left, right)]
            merges.append([*map(float, children), height, size])
        roots.append((first if players == 1 else n_players + len(merges) - 1, players))
        first += players
    top = max((merge[2] for merge in merges), default=0.0)
    while len(roots) > 1:
        (left, a), (right, b) = roots[:2]
        top = 2.0 * top or 1.0
        merges.append([float(left), float(right), top, float(a + b)])
        roots[:2] = [(n_players + len(merges) - 1, a + b)]
    return np.array(merges).reshape(-1, 4)


def _callable(masker: Any) -> Any:
    if not callable(masker):
        msg = f"`masker` is {masker!r}, but must be a masker, or a function (mask, *inputs)"
        raise InvalidMaskerError(msg)
    return masker
