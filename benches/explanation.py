"""The question: what the algebra of an Explanation costs, beside the incumbent's and beside NumPy's own."""

import io
import pickle
import time

import measuring
import numpy as np
import shap

from ferroshap import Explanation
from ferroshap.utils import approximate_interactions

N_ROWS, N_FEATURES = 1_000, 20
STRONGEST = "sv[:, sv.abs.mean(0).argsort.flip[:5]]"


def saved_and_loaded(explanation):
    stream = io.BytesIO()
    explanation.save(stream)
    stream.seek(0)
    return Explanation.load(stream)


def operations(explanation):
    """What both have."""
    return {
        "sv[0]": (2_000, lambda: explanation[0]),
        'sv[:, "f3"]': (2_000, lambda: explanation[:, "f3"]),
        "sv.abs.mean(0)": (200, lambda: explanation.abs.mean(0)),
        STRONGEST: (200, lambda: explanation[:, explanation.abs.mean(0).argsort.flip[:5]]),
        "1 - sv": (200, lambda: 1 - explanation),
        "sv.sample(100)": (200, lambda: explanation.sample(100)),
        "sv.cohorts(4)": (2, lambda: explanation.cohorts(4)),
        "sv[:300].hclust()": (1, explanation[:300].hclust),
    }


def costs(functions, share=1):
    """Microseconds of processor time a call, the least of five repetitions: so that other work counts little."""
    found = {}
    for _ in range(5):
        for name, (number, call) in functions.items():
            n_calls = max(1, number // share)
            begun = time.process_time()
            for _ in range(n_calls):
                call()
            spent = (time.process_time() - begun) / n_calls * 1e6
            found[name] = min(found.get(name, spent), spent)
    return found


def line(name, ours, theirs, alone=None):
    """One row of the table."""
    return [name, "" if alone is None else f"{alone:.1f}", f"{ours:,.1f}", f"{theirs:,.1f}", f"{theirs / ours:,.1f}"]


def alone(values):
    """The same numbers by NumPy, without names."""
    return {
        "sv[0]": (2_000, lambda: values[0]),
        'sv[:, "f3"]': (2_000, lambda: values[:, 3]),
        "sv.abs.mean(0)": (200, lambda: np.abs(values).mean(0)),
        STRONGEST: (200, lambda: values[:, np.abs(values).mean(0).argsort()[::-1][:5]]),
        "1 - sv": (200, lambda: 1 - values),
    }


def main():
    measuring.environment("ferroshap", "shap")
    rng = np.random.default_rng(0)
    values, data = rng.normal(size=(N_ROWS, N_FEATURES)), rng.normal(size=(N_ROWS, N_FEATURES))
    fields = {"base_values": np.zeros(N_ROWS), "data": data, "feature_names": [f"f{i}" for i in range(N_FEATURES)]}
    ours, theirs = Explanation(values, **fields), shap.Explanation(values, **fields)
    plain, mine = costs(alone(values)), costs(operations(ours))
    other = costs(operations(theirs), share=100)
    lines = [line(name, mine[name], other[name], plain.get(name)) for name in mine]
    found = costs(
        {
            "ours": (5, lambda: approximate_interactions(0, values, data)),
            "theirs": (1, lambda: shap.approximate_interactions(0, values, data)),
        }
    )
    lines.append(line("approximate_interactions", found["ours"], found["theirs"]))
    kept = costs(
        {"ours": (20, lambda: saved_and_loaded(ours)), "theirs": (20, lambda: pickle.loads(pickle.dumps(theirs)))}  # noqa: S301 - its own
    )
    lines.append(line("save and load (theirs: pickle)", kept["ours"], kept["theirs"]))
    measuring.table(["operation", "NumPy alone us", "ours us", "shap us", "shap / ours"], lines)


if __name__ == "__main__":
    main()
