"""The fingerprint of an explainer: equal wherever and whenever it gives equal values."""

import hashlib
from typing import Any

from ferroshap.errors import OptionError
from ferroshap.explainers.fingerprints.objects import PASSED_OVER, Digester

#: Grows whenever fingerprints are made in another way.
VERSION = 1


def fingerprint_of(explainer: Any) -> str:
    """Digest what decides values: `Explainer.fingerprint`."""
    kind = type(explainer)
    state = dict(explainer.__getstate__())
    if hasattr(explainer, "_engine"):
        state.pop("model", None)  # the forest is all that is explained
    named = {name: state[name] for name in sorted(state) if name not in PASSED_OVER}
    content = Digester().of([VERSION, kind.__qualname__, named])
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def checked_fingerprint(given: Any) -> str:
    """Return the word that a user gave.

    Raises
    ------
    OptionError
        For anything but text that is not empty.
    """
    if not isinstance(given, str) or not given:
        msg = f"`fingerprint` is {given!r}, but must be a word that is not empty"
        raise OptionError(msg)
    return given
