"""Census income: groups of people, features that go together, and the algebra of Explanations."""

# %%
import matplotlib.pyplot as plt
import numpy as np
import shap
import xgboost
from tests.tables import adult

X, y = adult()
model = xgboost.XGBClassifier(n_estimators=40, max_depth=3, random_state=0).fit(X, y)
shap_values = shap.TreeExplainer(model)(X)

# %%
sex = ["Women" if shap_values[i, "sex"].data == 0 else "Men" for i in range(shap_values.shape[0])]
shap.plots.bar(shap_values.cohorts(sex).abs.mean(0), show=False)
plt.close()
shap.plots.bar(shap_values.cohorts(2).abs.mean(0), show=False)
plt.close()

# %%
top = shap_values[:, shap_values.abs.mean(0).argsort.flip[:3]]
shap.plots.beeswarm(shap_values[:, shap.Explanation.abs.mean(0).argsort.flip[:3].apply(shap_values).values], show=False)
plt.close()
shap.plots.beeswarm(shap_values, order=shap_values.abs.max(0), show=False)
plt.close()
shap.plots.beeswarm(shap_values, order=shap.Explanation.abs.max(0), show=False)
plt.close()

# %%
masker = shap.maskers.Partition(X.iloc[:40].to_numpy(), clustering="correlation")
margin = lambda rows: model.predict(rows, output_margin=True)  # noqa: E731 - as notebooks have it
owen = shap.PartitionExplainer(margin, masker)(X.iloc[:3].to_numpy(), max_evals=500)
gap = np.abs(owen.base_values + owen.values.sum(axis=1) - margin(X.iloc[:3].to_numpy()))
assert gap.max() < 1e-4

# %%
values = shap_values.values
assert np.array_equal((shap_values * 2).values, values * 2)
assert np.array_equal(shap_values[5:10, "age"].values, values[5:10, list(X.columns).index("age")])
compared = {
    "values": (values, 1e-5),
    "women": (shap_values.cohorts(sex).cohorts["Women"].abs.mean(0).values, 1e-5),
    "top three": (top.values, 1e-5),
    "largest": (shap_values.abs.max(0).values, 1e-5),
    "mean over features": (shap_values.mean(1).values, 1e-6),
}
