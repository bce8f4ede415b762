"""Tables in files and streams, read batch by batch under one numbering of their rows."""

from ferroshap.engines.files.sources.source import Source, as_source

__all__ = ["Source", "as_source"]
