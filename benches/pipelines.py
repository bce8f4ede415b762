"""The question: what a pipeline's own input columns cost to explain, by the last step's route and by all others.

The adult census, a CSV file given by its path (48,842 rows; 14 columns, of which 8 are text): half
is fitted on. One hundred background rows, all routes over all of them. "rows/s" is whole calls, the explainer made
once; the error is the largest difference from the exact values as a share of the mean absolute value. Of shap the
rows that a user must write are counted too: its maskers take no text, so a function decodes numbers and asks the
pipeline; or the last step is explained and the values of the born columns are summed, which is another game.
"""

import sys
import time

import measuring
import numpy as np
import pandas as pd
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import ferroshap

N_BACKGROUND = 100
MANY, FEW = 2000, 4


def prepare():
    encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    return make_column_transformer(
        (encoder, make_column_selector(dtype_exclude="number")),
        (StandardScaler(), make_column_selector(dtype_include="number")),
    )


def models():
    import xgboost

    yield "one-hot + logistic regression", LogisticRegression(max_iter=1000)
    yield "one-hot + histograms", HistGradientBoostingClassifier(max_iter=200, random_state=0)
    yield "one-hot + XGBoost", xgboost.XGBClassifier(n_estimators=200, max_depth=6, n_jobs=1)


def margin_of(pipeline):
    """The function that the last step's route explains, of frames."""
    *_, last = pipeline.named_steps.values()
    if hasattr(last, "decision_function"):
        return pipeline.decision_function
    return lambda frame: last.predict(pipeline[:-1].transform(frame), output_margin=True)


def timed(explain, rows):
    begun = time.perf_counter()
    values = explain(rows)
    return values, len(rows) / (time.perf_counter() - begun)


def coded(frame):
    """Numbers for a frame, and the way back: what a user of shap writes."""
    known = {name: sorted(frame[name].unique()) for name in frame.columns if frame[name].dtype.kind not in "if"}
    numbers = frame.copy()
    for name, values in known.items():
        numbers[name] = [values.index(value) for value in frame[name]]

    def decoded(codes):
        back = pd.DataFrame(codes, columns=frame.columns)
        for name, values in known.items():
            back[name] = np.array(values, dtype=object)[back[name].to_numpy().astype(int)]
        return back

    return numbers.to_numpy(dtype=np.float64), decoded


def summed(values, front):
    return np.stack([values[:, front.owners == column].sum(axis=1) for column in range(front.n_columns)], axis=1)


def routes(pipeline, frame, background):
    """Name of a route, rows that it is measured on, and what explains them."""
    margin = margin_of(pipeline)
    fast = ferroshap.Explainer(pipeline, background)
    yield "ours: the last step's route", MANY, lambda rows: fast(rows).values
    sampled = ferroshap.Explainer(margin, background, algorithm="permutation")
    yield "ours: sampling the pipeline", FEW, lambda rows: sampled(rows, silent=True).values
    import shap

    codes, decoded = coded(frame)
    place = frame.index.get_indexer
    peer = shap.explainers.Permutation(lambda codes: margin(decoded(codes)), codes[place(background.index)])
    yield "shap: Permutation, decoding", FEW, lambda rows: peer(codes[place(rows.index)], silent=True).values
    from ferroshap.models import parted

    front, last = parted(pipeline)
    prepared = pipeline[:-1].transform
    if isinstance(last, LogisticRegression):
        theirs = shap.LinearExplainer(last, prepared(background))
    else:
        theirs = shap.TreeExplainer(last, shap.maskers.Independent(prepared(background), max_samples=N_BACKGROUND))
    options = {} if isinstance(last, LogisticRegression) else {"check_additivity": False}
    yield "shap: last step, summed", 50, lambda rows: summed(theirs.shap_values(prepared(rows), **options), front)


def main():
    frame = pd.read_csv(sys.argv[1]).dropna()
    y = (frame.pop("class") == ">50K").to_numpy()
    measuring.environment("ferroshap", "shap", "scikit-learn", "xgboost-cpu", "pandas")
    frame.index = pd.RangeIndex(len(frame))
    half = len(frame) // 2
    background, unseen = frame[:N_BACKGROUND], frame[half : half + MANY]
    lines = []
    for name, last in models():
        pipeline = make_pipeline(prepare(), last).fit(frame[:half], y[:half])
        exact = ferroshap.Explainer(pipeline, background)(unseen).values
        for route, n_rows, explain in routes(pipeline, frame, background):
            explain(unseen[:2])
            values, speed = timed(explain, unseen[:n_rows])
            error = np.abs(values - exact[:n_rows]).max() / np.abs(exact).mean()
            lines.append([name, route, f"{speed:,.1f}", f"{error:.1e}"])
    measuring.table(["pipeline", "route", "rows/s", "largest error"], lines)


if __name__ == "__main__":
    main()
