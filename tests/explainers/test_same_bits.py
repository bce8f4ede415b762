"""Threads, batches and neighbours change no bit of a result; seeds do (D2)."""

import numpy as np
import pytest

import ferroshap
from ferroshap.errors import MemoryLimitError

MAKERS = {
    "exact": ferroshap.ExactExplainer,
    "permutation": lambda f, b, **o: ferroshap.PermutationExplainer(f, b, max_evals=60, **o),
    "permutation in blocks": lambda f, b, **o: ferroshap.PermutationExplainer(f, b, max_evals=60, rows_per_eval=7, **o),
    "leverage": lambda f, b, **o: ferroshap.KernelExplainer(f, b, nsamples=40, **o),
    "singles": lambda f, b, **o: ferroshap.KernelExplainer(f, b, nsamples=9, **o),
    "sampling": lambda f, b, **o: ferroshap.SamplingExplainer(f, b, nsamples=100, **o),
}
SAMPLED = {name: make for name, make in MAKERS.items() if name not in {"exact", "singles"}}


@pytest.fixture(params=MAKERS.values(), ids=MAKERS)
def make(request):
    return request.param


def bits(explanation):
    return explanation.values.tobytes(), explanation.error_std is None or explanation.error_std.tobytes()


def test_threads_change_no_bit(make, case):
    seen = {bits(make(case.two_outputs, case.background, n_jobs=n_jobs)(case.rows)) for n_jobs in (1, 2, 7, -1, None)}
    assert len(seen) == 1


def test_batches_change_no_bit(make, case):
    explainer = make(case.two_outputs, case.background)
    assert len({bits(explainer(case.rows, batch_size=size)) for size in (1, 3, 64, 10_000, "auto")}) == 1


def test_memory_limits_change_no_bit(make, case):
    seen = {
        bits(make(case.two_outputs, case.background, memory_limit=limit)(case.rows))
        for limit in ("80 KiB", "1 MiB", None)
    }
    assert len(seen) == 1


def test_a_limit_that_cannot_be_kept_is_refused_by_name(make, case):
    with pytest.raises(MemoryLimitError, match="`memory_limit` is 1 bytes, but this takes at least .*values and"):
        make(case.two_outputs, case.background, memory_limit=1)(case.rows)


def test_neighbours_change_no_bit(make, case):
    explainer = make(case.two_outputs, case.background)
    together = explainer(case.rows).values
    alone = np.concatenate([explainer(case.rows[row : row + 1]).values for row in range(5)])
    assert together.tobytes() == alone.tobytes()
    assert explainer(case.rows[::-1]).values.tobytes() == together[::-1].tobytes()


@pytest.mark.parametrize("make_sampled", SAMPLED.values(), ids=SAMPLED)
def test_d02_the_seed_alone_decides_and_has_three_names(make_sampled, case):
    def values(**seed):
        return make_sampled(case.model, case.background, **seed)(case.rows).values.tobytes()

    default = values()
    assert default == values(seed=0) == values(rng=0) == values(random_state=0)
    assert default != values(seed=1)
    assert values(seed=1) == values(rng=np.int64(1)) == values(random_state=1)
    generator = values(seed=np.random.default_rng(3))
    assert generator == values(rng=np.random.default_rng(3)) != default


def test_d02_global_generators_are_neither_read_nor_moved(make, case):
    np.random.seed(5)  # noqa: NPY002 - the user's own
    before = np.random.get_state()  # noqa: NPY002 - likewise
    first = make(case.model, case.background)(case.rows).values
    after = np.random.get_state()  # noqa: NPY002 - likewise
    assert all(np.array_equal(one, other) for one, other in zip(before, after, strict=True))
    np.random.seed(6)  # noqa: NPY002 - likewise
    assert make(case.model, case.background)(case.rows).values.tobytes() == first.tobytes()


def test_two_names_for_the_seed_are_one_too_many(make, case):
    with pytest.raises(ValueError, match="`seed` and `rng` were given, which mean the same"):
        make(case.model, case.background, seed=1, rng=1)
    with pytest.raises(ValueError, match="`random_state` is 'x', but must be"):
        make(case.model, case.background, random_state="x")


@pytest.mark.parametrize(
    "option,value", [("n_jobs", 0), ("n_jobs", 1.5), ("memory_limit", "much"), ("memory_limit", 0)]
)
def test_impossible_resources_are_refused_by_name(make, case, option, value):
    with pytest.raises(ValueError, match=f"`{option}` is {value!r}"):
        make(case.model, case.background, **{option: value})
