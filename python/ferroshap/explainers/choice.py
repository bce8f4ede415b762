"""The choice that calling `Explainer` makes."""

import sys
from dataclasses import replace
from typing import Any

from ferroshap import explainers, links
from ferroshap.closed_forms import read_linear
from ferroshap.errors import InvalidAlgorithmError, MixedColumnsError, NoTreesError, OptionError, nearest
from ferroshap.estimators import Auto
from ferroshap.explainers.calls import options_of
from ferroshap.explainers.exact import ExactExplainer
from ferroshap.explainers.explainer import Explainer
from ferroshap.explainers.linear import LinearExplainer
from ferroshap.explainers.permutation import PermutationExplainer
from ferroshap.explainers.plan import about
from ferroshap.explainers.tree import TreeExplainer
from ferroshap.explainers.trees.methods import tree_and_output
from ferroshap.explainers.trees.outputs import NotExplainedError
from ferroshap.maskers import Conditional, Independent, Masker, as_masker, is_marginal
from ferroshap.maskers.calling import is_called
from ferroshap.models import Model, parted

ROUTES: dict[str, str] = {
    "additive": "AdditiveExplainer",
    "coalition": "CoalitionExplainer",
    "deep": "DeepExplainer",
    "exact": "ExactExplainer",
    "gradient": "GradientExplainer",
    "kernel": "KernelExplainer",
    "linear": "LinearExplainer",
    "partition": "PartitionExplainer",
    "permutation": "PermutationExplainer",
    "sampling": "SamplingExplainer",
    "tree": "TreeExplainer",
}
#: Exact up to that many features ...
MOST_FEATURES = 10
#: ... and model rows for one explained row.
MOST_MODEL_ROWS = 1 << 17


def choose(
    model: Any,
    masker: Any = None,
    link: Any = links.identity,
    algorithm: str = "auto",
    output_names: Any = None,
    feature_names: Any = None,
    linearize_link: bool = True,
    seed: Any = None,
    **options: Any,
) -> Explainer:
    """Make an instance of the class that fits; the parameters are those of `Explainer`."""
    given = {"link": link, "output_names": output_names, "feature_names": feature_names, "seed": seed}
    given |= {"linearize_link": linearize_link}
    if algorithm == "auto" and getattr(masker, "takes_images", False):
        from ferroshap.explainers.images.choice import choose_for_images

        return choose_for_images(model, masker, given, options)
    if algorithm == "auto" and is_called(masker):
        return _calling(model, masker, given, options)
    if algorithm == "auto":
        return _fitting(model, masker, given, options)
    if algorithm not in ROUTES:
        known = ["auto", *ROUTES]
        msg = f"`algorithm={algorithm!r}` is not known{nearest(str(algorithm), known)} Known: {', '.join(known)}"
        raise InvalidAlgorithmError(msg)
    chosen = getattr(explainers, ROUTES[algorithm])
    return _made(chosen, model, masker, given, options, f"algorithm={algorithm!r} was named")


def _calling(model: Any, masker: Any, given: dict[str, Any], options: dict[str, Any]) -> Explainer:
    """Explain under a masker that is a function: along the tree of images or text, else by orders."""
    has_tree = getattr(masker, "clustering", None) is not None
    if has_tree and (getattr(masker, "image_data", False) or getattr(masker, "text_data", False)):
        reason = "the masker is a function with a tree of its players, so its nodes are split where most is at stake"
        return _made(explainers.PartitionExplainer, model, masker, given, options, reason)
    reason = "the masker is a function, which is called for every coalition, so joining orders are averaged"
    return _made(PermutationExplainer, model, masker, given, options, reason)


def _fitting(model: Any, masker: Any, given: dict[str, Any], options: dict[str, Any]) -> Explainer:
    """Take the first route that fits; of a pipeline say why its last step's own did not."""
    try:
        _, part = parted(model)
    except MixedColumnsError as error:
        explainer = _sampled(model, masker, given, options)
        explainer.plan = replace(explainer.plan, reason=f"{explainer.plan.reason}; {error}")
        return explainer
    cause: Any = None
    if links.resolve(given["link"]) is links.identity:
        is_background = isinstance(masker, Independent) or not (isinstance(masker, Masker) or callable(masker))
        if _is_network(model) and masker is not None and is_background:
            reason = "a network has gradients, which say more for their price than outputs do"
            return _made(explainers.GradientExplainer, model, masker, given, options, reason)
        if masker is not None and LinearExplainer.why_not(model, masker) is None:
            return _made(LinearExplainer, model, masker, given, options)
        cause = _as_trees(model, part, masker, given, options)
        if isinstance(cause, Explainer):
            return cause
        if is_additive(model) and explainers.AdditiveExplainer.why_not(model, masker) is None:
            return _made(explainers.AdditiveExplainer, model, masker, given, options)
    explainer = _sampled(model, masker, given, options)
    if cause is None and part is not model:
        last = type(getattr(part, "__self__", part)).__name__
        cause = f"the last step, {last}, has no exact route for what is asked"
    if cause is not None:
        explainer.plan = replace(explainer.plan, reason=f"{explainer.plan.reason}; {cause}")
    return explainer


def _sampled(model: Any, masker: Any, given: dict[str, Any], options: dict[str, Any]) -> Explainer:
    """Explain a function of rows: all coalitions where they are few, else some."""
    background = as_masker(masker, weights=options.pop("weights", None))
    if isinstance(model, tuple) and len(model) == 2:
        model = Model(model, read_linear(model, background.table).outputs, wants_frame=False)
    n_features, filler = background.n_players, background.filler
    n_rows = filler.n_samples if isinstance(filler, Conditional) else background.n_background
    if background.tree is not None:
        return _along_tree(model, background, n_rows, given, options)
    kind = "conditional" if background.is_conditional else "background"
    if n_features <= MOST_FEATURES and 2**n_features * n_rows <= MOST_MODEL_ROWS:
        reason = f"{n_features} features have only 2^{n_features} coalitions, so all are evaluated on all {kind} rows"
        return _made(ExactExplainer, model, background, given, options, reason)
    if n_features > MOST_FEATURES:
        cause = f"{n_features} features have too many coalitions"
    else:
        cause = f"2^{n_features} coalitions over {n_rows} {kind} rows are too many model rows"
    explainer = _made(PermutationExplainer, model, background, given, {"method": Auto()} | options)
    estimator = explainer.plan.details["estimator"]
    reason = f"{cause}, so {estimator!r}, the best estimator for their number and the budget, samples some"
    explainer.plan = replace(explainer.plan, reason=reason + about(explainer.masker))
    return explainer


def is_additive(model: Any) -> bool:
    """Whether a model, or the method of one, is known to be a sum of what features add, without importing a library.

    Examples
    --------
    >>> is_additive(max)
    False
    """
    if "interpret" not in sys.modules:
        return False
    from ferroshap.explainers.additive import boosted

    return boosted(model) is not None


def _is_network(model: Any) -> bool:
    """Whether a model is of torch or Keras: a function, or an estimator that could be derived, is not meant so."""
    if not {"torch", "keras"} & sys.modules.keys():
        return False
    from ferroshap.gradients.recognition import is_network

    return is_network(model)


def _along_tree(model: Any, masker: Masker, n_rows: int, given: dict[str, Any], options: dict[str, Any]) -> Explainer:
    """Owen values: every coalition of the tree where they are few, or the user grants them; else orders along it."""
    from ferroshap.clustering import n_coalitions
    from ferroshap.explainers.partition import MAX_EVALS

    count = n_coalitions(masker.tree)
    named = options.get("max_evals")
    is_small = masker.n_players <= MOST_FEATURES or count <= MAX_EVALS
    if count <= named if isinstance(named, int) else is_small and count * n_rows <= MOST_MODEL_ROWS:
        reason = f"the tree of {masker.n_players} features has only {count} coalitions, so all are evaluated"
        granted = {"max_evals": max(count, int(MAX_EVALS))}
        return _made(explainers.PartitionExplainer, model, masker, given, granted | options, reason)
    cause = f"the tree of {masker.n_players} features has too many coalitions"
    reason = f"{cause}, over {n_rows} rows each, so orders along it are averaged"
    return _made(PermutationExplainer, model, masker, given, options, reason)


def _as_trees(model: Any, part: Any, masker: Any, given: dict[str, Any], options: dict[str, Any]) -> Any:
    """Explain an ensemble of trees, or a method that shows its sum; `part` predicts in `model`.

    Returns None for what looks like none, and the cause, as text, for what only looked like one.

    A model of a class that we read raises what is wrong with it, unless it is no sum of trees at all.
    """
    owner, output = tree_and_output(part)
    if owner is None or not (masker is None or is_marginal(masker)):
        return None
    whole = model if part is model else getattr(model, "__self__", model)
    try:
        return _made(TreeExplainer, owner if whole is part else whole, masker, given, output | options)
    except (NoTreesError, NotExplainedError, MixedColumnsError) as error:
        if "model_output" in options:
            raise
        return str(error).partition("; ")[0].partition(": explain")[0]


def _made(
    chosen: type[Explainer],
    model: Any,
    masker: Any,
    given: dict[str, Any],
    options: dict[str, Any],
    reason: str | None = None,
) -> Explainer:
    """Make the explainer with what its constructor takes; the constructor refuses options it does not know."""
    own = options_of(chosen.__init__)
    link = links.resolve(given["link"])
    if "link" not in own and link is not links.identity:
        msg = f"`link` is {link!r}, but {chosen.__name__} knows the identity alone: name another algorithm"
        raise OptionError(msg)
    passed = {name: value for name, value in given.items() if name in own}
    explainer: Explainer = chosen(model, masker, **passed, **options)
    if reason is not None:
        is_table = isinstance(explainer.masker, Masker) and not explainer.masker.takes_calls
        end = about(explainer.masker) if is_table else ""
        explainer.plan = replace(explainer.plan, reason=reason + end)
    return explainer
