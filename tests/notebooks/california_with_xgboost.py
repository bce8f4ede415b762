"""House prices, gradient boosting, the newer interface: every picture of one Explanation."""

# %%
import matplotlib.pyplot as plt
import numpy as np
import shap
import xgboost
from tests.tables import california

X, y = california()
model = xgboost.XGBRegressor(n_estimators=80, max_depth=4, random_state=0).fit(X, y)

# %%
explainer = shap.Explainer(model)
shap_values = explainer(X)

# %%
shap.plots.waterfall(shap_values[0], show=False)
plt.close()

# %%
shap.plots.force(shap_values[0])

# %%
shap.plots.force(shap_values[:200])

# %%
shap.plots.scatter(shap_values[:, "Latitude"], color=shap_values, show=False)
plt.close()

# %%
shap.plots.beeswarm(shap_values, show=False)
plt.close()
shap.plots.beeswarm(shap_values.abs, color="shap_red", show=False)
plt.close()

# %%
shap.plots.bar(shap_values, show=False)
plt.close()
shap.plots.bar(shap_values.abs.max(0), show=False)
plt.close()

# %%
shap.plots.heatmap(shap_values[:200], show=False)
plt.close()
shap.plots.heatmap(shap_values[:200], instance_order=shap_values[:200].sum(1), show=False)
plt.close()

# %%
clustering = shap.utils.hclust(X, y)
shap.plots.bar(shap_values, clustering=clustering, clustering_cutoff=1.8, show=False)
plt.close()

# %%
interactions = shap.TreeExplainer(model).shap_interaction_values(X.iloc[:50])
shap.summary_plot(interactions, X.iloc[:50], show=False)
plt.close()
shap.dependence_plot(("Latitude", "Longitude"), interactions, X.iloc[:50], show=False)
plt.close()

# %%
order = shap.utils.potential_interactions(shap_values[:, "Latitude"], shap_values)
compared = {
    "values": (shap_values.values, 1e-4),
    "base values": (shap_values.base_values, 1e-4),
    "interactions": (interactions, 1e-4),
    "interaction with latitude": (order[0], 0),
    "mean magnitudes": (shap_values.abs.mean(0).values, 1e-4),
    "sum of rows": (np.sort(shap_values.sum(1).values), 1e-3),
}
