"""What tests of `ferroshap explain` share: recorded models with their rows, and the values that must come out."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.feather
import pyarrow.parquet

import ferroshap
from ferroshap import cli
from ferroshap.explainers import TreeExplainer

MODELS = Path(__file__).parents[1] / "trees" / "models"
XGBOOST = MODELS / "xgboost" / "regression-3.4.1.json"
#: The model file with categories that two libraries can carry in it: numbers 0 to 90 stand for these texts.
CATEGORIES = [f"city {number}" for number in range(91)]
NAMES = ["a", "b", "c", "d"]


def rows_of(model, names=NAMES):
    """The rows that were recorded with a model, as a table of Arrow's."""
    rows = json.loads(model.with_suffix(".rows.json").read_text())["rows"]
    return pa.table({name: pa.array(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)})


def explain(*words):
    """Run the command in this process, and return its status."""
    return cli.main(["explain", *map(str, words)])


def written(path):
    """Read a file of values, whichever its kind."""
    path = Path(path)
    if path.suffix == ".csv":
        return pa.csv.read_csv(path)
    if path.suffix in {".arrow", ".feather"}:
        return pa.feather.read_table(path)
    return pa.parquet.read_table(path)


def values_in(table, names=NAMES):
    """Columns of values and the base value, as numbers."""
    return np.column_stack([table[f"phi_{name}"].to_numpy() for name in names]), table["base_value"].to_numpy()


def explained(model, rows, background=None, **options):
    """Values and base values of one output, as the library itself gives them."""
    explainer = TreeExplainer(ferroshap.trees.load(model), background, **options)
    values = explainer.shap_values(rows)
    return values, np.full(len(values), explainer.expected_value)


def same_bits(first, second):
    return all(np.array_equal(a.view(np.uint64), b.view(np.uint64)) for a, b in zip(first, second, strict=True))


def with_texts_lightgbm(path):
    """A LightGBM file whose column of categories was a pandas column of these texts."""
    text = (MODELS / "lightgbm" / "categories-4.7.0.txt").read_text()
    path.write_text(text.replace("pandas_categorical:null", f"pandas_categorical:{json.dumps([CATEGORIES])}"))
    return path


def with_texts_xgboost(path):
    """An XGBoost file of the same kind: since 3.1 it holds the texts end to end, with the places where they begin."""
    model = json.loads((MODELS / "xgboost" / "categories-3.4.1.json").read_text())
    offsets = np.cumsum([0, *map(len, CATEGORIES)]).tolist()
    empty = {"offsets": [], "values": []}
    order = sorted(range(len(CATEGORIES)), key=CATEGORIES.__getitem__)
    model["learner"]["gradient_booster"]["model"]["cats"] = {
        "enc": [empty, empty, empty, {"offsets": offsets, "values": list("".join(CATEGORIES).encode())}],
        "feature_segments": [0, 0, 0, 0, len(CATEGORIES)],
        "sorted_idx": order,
    }
    path.write_text(json.dumps(model))
    return path


def wrong(capsys, *words, status=1):
    """What is said of a command that fails."""
    assert explain(*words) == status
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("ferroshap explain: error: ")
    assert said.err.count("\n") == 1, said.err
    return said.err


def as_parts(table, folder, write, ending):
    """Three files in a folder."""
    folder.mkdir()
    for part, (first, n_rows) in enumerate([(0, 5), (5, 1), (6, len(table))]):
        write(table.slice(first, n_rows), folder / f"part-{part}{ending}")
    return folder
