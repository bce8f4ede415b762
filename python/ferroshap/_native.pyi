"""The core: coalitions, samplers, estimators and masked batches, in Rust."""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias, final

import numpy as np
from numpy.typing import NDArray

__version__: str

_Floats: TypeAlias = NDArray[np.float64]
_Words: TypeAlias = NDArray[np.uint64]
_Blocks: TypeAlias = NDArray[np.uint32]
_Values: TypeAlias = NDArray[np.float32] | NDArray[np.float64]

def usable_threads() -> int:
    """Threads that this process may use at once: affinity and quotas are respected."""

def instruction_sets() -> tuple[str, list[str]]:
    """Return the instruction set that kernels run in, and all that this processor has."""

def forget_pool() -> None:
    """Forget the thread pool, in a forked child."""

def choose_method(
    name: str, n_players: int, granted: int, n_blocks: int, options: dict[str, Any] | None = None
) -> tuple[str, dict[str, Any]]:
    """Name the method that would run, with its options: Auto's choice, or what a named one gives way to."""

def unpack_coalitions(words: _Words, n_players: int) -> NDArray[np.bool_]:
    """Coalitions as a bool array ``(coalitions, players)``."""

def pack_coalitions(present: NDArray[np.bool_]) -> _Words:
    """Pack a bool array ``(coalitions, players)`` into words: player j is bit j % 64 of word j // 64."""

@final
class Filling:
    """A batch that is being filled on the pool."""

    def wait(self) -> None:
        """Return when it is filled."""

def fill_ahead(
    out: list[NDArray[np.generic]],
    background: list[NDArray[np.generic]],
    rows: list[NDArray[np.generic]],
    column_player: list[NDArray[np.int32]],
    words: _Words,
    block_starts: list[int],
    blocks: _Blocks,
    first: int,
    is_immediate: bool,
) -> Filling:
    """Begin to write the model rows of a batch from number `first` on, or write them here and now."""

def fill_sparse(
    background: tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.generic]],
    rows: tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.generic]],
    column_player: NDArray[np.int32],
    words: _Words,
    block_starts: list[int],
    blocks: _Blocks,
    first: int,
    count: int,
    n_threads: int,
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.generic]]:
    """Make the model rows ``first..first + count`` of a batch from compressed rows: their starts, columns, words."""

def varying(background: NDArray[np.generic], rows: NDArray[np.generic]) -> NDArray[np.bool_]:
    """Tell for each row and column, flat, whether some background row has other bits."""

def plausibility(
    background: _Floats,
    explained: _Floats,
    filling: _Floats,
    is_present: NDArray[np.bool_],
    is_category: NDArray[np.bool_],
    n_threads: int,
) -> tuple[float, _Floats, float, tuple[int, int] | None, float]:
    """Hold masked rows against a background: score, ratios, typical ratio, worst pair of columns, its score.

    Tables have ``(rows, columns)``; a masked row has the entries of `explained` where `is_present`, else those of
    `filling`.
    """

@final
class Looked:
    """The model rows of a batch, and where the outputs of each come from."""

@final
class Distinct:
    """Outputs of masked rows that were asked before."""

    @staticmethod
    def find(
        background: list[NDArray[np.generic]],
        rows: list[NDArray[np.generic]],
        column_player: list[NDArray[np.int32]],
        n_players: int,
        n_outputs: int,
    ) -> Distinct | None:
        """Compare rows with the background; None where looking for equal rows is not worth its time."""
    def look(self, words: _Words, block_starts: list[int], blocks: _Blocks, n_rows: int) -> tuple[int, Looked]:
        """Count the model rows that must be asked for a batch."""
    def tell(self, looked: Looked, outputs: _Floats) -> _Floats:
        """Keep the outputs ``(asked, outputs)``; return those of all model rows of the batch."""

def fill_rows(
    out: list[NDArray[np.generic]],
    background: list[NDArray[np.generic]],
    rows: list[NDArray[np.generic]],
    column_player: list[NDArray[np.int32]],
    words: _Words,
    looked: Looked,
    first: int,
    count: int,
) -> None:
    """Write the model rows to ask about, from position `first` on."""

@final
class Average:
    """Weighted means of model outputs over the background, as they arrive in any cuts."""

    def __new__(cls, n_rows: int, block_starts: list[int], blocks: _Blocks, weights: _Floats) -> Average: ...
    def add(self, outputs: _Floats) -> None:
        """Take the outputs of the next model rows: ``(rows, outputs)``."""
    def worths(self) -> _Floats:
        """Return all worths, flat: evaluations, rows, outputs. Once."""

@final
class Shift:
    """Draws of all columns, and how these go together."""

    @staticmethod
    def normal(rows: _Floats, weights: _Floats, n_samples: int, seed: int) -> Shift:
        """Draw from the normal distribution with the moments of weighted rows."""
    @staticmethod
    def copula(rows: _Floats, weights: _Floats, n_samples: int, seed: int) -> Shift:
        """Draw from the Gaussian copula of weighted rows; draws are normal scores."""
    @staticmethod
    def rows(rows: _Floats, weights: _Floats) -> Shift:
        """Take weighted rows themselves as draws."""
    @staticmethod
    def known(mean: _Floats, cov: _Floats, draws: _Floats) -> Shift:
        """Take draws whose mean and covariance are known."""
    @property
    def n_draws(self) -> int:
        """Number of draws."""
    @property
    def draws(self) -> _Floats:
        """The draws, ``(draws, columns)``."""
    @property
    def mean(self) -> _Floats:
        """Their mean."""
    @property
    def cov(self) -> _Floats:
        """Their covariance."""
    def condition(self, words: _Words, rows: _Floats, n_threads: int) -> Conditioned:
        """Regress the absent columns of coalitions on the present ones, for explained rows."""

@final
class Conditioned:
    """The conditional rows of a batch of coalitions."""

    @property
    def n_model_rows(self) -> int:
        """Coalitions times explained rows times draws."""
    def fill(self, out: _Floats, first: int, is_immediate: bool) -> Filling:
        """Begin to write the model rows from number `first` on, or write them here and now."""

def draw_normal(mean: _Floats, cov: _Floats, n_samples: int, seed: int) -> _Floats:
    """Draw rows of a normal distribution, ``(n_samples, columns)``."""

def correlated_transform(cov: _Floats, columns: list[int], coefficients: _Floats, n_threads: int) -> _Floats:
    """Return what turns deviations from the mean into values of linear models, flat: outputs, columns, columns."""

def correlated_samples(
    cov: _Floats,
    columns: list[int],
    coefficients: _Floats,
    n_groups: int,
    pairs_per_group: int,
    seed: int,
    n_threads: int,
) -> _Floats:
    """Estimate the same by groups of orders, flat: groups, outputs, columns, columns."""

@final
class Selection:
    """Weighted rows of the background, a list for each coalition and explained row."""

    @property
    def n_model_rows(self) -> int:
        """Entries of all lists."""
    def lists(self) -> tuple[NDArray[np.uintp], NDArray[np.uint32], _Floats]:
        """Return where each list starts and the last ends, background rows, and weights of sum 1 in each list."""
    def fill(
        self,
        out: list[NDArray[np.generic]],
        background: list[NDArray[np.generic]],
        rows: list[NDArray[np.generic]],
        columns: list[list[int]],
        words: _Words,
        explained: list[int],
        first: int,
        is_immediate: bool,
    ) -> Filling:
        """Begin to write the model rows from number `first` on, or write them here and now."""
    def average(self, n_outputs: int) -> SelectionAverage:
        """Begin to average model outputs."""

@final
class SelectionAverage:
    """Means of model outputs, list by list, as they arrive in any cuts."""

    def add(self, outputs: _Floats) -> None:
        """Take the outputs of the next model rows: ``(rows, outputs)``."""
    def worths(self) -> _Floats:
        """Return all worths, flat: coalitions, rows, outputs. Once."""

@final
class StandardRows:
    """Rows to explain, in standard units of a background."""

@final
class Empirical:
    """A background in which the nearest rows over any columns are found."""

    def __new__(cls, values: _Floats, weights: _Floats) -> Empirical: ...
    @property
    def n_varying(self) -> int:
        """Columns that are not constant."""
    def rows(self, values: _Floats) -> StandardRows:
        """Read rows to explain, ``(rows, columns)``."""
    def draw(
        self,
        explained: StandardRows,
        words: _Words,
        rows: list[int],
        bandwidths: list[float],
        n_samples: int,
        seed: int,
        n_threads: int,
    ) -> Selection:
        """Choose background rows for coalitions of columns and the explained rows at `rows`."""
    def bandwidths(self, outputs: _Floats, seed: int, fallback: float, n_threads: int) -> _Floats:
        """Return the best bandwidth for each size, given outputs on the background ``(rows, outputs)``."""

@final
class ForestRows:
    """Rows to explain, and the leaves that their values leave open."""

@final
class ConditionalForest:
    """Trees grown on a background to tell its columns from each other."""

    def __new__(
        cls, values: _Floats, n_categories: list[int], weights: _Floats, n_trees: int, seed: int, n_threads: int
    ) -> ConditionalForest: ...
    def renumbered(self, order: list[int]) -> ConditionalForest:
        """Return the same trees, where row ``order[i]`` of the background is called i."""
    def rows(self, values: _Floats, n_threads: int) -> ForestRows:
        """Read rows to explain, ``(rows, columns)``: NaN is a missing number, -1 a category that nobody knows."""
    def draw(
        self, explained: ForestRows, words: _Words, rows: list[int], n_samples: int, seed: int, n_threads: int
    ) -> Selection:
        """Choose background rows for coalitions of columns and the explained rows at `rows`."""

@final
class Estimator:
    """A method in progress: it is asked, told, and estimates at any moment."""

    def __new__(
        cls,
        method: str,
        n_players: int,
        n_outputs: int,
        budget: int,
        seed: int,
        row_key: int,
        endpoints: tuple[_Floats, _Floats, _Floats, _Floats] | None = None,
        n_rows: int = 1,
        options: dict[str, Any] | None = None,
        tol: float | None = None,
    ) -> Estimator: ...
    def ask(self, max: int) -> tuple[int, _Words, _Blocks]:  # noqa: A002 - the core's name
        """Return the next evaluations: the number of the first, coalitions, blocks of the background."""
    def tell(self, first: int, worths: _Floats) -> None:
        """Take the worths ``(evaluations, outputs)`` of the evaluations from number `first` on."""
    def training(self) -> tuple[_Words, _Floats, _Floats, NDArray[np.bool_]] | None:
        """Return what surrogates are fitted to: smaller halves, half-differences, ``v(N) - v({})``, who is held back.

        The last is ``(folds, pairs)``. None for methods that take no surrogate from outside, or not yet.
        """
    def estimate(
        self, n_threads: int, surrogates: list[tuple[_Floats, _Floats, _Floats]] | None = None
    ) -> tuple[_Floats, _Floats, _Floats, _Floats, _Floats, int, str, int | None]:
        """Return values and errors ``(players, outputs)``, df a row, base, gap, evaluations, status, forecast.

        Surrogates, one a fold: predicted half-differences ``(pairs, outputs)``, ``f(N) - f({})``, values.
        """
    def screening(self, n_threads: int) -> tuple[NDArray[np.uint32], _Floats, _Floats, _Floats] | None:
        """Say who the players of a second pass are: the owner of each player, their values, errors, members' spread."""
    def interactions(self, n_threads: int) -> tuple[_Floats, _Floats, _Floats, _Floats] | None:
        """Return interactions and errors ``(sets, outputs)``, errors ``(players, outputs)``, df a row; None if none."""

def look(estimators: list[Estimator], n_threads: int) -> None:
    """Let runs with a tolerance that have come to a checkpoint look whether they may stop."""

def table_values(worths: _Floats, n_threads: int) -> _Floats:
    """Return the Shapley values ``(players, outputs)`` of worths ``(2**players, outputs)``."""

def table_interactions(worths: _Floats, index: str, order: int, memory_limit_bytes: int, n_threads: int) -> _Floats:
    """Return the interactions ``(sets, outputs)`` of the sets of 1 to `order` players, by size, then lexicographic."""

# What the tree wing takes for rows: C- or Fortran-contiguous numbers ``(rows, columns)``, or the parts of a
# compressed sparse matrix (starts, columns, values), whose missing entries are the forest's `absent`.
_Rows: TypeAlias = NDArray[np.float32] | NDArray[np.float64] | tuple[NDArray[np.int64], NDArray[np.int64], _Floats]

@final
class Forest:
    """A tree ensemble in the neutral form, checked once; never changed."""

    @property
    def library(self) -> str: ...
    @property
    def n_columns(self) -> int: ...
    @property
    def n_outputs(self) -> int: ...
    @property
    def n_players(self) -> int: ...
    @property
    def n_trees(self) -> int: ...
    @property
    def n_leaves(self) -> int: ...
    @property
    def depth(self) -> int:
        """Splits on the longest path."""
    @property
    def names(self) -> list[str]:
        """Names of the columns; empty where the model knows none."""
    @property
    def offset(self) -> _Floats: ...
    @property
    def has_cover(self) -> bool: ...
    @property
    def has_linear_leaves(self) -> bool: ...
    @property
    def is_oblivious(self) -> bool:
        """Whether all trees are."""
    @property
    def predicts_in(self) -> str:
        """Return "float32" or "float64"."""
    @property
    def absent(self) -> float: ...
    @property
    def transform(self) -> tuple[str, float]:
        """Return "identity", "sigmoid", "softmax", "exp" or "other", and the scale of a sigmoid."""
    @property
    def trees_per_round(self) -> int: ...
    @property
    def players(self) -> list[int]:
        """The player of each column."""
    @property
    def categories(self) -> list[dict[str, Any] | None]:
        """For each column None (numbers), or ``{"values": list of str, "is_numeric": bool}``."""
    def predict(self, rows: _Rows, n_threads: int) -> _Floats:
        """Raw margins ``(rows, outputs)``, offset included."""
    def thresholds(self, column: int) -> _Floats:
        """Return the distinct thresholds that splits on a column compare with, sorted."""
    def all_thresholds(self) -> list[_Floats | None]:
        """Return the same of each column; None for a column that no split asks about."""
    def with_missing(self, value: float) -> Forest:
        """Let a number stand for a missing value in every column (XGBoost's ``missing=``)."""
    def first_trees(self, count: int) -> Forest:
        """Keep the first trees alone."""
    def with_covers(self, rows: _Rows, weights: _Floats | None, n_threads: int) -> Forest:
        """Count covers anew: the weight of the rows that come through each node."""
    def with_players(self, players: Sequence[int]) -> Forest:
        """Group columns: one player a column, numbered from 0 without gaps."""
    def with_offset(self, offset: _Floats) -> Forest:
        """Start from other numbers ``(outputs,)``."""
    def __copy__(self) -> Forest: ...
    def __deepcopy__(self, memo: Any, /) -> Forest: ...
    def to_bytes(self) -> bytes:
        """Write it in a form that ``read_forest(..., "ferroshap")`` reads."""

def format_of(data: bytes) -> str | None:
    """Name the format of a model file by what only such files hold, or None."""

def read_forest(data: bytes, format: str) -> Forest:  # noqa: A002 - the word that users know
    """Read a model file: "xgboost" (JSON or UBJSON), "lightgbm", "catboost" (JSON), "onnx" or "ferroshap"."""

def category_hash(text: str) -> int:
    """Hash a category as CatBoost does."""

def category_with_hash(hash: int) -> str:  # noqa: A002 - the word for it
    """Return some text that CatBoost gives this hash."""

def forest_from_arrays(
    trees: Sequence[dict[str, Any]],
    *,
    n_columns: int,
    offset: _Floats,
    library: str = "arrays",
    compare: str = "<=",
    cast: str = "float64",
    predicts_in: str = "float64",
    has_cover: bool = True,
    absent: float = 0.0,
    names: Sequence[str] = ...,
    transform: tuple[str, float] = ...,
    trees_per_round: int = 0,
    sets: Sequence[NDArray[np.uint32]] = ...,
    columns: Sequence[dict[str, Any] | None] | None = None,
) -> Forest:
    """Make a forest of arrays.

    Each tree is a dict of arrays over its nodes, in any order, node 0 the root: ``children_left`` and
    ``children_right`` (-1 at a leaf), ``feature``, ``threshold``, ``value`` (nodes,) or (nodes, outputs), and
    where they matter ``cover``, ``nan_left`` (default: NaN goes right), ``output`` (an int: the output that
    a value of one number is added to, 0 by default), ``category_set`` (number of a set in `sets`, whose members
    go left; -1 where the split is numeric) and ``is_oblivious`` (a bool).

    `compare` is "<=" or "<" (true goes left), `cast` the type that a row's numbers are compared in. A set is
    an array of words: bit ``c % 32`` of word ``c // 32`` is category ``c``. An entry of `columns` that is not None
    makes a column categorical: ``{"codes": rule, "known": count, "values": texts, "is_numeric": bool}`` with rule
    "negative_first" (XGBoost), "truncate_first" (LightGBM), "known_or_missing" (HistGradientBoosting) or
    "known_or_invalid" (CatBoost).
    """

def combine_forests(
    parts: Sequence[tuple[Forest, float, Sequence[int] | None, Sequence[int] | None]],
    n_columns: int,
    n_outputs: int,
    offset: _Floats,
) -> Forest:
    """Return the weighted sum of forests: (part, weight, columns of the whole, outputs of the whole) each."""

@final
class TreePlan:
    """A forest ready to be explained, under a background or none."""

    def __new__(
        cls,
        forest: Forest,
        precision: str,
        n_threads: int,
        background: _Rows | None = None,
        weights: _Floats | None = None,
        approximate: bool = False,
    ) -> TreePlan:
        """Prepare values; `approximate` (without a background) means Saabas's approximation."""
    @property
    def base_values(self) -> _Floats: ...
    @property
    def pairs(self) -> NDArray[np.int64]:
        """Pairs of players that share a path somewhere ``(pairs, 2)``: all others have no interaction."""
    def describe(self) -> list[str]:
        """Name the kernels."""
    def values(
        self,
        rows: _Rows,
        n_threads: int,
        dtype: str = "float64",
        out: NDArray[Any] | None = None,
        report: Callable[[int], object] | None = None,
    ) -> NDArray[Any]:
        """Return values ``(rows, players, outputs)``; `report` hears the number of rows done, from this thread."""
    def interactions(
        self,
        rows: _Rows,
        n_threads: int,
        dtype: str = "float64",
        out: NDArray[Any] | None = None,
        report: Callable[[int], object] | None = None,
    ) -> NDArray[Any]:
        """Return matrices ``(rows, players, players, outputs)`` whose rows sum to the values."""
    def pair_interactions(
        self,
        rows: _Rows,
        n_threads: int,
        dtype: str = "float64",
        out: NDArray[Any] | None = None,
        report: Callable[[int], object] | None = None,
    ) -> NDArray[Any]:
        """Return undivided interactions of the `pairs` alone ``(rows, pairs, outputs)``."""

@final
class MarginPlan:
    """A function of the margin of a forest of one output, ready to be explained over a background.

    The functions are "sigmoid", "exp", "log_loss" and "squared_loss"; the last two want a label a row.
    """

    def __new__(
        cls,
        forest: Forest,
        function: str,
        scale: float,
        precision: str,
        n_threads: int,
        background: _Rows,
        weights: _Floats | None = None,
    ) -> MarginPlan: ...
    def base_value(self, label: float) -> float:
        """Return the mean of the function over the background."""
    def values(
        self,
        rows: _Rows,
        n_threads: int,
        labels: _Floats | None = None,
        out: NDArray[Any] | None = None,
        report: Callable[[int], object] | None = None,
    ) -> _Floats:
        """Return values ``(rows, players, 1)``."""

# Images: pictures `(height, width, channels)` of uint8, float32 or float64, finite; regions int32 `(height, width)`,
# one number a pixel, -1 for what is never hidden.

_Picture: TypeAlias = NDArray[Any]
_Regions: TypeAlias = NDArray[np.int32]

def image_colours(image: _Picture, low: float, high: float) -> NDArray[np.uint8]:
    """Colours as bytes, for finding regions: CIELab of three channels, taken as sRGB from `low` to `high`."""

def image_lab(image: _Picture, low: float, high: float) -> NDArray[np.float32]:
    """CIELab of three channels, taken as sRGB; other numbers of channels scaled to 0..100."""

def image_cells(height: int, width: int, cell: int) -> _Regions:
    """Number the cells of `cell` x `cell` pixels, row after row."""

def grid_segments(height: int, width: int, rows: int, cols: int) -> _Regions:
    """Number the rectangles of a grid."""

def image_tree(
    colours: NDArray[np.uint8], regions: _Regions, n_regions: int, n_threads: int
) -> tuple[_Blocks, _Blocks]:
    """Merge regions that are alike: children `(left, right)` of the inner nodes, numbered from `n_regions` on."""

def axis_tree(height: int, width: int, cell: int) -> tuple[_Blocks, _Blocks]:
    """Halve rectangles of cells: children `(left, right)` of the inner nodes."""

def tree_walk(left: _Blocks, right: _Blocks) -> NDArray[np.int64]:
    """Nodes before their children: regions as their numbers, inner nodes as -2."""

def slic(image: NDArray[np.float32], n_segments: int, compactness: float) -> _Regions:
    """Cut colours, usually CIELab, into about so many connected regions, numbered from 0 without gaps."""

def image_blur(image: _Picture, kx: int, ky: int, passes: int) -> _Picture:
    """Blur by boxes of `kx` columns and `ky` rows, the border mirrored."""

def segment_means(image: _Picture, regions: _Regions, n_regions: int) -> _Picture:
    """Paint every region in its mean colour."""

def pull_push(image: _Picture, hidden: NDArray[np.bool_]) -> _Picture:
    """Fill hidden pixels with the colours around them."""

def render(
    image: _Picture,
    fill: _Picture,
    regions: _Regions,
    coalitions: _Words,
    out: NDArray[Any],
    n_threads: int,
    channels_first: bool | None = None,
) -> None:
    """Write a picture for each coalition: the image where the region is present, else `fill`.

    `out` is ``(coalitions, height, width, channels)`` or, channels first, ``(coalitions, channels, height, width)``;
    where `channels_first` is None its shape tells, and channels come last where both fit. Any type of 1 to 8 bytes may
    travel as an unsigned integer.
    """

def render_filled(
    image: _Picture,
    regions: _Regions,
    coalitions: _Words,
    out: NDArray[Any],
    n_threads: int,
    channels_first: bool | None = None,
) -> None:
    """Write a picture for each coalition, what is absent filled as by `pull_push`."""

# Gradients

_Bytes: TypeAlias = NDArray[np.uint8]
_Reals: TypeAlias = NDArray[np.float32] | NDArray[np.float64]

@final
class GradientPlan:
    """Where on the paths from weighted background rows to explained rows gradients are taken, in doubling stages."""

    is_stratified: bool
    """Has every background row positions of its own, evenly spaced?"""
    n_stages: int
    """One, and one a doubling."""
    n_replicates: int
    """Parts into which a row's points are cut for standard errors: at least 1, at most half the first stage."""
    n_controls: int
    """Numbers that a point has for the controls: 0 without scores."""

    def __new__(
        cls,
        weights: _Floats,
        ranks: _Blocks,
        scores: _Floats | None,
        n_points: int,
        n_replicates: int,
        seed: int,
        is_doubling: bool,
    ) -> GradientPlan: ...
    def n_points(self, stage: int) -> int:
        """Points of a row up to and including a stage."""
    def positions(self, stage: int) -> tuple[int, int]:
        """Least and most points of a background row up to and including a stage."""
    def block(
        self, row_keys: _Words, stage: int, first: int, count: int
    ) -> tuple[_Blocks, _Blocks, _Floats, _Floats, _Bytes, _Floats]:
        """Rows, background rows, positions, weights, replicates, controls of a stage's own points, row after row."""
    def finish(
        self,
        row_keys: _Words,
        stage: int,
        told: _Words | None,
        x: _Reals,
        background: _Reals,
        sums: _Floats,
        target: _Floats,
        residual: bool,
        n_threads: int,
    ) -> tuple[_Floats, _Floats, _Floats, _Floats, _Floats]:
        """Values ``(rows, T, d)``, gaps, errors of the values, replicates ``(rows, T, R, d)``, their weights.

        `told` counts the points of each row from its very first; None means all up to and including the stage.
        """

def background_order(features: _Floats, weights: _Floats) -> tuple[_Blocks, _Floats]:
    """Ranks of background rows along their first principal component, and scores ``(B, J)`` along the first two."""

def background_summary(features: _Floats, weights: _Floats, keep: int) -> tuple[_Words, _Floats]:
    """At most `keep` rows that stand for all, ascending, and their weights: herding with quadrature weights."""

def gradient_lerp(
    x: _Reals,
    background: _Reals,
    row: _Blocks,
    background_index: _Blocks,
    alpha: _Floats,
    out: _Reals,
    n_threads: int,
) -> None:
    """Write ``b + alpha (x - b)`` into `out` ``(points, d)``, in the type of the arrays."""

def gradient_noise(out: _Reals, seed: int, row_keys: _Words, points: _Words, offset: int, sigma: float) -> None:
    """Add normal noise to `out` ``(points, d)``; `offset` is the first feature's number among all inputs."""

def gradient_tell(
    x: _Reals,
    background: _Reals,
    row: _Blocks,
    background_index: _Blocks,
    weight: _Floats,
    replicate: _Bytes,
    controls: _Floats,
    gradients: _Reals,
    sums: _Floats,
    n_threads: int,
) -> tuple[int, int, int] | None:
    """Add a block's gradients ``(points, T, d)`` to `sums` ``(rows, T, R + K + 1, d)``, in the order of the points.

    Returns (point, output, feature) of the first gradient that is not finite; then the sums are spoilt.
    """

@final
class Sums:
    """Exact sums of columns, of their absolute values and squares; same bits for any order of rows."""

    def __new__(cls, n_columns: int) -> Sums: ...
    @property
    def n_rows(self) -> int:
        """Rows added."""
    @property
    def n_columns(self) -> int:
        """Features times outputs."""
    def add(self, values: _Values, n_threads: int) -> None:
        """Add values ``(rows, features, outputs)``, contiguous in some order of axes."""
    def merge(self, other: Sums) -> None:
        """Add what another has added up."""
    def moment(self, name: str, ddof: int) -> _Floats:
        """Return one number a column, correctly rounded.

        mean, mean_abs, variance, variance_abs, mean_variance, mean_abs_variance, least, greatest or sum.
        """
    def n_not_finite(self) -> _Words:
        """Count the values of each column that are NaN or infinite."""
    def copy(self) -> Sums:
        """Return another with the same sums."""
    def to_bytes(self) -> bytes:
        """Return the sums as bytes."""
    @staticmethod
    def from_bytes(data: bytes) -> Sums:
        """Return the sums that `to_bytes` made bytes of."""

@final
class Histograms:
    """One histogram a column, its buckets made of sign, exponent and seven bits of mantissa."""

    def __new__(cls, n_columns: int) -> Histograms: ...
    @property
    def n_rows(self) -> int:
        """Rows added."""
    @property
    def n_columns(self) -> int:
        """Features times outputs."""
    def add(self, values: _Values, n_threads: int) -> None:
        """Add values ``(rows, features, outputs)``, contiguous in some order of axes."""
    def merge(self, other: Histograms) -> None:
        """Add what another has counted."""
    def quantiles(self, q: list[float]) -> _Floats:
        """Quantiles, flat: columns, quantiles."""
    def buckets(self, column: int) -> tuple[_Floats, _Floats, _Words]:
        """Lower ends, upper ends and counts of the buckets of a column that hold something."""
    def copy(self) -> Histograms:
        """Return another with the same counts."""
    def to_bytes(self) -> bytes:
        """Return the counts as bytes."""
    @staticmethod
    def from_bytes(data: bytes) -> Histograms:
        """Return the counts that `to_bytes` made bytes of."""

@final
class Ranks:
    """How often each feature has which rank among the absolute values of its row."""

    def __new__(cls, n_features: int, n_outputs: int, k: int) -> Ranks: ...
    @property
    def n_rows(self) -> int:
        """Rows added."""
    @property
    def shape(self) -> tuple[int, int, int]:
        """Features, outputs, ranks."""
    def add(self, values: _Values, n_threads: int) -> None:
        """Add values ``(rows, features, outputs)``, contiguous in some order of axes."""
    def merge(self, other: Ranks) -> None:
        """Add what another has counted."""
    def counts(self) -> _Words:
        """Counts, flat: features, outputs, ranks."""
    def copy(self) -> Ranks:
        """Return another with the same counts."""
    def to_bytes(self) -> bytes:
        """Return the counts as bytes."""
    @staticmethod
    def from_bytes(data: bytes) -> Ranks:
        """Return the counts that `to_bytes` made bytes of."""

@final
class Curves:
    """Count and moments of each feature's values in buckets of the feature's own numbers."""

    def __new__(cls, n_features: int, n_outputs: int, bins: int) -> Curves: ...
    @property
    def n_rows(self) -> int:
        """Rows added."""
    @property
    def shape(self) -> tuple[int, int, int]:
        """Features, outputs, buckets at most."""
    def add(self, values: _Values, data: _Values, n_threads: int) -> None:
        """Add values ``(rows, features, outputs)`` and C-contiguous data ``(rows, features)``."""
    def merge(self, other: Curves) -> None:
        """Add what another has seen."""
    def buckets(self, feature: int) -> tuple[_Floats, _Floats, _Words, _Floats, _Floats]:
        """Lower ends, upper ends, counts, means and variances, the last two flat: buckets, outputs."""
    def copy(self) -> Curves:
        """Return another that has seen the same."""
    def to_bytes(self) -> bytes:
        """Return the buckets as bytes."""
    @staticmethod
    def from_bytes(data: bytes) -> Curves:
        """Return the buckets that `to_bytes` made bytes of."""

def content_keys(data: _Values, n_threads: int) -> _Words:
    """Return one number a row of C-contiguous data ``(rows, features)``, made of what is in the row."""
