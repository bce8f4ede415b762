"""`GPUTreeExplainer`: the name that notebooks know, on the CPU."""

from typing import Any

from ferroshap.errors import warn_user
from ferroshap.explainers.tree import TreeExplainer
from ferroshap.explainers.trees.perturbation import DEPRECATED
from ferroshap.progress import Report
from ferroshap.seeds import Seed

#: What is said once for each explainer.
SAID = (
    "`GPUTreeExplainer` needs no GPU here: it is TreeExplainer, which uses all cores of the CPU and gives the same "
    "values; use that name to be rid of this warning"
)


class GPUTreeExplainer(TreeExplainer):
    """The :class:`TreeExplainer`, which runs on the CPU; a UserWarning says so.

    Parameters
    ----------
    model, data, model_output, feature_perturbation, feature_names, approximate, link, linearize_link
        As of :class:`TreeExplainer`.
    output_names, weights, n_jobs, seed, rng, random_state, memory_limit, progress
        As of :class:`TreeExplainer`.

    Warns
    -----
    UserWarning
        That no GPU is used.
    """

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
    ) -> None:
        """Warn, and make the explainer that it is."""
        warn_user(SAID, UserWarning)
        super().__init__(
            model,
            data,
            model_output,
            feature_perturbation,
            feature_names,
            approximate,
            link,
            linearize_link,
            output_names=output_names,
            weights=weights,
            n_jobs=n_jobs,
            seed=seed,
            rng=rng,
            random_state=random_state,
            memory_limit=memory_limit,
            progress=progress,
        )

    @classmethod
    def _check_support(cls, model: Any, masker: Any) -> None:
        TreeExplainer._check_support(model, masker)  # noqa: SLF001 - without a warning
