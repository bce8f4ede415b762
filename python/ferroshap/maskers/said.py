"""What a masker says of itself, and a subclass of the user's may say by setting an attribute."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    said = property
else:

    class said:  # noqa: N801 - used as property is
        """A property that an attribute of the object takes precedence of."""

        def __init__(self, function: Callable[[Any], Any]) -> None:
            """Keep the function, and what it says of itself."""
            self.function = function
            self.__doc__ = function.__doc__

        def __get__(self, masker: Any, owner: type | None = None) -> Any:
            """Ask the function."""
            return self if masker is None else self.function(masker)
