"""Hand an Explanation to MLflow, without the alias."""

import importlib
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from ferroshap.errors import ExplainerError
from ferroshap.explanation import Explanation
from ferroshap.plots import bar

#: Where `mlflow.shap.log_explanation` puts its files.
FOLDER = "model_explanations_shap"


def log_explanation(explanation: Explanation, artifact_path: str | None = None) -> str:
    """Log the three artifacts of `mlflow.shap.log_explanation`, from an Explanation that exists.

    MLflow's own function computes a Kernel explanation of at most 100 summarised
    rows; this one logs whatever was computed, by any route.

    Parameters
    ----------
    explanation : Explanation
        ``(n, M)`` or ``(n, M, K)`` values of rows.
    artifact_path : str, optional
        The folder inside the run's artifacts; MLflow's own name for it when nothing is said.

    Returns
    -------
    str
        Where the artifacts are: ``base_values.npy``, a number or ``(K,)``, or one a row where
        rows have different ones; ``shap_values.npy``; ``summary_bar_plot.png``.

    Raises
    ------
    ExplainerError
        For a single row: a summary is of several.

    Examples
    --------
    ::

        explanation = ferroshap.Explainer(model, X_train)(X_test)
        with mlflow.start_run():
            ferroshap.compat.mlflow.log_explanation(explanation)
    """
    if not explanation.axes or explanation.axes[0] != "row":
        msg = f"`explanation` is of one row, with axes {explanation.axes}: log_explanation wants an explanation of rows"
        raise ExplainerError(msg)
    mlflow = importlib.import_module("mlflow")
    artifact_path = FOLDER if artifact_path is None else artifact_path
    with tempfile.TemporaryDirectory() as folder:
        np.save(Path(folder) / "base_values.npy", shared_base(explanation))
        np.save(Path(folder) / "shap_values.npy", explanation.values)
        _draw(explanation).savefig(Path(folder) / "summary_bar_plot.png")
        mlflow.log_artifacts(folder, artifact_path)
    return str(mlflow.get_artifact_uri(artifact_path))


def shared_base(explanation: Explanation) -> Any:
    """Return the base value that all rows share, a number or ``(K,)``; else those of the rows.

    Examples
    --------
    >>> shared_base(Explanation(np.ones((3, 2)), np.full(3, 0.5)))
    0.5
    """
    base = np.asarray(explanation.base_values)
    if len(base) == 0 or not np.array_equal(base, np.broadcast_to(base[0], base.shape), equal_nan=True):
        return base
    return base[0].item() if base.ndim == 1 else base[0]


def _draw(explanation: Explanation) -> Any:
    """Draw the bars on a figure of our own: the caller's current figure stays what it was."""
    figure = importlib.import_module("matplotlib.figure").Figure(figsize=(8, 6.5), layout="tight")
    bar(explanation, ax=figure.add_subplot(), show=False)
    return figure
