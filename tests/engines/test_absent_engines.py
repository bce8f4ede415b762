"""Engines that are not installed: their rooms can be imported, and say what to install when they are entered."""

import subprocess
import sys

import numpy as np
import pytest

from ferroshap import LinearExplainer
from ferroshap.engines import dask, ray, spark
from ferroshap.errors import OptionError, UnknownOptionError

INSTALLED_BY = {"dask": "ferroshap[distributed]", "pyspark": "pyspark", "ray": "'ray[data]'"}


def explainer():
    return LinearExplainer((np.array([1.0, 2.0]), 0.0), np.zeros((1, 2)))


@pytest.mark.parametrize("room,library", [(dask, "dask"), (spark, "pyspark"), (ray, "ray")])
def test_an_engine_that_is_absent_is_named_with_what_installs_it(room, library, monkeypatch):
    for name in [name for name in sys.modules if name.partition(".")[0] == library]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ImportError) as caught:
        room.explain(object(), explainer())
    engine = room.__name__.rpartition(".")[2]
    expected = f"`engines.{engine}` needs {library}: install it (pip install {INSTALLED_BY[library]})"
    assert str(caught.value) == expected
    assert caught.value.name == library


def test_rooms_of_engines_load_none_of_them():
    code = "import sys, ferroshap.engines.{dask,spark,ray}; print(*{name.partition('.')[0] for name in sys.modules})"
    code = "; ".join(code.replace("{dask,spark,ray}", room) for room in ("dask", "spark", "ray"))
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"dask", "distributed", "pyspark", "ray", "pyarrow", "pandas"} & set(run.stdout.split())


@pytest.mark.parametrize("room", [dask, spark, ray])
def test_wrong_options_are_refused_before_a_library_is_looked_for(room):
    with pytest.raises(OptionError, match="`row_key` is None, but a piece of"):
        room.explain(object(), explainer(), row_key=None)
    with pytest.raises(UnknownOptionError, match="'topk' for engines.*did you mean 'top_k'"):
        room.explain(object(), explainer(), topk=3)
