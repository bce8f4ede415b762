"""Arrays of a detector that returns as many detections for every image, left in their own library."""

from collections.abc import Callable, Mapping
from typing import Any

from ferroshap.errors import InvalidModelError
from ferroshap.models.model import described


def part_of(output: Any, name: str, detect: Callable[[Any], Any]) -> Any:
    """Take one of the arrays that a detector returned in a dict."""
    if not isinstance(output, Mapping) or name not in output:
        came = f"a dict of {sorted(map(str, output))}" if isinstance(output, Mapping) else f"a {type(output).__name__}"
        hint = ": logits are needed, for probabilities near 1 have no gradient left" if name.endswith("logits") else ""
        msg = f"{described(detect)} returned {came}, without {name!r}{hint}."
        raise InvalidModelError(msg)
    return output[name]
