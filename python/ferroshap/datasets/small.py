"""Tables that scikit-learn has."""

from typing import Any

import numpy as np

from ferroshap.datasets.downloads import DownloadError
from ferroshap.datasets.rows import some


def iris(display: bool = False, n_points: int | None = None) -> tuple[Any, Any]:
    """Return 150 flowers of three species, four measurements in centimetres each.

    Fisher (1936), "The use of multiple measurements in taxonomic problems"; from scikit-learn, offline.

    Parameters
    ----------
    display : bool
        Give the species by name, as a list, instead of numbers.
    n_points : int, optional
        That many random rows.

    Returns
    -------
    X : pandas.DataFrame of shape ``(150, 4)``
        The measurements.
    y : ndarray of shape ``(150,)``, or list of str
        The species.

    Raises
    ------
    ImportError
        When pandas or scikit-learn is not installed.

    Examples
    --------
    >>> X, y = iris(display=True, n_points=2)
    >>> X.shape, y
    ((2, 4), ['virginica', 'versicolor'])
    """
    X, y, bunch = _loaded("iris")
    X, y = some(n_points, X, y)
    return X, [str(bunch.target_names[number]) for number in y] if display else y


def diabetes(n_points: int | None = None) -> tuple[Any, Any]:
    """Return 442 patients with ten measurements each, scaled, and how their diabetes went on within a year.

    Efron, Hastie, Johnstone, Tibshirani (2004), "Least angle regression"; from scikit-learn, offline.

    Parameters
    ----------
    n_points : int, optional
        That many random rows.

    Returns
    -------
    X : pandas.DataFrame of shape ``(442, 10)``
        Age, sex, body mass index, blood pressure and six values of the blood serum.
    y : ndarray of shape ``(442,)``
        The progression.

    Raises
    ------
    ImportError
        When pandas or scikit-learn is not installed.

    Examples
    --------
    >>> X, y = diabetes()
    >>> X.shape, float(y[0])
    ((442, 10), 151.0)
    """
    X, y, _ = _loaded("diabetes")
    X, y = some(n_points, X, y)
    return X, y


def linnerud(n_points: int | None = None) -> tuple[Any, Any]:
    """Return 20 men of a fitness club: three exercises, and three measurements of their bodies as targets.

    Tenenhaus (1998), "La régression PLS"; from scikit-learn, offline.

    Parameters
    ----------
    n_points : int, optional
        That many random rows.

    Returns
    -------
    X, y : pandas.DataFrame of shape ``(20, 3)``
        Chins, situps and jumps; weight, waist and pulse.

    Raises
    ------
    ImportError
        When pandas or scikit-learn is not installed.

    Examples
    --------
    >>> X, y = linnerud()
    >>> list(X), list(y)
    (['Chins', 'Situps', 'Jumps'], ['Weight', 'Waist', 'Pulse'])
    """
    import pandas as pd

    X, _, bunch = _loaded("linnerud")
    X, y = some(n_points, X, pd.DataFrame(bunch.target, columns=bunch.target_names))
    return X, y


def california(n_points: int | None = None) -> tuple[Any, Any]:
    """Return 20,640 groups of blocks in California with eight numbers each, and the median value of their houses.

    Pace, Barry (1997), "Sparse spatial autoregressions". Downloaded by scikit-learn on the first call, which checks it
    and keeps it in its own folder.

    Parameters
    ----------
    n_points : int, optional
        That many random rows.

    Returns
    -------
    X : pandas.DataFrame of shape ``(20640, 8)``
        ``MedInc HouseAge AveRooms AveBedrms Population AveOccup Latitude Longitude``.
    y : ndarray of shape ``(20640,)``
        In 100,000 dollars.

    Raises
    ------
    DownloadError
        When it was never downloaded, and cannot be now; with file and folder.
    """
    import pandas as pd
    from sklearn import datasets

    try:
        bunch = datasets.fetch_california_housing()
    except OSError as error:
        msg = (
            f"`cal_housing_py3.pkz` cannot be downloaded ({error}): get it on another computer by "
            f"sklearn.datasets.fetch_california_housing(), and put it into {datasets.get_data_home()}"
        )
        raise DownloadError(msg) from error
    X, y = some(n_points, pd.DataFrame(bunch.data, columns=bunch.feature_names), np.asarray(bunch.target))
    return X, y


def _loaded(name: str) -> tuple[Any, Any, Any]:
    """One of scikit-learn's tables, as frame and target."""
    import pandas as pd
    from sklearn import datasets

    bunch = getattr(datasets, f"load_{name}")()
    return pd.DataFrame(bunch.data, columns=bunch.feature_names), bunch.target, bunch
