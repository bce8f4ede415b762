"""The players of an image: regions of pixels, and the tree that joins them."""

import copy
import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap import _native
from ferroshap.errors import DimensionError, OptionError, nearest

Pixels = NDArray[Any]
Labels = NDArray[np.int32]
Floats = NDArray[np.float64]

#: Images at least this high and wide have cells of 2 x 2 pixels, smaller ones of one.
LARGE = 128
#: Regions of SLIC, where the user names no number.
N_SUPERPIXELS = 100
COMPACTNESS = 10.0
#: Rectangles along each side, where the user names no numbers.
RECTANGLES = 8
NAMES = ("bpt", "axis", "grid", "slic")


@dataclass(frozen=True, eq=False)
class Regions:
    """The players of one image.

    Attributes
    ----------
    labels : ndarray of int32, shape ``(H, W)``
        The player of each pixel; -1 for pixels that are never hidden.
    n_players : int
        How many there are.
    merges : tuple of two ndarrays of shape ``(n_players - 1,)``, or None
        The children of the inner nodes of a tree: players are nodes 0, 1, ..., inner ones follow, the root last.
    """

    labels: Labels
    n_players: int
    merges: tuple[NDArray[np.uint32], NDArray[np.uint32]] | None = None

    @cached_property
    def areas(self) -> Floats:
        """Pixels of each player."""
        inside = self.labels[self.labels >= 0]
        return np.bincount(inside, minlength=self.n_players).astype(np.float64)

    @cached_property
    def walk(self) -> list[int]:
        """The tree as the core reads it: a node before its children, players as numbers, inner nodes as -2."""
        if self.merges is None or self.n_players == 1:
            return list(range(self.n_players))
        walk: list[int] = _native.tree_walk(*self.merges).tolist()
        return walk

    @cached_property
    def n_coalitions(self) -> int:
        """Coalitions of the tree: nobody, everybody, and two for every inner node in each of its contexts."""
        if self.merges is None or self.n_players == 1:
            return 2
        depth, count = {2 * self.n_players - 2: 0}, 2
        for node, (left, right) in reversed(list(enumerate(zip(*map(np.ndarray.tolist, self.merges), strict=True)))):
            below = depth.pop(self.n_players + node)
            count += 2 << below
            depth.update({child: below + 1 for child in (left, right) if child >= self.n_players})
        return count


class Segmentation:
    """How images are cut into regions.

    Parameters
    ----------
    segments : str, pair of int or int array of shape ``(H, W)``
        As the user wrote it.
    tree : bool
        Whether flat regions are joined to a tree.
    cell : int, optional
        Pixels along a side of the cells of a tree.
    value_range : tuple of two numbers, optional
        Darkest and brightest value, for colours.

    Raises
    ------
    OptionError
        For what is not known.
    """

    def __init__(self, segments: Any, tree: Any, cell: Any, value_range: Any) -> None:
        """Read what the user wrote."""
        self.kind, self.numbers, self.given = _read(segments)
        is_cut_along_tree = self.kind in {"bpt", "axis"}
        if not isinstance(tree, bool | np.bool_):
            msg = f"`tree` is {tree!r}, but must be True or False"
            raise OptionError(msg)
        self.has_tree = is_cut_along_tree or bool(tree)
        self.cell = _checked_cell(cell, is_cut_along_tree=is_cut_along_tree)
        self.value_range = _checked_range(value_range)

    def joined(self) -> "Segmentation":
        """Give the same regions with a tree."""
        twin = copy.copy(self)
        twin.has_tree = True
        return twin

    @property
    def depends_on_image(self) -> bool:
        """Whether images of one size may have different regions, or trees of them."""
        return self.kind in {"bpt", "slic"} or (self.has_tree and self.kind != "axis")

    @property
    def most_players(self) -> int | None:
        """Players of any image, as far as is known before one is seen."""
        if self.kind == "array":
            assert self.given is not None  # noqa: S101 - read together with the kind
            return int(self.given.max()) + 1
        return self.numbers[0] * self.numbers[1] if self.kind == "grid" else None

    def of(self, image: Pixels, n_threads: int = 1) -> Regions:
        """Cut an image ``(H, W, C)``."""
        height, width = image.shape[:2]
        side = self.cell or (2 if min(height, width) >= LARGE else 1)
        if self.kind == "axis":
            labels = _native.image_cells(height, width, side)
            return Regions(labels, int(labels.max()) + 1, _native.axis_tree(height, width, side))
        labels = self._labels(image, side)
        n_players = int(labels.max()) + 1
        if not self.has_tree:
            return Regions(labels, n_players)
        if n_players < 2:
            nothing = np.empty(0, dtype=np.uint32)
            return Regions(labels, n_players, (nothing, nothing))
        colours = _native.image_colours(*self._to_colour(image))
        return Regions(labels, n_players, _native.image_tree(colours, labels, n_players, n_threads))

    def _labels(self, image: Pixels, side: int) -> Labels:
        height, width = image.shape[:2]
        if self.kind == "bpt":
            return _native.image_cells(height, width, side)
        if self.kind == "grid":
            return _native.grid_segments(height, width, min(self.numbers[0], height), min(self.numbers[1], width))
        if self.kind == "slic":
            count = min(self.numbers[0], height * width)
            return _native.slic(_native.image_lab(*self._to_colour(image)), count, COMPACTNESS)
        assert self.given is not None  # noqa: S101 - read together with the kind
        if self.given.shape != (height, width):
            msg = (
                f"`segments` has shape {self.given.shape}, but images have {height} x {width} pixels: pass one a pixel"
            )
            raise DimensionError(msg)
        return self.given

    def _to_colour(self, image: Pixels) -> tuple[Pixels, float, float]:
        """What colours are made of: the image, its darkest and its brightest value."""
        if image.dtype == np.float16:
            image = image.astype(np.float32)
        if self.value_range is not None:
            return image, *self.value_range
        if image.dtype == np.uint8:
            return image, 0.0, 255.0
        return image, float(image.min()), float(image.max())

    def __repr__(self) -> str:
        """Write it as the user would."""
        if self.kind == "array":
            return f"<{self.most_players} regions>"
        if self.kind == "grid":
            return repr(self.numbers)
        return f"'slic({self.numbers[0]})'" if self.kind == "slic" else repr(self.kind)

    def __str__(self) -> str:
        """Say what regions are."""
        cells = "pixels" if self.cell == 1 else f"cells of {self.cell} x {self.cell} pixels" if self.cell else "cells"
        joined = ", joined to a tree by colour" if self.has_tree else ""
        return {
            "bpt": f"{cells}, joined to a tree by colour",
            "axis": f"{cells}, in halves of halves of the image",
            "grid": f"{' x '.join(map(str, self.numbers))} rectangles{joined}",
            "slic": f"about {(*self.numbers, 0)[0]} superpixels{joined}",
            "array": f"{self.most_players if self.kind == 'array' else 0} segments of the user's{joined}",
        }[self.kind]


def _read(segments: Any) -> tuple[str, tuple[int, ...], Labels | None]:
    """The kind, its numbers, and the labels where the user gave some."""
    if isinstance(segments, str):
        found = re.fullmatch(r"\s*slic\(\s*(\d+)\s*\)\s*", segments)
        if found and int(found[1]) > 0:
            return "slic", (int(found[1]),), None
        if segments not in NAMES:
            known = f"{', '.join(map(repr, NAMES))}, 'slic(100)', (rows, cols), or an array of labels (H, W)"
            msg = f"`segments={segments!r}` is not known{nearest(segments, NAMES)} Known: {known}"
            raise OptionError(msg)
        numbers = {"grid": (RECTANGLES, RECTANGLES), "slic": (N_SUPERPIXELS,)}.get(segments, ())
        return segments, numbers, None
    labels = np.asarray(segments)
    is_whole = labels.dtype.kind in "iu"
    if is_whole and labels.shape == (2,):
        if labels.min() < 1:
            msg = f"`segments` is {segments!r}, but a grid has at least one row and one column"
            raise OptionError(msg)
        return "grid", (int(labels[0]), int(labels[1])), None
    if not is_whole or labels.ndim != 2 or labels.size == 0:
        came = repr(segments) if labels.ndim == 0 else f"an array of shape {labels.shape} and type {labels.dtype}"
        msg = f"`segments` is {came}, but must be a name, (rows, cols), or an integer array of labels (H, W)"
        raise OptionError(msg)
    return "array", (), _numbered(labels)


def _numbered(labels: Pixels) -> Labels:
    """Number the labels that occur from 0 on; -1 stays."""
    found, numbers = np.unique(labels, return_inverse=True)
    is_fixed = bool(np.issubdtype(found.dtype, np.signedinteger) and (found == -1).any())
    places = np.arange(len(found), dtype=np.int32)
    if is_fixed:
        at = int(np.flatnonzero(found == -1)[0])
        places[at:] -= 1
        places[at] = -1
    numbered: Labels = np.ascontiguousarray(places[numbers].reshape(labels.shape))
    numbered.flags.writeable = False
    return numbered


def _checked_cell(cell: Any, *, is_cut_along_tree: bool) -> int | None:
    if cell is None:
        return None
    if isinstance(cell, bool) or not isinstance(cell, int | np.integer) or cell < 1:
        msg = f"`cell` is {cell!r}, but must be a positive number of pixels, or None"
        raise OptionError(msg)
    if not is_cut_along_tree:
        msg = f"`cell` is {cell}, but the segments given have no cells: leave it out, or use segments='bpt' or 'axis'"
        raise OptionError(msg)
    return int(cell)


def _checked_range(value_range: Any) -> tuple[float, float] | None:
    if value_range is None:
        return None
    numbers = np.asarray(value_range)
    if numbers.shape != (2,) or numbers.dtype.kind not in "iuf" or not np.isfinite(numbers).all():
        msg = f"`value_range` is {value_range!r}, but must be the darkest and the brightest value, such as (0.0, 1.0)"
        raise OptionError(msg)
    low, high = map(float, numbers)
    if not low < high:
        msg = f"`value_range` is {value_range!r}, but the darkest value must be below the brightest"
        raise OptionError(msg)
    return low, high
