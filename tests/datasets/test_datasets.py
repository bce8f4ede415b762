"""Tables at hand are there without a network; files that are downloaded are checked before they are kept."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from ferroshap import datasets
from ferroshap.datasets import downloads
from ferroshap.datasets.downloads import DownloadError
from ferroshap.errors import OptionError


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """No test looks into the user's own folder, or out of the house."""
    monkeypatch.setenv("FERROSHAP_DATA", str(tmp_path / "kept"))

    def refused(url, **options):
        if str(url).startswith("file:"):
            return opened(url, **options)
        message = "no network"
        raise OSError(message)

    opened = downloads.urllib.request.urlopen
    monkeypatch.setattr(downloads.urllib.request, "urlopen", refused)
    return tmp_path / "kept"


@pytest.mark.parametrize(
    "name,shape", [("iris", (150, 4)), ("diabetes", (442, 10)), ("linnerud", (20, 3)), ("bike", (2000, 12))]
)
def test_small_tables_are_at_hand(name, shape):
    X, y = getattr(datasets, name)()
    assert X.shape == shape
    assert len(y) == shape[0]


@pytest.mark.parametrize("name", ["iris", "diabetes", "linnerud"])
def test_some_rows_are_those_of_sample(name):
    import ferroshap

    X, y = getattr(datasets, name)(n_points=7)
    whole, targets = getattr(datasets, name)()
    assert X.equals(ferroshap.sample(whole, 7))
    assert np.array_equal(y, ferroshap.sample(targets, 7))


def test_species_have_names():
    _, names = datasets.iris(display=True)
    assert sorted(set(names)) == ["setosa", "versicolor", "virginica"]
    with pytest.raises(OptionError, match="`n_points` is 1.5"):
        datasets.iris(n_points=1.5)


@pytest.mark.parametrize("n_points", [100, 1000])
def test_groups_of_three_are_correlated_and_everything_else_is_white(n_points):
    X, y = datasets.corrgroups60(n_points)
    wanted = np.eye(60)
    for first in range(0, 30, 3):
        wanted[first : first + 3, first : first + 3] = 0.99
    np.fill_diagonal(wanted, 1.0)
    assert np.abs(np.corrcoef(X.T) - wanted).max() <= 1e-10
    noise = y - X.to_numpy()[:, :30:3].sum(axis=1)
    assert np.abs(noise).max() < 0.06  # six standard deviations


def test_ten_of_sixty_features_act():
    X, y = datasets.independentlinear60()
    coefficients = np.linalg.lstsq(X.to_numpy(), y, rcond=None)[0]
    assert np.flatnonzero(np.abs(coefficients) > 0.01).tolist() == list(range(0, 30, 3))


def test_no_global_generator_is_moved():
    before = np.random.get_state()[1].copy()  # noqa: NPY002 - the global one is what is watched
    datasets.corrgroups60(100), datasets.independentlinear60(100), datasets.iris(n_points=3)
    assert np.array_equal(np.random.get_state()[1], before)  # noqa: NPY002


@pytest.mark.parametrize(
    "name,file",
    [
        ("adult", "adult.data"),
        ("nhanesi", "NHANESI_X.csv"),
        ("communitiesandcrime", "CommViolPredUnnormalizedData.txt"),
        ("a1a", "a1a.svmlight"),
        ("imdb", "imdb_train.txt"),
        ("imagenet50", "imagenet50_224x224.npy"),
        ("rank", "rank.train.query"),
    ],
)
def test_without_a_network_the_error_names_file_and_folder(name, file, folder):
    with pytest.raises(DownloadError, match=f"`{file}` is not in {folder} and cannot be downloaded .* from https://"):
        getattr(datasets, name)()
    assert not folder.exists()


def test_files_are_downloaded_once_and_kept(tmp_path, folder):
    source = tmp_path / "table.csv"
    source.write_text("a,b\n1,2\n")
    path = datasets.cache(source.as_uri())
    assert path == str(folder / "table.csv")
    source.unlink()
    assert Path(datasets.cache(source.as_uri())).read_text() == "a,b\n1,2\n"
    assert [file.name for file in folder.iterdir()] == ["table.csv"]
    assert datasets.cache(source.as_uri().replace("table", "other"), "table.csv") == path


@pytest.mark.parametrize("kind", ["sha256", "git"])
def test_a_file_that_is_not_what_it_should_be_is_not_kept(kind, tmp_path, folder, monkeypatch):
    content = b"1,2\n"
    checksum = hashlib.sha256(content).hexdigest()
    if kind == "git":
        checksum = "git:" + hashlib.sha1(b"blob 4\0" + content, usedforsecurity=False).hexdigest()
    monkeypatch.setitem(downloads.FILES, "numbers.csv", (tmp_path.as_uri() + "/", checksum))
    (tmp_path / "numbers.csv").write_bytes(b"1,3\n")
    with pytest.raises(DownloadError, match="`numbers.csv` from file:.* is not what it should be"):
        downloads.fetched("numbers.csv")
    assert not folder.exists()
    (tmp_path / "numbers.csv").write_bytes(content)
    assert downloads.fetched("numbers.csv").read_bytes() == content


def test_the_census_is_read_as_categories_and_codes(folder):
    row = "39, State-gov, 77516, Bachelors, 13, Never-married, Adm-clerical, Not-in-family, White, Male, 2174, 0, 40, Cuba,"
    folder.mkdir(parents=True)
    (folder / "adult.data").write_text(
        f"{row} <=50K\n{row.replace('Not-in-family', 'Wife').replace('39', '50')} >50K\n"
    )
    X, y = datasets.adult()
    assert X["Relationship"].tolist() == [0, 5]
    assert X["Age"].tolist() == [39.0, 50.0]
    assert X["Age"].dtype == np.float32
    assert y.tolist() == [False, True]
    shown, _ = datasets.adult(display=True)
    assert list(shown) == list(X)
    assert shown["Country"].tolist() == [" Cuba", " Cuba"]


def test_reviews_and_crimes_are_read(folder):
    folder.mkdir(parents=True)
    (folder / "imdb_train.txt").write_text("bad\nworse\nfine\ngood\n")
    reviews, is_kind = datasets.imdb()
    assert (len(reviews), is_kind.tolist()) == (4, [False, False, True, True])
    with pytest.raises(OptionError, match="224 x 224"):
        datasets.imagenet50(resolution=32)


def test_the_folder_follows_the_system(monkeypatch):
    monkeypatch.delenv("FERROSHAP_DATA")
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    monkeypatch.setattr(downloads.sys, "platform", "linux")
    assert str(datasets.cache_folder()) == "/somewhere/ferroshap"
    monkeypatch.setattr(downloads.sys, "platform", "darwin")
    assert datasets.cache_folder().parts[-3:] == ("Library", "Caches", "ferroshap")
