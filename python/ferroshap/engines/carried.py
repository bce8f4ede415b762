"""An explainer on its way to workers: pickled once, read once by each process that it reaches."""

import importlib
import pickle
import threading
from typing import Any


class Carried:
    """An explainer that other people's engines may pickle, copy and send as often as they like.

    Its pickle is the explainer's own, made when the first one asks and kept: a scheduler or a peer that passes it on
    copies bytes, imports no model library and keeps no second model. A process makes the explainer out of them when
    it explains its first rows, once for all of its threads.

    Parameters
    ----------
    explainer : Explainer
        What is carried.

    Examples
    --------
    >>> import numpy as np
    >>> import ferroshap
    >>> carried = Carried(ferroshap.LinearExplainer((np.array([2.0]), 0.0), np.zeros((1, 1))))
    >>> arrived = pickle.loads(pickle.dumps(carried))
    >>> arrived.explainer.shap_values(np.array([[3.0]]))
    array([[6.]])
    >>> arrived.explainer is arrived.explainer
    True
    """

    def __init__(self, explainer: Any) -> None:
        """Keep the explainer; its pickle is made when it travels."""
        self._explainer = explainer
        self._pickled: Any = None
        self._one_at_a_time = threading.Lock()

    @property
    def pickled(self) -> Any:
        """The explainer's pickle: cloudpickle's where it is there, which takes functions of the user's own script."""
        with self._one_at_a_time:
            if self._pickled is None:
                self._pickled = _dumps(self._explainer)
            return self._pickled

    @property
    def explainer(self) -> Any:
        """The explainer itself."""
        with self._one_at_a_time:
            if self._explainer is None:
                self._explainer = pickle.loads(self._pickled)  # noqa: S301 - that is how explainers travel
            return self._explainer

    @property
    def fingerprint(self) -> str:
        """The explainer's own: equal for explainers that give equal values."""
        word: str = self.explainer.fingerprint
        return word

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, tuple[Any]]:
        """Travel as bytes; where pickles leave them out of band, nobody copies them, and Ray's workers share them."""
        return _arrived, (pickle.PickleBuffer(self.pickled) if protocol >= 5 else bytes(self.pickled),)

    def __sizeof__(self) -> int:
        """Bytes, by which engines decide what to send where, and what to keep."""
        return object.__sizeof__(self) + len(self.pickled)


def _arrived(pickled: Any) -> Carried:
    """Make what was pickled: the explainer follows when it is asked for."""
    carried = Carried(None)
    carried._pickled = pickled  # noqa: SLF001 - ours
    return carried


def _dumps(explainer: Any) -> bytes:
    try:
        pickling: Any = importlib.import_module("cloudpickle")
    except ImportError:
        pickling = pickle
    pickled: bytes = pickling.dumps(explainer, protocol=pickle.HIGHEST_PROTOCOL)
    return pickled
