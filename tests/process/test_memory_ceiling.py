"""Memory is planned before work starts, and kept."""


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
