"""Every way out leads somewhere, and costs nothing until it is taken."""

import inspect
import subprocess
import sys

import pytest

from ferroshap.explanation import Explanation
from ferroshap.explanation.leaving import LEAVING, door


@pytest.mark.parametrize("method", sorted(LEAVING))
def test_every_entry_leads_to_a_function(method):
    assert callable(door(method))
    assert callable(getattr(Explanation, method))
    assert inspect.getdoc(getattr(Explanation, method))


def test_nothing_is_imported_before_somebody_leaves():
    code = "import sys, ferroshap; print([m for m in sys.modules if 'ferroshap.export' in m or m in {'pandas', 'pyarrow'}])"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


def test_a_library_that_is_not_there_is_named(monkeypatch):
    sv = Explanation([[1.0, 2.0]])
    for library, method in (
        ("pandas", "to_pandas"),
        ("polars", "to_polars"),
        ("pyarrow", "to_arrow"),
        ("shap", "to_shap"),
    ):
        monkeypatch.setitem(sys.modules, library, None)
        with pytest.raises(ImportError, match=f"`{method}` needs {library}: install it"):
            getattr(sv, method)()
