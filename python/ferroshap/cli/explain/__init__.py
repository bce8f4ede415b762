"""`ferroshap explain`: a model file and a table in files, to values in files, a summary and a report."""

from ferroshap.cli.explain.running import run

__all__ = ["run"]
