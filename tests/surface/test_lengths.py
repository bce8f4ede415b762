"""Files and functions stay short enough to be read at one sitting."""

import ast
import re
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
PYTHON_FILE, RUST_FILE, FUNCTION = 400, 500, 60


def sources(suffix):
    for folder in ["src", "python", "tests", "benches"]:
        yield from (REPOSITORY / folder).rglob(f"*{suffix}")


def python_functions(text):
    """Name and lines of code of every function; its docstring is documentation, not length."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = node.end_lineno - node.lineno + 1
            first = node.body[0]
            if ast.get_docstring(node) is not None:
                lines -= first.end_lineno - first.lineno + 1
            yield node.name, lines


def rust_functions(text):
    """Name and lines of every function with a body: rustfmt closes it at the indentation of its `fn`."""
    lines = text.splitlines()
    for start, line in enumerate(lines):
        head = re.match(r"( *)(?:pub(?:\([\w: ]+\))? )?(?:const |unsafe )*fn (\w+)", line)
        if head:
            ends = {f"{head[1]}}}", f"{head[1]}}};"}
            stop = next((i for i in range(start, len(lines)) if lines[i].rstrip() in ends), start)
            one_line = line.rstrip().endswith(("}", ";"))
            yield head[2], 1 if one_line else stop - start + 1


def test_files_keep_the_hard_limit():
    for suffix, limit in [(".py", PYTHON_FILE), (".rs", RUST_FILE)]:
        for path in sources(suffix):
            n_lines = len(path.read_text().splitlines())
            assert n_lines <= limit, f"{path.relative_to(REPOSITORY)} has {n_lines} lines: make it a folder"


def test_functions_keep_the_hard_limit():
    for suffix, functions in [(".py", python_functions), (".rs", rust_functions)]:
        for path in sources(suffix):
            for name, n_lines in functions(path.read_text()):
                where = path.relative_to(REPOSITORY)
                assert n_lines <= FUNCTION, f"`{name}` in {where} has {n_lines} lines: it does two things"


def test_the_counters_count():
    text = 'def f(x):\n    """One.\n\n    Two.\n    """\n    return x\n'
    assert list(python_functions(text)) == [("f", 2)]
    rust = "pub fn f() {\n    g();\n}\n\npub(crate) fn g() {}\n\ntrait T {\n    fn h();\n}\n"
    assert list(rust_functions(rust)) == [("f", 3), ("g", 1), ("h", 1)]
