"""Datasets that the user opened with pyarrow: partitions, filters, other file systems."""

from collections.abc import Iterator
from typing import Any

from ferroshap.engines.files.sources.piece import Piece, Wanted, numbered
from ferroshap.export.libraries import met


class FragmentPiece(Piece):
    """A fragment of a dataset, or a dataset as a whole where a filter stands before its fragments.

    Parameters
    ----------
    dataset : pyarrow.dataset.Dataset
        Its schema is that of every fragment: columns of partitions are among them.
    fragment : pyarrow.dataset.Fragment, optional
        None: the whole dataset.
    """

    def __init__(self, dataset: Any, fragment: Any = None) -> None:
        """Count the rows, of which files speak in their footers."""
        self._dataset, self._fragment = dataset, fragment
        self.schema = dataset.schema
        self.n_rows = (dataset if fragment is None else fragment).count_rows()
        path = getattr(fragment, "path", None)
        self.name = "the dataset" if path is None else repr(path)
        self.identity = self.current_identity()

    def current_identity(self) -> dict[str, Any] | None:
        """Of the files of a fragment or dataset; None where they have none."""
        holder = self._dataset if self._fragment is None else self._fragment
        paths = getattr(holder, "files", None) or ([holder.path] if getattr(holder, "path", None) else [])
        filesystem = getattr(holder, "filesystem", None)
        if not paths or filesystem is None:
            return None
        found = [(info.path, info.size, info.mtime_ns) for info in filesystem.get_file_info(list(paths))]
        return {"files": [list(file) for file in found], "rows": self.n_rows, "partition": self._partition()}

    def batches(self, columns: list[str], first: int, is_wanted: Wanted, n_rows: int) -> Iterator[tuple[int, Any]]:
        """Scan it with little read ahead; nothing inside can be passed over unread."""
        count = self.n_rows or 0
        if not is_wanted(first, first + count):
            return
        options = {"columns": columns, "batch_size": n_rows, "batch_readahead": 1, "fragment_readahead": 1}
        options |= self._format_options()
        scanned = (
            self._dataset.to_batches(use_threads=False, **options)
            if self._fragment is None
            else self._fragment.to_batches(schema=self.schema, use_threads=False, **options)
        )
        yield from numbered(scanned, self.name, first, is_wanted, n_rows)

    def _format_options(self) -> dict[str, Any]:
        """For Parquet: no row group is held whole."""
        dataset = met("pyarrow.dataset", "explain_parquet")
        if not isinstance(getattr(self._fragment or self._dataset, "format", None), dataset.ParquetFileFormat):
            return {}
        options = dataset.ParquetFragmentScanOptions(pre_buffer=False, use_buffered_stream=True, buffer_size=1 << 16)
        return {"fragment_scan_options": options}

    def _partition(self) -> str:
        return str(getattr(self._fragment or self._dataset, "partition_expression", ""))


def pieces_of(dataset: Any) -> list[Piece]:
    """Return the fragments of a dataset, in its own order."""
    try:
        fragments = list(dataset.get_fragments())
    except ValueError:
        return [FragmentPiece(dataset)]  # a filter stands before them
    return [FragmentPiece(dataset, fragment) for fragment in fragments]
