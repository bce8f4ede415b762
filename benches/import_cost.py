"""The question: what an import costs beyond that of numpy, and what it brings along."""

import subprocess
import sys

import measuring

HEAVY = ["pandas", "matplotlib", "sklearn", "scipy", "numba", "narwhals", "pyarrow", "polars"]
REPETITIONS = 9


def run(statement):
    """One fresh interpreter."""
    return subprocess.run([sys.executable, "-c", statement], check=True, capture_output=True, text=True).stdout


def main():
    measuring.environment("ferroshap", "shap")
    statements = {
        "numpy": "import numpy",
        "ferroshap": "import numpy, ferroshap",
        "shap": "import numpy, shap",
    }
    for statement in statements.values():
        run(statement)  # compile what is not compiled yet
    functions = {name: lambda statement=statement: run(statement) for name, statement in statements.items()}
    times = measuring.interleaved(functions, REPETITIONS)
    lines = []
    for name, statement in statements.items():
        beyond = [one - base for one, base in zip(times[name], times["numpy"], strict=True)]
        loaded = run(f"{statement}\nimport sys\nprint(*[m for m in {HEAVY} if m in sys.modules])").strip()
        lines.append(
            [name, f"{measuring.median(times[name]):.3f}", f"{measuring.median(beyond):.3f}", loaded or "none"]
        )
    measuring.table(["import", "seconds, interpreter included", "beyond numpy", "of the heavy ones"], lines)


if __name__ == "__main__":
    main()
