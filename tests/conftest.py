"""What every test may ask for: the seeds, and how hard hypothesis tries."""

import os

import hypothesis

os.environ.setdefault("MPLBACKEND", "Agg")  # pictures are drawn, never shown

for name, options in {
    "quick": {"max_examples": 25},
    "ci": {"max_examples": 100, "derandomize": True, "print_blob": True},
    "deep": {"max_examples": 2_000},
}.items():
    hypothesis.settings.register_profile(name, deadline=None, **options)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


def seeds_to_try():
    """One number by default; `FERROSHAP_SEEDS=0-99` (or `3`, or `1,5,8-12`) tries others."""
    for part in os.environ.get("FERROSHAP_SEEDS", "0").split(","):
        first, _, last = part.partition("-")
        yield from range(int(first), int(last or first) + 1)


def pytest_generate_tests(metafunc):
    """Give each `seed` to every test that asks: it must pass for all of them, not for one that was found."""
    if "seed" in metafunc.fixturenames:
        metafunc.parametrize("seed", list(seeds_to_try()))


#: Scripts that another test runs, with one library or the other in the place of `shap`.
collect_ignore_glob = ["notebooks/*.py"]
