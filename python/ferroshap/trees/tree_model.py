"""`TreeModel`: what every adapter makes of a library's model, and all that the explainer knows of it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

if TYPE_CHECKING:
    from ferroshap import _native


@dataclass(frozen=True, eq=False)
class TreeModel:
    """A forest, and where it came from.

    Attributes
    ----------
    forest : _native.Forest
        The trees, in the neutral form.
    model : object
        What the user passed.
    library : str
        The library and its version: "xgboost 3.2.0".
    raw : callable or None
        The library's own raw margin, ``(rows,)`` or ``(rows, outputs)``, for rows as the library takes
        them. None for bare files, which nothing can be compared with.
    is_vector : bool
        Whether the raw output has no output axis: then values are ``(rows, features)``.
    feature_names : list of str or None
        The columns that the model was trained on, where the user named them.
    output_names : list of str or None
        The names of the classes.
    frame_categories : list or None
        For each column the categories of the training frame in the order of their codes, None for a
        column of numbers. Frames are matched by value. None where the library knows no categories.
    categories_in_order : list or None
        The same where only the order of the frame's categorical columns is known, not which columns they were
        (LightGBM with ordered categories, which are numbers to its trees): matched with those of each frame.
    rejects : str
        What the library itself refuses: "nan", "inf" or both with a space, so that probes leave it out.
    to_library : callable or None
        Makes of a float matrix in the forest's columns and codes what `raw` takes (a DMatrix, a frame with
        categories); None: the matrix itself.
    is_probability : bool
        Whether the outputs are probabilities already, as those of classifier forests.
    category_key : callable or None
        Makes of a category's value the text that the forest's own dictionary has for it (CatBoost: its hash);
        None where the dictionary holds the values themselves.
    is_mean_of_rounds : bool
        Whether the forest is the mean of its rounds, so that the first of them alone weigh more (LightGBM's "rf").
    loss : str
        What it was trained to make small, in the library's own word; empty where that is not known.
    raw_of_first : callable or None
        The raw margin of the first rounds alone, for rows and their number; None where the library has none.
    """

    forest: "_native.Forest"
    model: Any
    library: str
    raw: Callable[[Any], NDArray[Any]] | None
    is_vector: bool
    feature_names: list[str] | None = None
    output_names: list[str] | None = None
    frame_categories: list[list[Any] | None] | None = None
    categories_in_order: list[list[Any]] | None = None
    rejects: str = ""
    to_library: Callable[[NDArray[Any]], Any] | None = None
    is_probability: bool = False
    category_key: Callable[[Any], str] | None = None
    is_mean_of_rounds: bool = False
    loss: str = ""
    raw_of_first: Callable[..., NDArray[Any]] | None = None

    def detached(self) -> "TreeModel":
        """Give what is known without the library: what pickles carry."""
        return replace(self, model=None, raw=None, to_library=None, raw_of_first=None)

    def of_first(self, forest: "_native.Forest") -> "TreeModel":
        """Give the model of the first rounds, as many as a forest has, with what the library says of them."""
        theirs, rounds = self.raw_of_first, forest.n_trees // max(1, self.forest.trees_per_round)
        raw = None if theirs is None else partial(theirs, n_rounds=rounds)
        return replace(self, forest=forest, raw=raw)
