"""The question: which filling predicts the model best from some features alone, on real tables.

MSEv: the mean of (f(x) - v(S))^2 over explained rows and coalitions, sizes uniform from 1 to n - 1, divided by that of
marginal filling; one half means that v(S) explains twice as much of the model. Rows were not seen by the maskers. The
same coalitions for all; 100 samples each. Seconds are for all rows, model included. shapiq's Gaussian imputers beside
ours; they refuse tables with a column of two values. Its third one draws rows that are near the explained row in all
columns, those that should be absent among them, so it predicts what no function of the present ones can.
"""

import csv
import sys
import time
import warnings

import measuring
import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import ferroshap
from ferroshap import maskers
from ferroshap.metrics.value_function import drawn_coalitions, value_function_error

SHARED = measuring.REPOSITORY.parent / "shared" / "data"
N_TRAINING, N_ROWS, N_COALITIONS, SEED = 2000, 100, 60, 1


def tables():
    """Name, table and target, shuffled."""
    rng = np.random.default_rng(0)
    X, y = load_diabetes(return_X_y=True, scaled=False)
    yield "diabetes", *shuffled(rng, X, y)
    bike, y = ferroshap.datasets.bike()
    yield "bike", *shuffled(rng, bike.select_dtypes("number").to_numpy(dtype=float), np.log1p(y))
    if (SHARED / "california_housing.csv").exists():
        housing = np.loadtxt(SHARED / "california_housing.csv", delimiter=",", skiprows=1)
        yield "California", *shuffled(rng, housing[:, :-1], housing[:, -1])
    if (SHARED / "adult_census.csv").exists():
        yield "adult", *shuffled(rng, *adult())


def adult():
    """Census income: words as codes, which only forests and surrogates take for what they are."""
    with (SHARED / "adult_census.csv").open() as file:
        head, *lines = csv.reader(file)
    columns = list(zip(*lines, strict=True))
    table = []
    for name, cells in zip(head[:-1], columns[:-1], strict=True):
        if name not in {"fnlwgt", "education"}:
            try:
                table.append(np.array(cells, dtype=float))
            except ValueError:
                table.append(np.unique(cells, return_inverse=True)[1].astype(float))
    return np.column_stack(table), np.array([cell == ">50K" for cell in columns[-1]], dtype=float)


def shuffled(rng, X, y):
    order = rng.permutation(len(X))[: 2 * N_TRAINING]
    return X[order], y[order]


def models(X, y):
    """Boosted trees, then a network."""
    network = MLPRegressor(hidden_layer_sizes=(32, 32), max_iter=400, random_state=0)
    yield HistGradientBoostingRegressor(random_state=0).fit(X, y)
    yield make_pipeline(StandardScaler(), network).fit(X, (y - y.mean()) / y.std())


def error_of(masker, model, rows):
    """Ours."""
    return value_function_error(model, masker, rows, n_coalitions=N_COALITIONS, rng=SEED).value


def error_of_peer(imputer_class, table, model, rows):
    """Of shapiq, on the same coalitions; it explains one row at a time."""
    some = drawn_coalitions(table.shape[1], N_COALITIONS, SEED).present
    imputer = imputer_class(model, table, sample_size=100, random_state=0)
    worths = np.array([imputer.fit(row[None, :]).value_function(some) for row in rows])
    return ((model(rows)[:, None] - worths) ** 2).mean()


def fillings(table, model):
    """Ways to worths, by name."""
    from shapiq.imputer import GaussianCopulaImputer, GaussianImputer

    ours = {
        "marginal": lambda: maskers.Independent(table[:100]),
        "Gaussian": lambda: maskers.Gaussian(table),
        "Impute": lambda: maskers.Impute(table[:100]),
        "Copula": lambda: maskers.Copula(table),
        "Empirical": lambda: maskers.Empirical(table),
        "Empirical, aicc": lambda: maskers.Empirical(table, bandwidth="aicc"),
        "Forest": lambda: maskers.Forest(table),
        "Surrogate": lambda: maskers.Surrogate(table, model),
    }
    for name, make in ours.items():
        yield name, lambda rows, make=make: error_of(make(), model, rows)
    for peer in (GaussianImputer, GaussianCopulaImputer):
        yield (
            f"shapiq {peer.__name__}",
            lambda rows, peer=peer: error_of_peer(peer, table, model, rows),
        )


def measure(name, X, y):
    half = len(X) // 2
    table, rows = X[:half], X[half : half + N_ROWS]
    lines = {}
    for fitted in models(table, y[:half]):
        model = fitted.predict
        marginal = None
        for filling, measured in fillings(table, model):
            begun = time.perf_counter()
            try:
                error = measured(rows)
            except Exception as refusal:  # noqa: BLE001 - a peer that refuses a table is a result too
                lines.setdefault(filling, []).extend([type(refusal).__name__, "-"])
                continue
            seconds = time.perf_counter() - begun
            marginal = error if marginal is None else marginal
            lines.setdefault(filling, []).extend([f"{error / marginal:.3f}", f"{seconds:.2f}"])
    print(f"{name}: {len(table)} rows to learn from, {X.shape[1]} features\n")
    head = ["filling", "trees: MSEv / marginal", "seconds", "network: MSEv / marginal", "seconds"]
    measuring.table(head, [[filling, *cells] for filling, cells in lines.items()])


def main():
    warnings.simplefilter("ignore")
    measuring.environment("ferroshap", "shapiq", "scikit-learn")
    for name, X, y in tables():
        if not sys.argv[1:] or name in sys.argv[1:]:
            measure(name, X, y)


if __name__ == "__main__":
    main()
