"""What is drawn of each image: its pixels, one map an output, and the numbers that belong to them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ferroshap.explanation.maps import refuse_what_is_no_image
from ferroshap.explanation.picture import Bytes, shown_pixels

if TYPE_CHECKING:
    from ferroshap.explanation.explanation import Explanation

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Panels:
    """One image with its maps; numbers are None where nobody knows them."""

    pixels: Bytes | None  # (height, width, 3)
    maps: Floats  # (height, width, outputs), channels summed
    errors: Floats | None  # as the maps
    names: list[str | None]  # one an output
    instance: str | None
    base_values: Floats | None  # (outputs,)
    predictions: Floats | None
    gaps: Floats | None
    relative_errors: Floats | None

    @property
    def n_outputs(self) -> int:
        """Count the maps."""
        return int(self.maps.shape[-1])


def panels_of(explanation: "Explanation") -> Iterator[Panels]:
    """Look at the images one by one.

    Raises
    ------
    DimensionError
        If these are not values of images.
    """
    refuse_what_is_no_image(explanation, "panels_of")
    if "row" not in explanation.axes:
        yield _panels(explanation)
        return
    for row in explanation:
        yield _panels(row)


def _panels(row: "Explanation") -> Panels:
    summed = row.sum_channels()
    maps, has_outputs = np.asarray(summed.values, dtype=np.float64), "output" in summed.axes
    errors = None if summed.error_std is None else np.asarray(summed.error_std, dtype=np.float64)
    if not has_outputs:
        maps, errors = maps[..., None], None if errors is None else errors[..., None]
    shown = row.display_data if row.display_data is not None else row.data
    pixels = None if shown is None or shown.dtype.kind not in "biuf" else shown_pixels(shown)
    if pixels is not None and pixels.shape[:2] != maps.shape[:2]:
        pixels = None
    n_outputs = maps.shape[-1]
    base = _an_output(row.base_values, n_outputs)
    knows = base is not None and adds_up(row)
    return Panels(
        pixels,
        maps,
        errors,
        _names(row.output_names, n_outputs),
        row.instance_names if isinstance(row.instance_names, str) else None,
        base,
        base + maps.sum(axis=(0, 1)) if knows else None,
        _an_output(row.gap, n_outputs) if knows else None,
        _an_output(row.relative_error, n_outputs),
    )


def _an_output(value: Any, n_outputs: int) -> Floats | None:
    return None if value is None else np.broadcast_to(np.asarray(value, dtype=np.float64), (n_outputs,))


def _names(names: Any, n_outputs: int) -> list[str | None]:
    if isinstance(names, str):
        return [names]
    if names is not None and np.shape(names) == (n_outputs,):
        return [str(name) for name in names]
    return [None] if n_outputs == 1 else [f"Output {k}" for k in range(n_outputs)]


def captions(panels: Panels, k: int) -> list[str]:
    """Name of an output, and what is known of it: a line each, without those that nobody knows."""
    lines = [panels.names[k] or ""]
    if panels.predictions is not None:
        lines.append(f"f(x) {written(panels.predictions[k])}")
    if panels.base_values is not None:
        lines.append(f"base value {written(panels.base_values[k])}")
    if panels.gaps is not None:
        lines.append(f"gap {written(panels.gaps[k])}")
    if panels.relative_errors is not None and np.isfinite(panels.relative_errors[k]):
        lines.append(f"relative error {_percent(panels.relative_errors[k])} %")
    return lines


def written(number: Any, digits: int = 4) -> str:
    """Some significant digits, with a real minus sign."""
    return format(float(number), f".{digits}g").replace("-", "\N{MINUS SIGN}")


def _percent(part: Any) -> str:
    """Two digits below a hundred, whole numbers above."""
    return f"{100.0 * part:.0f}" if part >= 0.095 else f"{100.0 * part:.2g}"


def adds_up(explanation: Any) -> bool:
    """Tell whether base value and values still add up to the model's output: no part of the picture was taken."""
    axes, shape = explanation.axes, explanation.shape
    sizes: Any = tuple(size for size, role in zip(shape, axes, strict=True) if role == "feature")
    for item in reversed(explanation.op_history):
        before = [item.prev_shape[first:] for first in (0, 1)]  # with and without an axis of rows
        if item.name == "__getitem__":
            sizes = next((known[: len(sizes)] for known in before if known[: len(sizes)] == sizes), None)
        elif item.name == "sum_channels":
            sizes = next((known[:3] for known in before if known[:2] == sizes), None)
        elif item.name == "pooled":
            side = item.args[0]
            sizes = next((known[:2] for known in before if tuple(-(-n // side) for n in known[:2]) == sizes), None)
        else:
            return False
        if sizes is None:
            return False
    return True
