"""`GPUTreeExplainer`: the name that notebooks know, on the CPU."""

import functools
from typing import Any

from ferroshap.errors import warn_user
from ferroshap.explainers.tree import TreeExplainer

#: What is said once for each explainer.
SAID = (
    "`GPUTreeExplainer` needs no GPU here: it is TreeExplainer, which uses all cores of the CPU and gives the same "
    "values; use that name to be rid of this warning"
)


class GPUTreeExplainer(TreeExplainer):
    """The :class:`TreeExplainer`, which runs on the CPU; a UserWarning says so.

    Parameters
    ----------
    *args, **options
        Those of :class:`TreeExplainer`, whose signature this is.

    Warns
    -----
    UserWarning
        That no GPU is used.
    """

    @functools.wraps(TreeExplainer.__init__)  # type: ignore[misc]  # the same parameters, in one place
    def __init__(self, *args: Any, **options: Any) -> None:
        """Warn, and make the explainer that it is."""
        warn_user(SAID, UserWarning)
        super().__init__(*args, **options)
