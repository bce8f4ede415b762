"""A backend for shapash, without the alias."""

import importlib
from typing import Any

from ferroshap.explainers import Explainer


def __getattr__(name: str) -> Any:
    """Make the class when somebody asks for it: shapash is not imported before."""
    if name != "Backend":
        msg = f"module 'ferroshap.compat.shapash' has no attribute {name!r}"
        raise AttributeError(msg)
    backend = _backend()
    globals()[name] = backend  # one class, so that explainers of shapash can be pickled
    return backend


def _backend() -> type[Any]:
    """Derive from shapash's base class."""
    base: Any = importlib.import_module("shapash.backend").BaseBackend

    class Backend(base):  # type: ignore[misc] # shapash has no types
        """Contributions by ferroshap, for ``SmartExplainer(model, backend=Backend(model, background=X_train))``.

        Parameters
        ----------
        model : object
            The model.
        preprocessing : object, optional
            What shapash inverts before it draws.
        background : array, frame or masker, optional
            Background data; trees alone do without.
        **options
            Passed to :class:`ferroshap.Explainer`.
        """

        column_aggregation = "sum"
        name = "ferroshap"

        def __init__(self, model: Any, preprocessing: Any = None, background: Any = None, **options: Any) -> None:
            """Choose the explainer now: what it cannot take is said before shapash begins."""
            super().__init__(model, preprocessing)
            self.explainer = Explainer(model, background, **options)

        def run_explainer(self, x: Any) -> dict[str, Any]:
            """Explain rows: contributions ``(n, M)``, or ``(n, M, K)`` for the classes."""
            explanation = self.explainer(x)
            return {"contributions": explanation.values, "base_values": explanation.base_values}

    Backend.__qualname__ = "Backend"
    return Backend
