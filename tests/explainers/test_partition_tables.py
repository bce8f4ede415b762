"""Trees of columns that have names, stand in another order, hold words, or belong to groups."""

import numpy as np
import pandas as pd
from sklearn.linear_model import LinearRegression
from tests.explainers.hierarchies import FAMILIES, by_definition, close

from ferroshap.clustering import tree_from_linkage
from ferroshap.explainers import CoalitionExplainer, ExactExplainer, PartitionExplainer
from ferroshap.maskers import Gaussian, Groups, Partition

NAMES = ["age", "sex", "bmi", "s1", "s2", "s6"]


def as_frame(X, order=range(6)):
    return pd.DataFrame(X, columns=NAMES)[[NAMES[k] for k in order]]


def test_columns_are_matched_by_name_and_the_tree_follows_them(case):
    tree = {"who": ["age", "sex", "bmi"], "blood": [["s1", "s2"], "s6"]}
    fitted = LinearRegression().fit(as_frame(case.background), case.model(case.background))

    class Crossed(LinearRegression):
        """Knows the order of its columns, and is not linear."""

        def predict(self, X):
            return case.model(np.asarray(X[NAMES]))

    model = Crossed().fit(as_frame(case.background), case.model(case.background))
    assert list(fitted.feature_names_in_) == NAMES
    plain = Partition(case.background, clustering=[[0, 1, 2], [[3, 4], 5]])
    wanted = by_definition(case.model, case.background, case.rows, plain.tree)
    for of_background, of_rows in [
        ((5, 3, 1, 0, 2, 4), range(6)),
        (range(6), (2, 0, 1, 5, 4, 3)),
        ((1, 0, 2, 4, 3, 5), (5, 4, 3, 2, 1, 0)),
    ]:
        masker = Partition(as_frame(case.background, of_background), clustering=tree)
        explanation = PartitionExplainer(model, masker)(as_frame(case.rows, of_rows))
        assert explanation.feature_names == [NAMES[k] for k in of_rows]
        assert close(explanation, wanted[:, list(of_rows)])


def test_the_clustering_is_that_of_the_columns_explained(case):
    of_rows = [2, 0, 1, 5, 4, 3]
    masker = Partition(as_frame(case.background))
    explainer = PartitionExplainer(lambda X: case.model(np.asarray(X)), masker)
    same = explainer(as_frame(case.rows))
    assert np.array_equal(same.clustering, masker.clustering)
    moved = explainer(as_frame(case.rows, of_rows))

    def named(clustering, names):
        def leaves(node):
            return frozenset([names[node]]) if not isinstance(node, tuple) else frozenset().union(*map(leaves, node))

        def nodes(node):
            return (
                {leaves(node)}.union(*(nodes(child) for child in node)) if isinstance(node, tuple) else {leaves(node)}
            )

        return nodes(tree_from_linkage(clustering))

    assert named(moved.clustering, moved.feature_names) == named(same.clustering, same.feature_names)
    assert explainer(as_frame(case.rows).iloc[0]).clustering.shape == (5, 4)
    assert same[0].clustering.shape == (5, 4)
    families = Partition(case.background, clustering=FAMILIES)
    assert PartitionExplainer(case.model, families)(case.rows).clustering is None


def test_groups_are_leaves(case):
    groups = Groups(case.background, {"pair": [1, 4]})
    names = groups.feature_names
    units = [columns.tolist() for columns in groups.units.columns]
    tree = [["pair", names[0]], [names[2], [names[3], names[4]]]]
    masker = Partition(groups, clustering=tree)
    explanation = PartitionExplainer(case.two_outputs, masker)(case.rows)
    assert explanation.shape == (5, 5, 2)
    assert close(explanation, by_definition(case.two_outputs, case.background, case.rows, masker.tree, units=units))
    assert explanation.clustering.shape == (4, 4)


def test_tables_with_words_are_explained_under_a_nested_dict(case):
    words = np.array(["no", "yes"])
    frame = as_frame(case.background).assign(sex=words[(case.background[:, 1] > 0).astype(int)])
    rows = as_frame(case.rows).assign(sex=words[(case.rows[:, 1] > 0).astype(int)])

    def model(X):
        return X["age"].to_numpy() * (X["sex"] == "yes").to_numpy() + X["bmi"].to_numpy() * X["s1"].to_numpy()

    def coded(X):
        return X[:, 0] * (X[:, 1] > 0) + X[:, 2] * X[:, 3]

    tree = {"who": ["age", "sex"], "rest": {"a": ["bmi", "s6"], "b": ["s1", "s2"]}}
    explanation = CoalitionExplainer(model, frame, partition_tree=tree)(rows)
    plain = Partition(case.background, clustering=[[0, 1], [[2, 5], [3, 4]]])
    assert close(explanation, by_definition(coded, case.background, case.rows, plain.tree))
    assert explanation.feature_names == NAMES
    # Without a tree the default clusters by association, as some columns are no numbers.
    automatic = PartitionExplainer(model, frame)
    assert "'association'" in automatic.plan.reason
    assert automatic(rows).status == "EXACT"
    assert "'correlation'" in PartitionExplainer(case.model, case.background).plan.reason


def test_conditional_filling_has_values_along_a_tree(case, adds_up):
    filling = Gaussian(case.background, n_samples=8, seed=3)
    masker = Partition(filling, clustering=FAMILIES)
    for max_evals in (500, 20):
        explainer = PartitionExplainer(case.two_outputs, masker, sampling="adaptive")
        explanation = explainer(case.rows, max_evals=max_evals)
        assert adds_up(explanation, case.two_outputs(case.rows))
        assert (explanation.n_evaluations <= max_evals).all()
        assert np.array_equal(explainer(case.rows, max_evals=max_evals, batch_size=1).values, explanation.values)
    flat = PartitionExplainer(case.two_outputs, Partition(filling, clustering=[[0, 1, 2, 3, 4, 5]]))(case.rows)
    assert np.allclose(flat.values, ExactExplainer(case.two_outputs, filling)(case.rows).values, atol=1e-11)
