"""Whenever `explain_parquet` is killed, the same call made again ends with the same file, byte for byte."""

import pytest

pytest.importorskip("pyarrow")

#: A run in forked children that kill themselves, and what is true of every restart.
HARNESS = """
    import os, random, signal, sys, threading
    from pathlib import Path
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq
    import ferroshap as shap
    from ferroshap.engines.files import explain_parquet
    from ferroshap.engines.files.units import UNIT_ROWS
    from ferroshap.engines.files.writing.manifest import Manifest

    here, kind = Path.cwd(), os.environ["KIND"]
    rng = np.random.default_rng(int(os.environ["SEED"]))
    table = pa.table({"age": rng.normal(size=2 * UNIT_ROWS + 99).round(2), "bmi": rng.normal(size=2 * UNIT_ROWS + 99)})
    for name, rows in ("a.parquet", table.slice(0, 70_001)), ("b.parquet", table.slice(70_001)):
        pq.write_table(rows, here / name, row_group_size=30_000)
    names = {"file": "values.parquet", "folder": "values", "reduced": "values.parquet"}

    def explain(folder):
        options = {}
        if kind == "reduced":
            from ferroshap.engines import reducers
            options["reducers"] = [reducers.MeanAbs(), reducers.Variance()]
        folder.mkdir(exist_ok=True)
        explainer = shap.Explainer((np.array([1.0, -2.0]), 0.5), np.zeros((1, 2)), feature_names=["age", "bmi"])
        result = explain_parquet(explainer, [here / "a.parquet", here / "b.parquet"], folder / names[kind],
                                 silent=True, n_jobs=1, **options)
        return result

    def contents(folder):
        assert not (folder / (names[kind] + ".unfinished")).exists()
        path = folder / names[kind]
        files = sorted(path.iterdir()) if path.is_dir() else [path]
        return [(file.name, file.read_bytes()) for file in files]

    def die(*_):
        os.kill(os.getpid(), signal.SIGKILL)

    def in_child(work):
        pid = os.fork()
        if pid == 0:
            try:
                work()
                os._exit(0)
            except BaseException:
                import traceback
                traceback.print_exc()
                os._exit(1)
        _, status = os.waitpid(pid, 0)
        return status

    def finished_lines(folder):
        path = folder / (names[kind] + ".unfinished") / "manifest"
        return len(Manifest(path).lines) if path.exists() else 0

    def check_whole_or_absent(folder):
        path = folder / names[kind]
        if path.exists():  # then it is whole
            assert pq.read_table(path).num_rows == table.num_rows

    def check_restart(folder, wanted, reduced):
        check_whole_or_absent(folder)
        before = finished_lines(folder)
        answered = os.pipe()
        def restart():
            result = explain(folder)
            same = {name: one.to_bytes() for name, one in result.reduced.items()} == reduced
            os.write(answered[1], b"%d %d" % (result.resumed_parts, same))
        assert in_child(restart) == 0
        resumed, same = map(int, os.read(answered[0], 100).split())
        os.close(answered[0]); os.close(answered[1])
        assert resumed >= before, (resumed, before)
        assert same, "reducers differ"
        assert contents(folder) == wanted
        return resumed

    whole = explain(here / "whole")
    wanted = contents(here / "whole")
    reduced = {name: one.to_bytes() for name, one in whole.reduced.items()}
"""

AT_EVERY_EVENT = """
    # What a kill can fall before or after: whatever reaches the disk, or gives it another name.
    def killed_at(number, after):
        count = [0]
        def watched(function):
            def called(*args, **options):
                count[0] += 1
                if count[0] == number and not after:
                    die()
                found = function(*args, **options)
                if count[0] == number and after:
                    die()
                return found
            return called
        os.fsync, os.replace, os.rmdir = watched(os.fsync), watched(os.replace), watched(os.rmdir)
        os.unlink = watched(os.unlink)
        import shutil
        shutil.rmtree = watched(shutil.rmtree)
        Path.unlink = watched(Path.unlink)
        Path.mkdir = watched(Path.mkdir)

    resumed, number = set(), 1
    while True:
        states = []
        for after in (False, True):
            folder = here / f"run-{number}-{after}"
            folder.mkdir()
            def work():
                killed_at(number, after)
                explain(folder)
            status = in_child(work)
            assert status == 0 or os.WTERMSIG(status) == signal.SIGKILL, status
            states.append(status)
            if status:
                resumed.add(check_restart(folder, wanted, reduced))
            else:
                assert contents(folder) == wanted
        if not any(states):
            break
        number += 1
    print(number - 1, *sorted(resumed))
"""

AT_RANDOM = """
    # Moments are calls of Python functions in any thread, of which a run has thousands.
    def calls_of(work):
        count = [0]
        def counted(*_):
            count[0] += 1
        threading.setprofile(counted); sys.setprofile(counted)
        work()
        sys.setprofile(None); threading.setprofile(None)
        return count[0]

    pipe = os.pipe()
    assert in_child(lambda: os.write(pipe[1], b"%d" % calls_of(lambda: explain(here / "counted")))) == 0
    total = int(os.read(pipe[0], 100))
    moments = random.Random(int(os.environ["SEED"]))
    killed = 0
    for number in range(20):
        folder = here / f"run-{number}"
        for again in range(moments.randint(1, 3)):  # restarts are killed, too
            left = [moments.randrange(total)]
            def work():
                def counted(*_):
                    left[0] -= 1
                    if left[0] == 0:
                        die()
                threading.setprofile(counted); sys.setprofile(counted)
                explain(folder)
            killed += in_child(work) != 0
        check_restart(folder, wanted, reduced)
    print(killed)
"""

AT_A_POWER_CUT = """
    # A machine that stops loses what was written and not flushed, or has zeros where it was.
    def cut_at(number, moments):
        count, flushed, fsync = [0], {}, os.fsync
        def watched(descriptor):
            count[0] += 1
            found = os.fstat(descriptor)
            is_file = os.path.isfile(f"/proc/self/fd/{descriptor}")
            if count[0] == number:
                for path in filter(Path.is_file, here.glob("run-*/*.unfinished/**/*")):
                    size = path.stat().st_size
                    left = moments.randint(min(size, flushed.get(path.stat().st_ino, 0)), size)
                    os.truncate(path, left)
                    os.truncate(path, moments.randint(left, size))
                die()
            fsync(descriptor)
            if is_file:
                flushed[found.st_ino] = found.st_size
        os.fsync = watched

    moments, number, status, cuts = random.Random(int(os.environ["SEED"])), 1, 1, 0
    while status:
        for again in range(2):
            folder = here / f"run-{number}-{again}"
            def work():
                cut_at(number, moments)
                explain(folder)
            status = in_child(work)
            moments.random()
            if status:
                cuts += 1
                check_restart(folder, wanted, reduced)
        number += 1
    print(cuts)
"""


@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", ["file", "folder", "reduced"])
def test_a_machine_that_stops_loses_what_was_not_flushed_and_nothing_else(child, kind, seed):
    (cuts,) = map(int, child(HARNESS + AT_A_POWER_CUT, KIND=kind, SEED=str(seed)).finish(timeout=240))
    assert cuts >= 2 * (3 * 2 + 3)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", ["file", "folder", "reduced"])
def test_a_kill_at_every_event_loses_nothing_that_was_finished(child, kind, seed):
    n_events, *resumed = map(int, child(HARNESS + AT_EVERY_EVENT, KIND=kind, SEED=str(seed)).finish(timeout=240))
    assert n_events >= 3 * 2 + 3  # two flushes a unit, and those of the end
    assert set(resumed) == {0, 1, 2, 3}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", ["file", "folder"])
def test_twenty_kills_at_random_moments_end_in_the_same_bytes(child, kind, seed):
    (killed,) = map(int, child(HARNESS + AT_RANDOM, KIND=kind, SEED=str(seed)).finish(timeout=240))
    assert killed >= 15
