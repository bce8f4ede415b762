"""Tables in files, read block by block: Parquet, CSV, Arrow; one, several, folders, patterns, the standard input."""

from ferroshap.cli.explain.sources.opening import opened
from ferroshap.cli.explain.sources.source import UNIT, Source, blocks, listening

__all__ = ["UNIT", "Source", "blocks", "listening", "opened"]
