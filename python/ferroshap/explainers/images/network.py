"""A torch network as a function of arrays: what explains images by their regions asks for outputs alone."""

import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray


class NetworkOutputs:
    """Outputs of a torch network for images as arrays: in evaluation mode, on its device, without gradients.

    Bytes become floats of the same scale; what else the network wants of its input belongs into a function around it.

    Parameters
    ----------
    network : torch.nn.Module
        Called with one tensor of images.
    """

    def __init__(self, network: Any) -> None:
        """Keep the network; nothing of it is changed."""
        self.network = network
        self.__qualname__ = type(network).__name__

    def __call__(self, images: NDArray[Any]) -> NDArray[Any]:
        """Return the outputs of images."""
        from ferroshap.gradients.torch_model import TorchGradFn

        grad_fn = TorchGradFn(self.network)
        with grad_fn.explaining():
            return np.asarray(grad_fn.forward((images,)))


def as_function(model: Any) -> Any:
    """Return a torch network as a function of arrays; anything else as it is.

    Examples
    --------
    >>> as_function(len) is len
    True
    """
    modules = getattr(sys.modules.get("torch"), "nn", None)
    is_network = modules is not None and isinstance(model, modules.Module)
    return NetworkOutputs(model) if is_network else model
