"""Diabetes, a perceptron: permutations and samples, which agree with exact values within their errors."""

# %%
import matplotlib.pyplot as plt
import numpy as np
import shap
from sklearn.datasets import load_diabetes
from sklearn.neural_network import MLPRegressor

X, y = load_diabetes(return_X_y=True, as_frame=True)
mlp = MLPRegressor(hidden_layer_sizes=(16,), solver="lbfgs", alpha=10.0, max_iter=5000, random_state=0).fit(
    X.to_numpy() * 20, y
)
predict = lambda rows: mlp.predict(np.asarray(rows) * 20)  # noqa: E731 - as notebooks have it
background = X.iloc[::9]

# %%
exact = shap.explainers.Exact(predict, background.to_numpy())(X.iloc[:4].to_numpy())
by_permutations = shap.explainers.Permutation(predict, background.to_numpy())(X.iloc[:4].to_numpy(), max_evals=2000)
by_sampling = shap.SamplingExplainer(predict, background.to_numpy()).shap_values(X.iloc[:4].to_numpy(), nsamples=4000)
scale = np.abs(exact.values).max()
assert np.abs(by_permutations.values - exact.values).max() < 0.1 * scale
assert np.abs(by_sampling - exact.values).max() < 0.3 * scale

# %%
shap.plots.waterfall(by_permutations[0], show=False)
plt.close()
shap.plots.bar(by_permutations[0], show=False)
plt.close()
shap.image_plot(exact.values.reshape(4, 2, 5), X.iloc[:4].to_numpy().reshape(4, 2, 5), show=False)
plt.close()

# %%
compared = {"exact": (exact.values, 1e-6), "base values": (exact.base_values, 1e-6)}
