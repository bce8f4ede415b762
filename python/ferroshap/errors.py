"""Everything that can go wrong, as classes that are ours and also a builtin where users expect one.

Imports nothing but the standard library, so that the native module can look
its error classes up here without a circle.
"""

import difflib
import sys
import warnings
from collections.abc import Iterable
from types import FrameType


class FerroshapError(Exception):
    """The root of every error that ferroshap raises itself."""


class ExplainerError(FerroshapError):
    """An explanation could not be computed."""


class ConvergenceError(FerroshapError):
    """Something that is found step by step was not found."""


class InvalidAction(FerroshapError):  # noqa: N818 - shap's name
    """An action was combined with another that it excludes."""


class InternalError(ExplainerError, RuntimeError):
    """A bug of ours, not of the caller: please report it."""


class DimensionError(FerroshapError, ValueError):
    """A table or an output has the wrong shape."""


class StackError(DimensionError, AssertionError):
    """Two Explanations do not fit side by side."""


class ExplanationFileError(FerroshapError, ValueError):
    """A file is no Explanation, is damaged, or was written by a newer version."""


class ReducerError(FerroshapError, ValueError):
    """Reducers of different things were to be merged, bytes are no reducer's, or one has seen no rows yet."""


class InvalidMaskerError(FerroshapError, ValueError):
    """An object was given as a masker that cannot be one."""


class InvalidModelError(FerroshapError, ValueError):
    """An object was given as a model that cannot be one, or it returned what no model may."""


class MixedColumnsError(InvalidModelError):
    """A step of a pipeline mixes columns, so the columns of its last step are not those of its input."""


class NoTreesError(InvalidModelError):
    """A model of a class that is often a sum of trees is none: the model-agnostic explainers take it."""


class InvalidAlgorithmError(FerroshapError, ValueError):
    """An algorithm was named that does not exist or does not fit the model."""


class InvalidFeaturePerturbationError(FerroshapError, ValueError):
    """Absent features cannot be filled in the way that was asked for."""


class InvalidClusteringError(FerroshapError, ValueError):
    """A tree of features was given, or asked for, that the table does not have."""


class InvalidStyleOptionError(FerroshapError, ValueError):
    """A style of the plots was given an option that it does not have, or a colour that is none."""


class ExecutorError(ExplainerError, RuntimeError):
    """An executor lost a task, takes no more of them, or its workers cannot be sent what they need."""


class MemoryLimitError(ExplainerError, MemoryError):
    """What was asked for does not fit into the memory that was granted."""


class SourceError(ExplainerError, OSError):
    """A piece of a table in files cannot be read, or is not what it was."""


class SourceMissingError(SourceError, FileNotFoundError):
    """A file of a table is not there, or no longer."""


class SourceColumnsError(FerroshapError, ValueError):
    """A table in files lacks a column, or its files do not agree on one."""


class ResumeError(FerroshapError, ValueError):
    """What an earlier run left unfinished belongs to another explainer, source or set of options."""


class DestinationExistsError(FerroshapError, FileExistsError):
    """There is something at the destination that this call would not write, and it is not to be replaced."""


class DestinationBusyError(FerroshapError, BlockingIOError):
    """Another process is writing to the same destination."""


class BudgetError(FerroshapError, ValueError):
    """The budget cannot pay for the least that the method needs."""


class WeightsError(FerroshapError, ValueError):
    """Weights of background rows are negative, not finite, all zero or too few."""


class WorthError(FerroshapError, ValueError):
    """A game returned worths that are not finite or not one a coalition."""


class UnknownOptionError(FerroshapError, TypeError):
    """A keyword was given that the function does not know."""


class OptionError(FerroshapError, ValueError):
    """A known argument was given a value that is not accepted."""


class PictureSizeError(OptionError, RuntimeError):
    """A picture would show more rows or features than anyone can tell apart."""


class AliasError(FerroshapError, ImportError):
    """The name `shap` cannot stand for ferroshap, because the real one is imported already."""


class PrecisionWarning(UserWarning):
    """Digits were lost that the caller may want to keep, or an estimate is rougher than a quarter of itself."""


class PlausibilityWarning(UserWarning):
    """The result is computed as asked, but the question is doubtful."""


class ConvergenceWarning(UserWarning):
    """Errors are larger than was asked for, or cannot be known from so few evaluations."""


class ColumnsWarning(UserWarning):
    """Columns were matched by position because their names have nothing in common."""


def check_options(given: Iterable[str], known: Iterable[str], where: str) -> None:
    """Refuse the first option of `given` that is not in `known`, naming the nearest.

    Parameters
    ----------
    given : iterable of str
        The names of the options that the caller passed.
    known : iterable of str
        The names that are accepted.
    where : str
        What the options were passed to, as the user calls it.

    Raises
    ------
    UnknownOptionError
        When `given` holds a name that `known` does not.

    Examples
    --------
    >>> check_options(["nsamples"], ["nsamples", "silent"], "KernelExplainer")
    >>> check_options(["nsample"], ["nsamples", "silent"], "KernelExplainer")
    Traceback (most recent call last):
    ...
    ferroshap.errors.UnknownOptionError: unexpected option 'nsample' for KernelExplainer;
    did you mean 'nsamples'? Known: nsamples, silent.
    """
    names = list(known)
    for option in given:
        if option not in names:
            listed = f"Known: {', '.join(names)}." if names else "It takes no options."
            msg = f"unexpected option {option!r} for {where}{nearest(option, names)} {listed}"
            raise UnknownOptionError(msg)


def nearest(word: str, known: Iterable[str]) -> str:
    """Say which known name `word` was probably meant to be: the tail of an error message.

    Examples
    --------
    >>> nearest("leverge", ["exact", "leverage"])
    "; did you mean 'leverage'?"
    >>> nearest("quantum", ["exact", "leverage"])
    '.'
    """
    close = difflib.get_close_matches(word, list(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else "."


def warn_user(message: str, category: type[Warning]) -> None:
    """Warn at the line of the user's own code, however deep inside the package we are."""
    package = __name__.partition(".")[0]
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - the documented way to the caller's frame
    level = 2
    while frame is not None and frame.f_globals.get("__name__", "").partition(".")[0] == package:
        frame = frame.f_back
        level += 1
    warnings.warn(message, category, stacklevel=level)
