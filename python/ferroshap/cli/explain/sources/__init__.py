"""Tables in files, read block by block: Parquet, CSV, Arrow; one, several, folders, patterns, the standard input."""

from ferroshap.cli.explain.sources.opening import opened
from ferroshap.cli.explain.sources.source import Source, blocks

__all__ = ["Source", "blocks", "opened"]
