"""What programs written for `shap` need besides its public names: the name itself, private corners, recipes.

:func:`install` makes ``import shap`` resolve to ferroshap, for libraries whose
import line cannot be changed; it is never on by itself. The modules
`compat.mlflow`, `compat.explainerdashboard` and `compat.shapash` hand an
Explanation to those libraries without the alias. ``recipes.md``, beside this
file, shows each of them; ``migration.md`` says what is the same as in `shap`,
and what differs on purpose.

.. include:: migration.md
.. include:: recipes.md
"""

import importlib
from typing import TYPE_CHECKING, Any

from ferroshap.compat.alias import install, uninstall

if TYPE_CHECKING:
    from ferroshap.compat import explainerdashboard, mlflow, shapash

__all__ = ["explainerdashboard", "install", "mlflow", "shapash", "uninstall"]


def __getattr__(name: str) -> Any:
    """Import the helper of one embedder when somebody asks for it."""
    if name in __all__:
        return importlib.import_module(f"ferroshap.compat.{name}")
    msg = f"module 'ferroshap.compat' has no attribute {name!r}"
    raise AttributeError(msg)
