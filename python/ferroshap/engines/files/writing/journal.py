"""What is finished of a run, and what is left to do, whoever was killed when."""

import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from ferroshap.engines.files.destination import Destination
from ferroshap.engines.files.identity import difference, digest
from ferroshap.engines.files.units import UNIT_ROWS, n_units
from ferroshap.engines.files.work import Finished
from ferroshap.engines.files.writing.footer import Encoded
from ferroshap.engines.files.writing.lock import FolderLock
from ferroshap.engines.files.writing.manifest import Manifest
from ferroshap.engines.files.writing.published import rows_published
from ferroshap.engines.files.writing.states import States
from ferroshap.errors import DestinationExistsError, OptionError, ResumeError

#: What the folder beside a destination may hold: anything else is not ours to delete.
OURS = ("lock", "manifest", "values.parquet", "parts", "replaced", "reducers-")
#: What the fingerprint in a file of values speaks of: reducers leave it as it is.
OF_VALUES = ("version", "explainer", "columns", "options", "source")


class Journal:
    """Holds the folder beside a destination while a run lasts.

    A unit is finished when its line stands in the manifest, which comes after its values and what reducers have
    seen were flushed.

    Parameters
    ----------
    destination : Destination
        With a folder aside.
    header : dict
        What is explained, and how.
    n_rows : int or None
        Of the source, if that is known.
    reducers : dict
        Fresh ones, by name.
    resume : bool
        Whether to go on from what is there; False begins anew.
    overwrite : bool
        Whether a destination may be replaced that is not what this run would write.

    Raises
    ------
    DestinationBusyError
        When another run holds it.
    DestinationExistsError
        When there is something else that is not to be replaced.
    ResumeError
        When another explainer, source or set of options left something unfinished there.
    OptionError
        When the folder holds what is not ours.
    """

    def __init__(
        self,
        destination: Destination,
        header: dict[str, Any],
        n_rows: int | None,
        reducers: dict[str, Any],
        *,
        resume: bool,
        overwrite: bool = True,
    ) -> None:
        """Take the lock, and look what is there."""
        if destination.aside is None:
            msg = "a journal needs a folder"
            raise OptionError(msg)
        self._destination, self._header, self._n_rows = destination, header, n_rows
        self.aside: Path = destination.aside
        _check_folder(self.aside)
        self._lock = FolderLock(self.aside, destination.words)
        try:
            self.output = destination.output(None if n_rows is None else n_units(n_rows))
            self._manifest = Manifest(self.aside / "manifest")
            self._states = States(self.aside)
            #: What all finished units were reduced to, by name.
            self.reduced = {name: reducer.fresh() for name, reducer in reducers.items()}
            #: Units that need not be explained.
            self.done: set[int] = set()
            #: Rows of the destination, if it is whole already.
            self.rows_published: int | None = None
            self._reduced_units: set[int] = set()
            self._unit, self._unit_rows = 0, 0
            if not resume or not self._take_up():
                if not overwrite:
                    self._check_nothing_is_there()
                self._begin_anew()
        except BaseException:
            self.close()
            raise

    @property
    def _is_recognisable(self) -> bool:
        """Whether explainer and source can be told from others."""
        return None not in (self._header["explainer"], *(piece[2] for piece in self._header["source"]))

    def _take_up(self) -> bool:
        """Go on from what is there; False where there is nothing, or nothing that could be recognised."""
        old, lines, output = self._manifest.header, self._manifest.lines, self.output
        published = None
        if output is not None and self._is_recognisable:
            published = rows_published(self._destination, digest(self._header, *OF_VALUES), self._n_rows)
        if old is None or not lines:
            self.rows_published = None if self.reduced else published
            return self.rows_published is not None
        if published is None:
            done_rows = max(unit * UNIT_ROWS + line["rows"] for unit, line in lines.items())
            what = difference(old, self._header, done_rows)
            if what is not None:
                msg = (
                    f"{self._destination.words} was begun by another run: {what}. Pass resume=False to begin anew, or "
                    "name another destination"
                )
                raise ResumeError(msg)
        whole = [line for line in lines.values() if self._fits(line)]
        if not self._is_recognisable or (self.reduced and not self._take_states(list(lines.values()), whole)):
            self.rows_published = None
            return False
        self.rows_published = published
        self._reduced_units = {line["unit"] for line in whole}
        if published is not None:
            return True
        self.done = self._reduced_units if output is None else output.good(whole)
        if any(old[name] != value for name, value in self._header.items()) or len(whole) < len(lines):
            self._manifest.begin(self._header, whole)
        return True

    def _take_states(self, lines: list[dict[str, Any]], whole: list[dict[str, Any]]) -> bool:
        """Read what reducers had seen; False where that is not what all whole units add up to."""
        found = self._states.load(lines[-1].get("reducers"), self.reduced)
        if found is None or len(whole) < len(lines):
            return False
        self.reduced = found
        return True

    def _fits(self, line: dict[str, Any]) -> bool:
        """Whether a unit has the rows that it should have by now: files may have been added behind the last."""
        if self._n_rows is None:
            return True
        return bool(line["rows"] == min(UNIT_ROWS, self._n_rows - line["unit"] * UNIT_ROWS))

    def _check_nothing_is_there(self) -> None:
        path = self._destination.path
        if path is None or not path.exists() or (path.is_dir() and not any(path.iterdir())):
            return
        if self._manifest.header is None:
            self.remove()
        msg = (
            f"`destination` {str(path)!r} is there already, and is not what this call would write: pass overwrite=True "
            "to replace it, or name another destination"
        )
        raise DestinationExistsError(msg)

    def _begin_anew(self) -> None:
        """Delete what another run has left."""
        _clear(self.aside)
        self._manifest.begin(self._header)

    def take(self, finished: Finished) -> None:
        """Take the values of a block; the unit that it ends is on the disk on return."""
        self._unit = finished.first_row // UNIT_ROWS
        if finished.encoded is not None and self.output is not None:
            self.output.append(self._unit, finished.encoded)
        if self._unit not in self._reduced_units:
            for name, part in finished.reducers.items():
                self.reduced[name].merge(part)
        self._unit_rows += finished.n_rows
        if (finished.first_row + finished.n_rows) % UNIT_ROWS == 0:
            self.end_unit()

    def end_unit(self) -> None:
        """Finish a unit, if there is one: all its values are here."""
        if not self._unit_rows:
            return
        entry: dict[str, Any] = {"unit": self._unit, "rows": self._unit_rows}
        if self.output is not None:
            entry |= self.output.end_unit()
        if self.reduced:
            entry["reducers"] = self._states.save(self._unit, self.reduced)
        self._manifest.add(entry)
        self._states.forget_older()
        self._unit_rows = 0

    @property
    def rows(self) -> int:
        """Rows of all finished units."""
        return self.rows_of(self._manifest.lines)

    def rows_of(self, units: Iterable[int]) -> int:
        """Rows of some finished units."""
        return sum(self._manifest.lines[unit]["rows"] for unit in units)

    @property
    def parts(self) -> int:
        """Finished units."""
        return len(self._manifest.lines)

    def publish(self, empty: Callable[[], Encoded]) -> None:
        """Give the values the name that they were to have."""
        if self.output is not None and self.rows_published is None:
            lines = self._manifest.lines
            self.output.publish([lines[unit] for unit in sorted(lines)], empty)

    def remove(self) -> None:
        """Take the folder away: nothing is unfinished."""
        self._manifest.close()
        _clear(self.aside)
        (self.aside / "lock").unlink()
        self._lock.release()
        try:
            self.aside.rmdir()
        except OSError:
            return  # somebody else has just come to lock it

    def close(self) -> None:
        """Leave what is there to the next run."""
        if hasattr(self, "_manifest"):
            self._manifest.close()
        if getattr(self, "output", None) is not None and self.output is not None:
            self.output.close()
        self._lock.release()


def _check_folder(folder: Path) -> None:
    """Refuse a folder with anything in it that is not ours."""
    if not folder.exists():
        return
    names = [entry.name for entry in folder.iterdir()] if folder.is_dir() else [folder.name]
    others = [name for name in names if not name.startswith(OURS)]
    if others:
        msg = f"{str(folder)!r} is where unfinished values go, but it holds {others[0]!r}: move that elsewhere"
        raise OptionError(msg)


def _clear(folder: Path) -> None:
    """Delete everything but the lock, the manifest first: without it nothing else counts."""
    (folder / "manifest").unlink(missing_ok=True)
    for entry in folder.iterdir():
        if entry.is_dir():
            shutil.rmtree(entry)
        elif entry.name != "lock":
            entry.unlink()
