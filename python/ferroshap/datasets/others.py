"""Larger tables, texts and images, which are downloaded."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferroshap.datasets.downloads import fetched
from ferroshap.datasets.rows import some
from ferroshap.errors import OptionError

Floats = NDArray[np.float64]


def communitiesandcrime(n_points: int | None = None) -> tuple[Any, Floats]:
    """Return 1,994 American communities of 1990, and how many violent crimes there were for 100,000 people.

    Redmond (2009), "Communities and crime unnormalized", UCI Machine Learning Repository. Columns with gaps are left
    out. Downloaded on the first call (1.6 MB), checked, and kept in :func:`cache_folder`.

    Parameters
    ----------
    n_points : int, optional
        That many random rows.

    Returns
    -------
    X : pandas.DataFrame of shape ``(1994, 101)``
        Population, households, incomes, ...
    y : ndarray of shape ``(1994,)``
        Violent crimes.

    Raises
    ------
    DownloadError
        When the file is not at hand and cannot be downloaded; with file and folder.
    """
    import pandas as pd

    raw = pd.read_csv(fetched("CommViolPredUnnormalizedData.txt"), na_values="?")
    known = np.flatnonzero(raw.iloc[:, -2].notna())
    (known,) = some(n_points, known)
    table = raw.iloc[known, 5:-18]
    return table.loc[:, table.notna().all()], np.asarray(raw.iloc[known, -2], dtype=np.float64)


def nhanesi(display: bool = False, n_points: int | None = None) -> tuple[Any, Floats]:
    """Return people of the first National Health and Nutrition Examination Survey, 1971 to 1974, and their survival.

    Downloaded on the first call, checked, and kept in :func:`cache_folder`.

    Parameters
    ----------
    display : bool
        Give a copy of the table; its columns are the same.
    n_points : int, optional
        That many random rows.

    Returns
    -------
    X : pandas.DataFrame
        Age, sex, and what the doctors measured.
    y : ndarray
        Years survived; negative for those who were alive at the last look.

    Raises
    ------
    DownloadError
        When a file is not at hand and cannot be downloaded; with file and folder.
    """
    import pandas as pd

    X = pd.read_csv(fetched("NHANESI_X.csv"), index_col=0)
    y = pd.read_csv(fetched("NHANESI_y.csv"), index_col=0)["y"]
    X, y = some(n_points, X, y)
    return X.copy() if display else X, np.array(y)


def a1a(n_points: int | None = None) -> tuple[Any, Floats]:
    """Return 1,605 adults of the census as a sparse table of 119 zeros and ones, and who earned much (1 or -1).

    Platt (1998), "Fast training of support vector machines". Downloaded on the first call (0.1 MB), checked, and kept
    in :func:`cache_folder`.

    Parameters
    ----------
    n_points : int, optional
        That many random rows.

    Returns
    -------
    X : scipy.sparse matrix of shape ``(1605, 119)``
        One column a category.
    y : ndarray of shape ``(1605,)``
        1 or -1.

    Raises
    ------
    DownloadError
        When the file is not at hand and cannot be downloaded; with file and folder.
    ImportError
        When scikit-learn is not installed.
    """
    X, y = _sparse("a1a.svmlight")
    X, y = some(n_points, X, y)
    return X, y


def rank() -> tuple[Any, Floats, Any, Floats, Floats, Floats]:
    """Return LightGBM's example of ranking: 3,005 documents to learn from and 768 to test, for 201 and 50 queries.

    Downloaded on the first call (3 MB), checked, and kept in :func:`cache_folder`.

    Returns
    -------
    X_train, y_train, X_test, y_test, q_train, q_test
        Sparse tables, relevances, and how many documents each query has.

    Raises
    ------
    DownloadError
        When a file is not at hand and cannot be downloaded; with file and folder.
    ImportError
        When scikit-learn is not installed.
    """
    queries = [np.loadtxt(fetched(f"rank.{part}.query")) for part in ("train", "test")]
    return (*_sparse("rank.train"), *_sparse("rank.test"), queries[0], queries[1])


def imdb(n_points: int | None = None) -> tuple[list[str], NDArray[np.bool_]]:
    """Return 25,000 reviews of films, half of them kind.

    Maas and others (2011), "Learning word vectors for sentiment analysis". Downloaded on the first call, checked,
    and kept in :func:`cache_folder`.

    Parameters
    ----------
    n_points : int, optional
        That many random reviews.

    Returns
    -------
    X : list of str
        The reviews.
    y : ndarray of bool
        Whether each is kind.

    Raises
    ------
    DownloadError
        When the file is not at hand and cannot be downloaded; with file and folder.
    """
    with fetched("imdb_train.txt").open(encoding="utf-8") as stream:
        reviews = stream.readlines()
    is_kind = np.arange(len(reviews)) >= len(reviews) // 2
    kept, labels = some(n_points, reviews, is_kind)
    return kept, labels


def imagenet50(resolution: int = 224, n_points: int | None = None) -> tuple[NDArray[np.float32], Floats]:
    """Return 50 photographs that look like some of ImageNet, and their classes.

    Downloaded on the first call, checked, and kept in :func:`cache_folder`.

    Parameters
    ----------
    resolution : {224}
        Pixels of a side.
    n_points : int, optional
        That many random photographs.

    Returns
    -------
    X : ndarray of shape ``(50, 224, 224, 3)``
        Red, green and blue, from 0 to 255.
    y : ndarray of shape ``(50,)``
        Numbers of classes.

    Raises
    ------
    DownloadError
        When a file is not at hand and cannot be downloaded; with file and folder.
    OptionError
        For another resolution.
    """
    if resolution != 224:
        msg = f"`resolution` is {resolution!r}, but there are photographs of 224 x 224 pixels alone"
        raise OptionError(msg)
    X = np.load(fetched("imagenet50_224x224.npy")).astype(np.float32)
    X, y = some(n_points, X, np.loadtxt(fetched("imagenet50_labels.csv")))
    return X, y


def _sparse(name: str) -> tuple[Any, Floats]:
    from sklearn.datasets import load_svmlight_file

    X, y = load_svmlight_file(str(fetched(name)))
    return X, y
