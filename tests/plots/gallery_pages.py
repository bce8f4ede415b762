"""Force plots and reports of the gallery's tables, as pages to open in a browser; `gallery.py` calls this."""

import html

from tests.plots.gallery import TABLES, wine

from ferroshap import plots
from ferroshap.export.report import report

STYLE = "<meta charset=utf-8><style>:root{color-scheme:light dark}body{font-family:system-ui;max-width:1200px}</style>"


def pages(folder):
    """Write `force.html`, with a row and all rows of each table, and a report of each table."""
    parts = [STYLE]
    for name, table in TABLES.items():
        explanation = table()
        row = explanation if explanation.values.ndim == 1 else explanation[0]
        parts.append(f"<h3>{html.escape(name)}</h3>{plots.force(row).html()}")
        if explanation.values.ndim > 1:
            parts.append(plots.force(explanation).html())
        report(explanation, folder / f"report_{name.replace(' ', '_')}.html", title=name)
    (folder / "force.html").write_text("".join(parts), encoding="utf-8")
    report(wine(), folder / "report_three_outputs.html", title="three outputs")
