"""Census income, a support vector machine: any function of rows, explained by regression on coalitions."""

# %%
import matplotlib.pyplot as plt
import numpy as np
import shap
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from tests.tables import adult

X, y = adult()
X = X.iloc[:400, :9]
y = y[:400]
svm = make_pipeline(StandardScaler(), SVC(kernel="rbf", random_state=0)).fit(X.to_numpy(), y)

# %%
background = shap.kmeans(X, 8)
explainer = shap.KernelExplainer(svm.decision_function, background, link="identity")
shap_values = explainer.shap_values(X.iloc[:10, :], nsamples=1000, l1_reg=False, silent=True)

# %%
shap.force_plot(explainer.expected_value, shap_values[0, :], X.iloc[0, :])
shap.force_plot(explainer.expected_value, shap_values, X.iloc[:10, :])
shap.force_plot(explainer.expected_value, shap_values[0, :], X.iloc[0, :], matplotlib=True, show=False)
plt.close()

# %%
shap.summary_plot(shap_values, X.iloc[:10, :], show=False)
plt.close()

# %%
few = shap.sample(X, 20)
exact = shap.Explainer(svm.decision_function, few.to_numpy(), algorithm="exact")(X.iloc[:10].to_numpy())
gap = np.abs(exact.base_values + exact.values.sum(axis=1) - svm.decision_function(X.iloc[:10].to_numpy()))
assert gap.max() < 1e-9

# %%
compared = {
    "all coalitions": (shap_values, 1e-6),  # 2^9 of them, within the samples that were asked for
    "base value": (explainer.expected_value, 1e-9),
    "centres": (background.data, 1e-9),
    "weights": (background.weights, 1e-9),
    "exact": (exact.values, 1e-6),
}
