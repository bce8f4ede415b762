"""torch modules held in evaluation mode while they are explained, and gradients recorded in any mode of the caller."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ferroshap.inputs.foreign import is_instance


@contextmanager
def evaluating(modules: list[Any]) -> Iterator[None]:
    """Hold modules, and everything inside them, in evaluation mode; restore every flag on the way out.

    The `training` attribute is set, not `eval()` called: a class may override `train()` with
    something that setting a flag back would not undo (folding weights together, say), and
    submodules that the user froze one by one keep their own state.
    """
    # A module inside two others is listed once, for its second flag would be the one set here.
    flags = {id(part): (part, part.training) for module in modules for part in module.modules()}
    try:
        for part, training in flags.values():
            if training:
                part.training = False
        yield
    finally:
        for part, training in flags.values():
            if part.training != training:
                part.training = training


@contextmanager
def recording(device: Any, *, without_cudnn: bool) -> Iterator[None]:
    """Record gradients for `device`, whatever mode the caller is in, and leave that mode as it was."""
    torch = sys.modules["torch"]
    with torch.inference_mode(mode=False), torch.enable_grad(), torch.autocast(device.type, enabled=False):
        if without_cudnn:
            with torch.backends.cudnn.flags(enabled=False):
                yield
        else:
            yield


def is_recurrent(modules: list[Any]) -> bool:
    """Whether recurrent layers are among them, whose backward cuDNN refuses in evaluation mode."""
    return any(is_instance(part, "torch.nn", "RNNBase") for module in modules for part in module.modules())


def has_embedding(modules: list[Any]) -> bool:
    """Whether a table of embeddings is among them."""
    names = ("Embedding", "EmbeddingBag")
    return any(is_instance(part, "torch.nn", name) for module in modules for part in module.modules() for name in names)
