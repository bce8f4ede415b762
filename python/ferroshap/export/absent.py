"""The word that stands where a shorter row has no word."""

from typing import Self


class Absent(str):
    """An empty word, told from every other by its class: texts of different lengths end in it."""

    __slots__ = ()

    def __new__(cls) -> Self:
        """Make the empty word."""
        return super().__new__(cls, "")

    def __repr__(self) -> str:
        """Say what it is."""
        return "ABSENT"

    def __reduce__(self) -> tuple[type["Absent"], tuple[()]]:
        """Pickle the class alone."""
        return Absent, ()


ABSENT = Absent()
