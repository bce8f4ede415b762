"""Images: what each pixel did, in red and blue over the picture, one map for each output."""

from typing import TYPE_CHECKING, Any

import numpy as np

from ferroshap.errors import OptionError
from ferroshap.explanation.panels import Panels, written
from ferroshap.explanation.picture import GREY_SHARE, grey_of, symmetric_scale
from ferroshap.plots import colors
from ferroshap.plots.canvas.stage import TICK_SIZE, open_library
from ferroshap.plots.images.boxes import boxes_of, draw_box
from ferroshap.plots.images.inputs import panels_from
from ferroshap.plots.images.layout import Layout, colour_bar, fitted, is_one_scale, laid_out
from ferroshap.plots.style import ink

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SURE = 2.0  # standard errors


def image(
    shap_values: Any,
    pixel_values: Any = None,
    labels: Any = None,
    true_labels: Any = None,
    width: float | None = 20,
    aspect: float | None = 0.2,
    hspace: float | str | None = 0.2,
    labelpad: float | None = None,
    cmap: Any = None,
    vmax: float | None = None,
    show: bool | None = None,
    *,
    boxes: Any = None,
    std_errors: bool = False,
) -> Any:
    """Draw a line for each image: the image, then one map an output, red where pixels push up, blue where down.

    Channels are summed. Zero is transparent, so that the image shows faintly
    through; the scale is symmetric and ends at the 99.9th percentile of the
    magnitudes over the outputs of one image. Beneath each map stands the
    model's output, if base values are known.

    Parameters
    ----------
    shap_values : Explanation, array or list of arrays
        Of images, ``(rows, height, width[, channels][, outputs])`` or one image
        without rows. A list holds one array an output.
    pixel_values : array, optional
        The images to show, ``(rows, height, width[, channels])``; without them
        those that were explained. More than three channels are shown by the means
        of three groups of similar ones.
    labels : sequence of str, optional
        Titles of the maps: one an output, or one list a row; without them the names of the outputs.
    true_labels : sequence of str, optional
        Titles of the images, one a row.
    width : float
        Inches that the figure has at most; a picture takes three.
    aspect : float
        Inches that the colour bar is high.
    hspace : float or "auto"
        Space between lines, in heights of a picture; texts always have room. "auto": only for texts.
    labelpad : float, optional
        Points between titles and pictures.
    cmap : str or Colormap, optional
        Colours of the maps; without it `colors.red_transparent_blue`.
    vmax : float, optional
        The magnitude that gets the full colour, the same for all images.
    show : bool, optional
        Show the figure at the end; None: yes.
    boxes : array_like or models.Targets, optional
        Corners ``(left, top, right, bottom)`` in pixels: one box an output ``(outputs, 4)``, or ``(rows, outputs, 4)``,
        or one for all ``(4,)``. Drawn on its map, and on the image with its label. NaN: none.
    std_errors : bool
        Beside each map draw it again where it is larger than two standard errors.

    Returns
    -------
    array of Axes or None
        ``(rows, panels)``, the image first; None after showing. The colour bar is the last axes of the figure.

    Raises
    ------
    TypeError
        If `shap_values` is neither an Explanation nor made of arrays.
    DimensionError
        If these are not values of images, or other arguments do not fit them.
    OptionError
        If `std_errors` are asked for that are not known, or a number is not positive.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> from ferroshap import Explanation
    >>> digits = np.arange(128.0).reshape(2, 8, 8) / 128
    >>> sv = Explanation(digits[..., None] - 0.5, data=digits, axes=("row", "feature", "feature", "output"))
    >>> axes = image(sv, labels=["seven"], show=False)
    >>> axes.shape, axes[0, 1].get_title()
    ((2, 2), 'seven')
    """
    _check_numbers(width=width, aspect=aspect, vmax=vmax)
    width, aspect, hspace = (
        20 if width is None else width,
        0.2 if aspect is None else aspect,
        0.2 if hspace is None else hspace,
    )
    panels = panels_from(shap_values, pixel_values)
    titles = _titles(labels, panels)
    boxes_in = boxes_of(boxes, len(panels), panels[0].n_outputs)
    if std_errors:
        _refuse_unknown_errors(panels)
    open_library()
    maps_of_output = 2 if std_errors else 1
    n_columns = 1 + maps_of_output * panels[0].n_outputs
    scales = [symmetric_scale(panel.maps) if vmax is None else float(vmax) for panel in panels]
    has_facts = std_errors or not is_one_scale(scales) or any(panel.predictions is not None for panel in panels)
    layout = Layout(len(panels), n_columns, panels[0].maps.shape[:2], float(width), float(aspect), hspace, has_facts)
    figure, axes, bar = laid_out(layout)
    colours = colors.red_transparent_blue if cmap is None else cmap
    for row, panel in enumerate(panels):
        own_scale = None if is_one_scale(scales) else f"s = {written(scales[row], 3)}"
        _draw_image(axes[row, 0], panel, _true_label(true_labels, row), own_scale, labelpad)
        for k in range(panel.n_outputs):
            at = axes[row, 1 + k * maps_of_output]
            mappable = draw_map(at, panel, panel.maps[..., k], scales[row], colours)
            _write(at, titles[row][k], _fact(panel, k), labelpad)
            if std_errors:
                _draw_sure(axes[row, 2 + 2 * k], panel, k, scales[row], colours, labelpad)
            _draw_boxes(axes[row], 1 + k * maps_of_output, boxes_in, (row, k), titles[row][k])
    colour_bar(figure, mappable, bar, scales)
    return _leave(axes, show=show)


def draw_map(ax: "Axes", panel: Panels, values: np.ndarray, scale: float, colours: Any) -> Any:
    """Lay one map over the faint grey image, pixel corners at whole numbers."""
    height, width = values.shape
    extent = (0.0, float(width), float(height), 0.0)
    if panel.pixels is not None:
        ax.imshow(grey_of(panel.pixels), cmap="gray", vmin=0.0, vmax=1.0, alpha=GREY_SHARE, extent=extent)
    shown = np.ma.masked_invalid(values)
    return ax.imshow(shown, cmap=colours, vmin=-scale, vmax=scale, extent=extent, interpolation="antialiased")


def _draw_image(ax: "Axes", panel: Panels, title: str | None, own_scale: str | None, labelpad: float | None) -> None:
    height, width = panel.maps.shape[:2]
    if panel.pixels is not None:
        ax.imshow(panel.pixels, extent=(0.0, float(width), float(height), 0.0), interpolation="antialiased")
    else:
        ax.patch.set_visible(False)
        ax.spines[:].set_visible(False)
    _write(ax, title or panel.instance, own_scale, labelpad)


def _draw_sure(ax: "Axes", panel: Panels, k: int, scale: float, colours: Any, labelpad: float | None) -> None:
    """The part of a map that stands out from its noise."""
    values, errors = panel.maps[..., k], np.asarray(panel.errors)[..., k]
    is_sure = np.abs(values) > _SURE * errors  # False where an error is unknown
    draw_map(ax, panel, np.where(is_sure, values, 0.0), scale, colours)
    _write(ax, "|value| > 2 SE", f"{np.mean(is_sure):.0%} of pixels", labelpad)


def _draw_boxes(axes: Any, column: int, boxes: np.ndarray | None, at: tuple[int, int], title: str | None) -> None:
    if boxes is None or not np.isfinite(boxes[at]).all():
        return
    draw_box(axes[column], boxes[at], None)
    draw_box(axes[0], boxes[at], title)


def _write(ax: "Axes", title: str | None, fact: str | None, labelpad: float | None) -> None:
    from ferroshap.plots.canvas.artists import is_math

    inches = float(ax.get_position().width * ax.figure.get_figwidth())  # type: ignore[union-attr] # our own figure
    if title:
        shown, size = fitted(title, inches)
        text = ax.set_title(shown, fontsize=size, color=ink(), pad=5.0 if labelpad is None else labelpad)
        text.set_parse_math(is_math(title))
    if fact:
        shown, size = fitted(fact, inches, TICK_SIZE)
        if shown != fact:  # half a number misleads: without its name, or not at all
            shown, size = fitted(fact.removeprefix("f(x) = "), inches, TICK_SIZE)
        if not shown.endswith("…"):
            ax.set_xlabel(shown, fontsize=size, color=colors.GREY, labelpad=4.0)


def _fact(panel: Panels, k: int) -> str | None:
    return None if panel.predictions is None else f"f(x) = {written(panel.predictions[k], 3)}"


def _titles(labels: Any, panels: list[Panels]) -> list[list[str | None]]:
    """One title for each map: one a row and output, from the labels or from the names of the outputs.

    Raises
    ------
    OptionError
        If there are not as many labels as maps.
    """
    if labels is None:
        return [list(panel.names) for panel in panels]
    n_rows, n_outputs = len(panels), panels[0].n_outputs
    table = np.asarray([labels] if isinstance(labels, str) else labels, dtype=object)
    if table.shape == (n_outputs,):
        table = np.tile(table, (n_rows, 1))
    elif table.shape == (n_rows,) and n_outputs == 1:
        table = table[:, None]
    if table.shape != (n_rows, n_outputs):
        msg = f"`labels` has shape {table.shape}, but there are {n_outputs} outputs of {n_rows} images: one label each"
        raise OptionError(msg)
    return [[str(label) for label in line] for line in table]


def _true_label(true_labels: Any, row: int) -> str | None:
    if true_labels is None or isinstance(true_labels, str):
        return true_labels
    if len(true_labels) <= row:
        msg = f"`true_labels` has {len(true_labels)} entries, but there are more images: give one for each"
        raise OptionError(msg)
    return str(true_labels[row])


def _refuse_unknown_errors(panels: list[Panels]) -> None:
    if any(panel.errors is None or np.isnan(panel.errors).all() for panel in panels):
        msg = (
            "`std_errors=True` needs standard errors of the summed channels (`sv.sum_channels().error_std`), "
            "but none are known: GradientExplainer computes them, deterministic methods have none"
        )
        raise OptionError(msg)


def _check_numbers(**numbers: Any) -> None:
    for name, number in numbers.items():
        is_number = isinstance(number, int | float | np.number)
        if number is not None and not (is_number and number > 0):
            msg = f"`{name}` is {number!r}: give a number above zero"
            raise OptionError(msg)


def _leave(axes: Any, *, show: bool | None) -> Any:
    import matplotlib.pyplot as plt

    plt.sca(axes[0, 0])
    if show is False:
        return axes
    plt.show()
    return None
