"""The name `shap`, standing for ferroshap while somebody wants it to.

A finder at the front of `sys.meta_path` answers for ``shap`` and ``shap.*``.
Everything below the root is *the same module object* as ours, so that classes
are identical under both names, pickles name ferroshap, and nothing is loaded
twice. The root alone is a thin proxy: it has a version of its own.
"""

import importlib
import importlib.machinery
import importlib.metadata
import sys
from collections.abc import Iterable, Sequence
from importlib.abc import Loader, MetaPathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

import ferroshap
from ferroshap.compat.homes import BOUND, PRIVATE, PUBLIC, home_of
from ferroshap.errors import AliasError

NAME = "shap"


class Root(ModuleType):
    """The module `shap`: ferroshap's names, and the version that it was asked to have."""

    def __init__(self, version: str) -> None:
        """Forward to ferroshap; have a path, as packages have, on which nothing is ever found."""
        super().__init__(NAME, ferroshap.__doc__)
        self.__version__ = version
        self.__file__ = ferroshap.__file__
        self.__path__: list[str] = []

    def __getattr__(self, name: str) -> Any:
        """Look up what ferroshap has."""
        if name == "__all__":
            return [*filter(self._resolves, ferroshap.__all__)]
        return getattr(ferroshap, name)

    @staticmethod
    def _resolves(name: str) -> bool:
        """Say whether a name can be had: what is delegated needs the incumbent itself."""
        try:
            getattr(ferroshap, name)
        except (ImportError, AttributeError):
            return False
        return True

    def __dir__(self) -> list[str]:
        """List ferroshap's names."""
        return dir(ferroshap)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle as ferroshap: what is made under the alias is read without it."""
        return importlib.import_module, ("ferroshap",)


class Same(Loader):
    """Hands back a module that exists, as it was."""

    def __init__(self, module: ModuleType) -> None:
        """Remember its specification: the import system is about to write over it."""
        self.module, self.spec = module, module.__spec__

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:  # noqa: ARG002 - the protocol's
        """Return the module of ours."""
        return self.module

    def exec_module(self, module: ModuleType) -> None:
        """Give it its own specification back.

        With that of the alias, imports inside the package would warn that
        ``__package__ != __spec__.parent``, and `importlib.util.find_spec`
        would say that ferroshap is called `shap`.
        """
        if self.spec is not None:
            module.__spec__ = self.spec


class Distribution(importlib.metadata.Distribution):
    """What `importlib.metadata` says of the distribution `shap` while the alias is on."""

    def __init__(self, version: str) -> None:
        """Agree with ``shap.__version__``."""
        self._texts = {"METADATA": f"Metadata-Version: 2.1\nName: {NAME}\nVersion: {version}\n", "top_level.txt": NAME}

    def read_text(self, filename: str) -> str | None:
        """Return the metadata; there are no other files."""
        return self._texts.get(filename)

    def locate_file(self, path: Any) -> Any:
        """Point into ferroshap's folder."""
        return Path(str(ferroshap.__file__)).parent / path


class Finder(MetaPathFinder):
    """Answers for `shap` and all below it."""

    def __init__(self, version: str) -> None:
        """Remember what to be, and what was written into modules of ours."""
        self.version = version
        self.root = Root(version)
        self.bound: list[tuple[ModuleType, str]] = []

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,  # noqa: ARG002 - the protocol's
        target: ModuleType | None = None,  # noqa: ARG002 - likewise
    ) -> importlib.machinery.ModuleSpec | None:
        """Say where a module is found: for `shap.a.b` the module `ferroshap.a.b` itself."""
        top, _, below = fullname.partition(".")
        if top != NAME:
            return None
        if not below:
            return importlib.machinery.ModuleSpec(fullname, Same(self.root), origin=ferroshap.__file__, is_package=True)
        home = home_of(below)
        if home is None:
            return None
        module = importlib.import_module(home)
        return importlib.machinery.ModuleSpec(fullname, Same(module), is_package=hasattr(module, "__path__"))

    def find_distributions(self, context: Any = None) -> Iterable[importlib.metadata.Distribution]:
        """Name the version to whoever asks the packaging metadata instead of the module."""
        if context is None or context.name in {None, NAME}:
            yield Distribution(self.version)

    def register(self) -> None:
        """Enter the light modules now: `shap.utils._general` is an attribute after ``import shap`` alone."""
        importlib.import_module(NAME)
        for path in [*PUBLIC, *PRIVATE]:
            home = home_of(path)
            if home is None:
                continue
            parent, _, leaf = f"{NAME}.{path}".rpartition(".")
            module = sys.modules[f"{NAME}.{path}"] = importlib.import_module(home)
            self._bind(sys.modules[parent], leaf, module)
        for path, room in BOUND.items():
            module = importlib.import_module(f"ferroshap.{room}")
            for name in module.__all__:
                self._bind(sys.modules[f"{NAME}.{path}"], name, getattr(module, name))

    def _bind(self, module: ModuleType, name: str, thing: Any) -> None:
        """Write a name into a module that has none of it, until the alias goes."""
        if name not in vars(module):
            setattr(module, name, thing)
            self.bound.append((module, name))

    def clear(self) -> None:
        """Forget every module under the name, and the names that were written into ours."""
        for name in [name for name in sys.modules if name == NAME or name.startswith(f"{NAME}.")]:
            del sys.modules[name]
        for module, leaf in self.bound:
            vars(module).pop(leaf, None)


def installed() -> Finder | None:
    """Return the finder of the alias, if it is on."""
    return next((finder for finder in sys.meta_path if isinstance(finder, Finder)), None)


def install(version: str = "0.54.1") -> None:
    """Let every later ``import shap`` mean ferroshap, until :func:`uninstall`.

    For programs whose import line you cannot change. Classes are the same
    under both names: ``shap.TreeExplainer is ferroshap.TreeExplainer``, and
    pickles made under the alias are read without it. Modules that imported
    the real `shap` earlier keep it, so call this first. Calling it again
    changes the version.

    Parameters
    ----------
    version : str
        What ``shap.__version__`` and ``importlib.metadata.version("shap")``
        say: embedders look at it before they call.

    Raises
    ------
    AliasError
        If the real `shap` is imported already (also an ImportError).

    Examples
    --------
    >>> import ferroshap
    >>> from ferroshap import compat
    >>> compat.install()
    >>> import shap
    >>> shap.__version__, shap.Explainer is ferroshap.Explainer
    ('0.54.1', True)
    >>> compat.uninstall()
    """
    uninstall()
    real = sys.modules.get(NAME)
    if real is not None:
        where = getattr(real, "__file__", None)
        msg = f"`shap` is already imported (from {where}): call ferroshap.compat.install() before anything imports it"
        raise AliasError(msg)
    finder = Finder(version)
    sys.meta_path.insert(0, finder)
    try:
        finder.register()
    except BaseException:
        uninstall()
        raise


def uninstall() -> None:
    """Give the name `shap` back: later imports find the real one, or nothing. Does nothing without :func:`install`.

    Modules that imported the alias keep what they hold.
    """
    finder = installed()
    if finder is not None:
        sys.meta_path.remove(finder)
        finder.clear()
