"""Bagging and Voting: weighted sums of models that are sums of trees, with their columns and classes."""

import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_iris
from sklearn.ensemble import (
    BaggingClassifier,
    BaggingRegressor,
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.neighbors import KNeighborsClassifier
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from tests.trees.probes import assert_reads

from ferroshap.errors import NoTreesError
from ferroshap.trees.recognition import load_tree_model

X, Y = load_diabetes(return_X_y=True)
IRIS, KIND = load_iris(return_X_y=True)
FEW = {"n_estimators": 8, "random_state": 0}


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"max_features": 0.5},
        {"max_features": 0.5, "bootstrap_features": True},
        {"bootstrap_features": True},
        {"estimator": RandomForestRegressor(n_estimators=3), "max_features": 4},
        {"estimator": GradientBoostingRegressor(n_estimators=3)},
    ],
    ids=str,
)
def test_bagged_regressors_know_their_columns(options):
    assert assert_reads(BaggingRegressor(**FEW, **options).fit(X, Y), X, n_roundings=60).is_vector


def test_bagged_regressors_of_several_targets():
    assert assert_reads(BaggingRegressor(**FEW).fit(X, np.c_[Y, Y**2]), X).forest.n_outputs == 2


@pytest.mark.parametrize(
    "options", [{}, {"max_samples": 4}, {"estimator": DecisionTreeClassifier(max_depth=2), "max_features": 2}], ids=str
)
def test_bagged_classifiers_know_their_classes(options):
    """A tree that has seen four rows may know only some of the classes."""
    read = assert_reads(BaggingClassifier(**FEW, **options).fit(IRIS, np.array(["a", "b", "c"])[KIND]), IRIS)
    assert read.is_probability
    assert read.output_names == ["a", "b", "c"]


def test_voting_regressors_weigh_their_parts():
    parts = [
        ("forest", RandomForestRegressor(**FEW)),
        ("histogram", HistGradientBoostingRegressor(max_iter=8)),
        ("left out", "drop"),
        ("boosted", GradientBoostingRegressor(**FEW)),
    ]
    # The forest compares singles, the histogram doubles: one column is asked in both ways.
    assert_reads(VotingRegressor(parts, weights=[1, 2, 7, 3]).fit(X, Y), X, n_roundings=60)
    assert_reads(VotingRegressor(parts).fit(X, Y), X, n_roundings=60)


def test_soft_votes_are_sums():
    parts = [("forest", RandomForestClassifier(**FEW)), ("trees", ExtraTreesClassifier(**FEW))]
    read = assert_reads(VotingClassifier(parts, voting="soft", weights=[3, 1]).fit(IRIS, KIND), IRIS, n_roundings=40)
    assert read.is_probability


def test_sums_may_be_nested():
    bagged = BaggingRegressor(DecisionTreeRegressor(max_depth=3), max_features=0.5, **FEW)
    assert_reads(VotingRegressor([("a", bagged), ("b", DecisionTreeRegressor())]).fit(X, Y), X, n_roundings=60)


REFUSED = {
    "counts votes": VotingClassifier([("a", DecisionTreeClassifier()), ("b", RandomForestClassifier(**FEW))]),
    "over a KNeighborsClassifier": BaggingClassifier(KNeighborsClassifier(), **FEW),
    "whose probabilities are no sums": BaggingClassifier(GradientBoostingClassifier(n_estimators=2), **FEW),
}


@pytest.mark.parametrize("reason", REFUSED)
def test_what_is_no_sum_goes_to_the_agnostic_route(reason):
    with pytest.raises(NoTreesError, match=f"{reason}.*algorithm='permutation'"):
        load_tree_model(REFUSED[reason].fit(IRIS, KIND))


def test_predictions_behind_a_link_are_no_sums():
    poisson = HistGradientBoostingRegressor(loss="poisson", max_iter=3)
    with pytest.raises(NoTreesError, match="whose predictions are no sums"):
        load_tree_model(VotingRegressor([("a", poisson), ("b", DecisionTreeRegressor())]).fit(X, Y))
