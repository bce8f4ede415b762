"""Three kinds of iris: several outputs, in every picture that takes them."""

# %%
import matplotlib.pyplot as plt
import numpy as np
import shap
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression

data = load_iris(as_frame=True)
X, y = data.data, data.target
forest = RandomForestClassifier(n_estimators=30, random_state=0).fit(X, y)

# %%
explainer = shap.TreeExplainer(forest)
shap_values = explainer.shap_values(X)
assert shap_values.shape == (150, 4, 3)

# %%
shap.summary_plot(shap_values, X, plot_type="bar", class_names=list(data.target_names), show=False)
plt.close()
shap.summary_plot([shap_values[..., k] for k in range(3)], X, plot_type="bar", show=False)
plt.close()
shap.summary_plot(shap_values[..., 0], X, show=False)
plt.close()

# %%
explanation = explainer(X)
shap.plots.beeswarm(explanation[..., 1], show=False)
plt.close()
shap.plots.waterfall(explanation[0, :, 2], show=False)
plt.close()
shap.plots.force(explanation[0, :, 2])

# %%
shap.multioutput_decision_plot(
    list(explainer.expected_value), [shap_values[..., k] for k in range(3)], row_index=0,
    feature_names=list(X.columns), show=False,
)  # fmt: skip
plt.close()

# %%
probabilities = LogisticRegression(max_iter=2000).fit(X.to_numpy(), y).predict_proba
kernel = shap.KernelExplainer(probabilities, X.iloc[::5].to_numpy())
of_kernel = kernel.shap_values(X.iloc[:5].to_numpy(), silent=True)
exact = shap.ExactExplainer(probabilities, shap.maskers.Independent(X.iloc[::5].to_numpy()))(X.iloc[:5].to_numpy())

# %%
compared = {
    "forest": (shap_values, 1e-6),
    "base values": (np.asarray(explainer.expected_value), 1e-6),
    "kernel": (of_kernel, 1e-6),
    "base values of the kernel": (kernel.expected_value, 1e-9),
    "exact": (exact.values, 1e-6),
}
