"""Census income, words and numbers through a pipeline: values of its own columns, words shown as they are."""

# %%
import matplotlib.pyplot as plt
import numpy as np
import shap
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from tests.tables import adult

X, y = adult(display=True)
columns = make_column_transformer(
    (OneHotEncoder(handle_unknown="ignore", sparse_output=False), make_column_selector(dtype_exclude="number")),
    (StandardScaler(), make_column_selector(dtype_include="number")),
)
pipeline = make_pipeline(columns, HistGradientBoostingClassifier(max_iter=30, random_state=0)).fit(X, y)

# %%
explainer = shap.Explainer(pipeline, X.iloc[:50])
shap_values = explainer(X.iloc[:20])
if "output" in shap_values.axes:
    shap_values = shap_values[..., 1]
assert shap_values.feature_names == list(X.columns)

# %%
shap.plots.waterfall(shap_values[0], show=False)
plt.close()
shap.plots.beeswarm(shap_values, show=False)
plt.close()
shap.plots.scatter(shap_values[:, "relationship"], show=False)
plt.close()
shap.plots.bar(shap_values.cohorts(X["sex"].to_numpy()[:20]).abs.mean(0), show=False)
plt.close()

# %%
compared = {"shape": (np.array(shap_values.shape), 0)}
only_ferroshap = "a pipeline is not callable for it"
