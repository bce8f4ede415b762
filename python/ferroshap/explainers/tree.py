"""`TreeExplainer`: exact values and interactions of tree ensembles."""

import copy
from typing import Any

from ferroshap import links
from ferroshap.errors import OptionError
from ferroshap.explainers.calls import checked_call, one_seed
from ferroshap.explainers.names import checked_names, numbered
from ferroshap.explainers.plan import Plan
from ferroshap.explainers.trees.answers import TreeAnswers
from ferroshap.explainers.trees.columns import TreeColumns
from ferroshap.explainers.trees.engine import TreeEngine
from ferroshap.explainers.trees.expected import expected_value
from ferroshap.explainers.trees.methods import loaded
from ferroshap.explainers.trees.options import as_report
from ferroshap.explainers.trees.outputs import class_names, explained_output
from ferroshap.explainers.trees.perturbation import DEPRECATED, as_perturbation, check_old_options
from ferroshap.explainers.trees.wrapper import ExplainedTrees
from ferroshap.explanation import Explanation, NameTable
from ferroshap.maskers import Groups, as_marginal, as_masker
from ferroshap.memory import as_bytes
from ferroshap.models import parted
from ferroshap.progress import Report
from ferroshap.seeds import Seed
from ferroshap.threads import as_threads
from ferroshap.trees import TreeModel
from ferroshap.trees.rows import NativeRows, RowReader
from ferroshap.trees.verification import verify


class TreeExplainer(TreeAnswers):
    r"""Exact Shapley values and interactions of tree ensembles, without asking the model.

    Without `data`, values are **path-dependent**: at a split on an absent feature both branches are
    averaged by the training rows that went there,
    :math:`v_x(S) = \sum_\text{leaves} V \prod_j (h_j \text{ if } j \in S \text{ else } c_j)`.
    With `data` they are **interventional**: :math:`v_x(S) = \sum_b w_b f(x_S, b_{\bar S})`, over all
    background rows. Both are exact to rounding, for any depth.

    Parameters
    ----------
    model : tree ensemble
        Of scikit-learn, XGBoost, LightGBM or CatBoost; what :func:`ferroshap.trees.load` read from a file;
        or shap's dict of trees; or a Pipeline that ends in one and whose other steps act column by column: then
        its own input columns have the values. Our reading is compared with the library's own prediction first.
    data : array, frame, sparse matrix, masker or summary of ``kmeans``, optional
        The background; with :class:`ferroshap.maskers.Groups` the players are the groups.
    model_output : str
        "raw" (the sum of the trees: log-odds for boosted classifiers, probabilities for forests), or with a
        background "probability", "predict_proba" (both classes), "log_loss" (needs `y`), or a method's name.
    feature_perturbation : str
        "auto", "interventional" or "tree_path_dependent" (with `data`: its rows are counted at the nodes
        instead of the training rows).
    feature_names : list of str, optional
        Instead of the names of the background or the model.
    approximate, link, linearize_link
        Accepted for old callers; a link other than the identity is refused.
    output_names, weights, n_jobs, seed, rng, random_state, memory_limit, progress
        Names of outputs; weights of background rows; threads; three names for a seed, which changes
        nothing here; bytes that results may take; called with ``(done, total)`` rows, False for no line.
    groups : dict, optional
        Players that are groups of columns, as in :class:`ferroshap.maskers.Groups`; with or without a background.

    Attributes
    ----------
    expected_value : float, ndarray of shape ``(n_outputs,)``, or callable
        The base value; a function of `y` where a loss is explained.
    model : object
        With ``original_model``, ``num_outputs`` and ``predict``.
    data : ndarray or None
        The background.

    Examples
    --------
    >>> tree = {
    ...     "children_left": [1, -1, -1],
    ...     "children_right": [2, -1, -1],
    ...     "children_default": [2, -1, -1],
    ...     "features": [0, -1, -1],
    ...     "thresholds": [0.5, 0, 0],
    ...     "values": [[0.0], [1.0], [5.0]],
    ...     "node_sample_weight": [4, 3, 1],
    ... }
    >>> explainer = TreeExplainer({"trees": [tree]})
    >>> explainer.shap_values(np.array([[1.0], [0.0]])), float(explainer.expected_value)
    (array([[ 3.],
           [-1.]]), 2.0)
    """

    _holds_its_model = True
    #: Values add up on the scale of `model_output`.
    link = links.identity

    def __init__(
        self,
        model: Any,
        data: Any = None,
        model_output: str = "raw",
        feature_perturbation: str = "auto",
        feature_names: Any = None,
        approximate: Any = DEPRECATED,
        link: Any = None,
        linearize_link: Any = None,
        *,
        output_names: Any = None,
        weights: Any = None,
        n_jobs: int | None = None,
        seed: Seed = None,
        rng: Seed = None,
        random_state: Seed = None,
        memory_limit: int | str | None = None,
        progress: Report | bool | None = None,
        groups: Any = None,
    ) -> None:
        """Read the model, hold the reading against its library, prepare the background."""
        del linearize_link  # there is nothing to linearise
        check_old_options(link, approximate)
        self.seed = one_seed(seed, rng, random_state)
        self.n_jobs, n_threads = n_jobs, as_threads(n_jobs)
        self._progress, self._is_silent = as_report(progress)
        self._memory_limit = memory_limit
        if memory_limit is not None:
            as_bytes(memory_limit)
        self.feature_perturbation = as_perturbation(feature_perturbation, has_data=data is not None)
        front, part = parted(model)
        trees = loaded(part)
        if groups is not None and data is not None:
            data, groups, weights = Groups(as_masker(data, argument="data", weights=weights), groups), None, None
        if data is None and weights is not None:
            msg = "`weights` are those of background rows, but there is no background: pass data=X_background"
            raise OptionError(msg)
        background = None if data is None else as_marginal(data, "TreeExplainer", argument="data", weights=weights)
        forest = trees.forest
        n_columns, own = (forest.n_columns, trees.feature_names) if front is None else (front.n_columns, front.names)
        self._columns = TreeColumns(n_columns, own, background, feature_names, groups=groups, front=front)
        self.masker = self._columns.masker
        self._reader = RowReader(trees)
        rows = None if self.masker is None else self._reader(self._columns.born(self.masker.table))
        self._verification = verify(trees, rows)
        self.model_output = model_output
        self._engine = self._make_engine(trees, rows, n_threads)
        self._trees = trees
        self._classes = class_names(trees)
        self.model = ExplainedTrees(trees.model if front is None else model, self._columns, self._reader, self._engine)
        self.feature_names = self._columns.names
        self.data_feature_names = self.feature_names
        self.output_names = self._names_of_outputs(output_names)
        self.expected_value = expected_value(self._engine, n_threads, self._classes)
        self.partial = None
        self._name_table = NameTable(self.feature_names)
        self._output_table = NameTable(self.output_names or [])
        self._n_compared = 0
        self.plan = self._make_plan(n_threads)

    def _make_engine(self, trees: TreeModel, rows: NativeRows | None, n_threads: int) -> TreeEngine:
        """Choose the game: over the background, or by covers, which may be those of the background."""
        forest, weights = trees.forest, None
        if self.masker is not None:
            given = self.masker.weights
            weights = None if (given == given[0]).all() else given
        if rows is not None and self.feature_perturbation == "tree_path_dependent":
            forest, rows, weights = forest.with_covers(rows, weights, n_threads), None, None
        output = explained_output(trees, self.model_output, has_background=rows is not None)
        return TreeEngine(forest, rows, weights, output, is_vector=trees.is_vector, players=self._columns.players)

    def _names_of_outputs(self, given: Any) -> list[str] | None:
        count = self._engine.n_outputs
        names = checked_names(given, count, "output_names", "outputs")
        if names is not None:
            return names
        known = self._classes
        return known if known is not None and len(known) == count else numbered("Output", count)

    def _make_plan(self, n_threads: int) -> Plan:
        forest, n_background = self._engine.forest, 0 if self.masker is None else self.masker.n_background
        if self.feature_perturbation == "interventional":
            how = f"with absent features from all {n_background} background rows"
        elif n_background:
            how = f"with absent features averaged by how {n_background} background rows went"
        else:
            how = "with absent features averaged by how the training rows went"
        trees = "1 tree" if forest.n_trees == 1 else f"{forest.n_trees} trees"
        library = self._trees.library.partition(" ")[0]
        details = {
            "library": self._trees.library,
            "kernels": self._engine.describe(n_threads),
            "precision": forest.predicts_in,
            "trees": forest.n_trees,
            "leaves": forest.n_leaves,
            "depth": forest.depth,
            "verification": self._verification,
        }
        what = f"{trees} of {library}, exactly, {how}{self._columns.words}"
        return Plan("tree", what, n_background, n_background, None, details)

    @property
    def data(self) -> Any:
        """The background as an array; None without one."""
        return None if self.masker is None else self.masker.data

    @checked_call
    def __call__(  # type: ignore[override]  # every route has its own options
        self,
        X: Any,
        y: Any = None,
        interactions: bool = False,
        check_additivity: bool = True,
        approximate: bool = False,
        *,
        tree_limit: int | None = None,
        silent: bool = False,
        n_jobs: int | None = None,
        dtype: Any = None,
    ) -> Explanation:
        """Explain the rows of a table.

        Parameters
        ----------
        X : table
            The rows; one row may come as a one-dimensional array, a Series or a dict.
        y : array, optional
            What is true of each row, where a loss is explained.
        interactions : bool
            Matrices of pairs instead of values; their rows sum to the values.
        check_additivity : bool
            Hold the sums against our own prediction for all rows, against the library's for the first 256.
        approximate : bool
            Saabas's quick approximation (path-dependent): each split's step in the mean goes to its feature.
        tree_limit : int, optional
            Explain the first trees alone.
        silent : bool
            Show no progress line.
        n_jobs : int, optional
            Threads; never changes a bit of the result.
        dtype : float32 or float64, optional
            Of arithmetic and result both; None: that of the model's library, and float64 for the result.
        """
        question = self._question(interactions=interactions, approximate=approximate)
        computed = self._compute(
            X,
            question,
            y=y,
            check_additivity=check_additivity,
            tree_limit=tree_limit,
            silent=silent,
            n_jobs=n_jobs,
            dtype=dtype,
        )
        return self._packed(computed)

    @checked_call
    def shap_values(  # type: ignore[override]  # every route has its own options
        self,
        X: Any,
        y: Any = None,
        tree_limit: int | None = None,
        approximate: bool = False,
        check_additivity: bool = True,
        from_call: bool = False,  # noqa: ARG002 - shap's own business
        *,
        silent: bool = False,
        n_jobs: int | None = None,
        dtype: Any = None,
        out: Any = None,
    ) -> Any:
        """Return the values alone: ``(rows, features)`` or ``(rows, features, outputs)``.

        The options are those of the call; `out`, a C-contiguous array of that shape, is filled and returned.
        """
        return self._compute(
            X,
            self._question(interactions=False, approximate=approximate),
            y=y,
            check_additivity=check_additivity,
            tree_limit=tree_limit,
            silent=silent,
            n_jobs=n_jobs,
            dtype=dtype,
            out=out,
        ).values

    @checked_call
    def shap_interaction_values(
        self,
        X: Any,
        y: Any = None,
        tree_limit: int | None = None,
        *,
        silent: bool = False,
        n_jobs: int | None = None,
        dtype: Any = None,
        out: Any = None,
        sparse: bool = False,
        features: Any = None,
        reduce: str | None = None,
    ) -> Any:
        """Return interactions ``(rows, features, features[, outputs])``, whose rows sum to the values.

        An off-diagonal entry is half of the pair's interaction (the other half stands across the diagonal).

        Parameters
        ----------
        X, y, tree_limit, silent, n_jobs, dtype, out
            As in the call and in :meth:`shap_values`.
        sparse : bool
            Return :class:`SparseInteractions` instead: the pairs that share a path in some tree, undivided.
        features : list of str or int, optional
            Return the block of these features alone.
        reduce : "mean" or "mean_abs", optional
            Return the mean over rows of the matrices, or of their absolute values, never holding them all.

        Raises
        ------
        MemoryLimitError
            When the result is larger than the memory granted.
        """
        options = {"y": y, "tree_limit": tree_limit, "silent": silent, "n_jobs": n_jobs, "dtype": dtype}
        return self._interaction_values(X, options, out=out, sparse=sparse, features=features, reduce=reduce)

    @classmethod
    def _check_support(cls, model: Any, masker: Any) -> None:
        cls(model, masker)

    def __repr__(self) -> str:
        """Name the model and the sizes."""
        forest = self._engine.forest
        what = forest.library if self._trees.raw is None else type(self._trees.model).__name__
        trees = "1 tree" if forest.n_trees == 1 else f"{forest.n_trees} trees"
        background = "" if self.masker is None else f", background {self.masker.n_background} rows"
        return (
            f"<{type(self).__name__}: {what}, {trees}, {len(self.feature_names)} features, "
            f"{self.feature_perturbation.replace('_', '-').removeprefix('tree-')}{background}>"
        )

    def __getstate__(self) -> dict[str, Any]:
        """Give what a pickle needs: forest and background, but not the Python model."""
        return self.__dict__ | {"_trees": self._trees.detached(), "_progress": None}

    def __deepcopy__(self, memo: dict[int, Any]) -> "TreeExplainer":
        """Copy what a call may change; forest, background and the model itself are shared, never changed."""
        twin = copy.copy(self)
        twin.__dict__.update({"_trees": self._trees, "_progress": self._progress, "model": self.model})
        memo[id(self)] = twin
        return twin
