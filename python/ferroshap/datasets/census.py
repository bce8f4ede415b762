"""Adults of the American census of 1994, and who earned more than 50,000 dollars."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap.datasets.downloads import fetched
from ferroshap.datasets.rows import some

#: The columns of the file; what is no number is a category.
NUMBERS = {"Age", "fnlwgt", "Education-Num", "Capital Gain", "Capital Loss", "Hours per week"}
COLUMNS = [
    "Age",
    "Workclass",
    "fnlwgt",
    "Education",
    "Education-Num",
    "Marital Status",
    "Occupation",
    "Relationship",
    "Race",
    "Sex",
    "Capital Gain",
    "Capital Loss",
    "Hours per week",
    "Country",
    "Target",
]
#: Of relationships, in an order that makes sense.
RELATIONSHIPS = ["Not-in-family", "Unmarried", "Other-relative", "Own-child", "Husband", "Wife"]


def adult(display: bool = False, n_points: int | None = None) -> tuple[Any, NDArray[np.bool_]]:
    """Return 32,561 adults of the census of 1994 with twelve columns, and whether they earned more than 50,000 dollars.

    Kohavi (1996), "Scaling up the accuracy of naive-Bayes classifiers"; UCI Machine Learning Repository. Downloaded on
    the first call (4 MB), checked, and kept in :func:`cache_folder`.

    Parameters
    ----------
    display : bool
        Give categories as words instead of numbers.
    n_points : int, optional
        That many random rows.

    Returns
    -------
    X : pandas.DataFrame of shape ``(32561, 12)``
        Age, working class, years of education, ...: single-precision numbers, and codes of categories.
    y : ndarray of bool
        Who earned more.

    Raises
    ------
    DownloadError
        When the file is not at hand and cannot be downloaded; with file and folder.
    ImportError
        When pandas is not installed.
    """
    import pandas as pd

    dtypes: Any = {name: "float32" if name in NUMBERS else "category" for name in COLUMNS}
    table = pd.read_csv(fetched("adult.data"), names=COLUMNS, na_values="?", dtype=dtypes)
    (table,) = some(n_points, table)
    target = np.asarray(table["Target"] == " >50K")
    kept = table.drop(columns=["Education", "Target", "fnlwgt"])
    if display:
        return kept, target
    for name in kept.columns.difference(list(NUMBERS)):
        if name == "Relationship":
            kept[name] = np.array([RELATIONSHIPS.index(value.strip()) for value in kept[name]])
        else:
            kept[name] = kept[name].cat.codes
    return kept, target
