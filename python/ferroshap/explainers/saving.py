"""Explainers in files: model and masker each by themselves, and what was made of them."""

import io
import pickle
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ferroshap.errors import OptionError
from ferroshap.explainers.pickling import ByValue
from ferroshap.models import Model, as_model
from ferroshap.serialisation import Deserializer, FileFormatError, Serializer, pickled, write_class

if TYPE_CHECKING:
    from ferroshap.explainers.explainer import Explainer

#: The block of every explainer.
BLOCK = "ferroshap.Explainer"


def write_explainer(explainer: "Explainer", stream: Any, model_saver: Any, masker_saver: Any) -> None:
    """Write an explainer to a stream, at its position.

    The state is a pickle in which model and masker are named only; trees stand in it as they were parsed.
    """
    write_class(type(explainer), stream)
    holds_model = explainer._holds_its_model  # noqa: SLF001 - ours
    with Serializer(stream, BLOCK, version=0) as block:
        model = explainer.model
        saver = None if holds_model and not callable(model_saver) else model_saver
        block.save("model", model, saver)
        block.save("masker", explainer.masker, None if explainer.masker is None else masker_saver)
        names = {} if holds_model else _names_of(explainer)
        names |= {} if explainer.masker is None else {id(explainer.masker): "masker"}

        def persistent_id(value: Any) -> str | None:
            return names.get(id(value.model if isinstance(value, ByValue) else value))

        state = pickled(explainer.__getstate__(), "model", persistent_id)
        block.save("state", state, lambda value, out: out.write(value))


def read_explainer(
    stream: Any, model_loader: Callable[[Any], Any] | None, masker_loader: Callable[[Any], Any] | None
) -> dict[str, Any]:
    """Read what an explainer is restored from: its state, under "state", and its "model" and "masker".

    Raises
    ------
    OptionError
        When the file holds no model, or no masker, and none is loaded.
    """
    with Deserializer(stream, BLOCK, min_version=0, max_version=0) as block:
        model = block.load("model", model_loader)
        masker = block.load("masker", masker_loader)
        payload = block.load("state", lambda part: part.read())
    wrapped = model if model is None or isinstance(model, Model) else _wrapped(model)

    class Restoring(pickle.Unpickler):
        def persistent_load(self, name: Any) -> Any:
            known = {"model": wrapped, "inner": getattr(wrapped, "inner_model", None), "masker": masker}
            if name not in known:
                msg = f"the explainer refers to {name!r}, which is not known"
                raise FileFormatError(msg)
            if known[name] is None:
                what = "masker" if name == "masker" else "model"
                msg = f"the file holds no {what}: pass {what}_loader=function(stream), which returns it"
                raise OptionError(msg)
            return known[name]

    return {"state": Restoring(io.BytesIO(payload)).load(), "model": model, "masker": masker}


def _wrapped(model: Any) -> Any:
    """A model as explainers hold it; what is none, such as coefficients, is held as it is."""
    try:
        return as_model(model)
    except ValueError:
        return model


def _names_of(explainer: "Explainer") -> dict[int, str]:
    """What stands in the state by name: the model, and what the user passed."""
    model = explainer.model
    if model is None:
        return {}
    inner = getattr(model, "inner_model", None)
    is_own = inner is None or isinstance(inner, tuple | str | int | float)
    return {id(model): "model"} | ({} if is_own else {id(inner): "inner"})
