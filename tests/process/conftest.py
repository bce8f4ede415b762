"""Runs Python in a process of its own: what is tested here could take the test run down with it."""

import os
import signal
import subprocess
import sys
import textwrap

import pytest

TIMEOUT = 50  # seconds: a hang, not slowness


class Child:
    """A running piece of Python whose standard output can be read line by line."""

    def __init__(self, code, folder, environment):
        path = folder / "child.py"
        path.write_text(textwrap.dedent(code))
        self.process = subprocess.Popen(
            [sys.executable, "-X", "faulthandler", str(path)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=folder,
            env={**os.environ, **environment},
            start_new_session=True,  # so that its forked children can be ended with it
        )

    def wait_for(self, word):
        """Read until the child has said `word`."""
        for line in self.process.stdout:
            if line.strip() == word:
                return
        pytest.fail(f"the child never said {word!r}: {self.process.stderr.read()}")

    def finish(self, timeout=TIMEOUT):
        """Standard output of the child, which must end well."""
        try:
            out, err = self.process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            self.end()
            out, err = self.process.communicate()
            pytest.fail(f"the child hangs; it had said {out!r} {err!r}")
        assert self.process.returncode == 0, err
        return out.split()

    def end(self):
        """End the child and all that it forked."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)


@pytest.fixture
def child(tmp_path):
    """Start a child with `child(code, NAME=value, ...)`; the names are environment variables."""
    children = []

    def start(code, **environment):
        children.append(Child(code, tmp_path, environment))
        return children[-1]

    yield start
    for started in children:
        started.end()
        started.process.communicate()
