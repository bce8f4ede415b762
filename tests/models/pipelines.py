"""A table of people, and the steps that prepare it, for the tests of pipelines."""

import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.model_selection import KFold
from sklearn.preprocessing import (
    OneHotEncoder,
    OrdinalEncoder,
    StandardScaler,
    TargetEncoder,
)

import ferroshap as shap

N = 160


def people(n_rows=N, seed=0):
    """A frame of mixed columns, with strings, categories, gaps and rare values."""
    rng = np.random.default_rng([seed, 3])
    age = rng.normal(40, 10, n_rows).round(1)
    income = np.where(rng.random(n_rows) < 0.15, np.nan, rng.normal(size=n_rows).round(2))
    return pd.DataFrame(
        {
            "age": age,
            "job": rng.choice(["clerk", "smith", "nurse", "priest"], n_rows, p=[0.5, 0.3, 0.17, 0.03]),
            "city": pd.Categorical(rng.choice(["x", "y"], n_rows)),
            "income": income,
            "unused": rng.normal(size=n_rows),
        }
    )


def target(frame):
    job = (frame.job == "smith") * 2.0 * (frame.city == "x")
    return ((frame.age > 40) + job + frame.income.fillna(3.0)).to_numpy()


ENCODED = {
    "one-hot": OneHotEncoder(),
    "dense": OneHotEncoder(sparse_output=False),
    "first dropped": OneHotEncoder(drop="first"),
    "two as one": OneHotEncoder(drop="if_binary", sparse_output=False),
    "rare together": OneHotEncoder(min_frequency=0.1, handle_unknown="infrequent_if_exist"),
    "at most three": OneHotEncoder(max_categories=3),
    "numbers": OrdinalEncoder(),
    "means": TargetEncoder(cv=KFold(3)),
}


def prepared(encoder, remainder="drop"):
    return make_column_transformer(
        (StandardScaler(), ["age"]),
        (encoder, ["job", "city"]),
        (SimpleImputer(add_indicator=True), ["income"]),
        remainder=remainder,
    )


def same_as_the_whole(pipeline, background, rows, function=None, tolerance=1e-12, **options):
    """The fast route gives what all coalitions of the pipeline's input columns give, the pipeline being a black box."""
    fast = shap.Explainer(pipeline, background, **options)
    slow = shap.ExactExplainer(function or pipeline.predict, background)
    got, want = fast(rows), slow(rows)
    np.testing.assert_allclose(got.values, want.values, rtol=0, atol=tolerance * np.abs(want.values).max())
    np.testing.assert_allclose(got.base_values, want.base_values, rtol=0, atol=tolerance * np.abs(want.values).max())
    return fast, got
