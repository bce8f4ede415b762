"""Memory is planned before work starts, and kept."""

import pytest


def test_memory_follows_what_is_stored(child):
    """A dense batch of 2,048 rows alone would be 2,048 * 50,000 * 8 bytes, 800 MB."""
    code = """
        import numpy as np, scipy.sparse as sp, ferroshap

        n, rng = 50_000, np.random.default_rng(0)
        columns = np.sort(rng.choice(n, 60, replace=False))
        row = sp.csr_matrix((np.ones(60), columns, [0, 60]), shape=(1, n))
        weights = rng.normal(size=n)
        explainer = ferroshap.KernelExplainer(lambda table: np.tanh(table @ weights), sp.csr_matrix((1, n)))
        def peak():
            with open("/proc/self/status") as file:
                return next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))
        before = peak()
        explainer(row, nsamples=1_000, silent=True)
        print(peak() - before)
    """
    (kilobytes,) = child(code).finish()
    assert int(kilobytes) < 100_000


LIMITED = """
    import resource
    import numpy as np
    import ferroshap
    from ferroshap.errors import MemoryLimitError

    n, n_background, n_rows, limit = {n}, {n_background}, {n_rows}, {limit}
    background, rows = np.zeros((n_background, n)), np.ones((n_rows, n))
    background[:, ::7] = np.arange(n_background)[:, None]
    def model(table):
        return table[:, 3] * table[:, 5] + table[:, 11]
    model(background)
    explainer = ferroshap.KernelExplainer(model, background, memory_limit=limit, n_jobs=1, method={method})
    def peak():
        with open("/proc/self/status") as file:
            return next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmHWM"))
    before = peak()
    try:
        found = explainer(rows, nsamples={nsamples}, silent=True)
        print("explained", peak() - before, abs(found.values.sum(axis=1) - model(rows) + found.base_values).max() < 1e-9)
    except MemoryLimitError as refused:
        print("refused", peak() - before, str(refused).replace(" ", "_"))
"""


@pytest.mark.parametrize(
    "n, n_background, n_rows, method, nsamples, limit",
    [
        (10_000, 100, 4, "None", 300, 100 << 20),
        (20_000, 100, 3, "ferroshap.estimators.Screened()", 200, 120 << 20),
        (10_000, 1, 4, "ferroshap.estimators.Permutation()", 20_100, 40 << 20),
        (2_000, 1, 2, "ferroshap.estimators.Leverage()", 8_100, 150 << 20),
    ],
)
def test_what_is_granted_is_kept(child, n, n_background, n_rows, method, nsamples, limit):
    """The peak counts what Python and the allocator add: the tenth beyond the limit is theirs, and 8 MB."""
    if method == "None":
        method = "ferroshap.estimators.Auto(screen=True)"
    code = LIMITED.format(n=n, n_background=n_background, n_rows=n_rows, method=method, nsamples=nsamples, limit=limit)
    outcome, n_bytes, adds_up = child(code).finish()
    assert outcome == "explained"
    assert adds_up == "True"
    assert int(n_bytes) < 1.1 * limit + (8 << 20)


@pytest.mark.parametrize(
    "n, method, nsamples, says",
    [
        (4_000, "ferroshap.estimators.Leverage()", 16_000, "matrices_of_players_366_MiB"),
        (300, "ferroshap.estimators.OddGP()", 3_900, "kriging_of_pairs"),
    ],
)
def test_what_does_not_fit_is_refused_before_the_model_is_asked(child, n, method, nsamples, says):
    code = LIMITED.format(n=n, n_background=1, n_rows=1, method=method, nsamples=nsamples, limit=64 << 20)
    outcome, n_bytes, message = child(code).finish()
    assert outcome == "refused"
    assert says in message
    assert "Permutation()" in message
    assert int(n_bytes) < 16 << 20
