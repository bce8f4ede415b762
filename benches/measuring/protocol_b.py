"""Protocol B: 16 kinds of small games, by enumeration.

Diabetes and wine (columns standardised, targets as they are) by XGBoost, network, support vectors and forest against
1 and 25 rows, and three synthetic games of 12 players. Wine by support vectors and by forest at 25 rows, and by
forest at one, are left out.
"""

from functools import cache, partial

import numpy as np
import xgboost
from sklearn import datasets
from sklearn.ensemble import RandomForestRegressor
from sklearn.neural_network import MLPRegressor
from sklearn.svm import SVR

from measuring.cells import Cell
from measuring.games import Masked, Table, all_coalitions

N_SYNTHETIC = 12
LEFT_OUT = {("wine", "SVR", 25), ("wine", "forest", 25), ("wine", "forest", 1)}
MODELS = {
    "XGB": lambda: xgboost.XGBRegressor(n_estimators=150, max_depth=4, n_jobs=1, random_state=0),
    "MLP": lambda: MLPRegressor(hidden_layer_sizes=(32, 32), max_iter=500, random_state=0),
    "SVR": lambda: SVR(C=3.0),
    "forest": lambda: RandomForestRegressor(n_estimators=40, max_depth=8, random_state=0),
}


@cache
def standardised(name):
    table, target = getattr(datasets, f"load_{name}")(return_X_y=True)
    table = (table - table.mean(axis=0)) / table.std(axis=0)
    order = np.random.default_rng(0).permutation(len(table))
    return table[order], target[order].astype(float)


@cache
def fitted(name, kind):
    return MODELS[kind]().fit(*standardised(name))


def explained(name, kind, size, number):
    table, _ = standardised(name)
    return Masked(fitted(name, kind).predict, table[-1 - number], table[:size])


def random_trees(rng, coalitions):
    """Thirty trees of depth four, each asking random players on its way to 16 random leaves."""
    n = coalitions.shape[1]
    worths = np.zeros(len(coalitions))
    for _ in range(30):
        asked, leaves = rng.integers(n, size=15), rng.normal(size=16)
        node = np.zeros(len(coalitions), dtype=int)
        for _ in range(4):
            node = 2 * node + 1 + coalitions[np.arange(len(coalitions)), asked[node]]
        worths += leaves[node - 15]
    return worths


def tanh_network(rng, coalitions):
    """Sixteen hidden units."""
    n = coalitions.shape[1]
    hidden = np.tanh(coalitions @ rng.normal(size=(n, 16)) * (2 / np.sqrt(n)) + rng.normal(size=16))
    return hidden @ rng.normal(size=16)


def sigmoid_of_pairs(rng, coalitions):
    """A probability whose logit has interactions of two players."""
    n = coalitions.shape[1]
    inside = coalitions.astype(float)
    logit = (
        rng.normal() + inside @ rng.normal(size=n) + np.einsum("si,ij,sj->s", inside, rng.normal(size=(n, n)), inside)
    )
    return 1 / (1 + np.exp(-logit / np.sqrt(n)))


def synthetic(kind, number):
    return Table(kind(np.random.default_rng([number, 12]), all_coalitions(N_SYNTHETIC)))


def cells():
    """The 16 cells."""
    for name, n_players in [("diabetes", 10), ("wine", 13)]:
        for kind in MODELS:
            for size in [1, 25]:
                if (name, kind, size) not in LEFT_OUT:
                    yield Cell(f"B {name} {kind} {size}", n_players, partial(explained, name, kind, size))
    for kind in [random_trees, tanh_network, sigmoid_of_pairs]:
        yield Cell(f"B {kind.__name__}", N_SYNTHETIC, partial(synthetic, kind))
