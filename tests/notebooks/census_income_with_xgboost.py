"""Census income, gradient boosting: global pictures, one person, dependence, log-odds and probability."""

# %%
import matplotlib.pyplot as plt
import numpy as np
import shap
import xgboost
from sklearn.model_selection import train_test_split
from tests.tables import adult

shap.initjs()
X, y = adult()
X_display, y_display = adult(display=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.2, random_state=7)

# %%
model = xgboost.XGBClassifier(n_estimators=60, max_depth=4, learning_rate=0.1, random_state=0).fit(X_train, y_train)
explainer = shap.TreeExplainer(model)
shap_values = explainer.shap_values(X)
assert shap_values.shape == X.shape

# %%
shap.force_plot(explainer.expected_value, shap_values[0, :], X_display.iloc[0, :])

# %%
shap.force_plot(explainer.expected_value, shap_values[:100, :], X_display.iloc[:100, :])

# %%
shap.summary_plot(shap_values, X_display, plot_type="bar", show=False)
plt.close()

# %%
shap.summary_plot(shap_values, X, show=False)
plt.close()

# %%
for name in X_train.columns[:4]:
    shap.dependence_plot(name, shap_values, X, display_features=X_display, show=False)
    plt.close()

# %%
probability = shap.TreeExplainer(model, X_train.iloc[:100], model_output="probability")
of_probability = probability.shap_values(X_test.iloc[:50])

# %%
sv = explainer(X)
shap.plots.beeswarm(sv, max_display=8, show=False)
plt.close()
shap.plots.waterfall(sv[0], max_display=8, show=False)
plt.close()
shap.plots.scatter(sv[:, "age"], color=sv[:, "education-num"], show=False)
plt.close()
margin = model.predict(X, output_margin=True)
assert np.abs(sv.base_values + sv.values.sum(axis=1) - margin).max() < 1e-3

# %%
compared = {
    "log-odds": (shap_values, 1e-5),
    "base value": (float(np.ravel(explainer.expected_value)[0]), 1e-5),
    "probability": (of_probability, 1e-5),
    "strongest": (sv.abs.mean(0).argsort.flip.values[:5], 0),
}
