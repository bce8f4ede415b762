"""The eight colours that users may change, and the colour of texts on whatever background the figure has."""

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypedDict, Unpack

from ferroshap.errors import InvalidStyleOptionError, nearest
from ferroshap.plots import colors


@dataclasses.dataclass(frozen=True, kw_only=True)
class StyleConfig:
    """Colours of the pictures; anything that matplotlib takes as a colour."""

    primary_color_positive: Any = colors.RED
    primary_color_negative: Any = colors.BLUE
    secondary_color_positive: Any = colors.LIGHT_RED
    secondary_color_negative: Any = colors.LIGHT_BLUE
    hlines_color: Any = colors.ROW
    vlines_color: Any = colors.CONNECTOR
    text_color: Any = "white"
    tick_labels_color: Any = colors.VALUE

    def asdict(self) -> dict[str, Any]:
        """Return the colours by name."""
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}


class StyleOptions(TypedDict, total=False):
    """The colours by name, any of them: what type checkers know of the keywords of `set_style`."""

    primary_color_positive: Any
    primary_color_negative: Any
    secondary_color_positive: Any
    secondary_color_negative: Any
    hlines_color: Any
    vlines_color: Any
    text_color: Any
    tick_labels_color: Any


_NAMES = tuple(field.name for field in dataclasses.fields(StyleConfig))
_IN_FORCE = [StyleConfig()]


def load_default_style() -> StyleConfig:
    """Return the colours that are in force until someone changes them."""
    return StyleConfig()


def get_style() -> StyleConfig:
    """Return the colours in force.

    Examples
    --------
    >>> get_style().primary_color_positive
    '#FF0051'
    """
    return _IN_FORCE[0]


def set_style(_style: StyleConfig | None = None, /, **options: Unpack[StyleOptions]) -> None:
    """Change colours of all pictures drawn from now on.

    Parameters
    ----------
    _style : StyleConfig, optional
        Replaces all colours; keywords beside it go first.
    **options
        `primary_color_positive` and `primary_color_negative` (bars and arrows), `secondary_color_positive` and
        `secondary_color_negative` (whiskers), `hlines_color` (dotted lines of the rows), `vlines_color` (connectors of
        a waterfall), `text_color` (numbers inside bars), `tick_labels_color` (values before the names of features).

    Raises
    ------
    InvalidStyleOptionError
        For a name that is none of these, or what is no colour.

    Examples
    --------
    >>> set_style(primary_color_positive="#00AA00")
    >>> get_style().primary_color_positive
    '#00AA00'
    >>> set_style(StyleConfig())
    """
    changes: dict[str, Any] = {**({} if _style is None else _style.asdict()), **options}
    for name, color in changes.items():
        _check(name, color)
    _IN_FORCE[0] = dataclasses.replace(_IN_FORCE[0], **changes)


@contextmanager
def style_context(**options: Unpack[StyleOptions]) -> Iterator[StyleConfig]:
    """Change colours inside a ``with`` block; afterwards they are as before, after an exception too.

    Parameters
    ----------
    **options
        As for `set_style`.

    Raises
    ------
    InvalidStyleOptionError
        For an unknown name, or what is no colour.

    Examples
    --------
    >>> with style_context(text_color="black") as style:
    ...     style.text_color
    'black'
    >>> get_style().text_color
    'white'
    """
    before = get_style()
    set_style(**options)
    try:
        yield get_style()
    finally:
        _IN_FORCE[0] = before


def _check(name: str, color: Any) -> None:
    if name not in _NAMES:
        msg = f"Invalid style config option: {name}{nearest(name, _NAMES)} Known: {', '.join(_NAMES)}"
        raise InvalidStyleOptionError(msg)
    from ferroshap.plots.canvas.stage import open_library

    open_library()
    from matplotlib.colors import is_color_like

    if not is_color_like(color):
        msg = f"`{name}` is {color!r}, which is no colour: give a name, '#RRGGBB', or three or four numbers from 0 to 1"
        raise InvalidStyleOptionError(msg)


def pushing(amount: float) -> Any:
    """Colour of a bar or an arrow: up, or down."""
    style = get_style()
    return style.primary_color_positive if amount >= 0 else style.primary_color_negative


def pushing_softly(amount: float) -> Any:
    """Colour of a whisker over a bar that points up or down."""
    style = get_style()
    return style.secondary_color_positive if amount >= 0 else style.secondary_color_negative


def ink(color: str = colors.NAME) -> Any:
    """Colour of texts: our dark grey on white, else the text colour of the matplotlib style in force.

    A colour other than our own was chosen by the caller and stays.
    """
    import matplotlib as mpl
    from matplotlib.colors import to_hex

    text = mpl.rcParams["text.color"]
    return color if color != colors.NAME or to_hex(text) == "#000000" else text


def line_ink() -> Any:
    """Colour of the lines that are black on white."""
    chosen = ink()
    return "black" if chosen == colors.NAME else chosen


def paper(ax: Any) -> Any:
    """Colour behind an axes: its own, or the figure's where that can be seen through."""
    own = ax.get_facecolor()
    return own if own[3] > 0 else ax.figure.get_facecolor()
