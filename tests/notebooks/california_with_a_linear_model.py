"""House prices, a straight line: values that can be checked by hand."""

# %%
import matplotlib.pyplot as plt
import numpy as np
import shap
from sklearn.linear_model import LinearRegression
from sklearn.preprocessing import StandardScaler
from tests.tables import california

X, y = california()
X100 = shap.utils.sample(X, 100)
model = LinearRegression().fit(X, y)

# %%
shap.partial_dependence_plot(
    "MedInc", model.predict, X100, ice=False, model_expected_value=True, feature_expected_value=True, show=False
)
plt.close()

# %%
explainer = shap.Explainer(model.predict, X100)
shap_values = explainer(X)
by_hand = (X - X100.mean()).to_numpy() * model.coef_
assert np.abs(shap_values.values - by_hand).max() < 1e-8

# %%
shap.plots.scatter(shap_values[:, "MedInc"], show=False)
plt.close()
shap.plots.waterfall(shap_values[20], max_display=14, show=False)
plt.close()

# %%
linear = shap.LinearExplainer(model, shap.maskers.Independent(X100))
of_linear = linear.shap_values(X)
scaled = LinearRegression().fit(StandardScaler().fit_transform(X), y)
other = shap.Explainer(scaled, StandardScaler().fit_transform(X)[:80])(StandardScaler().fit_transform(X)[:10])

# %%
compared = {
    "black box": (shap_values.values, 1e-6),
    "linear": (of_linear, 1e-8),
    "base value": (linear.expected_value, 1e-8),
    "scaled": (other.values, 1e-8),
}
