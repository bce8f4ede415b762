"""The public names: listed by hand, sorted, documented, and nothing else."""

import inspect
import tomllib
import types
from pathlib import Path

import pytest

import ferroshap

PUBLIC = {name: getattr(ferroshap, name) for name in ferroshap.__all__}


def documented(obj):
    return bool((inspect.getdoc(obj) or "").strip())


def test_the_list_is_sorted():
    def kind_and_name(name):
        kind = 0 if name.isupper() else 1 if name[0].isupper() else 2  # constants, classes, the rest
        return kind, name

    assert list(ferroshap.__all__) == sorted(ferroshap.__all__, key=kind_and_name)
    assert len(set(ferroshap.__all__)) == len(ferroshap.__all__)


def test_nothing_public_is_left_off_the_list():
    ours = {
        name
        for name, obj in vars(ferroshap).items()
        if not name.startswith("_") and getattr(obj, "__module__", "").startswith("ferroshap")
    }
    assert ours <= set(ferroshap.__all__)


def test_the_version_is_the_crate_s():
    manifest = tomllib.loads((Path(__file__).parents[2] / "Cargo.toml").read_text())
    assert ferroshap.__version__ == manifest["package"]["version"]


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_every_name_is_documented(name):
    obj = PUBLIC[name]
    if isinstance(obj, types.ModuleType) or callable(obj):
        assert documented(obj), f"`{name}` has no docstring"


@pytest.mark.parametrize("name", sorted(name for name, obj in PUBLIC.items() if inspect.isclass(obj)))
def test_every_public_method_is_documented(name):
    for method, obj in vars(PUBLIC[name]).items():
        if not method.startswith("_") and (callable(obj) or isinstance(obj, property)):
            assert documented(getattr(PUBLIC[name], method)), f"`{name}.{method}` has no docstring"


@pytest.mark.parametrize("room", sorted(n for n, o in PUBLIC.items() if isinstance(o, types.ModuleType)))
def test_every_name_of_a_public_room_is_documented(room):
    module = PUBLIC[room]
    for name in getattr(module, "__all__", ()):
        obj = getattr(module, name)
        assert not callable(obj) or documented(obj), f"`{room}.{name}` has no docstring"
