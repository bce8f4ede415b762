"""Calls whose unknown options are refused by name, and whose defaults the constructor may set."""

import functools
import inspect
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, TypeVar

from ferroshap.errors import OptionError, check_options
from ferroshap.seeds import Seed, as_seed

P = ParamSpec("P")
R = TypeVar("R")

KEYWORDS = {inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY}


class Untouched(int):
    """A default that can be told from the same number given by the user; it prints as that number.

    Examples
    --------
    >>> untouched = Untouched(500)
    >>> untouched, untouched == 500
    (500, True)
    """


def options_of(function: Callable[..., object]) -> list[str]:
    """Names of the keywords that a function takes, without ``self``.

    Examples
    --------
    >>> options_of(lambda self, X, *, silent=False: X)
    ['X', 'silent']
    """
    parameters = list(inspect.signature(function).parameters.values())[1:]
    return [parameter.name for parameter in parameters if parameter.kind in KEYWORDS]


def checked_call(method: Callable[Concatenate[Any, P], R]) -> Callable[Concatenate[Any, P], R]:
    """Refuse options that a method of an explainer does not know, and fill in what the constructor was given.

    The explainer's ``_call_defaults`` hold the latter; what the call itself names comes first.
    """
    known = options_of(method)
    positional = [
        name
        for name, parameter in inspect.signature(method).parameters.items()
        if parameter.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD
    ][1:]

    @functools.wraps(method)
    def called(self: Any, *args: Any, **options: Any) -> Any:
        if options:
            check_options(options, known, f"{type(self).__name__}.{method.__name__}")
        if self._call_defaults:
            taken = positional[: len(args)]
            mine = {name: value for name, value in self._call_defaults.items() if name in known and name not in taken}
            options = mine | options
        return method(self, *args, **options)

    return called  # type: ignore[return-value]  # the same parameters, by name


def check_call_defaults(explainer_class: type, given: dict[str, Any]) -> dict[str, Any]:
    """Return the options of calls that a constructor was given.

    Raises
    ------
    UnknownOptionError
        For one that neither the constructor nor the calls of the class know.
    """
    if given:
        calls = [
            option for name in ("__call__", "shap_values") for option in options_of(getattr(explainer_class, name))
        ]
        own = options_of(explainer_class.__init__)  # type: ignore[misc]  # only its signature is read
        known = [option for option in dict.fromkeys(own + calls) if option not in {"X", "y"}]
        check_options(given, known, explainer_class.__name__)
    return given


def only_input(args: tuple[Any, ...], explainer: object) -> Any:
    """Return the one table that was given to a call.

    Raises
    ------
    OptionError
        When there is none, or several.
    """
    if len(args) != 1:
        msg = f"{type(explainer).__name__} explains one table of rows a call, but {len(args)} were given"
        raise OptionError(msg)
    return args[0]


def one_seed(seed: Seed, rng: Seed, random_state: Seed) -> int:
    """Return the seed that was given under one of its three names.

    Raises
    ------
    OptionError
        When it was given under two.

    Examples
    --------
    >>> one_seed(None, 7, None), one_seed(None, None, None)
    (7, 0)
    """
    named = {"seed": seed, "rng": rng, "random_state": random_state}
    given = {name: value for name, value in named.items() if value is not None}
    if len(given) > 1:
        msg = f"{' and '.join(f'`{name}`' for name in given)} were given, which mean the same: pass one of them"
        raise OptionError(msg)
    name, value = next(iter(given.items()), ("seed", None))
    return as_seed(value, argument=name)


def positive(number: Any, argument: str, *, or_auto: bool = True) -> int:
    """Return a positive integer that a user gave.

    Raises
    ------
    OptionError
        For anything else.

    Examples
    --------
    >>> positive(12.0, "nsamples")
    Traceback (most recent call last):
    ...
    ferroshap.errors.OptionError: `nsamples` is 12.0, but must be a positive integer or 'auto'
    """
    is_integer = hasattr(number, "__index__") and not isinstance(number, bool)
    if not is_integer or int(number) < 1:
        msg = f"`{argument}` is {number!r}, but must be a positive integer{' or ' + repr('auto') if or_auto else ''}"
        raise OptionError(msg)
    return int(number)
