"""`report`: an Explanation as one page."""

import os
from pathlib import Path
from typing import Any

from ferroshap.export.report.chosen import Population, choose
from ferroshap.export.report.page import page


def report(
    explanation: Any,
    path: Any = None,
    *,
    title: str | None = None,
    max_rows: int = 5000,
    population: Population | None = None,
) -> str | Path | None:
    """Write everything that an Explanation holds as one HTML file, to look around in.

    Global importance beside a swarm of all rows, the effect of a chosen feature coloured by the one it seems to
    interact with, the waterfall of a chosen row, and a table of all rows to search and sort. Rows can be split into
    groups and picked with a brush; whiskers are 95 % intervals where values have standard errors. The file needs no
    network and no library, can be printed, follows dark themes and can be used from the keyboard.

    Parameters
    ----------
    explanation : Explanation
        ``(rows, features[, outputs])``, or one row.
    path : path or file, optional
        Where to write. A file may be open for text or for bytes, and stays open.
    title : str, optional
        The heading of the page.
    max_rows : int
        At most so many rows can be looked at singly, drawn from all with a fixed seed; a caption says so. Bars
        are means over all rows. Beside it, features beyond the 200 strongest are summed into one, and fewer rows
        are drawn where rows x features x outputs would make the file larger than about 20 MB.
    population : Population, optional
        What is known of all the rows that those of `explanation` were drawn from: their number and the mean magnitudes
        of their values, which the bars then are.

    Returns
    -------
    str, pathlib.Path or None
        The page; where it was written to, if a path was given; None for a stream: a notebook that ends a cell with
        this prints a line, not a megabyte.

    Raises
    ------
    TypeError
        If `explanation` is no Explanation.
    DimensionError
        For interactions, images, single columns, no rows, or a population that does not fit.
    OptionError
        If `max_rows` is not at least 1.

    Notes
    -----
    O(rows x features x outputs) time and size, about 8 bytes a number. Looking for interactions is bounded.

    Examples
    --------
    >>> from ferroshap.explanation import Explanation
    >>> sv = Explanation([[1.0, -3.0], [0.5, 2.0]], 10.0, [[30, 22.5], [41, 30.1]], feature_names=["age", "bmi"])
    >>> text = report(sv, title="Readmissions")
    >>> "<h1>Readmissions</h1>" in text, len(text) < 100_000
    (True, True)
    """
    text = page(*choose(explanation, max_rows, population), title)
    if path is None:
        return text
    if isinstance(path, (str, os.PathLike)):
        written = Path(path)
        written.write_text(text, encoding="utf-8")
        return written
    try:
        path.write(text)
    except TypeError:  # open for bytes
        path.write(text.encode("utf-8"))
    return None


def to_html(explanation: Any, path: Any = None, *, title: str | None = None, max_rows: int = 5000) -> str | Path | None:
    """Do what :func:`report` does: `Explanation.to_html` looks here."""
    return report(explanation, path, title=title, max_rows=max_rows)
