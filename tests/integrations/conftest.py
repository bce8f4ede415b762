"""The name `shap`, for the tests of libraries that import it."""

import sys

import pytest

from ferroshap import compat


@pytest.fixture(scope="module")
def _the_name_shap():
    """Let `import shap` mean ferroshap during one file of tests, even where another file has the real one loaded."""
    real = {name: sys.modules.pop(name) for name in [*sys.modules] if name.partition(".")[0] == "shap"}
    compat.install()
    yield
    compat.uninstall()
    sys.modules.update(real)
