"""Explainers in pickles, also those of functions that pickle cannot find by name."""

import importlib
import pickle
from collections.abc import Iterable
from typing import Any

from ferroshap.models import Model


class ByValue:
    """Stands for a model in a pickle; what is read back is the model itself, code and all."""

    def __init__(self, model: Any) -> None:
        """Keep the model until it is written."""
        self.model = model

    def __reduce__(self) -> tuple[Any, tuple[bytes]]:
        """Write the model with cloudpickle.

        Raises
        ------
        pickle.PicklingError
            Where cloudpickle is not installed.
        """
        try:
            cloudpickle = importlib.import_module("cloudpickle")
        except ImportError as error:
            msg = (
                f"{self.model!r} is a lambda or was defined inside a function, where pickle cannot find it: "
                "define it at the top of a module, or install cloudpickle, which is then used for it"
            )
            raise pickle.PicklingError(msg) from error
        return cloudpickle.loads, (cloudpickle.dumps(self.model),)


def picklable(model: Any, functions: Iterable[Any] = ()) -> Any:
    """Return what goes into the pickle for a model, or for what holds some functions.

    Examples
    --------
    >>> from ferroshap.models import as_model
    >>> type(picklable(as_model(lambda rows: rows))).__name__, type(picklable(as_model(max))).__name__
    ('ByValue', 'Model')
    """
    held = [*functions, model.function] if isinstance(model, Model) else functions
    return ByValue(model) if any(function is not None and _is_hidden(function) for function in held) else model


def _is_hidden(function: Any) -> bool:
    """Whether pickle could not find a function, or the class of its owner, by name."""
    function = getattr(function, "func", function)  # of a partial
    owner = type(getattr(function, "__self__", None) or function)
    names = f"{getattr(function, '__qualname__', '')} {owner.__qualname__}"
    return "<lambda>" in names or "<locals>" in names
