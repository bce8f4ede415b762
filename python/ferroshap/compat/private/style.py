"""`shap.plots._style`: the eight colours of the plots."""

from ferroshap.plots.style import StyleConfig, get_style, set_style, style_context

__all__ = ["StyleConfig", "get_style", "load_default_style", "set_style", "style_context"]


def load_default_style() -> StyleConfig:
    """Return the colours that nobody has changed.

    Examples
    --------
    >>> load_default_style().text_color
    'white'
    """
    return StyleConfig()
