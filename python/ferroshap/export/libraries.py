"""Libraries that are needed only for leaving, met when somebody leaves that way."""

import importlib
from typing import Any


def met(library: str, wanted_by: str) -> Any:
    """Import a library.

    Raises
    ------
    ImportError
        Saying what needs it, and that it is to be installed.
    """
    try:
        return importlib.import_module(library)
    except ImportError as error:
        if error.name != library:
            raise  # it is there, and something of its own is missing
        msg = f"`{wanted_by}` needs {library}: install it (pip install {library})"
        raise ImportError(msg, name=library) from None
