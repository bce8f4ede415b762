"""Each cluster of a tree looked at once, with nobody else present or with everybody else."""

import numpy as np
import pytest
from tests.explainers.hierarchies import BINARY, game_of

from ferroshap.clustering import leaves_of
from ferroshap.errors import BudgetError, OptionError
from ferroshap.explainers import PartitionExplainer
from ferroshap.maskers import Partition


@pytest.mark.parametrize("context", [0, 1])
def test_a_fixed_context_looks_at_each_cluster_once(case, Counted, adds_up, context):
    masker = Partition(case.background, clustering=BINARY)
    model = Counted(case.two_outputs)
    explainer = PartitionExplainer(model, masker)
    model.n_rows = 0
    explanation = explainer(case.rows, fixed_context=context, max_evals=500)
    assert (explanation.n_evaluations == 12).all()
    assert model.n_rows == 5 * (1 + 10 * 30)
    assert adds_up(explanation, case.two_outputs(case.rows))
    everybody = frozenset(range(6))
    for x, values in zip(case.rows, explanation.values, strict=True):
        worth = game_of(case.two_outputs, case.background, x)

        def gain(players, worth=worth):
            if context == 0:
                return worth(players) - worth(frozenset())
            return worth(everybody) - worth(everybody - players)

        def shared(node, total, gain=gain):
            if not isinstance(node, tuple):
                return {node: total}
            leaves = [frozenset(leaves_of(child)) for child in node]
            gains = [gain(players) for players in leaves]
            rest = (total - sum(gains)) / sum(map(len, leaves))
            found = {}
            for child, own in zip(node, gains, strict=True):
                found |= shared(child, own)
            return {leaf: value + rest for leaf, value in found.items()}

        wanted = shared(masker.tree, gain(everybody))
        assert np.allclose(values, [wanted[k] for k in range(6)], atol=1e-12)


def test_an_unknown_context_is_refused(case):
    explainer = PartitionExplainer(case.model, case.background)
    for context in (2, "0", True):
        with pytest.raises(OptionError, match="`fixed_context` is .* must be 0, 1 or None"):
            explainer(case.rows, fixed_context=context)


def test_clusters_that_were_not_reached_share_what_those_above_gain(case, adds_up):
    class Failing:
        n_calls = 0

        def __call__(self, X):
            self.n_calls += 1
            if self.n_calls > 4:  # background, rows, both halves of everybody
                raise ZeroDivisionError
            return case.model(X)

    explainer = PartitionExplainer(Failing(), Partition(case.background, clustering=BINARY))
    with pytest.raises(ZeroDivisionError):
        explainer(case.rows[:1], batch_size=30, fixed_context=0)
    partial = explainer.partial
    assert partial.status == "INTERRUPTED"
    assert partial.n_evaluations.tolist() == [4]
    assert adds_up(partial, case.model(case.rows[:1]))
    worth = game_of(case.model, case.background, case.rows[0])
    gain = (worth(frozenset([0, 3, 1])) - worth(frozenset()))[0]
    other = (worth(frozenset([2, 5, 4])) - worth(frozenset()))[0]
    rest = worth(frozenset(range(6)))[0] - worth(frozenset())[0] - gain - other
    assert np.allclose(partial.values[0, [0, 3, 1]], gain / 3 + rest / 6, atol=1e-12)
    assert np.allclose(partial.values[0, [2, 5, 4]], other / 3 + rest / 6, atol=1e-12)


def test_a_context_needs_evaluations_for_every_cluster(case):
    explainer = PartitionExplainer(case.model, Partition(case.background, clustering=BINARY))
    with pytest.raises(BudgetError, match="`fixed_context=1` looks at 10 clusters and both endpoints: raise it to 12"):
        explainer(case.rows, fixed_context=1, max_evals=11)
    with pytest.raises(OptionError, match="`main_effects` and `fixed_context`"):
        explainer(case.rows, fixed_context=1, main_effects=True)
