"""Census income, LightGBM with categories of its own: what the tree saw is what is shown."""

# %%
import lightgbm
import matplotlib.pyplot as plt
import numpy as np
import shap
from tests.tables import adult

X, y = adult(display=True)
words = [name for name in X if X[name].dtype.kind not in "iuf"]
X = X.astype(dict.fromkeys(words, "category"))
model = lightgbm.LGBMClassifier(n_estimators=40, num_leaves=15, random_state=0, verbose=-1).fit(X, y)

# %%
explainer = shap.TreeExplainer(model)
shap_values = explainer(X.iloc[:300])
raw = model.predict(X.iloc[:300], raw_score=True)
assert np.abs(shap_values.base_values + shap_values.values.sum(axis=1) - raw).max() < 1e-6

# %%
shap.summary_plot(shap_values.values, X.iloc[:300], show=False)
plt.close()
shap.plots.scatter(shap_values[:, "education-num"], color=shap_values[:, "age"], show=False)
plt.close()
base = explainer.expected_value
shap.decision_plot(base, shap_values.values[:20], X.iloc[:20], link="logit", show=False)
plt.close()
shap.force_plot(base, shap_values.values[0], X.iloc[0], link="logit")

# %%
compared = {"values": (shap_values.values, 1e-6), "base values": (shap_values.base_values, 1e-6)}
