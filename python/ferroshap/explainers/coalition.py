"""`CoalitionExplainer`: Winter values along a tree that the user gives."""

from typing import Any

from ferroshap import links
from ferroshap.clustering import as_tree
from ferroshap.errors import InvalidClusteringError
from ferroshap.explainers.calls import check_call_defaults
from ferroshap.explainers.names import checked_names
from ferroshap.explainers.partition import PartitionExplainer
from ferroshap.maskers import Masker, Partition, as_masker
from ferroshap.progress import Report
from ferroshap.seeds import Seed


class CoalitionExplainer(PartitionExplainer):
    """Values of any model along families of features that the user names: Winter values.

    A family receives what it is worth as one among its siblings, and shares it inside in the same way; families may
    have any number of members and any depth. See :class:`PartitionExplainer`, which differs in where the tree is from.

    Parameters
    ----------
    model : callable, estimator or bound method
        ``f(rows) -> (rows,)`` or ``(rows, outputs)``.
    masker : masker or background data
        What stands for absent features.
    output_names, link, linearize_link, feature_names, weights, n_jobs, seed, rng, random_state, memory_limit
        As of :class:`PartitionExplainer`; `feature_names` are also those that the tree is written with.
    partition_tree : dict, list or tuple, optional
        The families: a nested dict or list of names or positions, as
        ``{"person": ["age", "sex"], "blood": {"lipids": ["s1", "s2"], "glucose": "s6"}}``. Features named nowhere
        are children of the root. In place of the masker's own tree, where it has one.
    executor, progress, sampling, rows_per_eval
        As of :class:`PartitionExplainer`.
    **call_defaults
        Options of the calls, to be their defaults.

    Raises
    ------
    InvalidClusteringError
        When there is no tree, or it does not fit the features.

    References
    ----------
    Winter (1989), "A value for cooperative games with levels structure of cooperation".

    Examples
    --------
    >>> import numpy as np
    >>> tree = {"pair": ["a", "b"], "alone": "c"}
    >>> model = lambda X: X[:, 0] * X[:, 1] * X[:, 2]
    >>> explainer = CoalitionExplainer(model, np.zeros((1, 3)), feature_names=["a", "b", "c"], partition_tree=tree)
    >>> explainer.shap_values(np.array([[2.0, 3.0, 4.0]]))
    array([[ 6.,  6., 12.]])
    """

    route = "coalition"

    def __init__(
        self,
        model: Any,
        masker: Any,
        *,
        output_names: Any = None,
        link: Any = links.identity,
        linearize_link: bool = True,
        feature_names: Any = None,
        partition_tree: Any = None,
        weights: Any = None,
        n_jobs: int | None = None,
        seed: Seed = None,
        rng: Seed = None,
        random_state: Seed = None,
        memory_limit: int | str | None = None,
        executor: Any = None,
        progress: Report | None = None,
        sampling: str = "auto",
        rows_per_eval: int | None = 100,
        **call_defaults: Any,
    ) -> None:
        """Read the tree, and ask the model about the background."""
        check_call_defaults(type(self), call_defaults)
        super().__init__(
            model,
            _with_families(as_masker(masker, weights=weights), partition_tree, feature_names),
            output_names=output_names,
            link=link,
            linearize_link=linearize_link,
            feature_names=feature_names,
            n_jobs=n_jobs,
            seed=seed,
            rng=rng,
            random_state=random_state,
            memory_limit=memory_limit,
            executor=executor,
            progress=progress,
            sampling=sampling,
            rows_per_eval=rows_per_eval,
            **call_defaults,
        )


def _with_families(masker: Masker, partition_tree: Any, feature_names: Any) -> Masker:
    """The masker along the tree given, else along its own."""
    if partition_tree is None:
        if masker.tree is None:
            msg = (
                "`partition_tree` is None, but CoalitionExplainer needs the families of the features: pass a nested "
                "dict of their names, or use PartitionExplainer, which clusters them"
            )
            raise InvalidClusteringError(msg)
        return masker
    inner = masker.inner if isinstance(masker, Partition) else masker
    names = checked_names(feature_names, inner.n_players, "feature_names", "players") or masker.feature_names
    word = "column" if inner.units is None else "player"
    tree = as_tree(partition_tree, names, inner.n_players, word=word, argument="partition_tree")
    found = Partition(inner, clustering=[tree] if isinstance(tree, int) else tree)
    found.feature_names = masker.feature_names
    return found
