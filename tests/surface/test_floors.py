"""Imports look down only: the floors of the Python package and of the Rust crate."""

import ast
import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
PACKAGE = REPOSITORY / "python" / "ferroshap"
CRATE = REPOSITORY / "src"

FLOORS = [
    {"_native"},
    {"errors"},
    {"memory", "progress", "seeds", "serialisation", "threads"},
    {"links", "inputs", "datasets", "executors", "svg"},
    {"clustering"},  # reads tables
    {"explanation"},
    {"models", "tables"},
    {"maskers"},  # one learns from a model
    {"game"},
    {"estimators"},
    {"run"},
    {"closed_forms", "gradients", "trees"},
    {"explainers"},
    {"metrics", "plots"},
    {"export"},  # the report orders features and colours as the plots do
    {"compat", "delegation", "engines", "other", "utils"},
    {"cli"},
]
FLOOR = {room: level for level, rooms in enumerate(FLOORS) for room in rooms}

RUST_FLOORS = [
    {"error"},
    {"random", "parallel", "simd"},
    {"linalg"},
    {"coalition", "index"},
    {"table", "sample", "mask", "impute", "gradient", "image", "reduce"},
    {"estimate", "tree"},
    {"python"},
]
RUST_FLOOR = {room: level for level, rooms in enumerate(RUST_FLOORS) for room in rooms}


def room_of(path, root):
    return path.relative_to(root).parts[0].removesuffix(path.suffix)


def rooms_seen_by(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module == "ferroshap":
            names = [f"ferroshap.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names = [node.module]
        else:
            continue
        yield from (name.split(".")[1] for name in names if name.startswith("ferroshap."))


def rust_rooms_seen_by(text):
    """Rooms named after `crate::`, alone or in a group; what comments say does not count."""
    code = re.sub(r"//[^\n]*", "", text)
    for match in re.finditer(r"\bcrate::(\w+|\{)", code):
        if match[1] != "{":
            yield match[1]
            continue
        depth, word = 1, ""
        for letter in code[match.end() :]:
            depth += (letter == "{") - (letter == "}")
            if depth == 1 and (letter.isalnum() or letter == "_"):
                word += letter
            elif word:
                yield word
                word = ""
            if depth == 0:
                break
            if letter == ":":  # the rest of this path is inside a room
                word = ""


def test_every_room_stands_on_a_floor():
    for path in PACKAGE.iterdir():
        if path.suffix == ".py" or (path / "__init__.py").exists():
            room = path.stem
            assert room in FLOOR or room in {"__init__", "__main__"}, f"`{room}` stands on no floor"
    for path in CRATE.iterdir():
        assert path.stem == "lib" or path.stem in RUST_FLOOR, f"`{path.stem}` stands on no floor"


def test_imports_only_look_down():
    for path in PACKAGE.rglob("*.py"):
        room = room_of(path, PACKAGE)
        for seen in rooms_seen_by(path) if room not in {"__init__", "__main__"} else ():
            assert seen == room or FLOOR[seen] < FLOOR[room], f"{path} looks at {seen}"


def test_rust_imports_only_look_down():
    for path in CRATE.rglob("*.rs"):
        room = room_of(path, CRATE)
        for seen in rust_rooms_seen_by(path.read_text()) if room != "lib" else ():
            assert seen == room or RUST_FLOOR[seen] < RUST_FLOOR[room], f"{path} looks at {seen}"


@pytest.mark.parametrize(
    "text,rooms",
    [
        ("use crate::error::Error;", ["error"]),
        ("use crate::{coalition::{rank, Bits}, parallel};", ["coalition", "parallel"]),
        ("// use crate::python;\nlet pool = crate::parallel::pool(2);", ["parallel"]),
    ],
)
def test_the_reader_of_rust_paths_sees_rooms_and_nothing_else(text, rooms):
    seen = list(rust_rooms_seen_by(text))
    assert [room for room in seen if room in RUST_FLOOR] == rooms


def test_only_the_glue_names_pyo3():
    for path in CRATE.rglob("*.rs"):
        if path != CRATE / "lib.rs" and room_of(path, CRATE) != "python":
            assert "pyo3" not in path.read_text(), f"{path} knows of Python"


def test_only_the_crate_root_asks_whether_python_is_there():
    for path in CRATE.rglob("*.rs"):
        assert path == CRATE / "lib.rs" or 'feature = "python"' not in path.read_text(), path
