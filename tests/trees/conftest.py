"""Fitted models of scikit-learn, which is always there, and what a test needs to play their games."""

import numpy as np
import pytest
from sklearn.ensemble import (
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingRegressor,
    RandomForestRegressor,
)

#: They write the recorded models, with libraries that the tests do without.
collect_ignore_glob = ["models/record_*.py"]

N_COLUMNS = 5


def table(n_rows, seed=0):
    """Numbers of one decimal, so that rows sit on each other's values and thresholds repeat."""
    return np.random.default_rng([seed, 7]).normal(size=(n_rows, N_COLUMNS)).round(1)


def target(X):
    return X[:, 0] * X[:, 1] + np.abs(X[:, 2]) - (X[:, 3] > 0.3)  # the last column means nothing


class Case:
    """A fitted model with the function that its trees sum up to."""

    def __init__(self, name, model, raw):
        self.name, self.model, self.raw = name, model, raw
        self.rows, self.background = table(6, seed=1), table(9, seed=2)

    def __repr__(self):
        return self.name


def fitted(name):
    X = table(200)
    y = target(X)
    if name == "forest":
        model = RandomForestRegressor(8, max_depth=6, random_state=0).fit(X, y)
        return Case(name, model, model.predict)
    if name == "boosting":
        model = GradientBoostingRegressor(n_estimators=20, random_state=0).fit(X, y)
        return Case(name, model, model.predict)
    if name == "histograms":
        model = HistGradientBoostingRegressor(max_iter=10, min_samples_leaf=5, random_state=0).fit(X, y)
        return Case(name, model, model.predict)
    if name == "log-odds":
        model = GradientBoostingClassifier(n_estimators=15, random_state=0).fit(X, y > 0.4)
        return Case(name, model, model.decision_function)
    model = ExtraTreesClassifier(6, max_depth=5, random_state=0).fit(X, np.digitize(y, [-0.5, 0.8]))
    return Case(name, model, model.predict_proba)


NAMES = ["forest", "boosting", "histograms", "log-odds", "classes"]
_known = {}


def case_named(name):
    return _known.setdefault(name, fitted(name))


@pytest.fixture(params=NAMES)
def case(request):
    """Each of the models in turn."""
    return case_named(request.param)


@pytest.fixture
def forest():
    """A regression forest alone."""
    return case_named("forest")


@pytest.fixture
def log_odds():
    """A boosted classifier of two classes."""
    return case_named("log-odds")


@pytest.fixture
def classes():
    """A forest that returns three probabilities."""
    return case_named("classes")
