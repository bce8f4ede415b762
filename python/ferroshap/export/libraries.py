"""Libraries that are needed only for leaving, met when somebody leaves that way."""

import importlib
from typing import Any


def met(library: str, wanted_by: str, install: str | None = None) -> Any:
    """Import a library, or a part of one.

    Parameters
    ----------
    library : str
        Its name, with dots for a part.
    wanted_by : str
        What needs it, as the user calls it.
    install : str, optional
        What pip is to install, where it is not the library itself.

    Raises
    ------
    ImportError
        Saying what needs it, and that it is to be installed.
    """
    try:
        return importlib.import_module(library)
    except ImportError as error:
        name = library.partition(".")[0]
        if error.name != name:
            raise  # it is there, and something of its own is missing
        msg = f"`{wanted_by}` needs {name}: install it (pip install {install or name})"
        raise ImportError(msg, name=name) from None
