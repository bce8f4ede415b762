"""Force plots as files, and the names that notebooks call before they draw."""

import os
from pathlib import Path
from typing import Any

from ferroshap.plots.force.row import ForcePlot
from ferroshap.plots.force.stack import ForceArrayPlot

_HEAD = (
    '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width, initial-scale=1"><title>Force plot</title>'
    "<style>:root{color-scheme:light dark}body{font-family:system-ui,sans-serif;margin:2rem auto;max-width:1200px;"
    "padding:0 1rem}</style></head><body>\n"
)


def save_html(out_file: Any, plot: ForcePlot | ForceArrayPlot, full_html: bool = True) -> None:
    """Write a force plot to a file that any browser shows, without a network.

    Parameters
    ----------
    out_file : path or file
        Where to write. A file may be open for text or for bytes, and stays open.
    plot : ForcePlot or ForceArrayPlot
        What :func:`force` returned.
    full_html : bool
        Whether to write a whole page, or only the elements that make up the picture.

    Raises
    ------
    TypeError
        If `plot` is no force plot.

    Examples
    --------
    >>> import io, numpy as np
    >>> from ferroshap.plots import force
    >>> page = io.StringIO()
    >>> save_html(page, force(0.5, np.array([1.0, -2.0])))
    >>> page.getvalue().startswith("<!DOCTYPE html>")
    True
    """
    if not isinstance(plot, (ForcePlot, ForceArrayPlot)):
        msg = f"`plot` of `save_html` is a {type(plot).__name__}: pass what `force` returned"
        raise TypeError(msg)
    text = f"{_HEAD}{plot.html()}\n</body></html>\n" if full_html else plot.html()
    if isinstance(out_file, (str, os.PathLike)):
        Path(out_file).write_text(text, encoding="utf-8")
        return
    try:
        out_file.write(text)
    except TypeError:  # open for bytes
        out_file.write(text.encode("utf-8"))


def getjs() -> str:
    """Return an empty script element: plots bring what they need, nothing has to be loaded before them.

    Examples
    --------
    >>> getjs()
    '<script></script>'
    """
    return "<script></script>"


def initjs() -> None:
    """Do nothing: plots bring what they need. Notebooks written for another library call this first."""
