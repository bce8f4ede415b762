"""The report: one HTML file with everything that an Explanation holds, to look around in."""

from ferroshap.export.report.chosen import Population
from ferroshap.export.report.front import report, to_html

__all__ = ["Population", "report", "to_html"]
