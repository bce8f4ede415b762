"""An explainer travels to other processes and gives the same bits there."""

import pytest

CODE = """
    import multiprocessing
    import numpy as np
    import ferroshap
    from sklearn.linear_model import LinearRegression
    from sklearn.preprocessing import PolynomialFeatures
    from sklearn.pipeline import make_pipeline

    def main():
        rng = np.random.default_rng(0)
        rows = rng.normal(size=(40, 6))
        target = rows[:, 0] * rows[:, 1] + rows[:, 2]
        model = make_pipeline(PolynomialFeatures(2), LinearRegression()).fit(rows, target)
        for front_door in ["ExactExplainer", "KernelExplainer", "PermutationExplainer"]:
            explainer = getattr(ferroshap, front_door)(model.predict, rows)
            here = explainer(rows[:4])
            with multiprocessing.get_context("%s").Pool(2) as pool:
                there = pool.map(explainer, [rows[:4], rows[:4]])
            for explanation in there:
                assert explanation.values.tobytes() == here.values.tobytes(), front_door
                assert explanation.status == here.status
                assert list(explanation.feature_names) == list(here.feature_names)
        print("well")

    if __name__ == "__main__":
        main()
"""


@pytest.mark.parametrize("start", ["spawn", "forkserver"])
def test_worker_processes_give_the_same_bits(child, start):
    assert child(CODE % start, PYTHONHASHSEED="1").finish() == ["well"]
