"""Files that are downloaded once, on an explicit call, and checked before they are kept."""

import hashlib
import os
import sys
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

from ferroshap.errors import FerroshapError

#: Where the files are, pinned to a commit each.
SHAP = "https://raw.githubusercontent.com/shap/shap/df974a1966294b9c7acebb1373fd6dc5445d1d3d/data/"
LIGHTGBM = (
    "https://raw.githubusercontent.com/microsoft/LightGBM/bae0b7ba953341a32b2a9c5c5c437a1b976f576f/examples/lambdarank/"
)
#: Checksums: SHA-256 where a whole file was at hand, else the id that git gave its content (SHA-1).
FILES = {
    "CommViolPredUnnormalizedData.txt": (SHAP, "b090072d0e8d140a936d2411704ed29b2681e4805b805a9c8c6bdb072c5416c3"),
    "NHANESI_X.csv": (SHAP, "git:f7106dcb882a829d62ed307a218793581ce49c96"),
    "NHANESI_y.csv": (SHAP, "70c8d6ab022e7b080752b339ee8edc991f2fd203c294b5ca55b36bcb902aab93"),
    "a1a.svmlight": (SHAP, "740f16ebaee4597b2f8f5286686d77fc297b1ceb2f67ed9510362b7cf6101166"),
    "adult.data": (SHAP, "df25a4e32ed6f1bd4b3910d21a7bd661a09061eced7cb45555a519d9667cc87b"),
    "imagenet50_224x224.npy": (SHAP, "git:e3e16a88392c8f1443fdc6223bdb19fbfee311e3"),
    "imagenet50_labels.csv": (SHAP, "147c2226a3c7b55ff807009f23979e09838c0f34b2bfe2b0fa35024624cfcb31"),
    "imdb_train.txt": (SHAP, "git:f708ea9c04822c76f3a3cbda97aebcf68f83fa65"),
    "rank.test": (LIGHTGBM, "3b1219ce117a0a36d2f76c02de7e7831c1d79af0d40f5195c03178bbe26c824b"),
    "rank.test.query": (LIGHTGBM, "36dca82ba3bf99201bac3987b00a8fbf6fe5f563e9fa6d0da90e783710a32df4"),
    "rank.train": (LIGHTGBM, "a0c7201c89120879c14a5059e091f441cbf2a29b8aaef363885ccb1a530448df"),
    "rank.train.query": (LIGHTGBM, "40cb5fef637229311cd30fab13cb7fb633b023e86a87ff04ec55db420143d6af"),
}
SECONDS = 30


class DownloadError(FerroshapError, OSError):
    """A file is not at hand and cannot be downloaded, or is not what it should be."""


def cache_folder() -> Path:
    """Return where downloaded files are kept: ``FERROSHAP_DATA``, else ``ferroshap`` in the user's cache folder.

    Examples
    --------
    >>> cache_folder().name != ""
    True
    """
    named = os.environ.get("FERROSHAP_DATA")
    if named:
        return Path(named)
    home = Path.home()
    by_system = {"darwin": home / "Library" / "Caches", "win32": Path(os.environ.get("LOCALAPPDATA", home))}
    return by_system.get(sys.platform, Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache")) / "ferroshap"


def fetched(name: str) -> Path:
    """Return the path of one of the known files, downloading it if it is not there yet.

    Raises
    ------
    DownloadError
        When it cannot be downloaded, or has another checksum.
    """
    where, checksum = FILES[name]
    return _kept(where + name, name, checksum)


def cache(url: str, file_name: str | None = None) -> str:
    """Return the path of a file of any address, downloading it if it is not there yet; without a checksum.

    Parameters
    ----------
    url : str
        The address.
    file_name : str, optional
        What it is called in the cache folder; by default as in the address.

    Raises
    ------
    DownloadError
        When it cannot be downloaded, with file and folder.
    """
    return str(_kept(url, file_name or Path(urlsplit(url).path).name, None))


def _kept(url: str, name: str, checksum: str | None) -> Path:
    """The file in the cache folder, checked when it comes, and written there as a whole or not at all."""
    folder = cache_folder()
    path = folder / name
    if path.is_file():
        return path
    try:
        with urllib.request.urlopen(url, timeout=SECONDS) as stream:  # noqa: S310 - addresses of ours, or the user's
            content: bytes = stream.read()
    except (OSError, ValueError) as error:
        msg = f"`{name}` is not in {folder} and cannot be downloaded ({error}): put it there, from {url}"
        raise DownloadError(msg) from error
    if checksum is not None and not _has(content, checksum):
        msg = f"`{name}` from {url} is not what it should be (its checksum is another): it was not kept in {folder}"
        raise DownloadError(msg)
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = folder / f".{name}.{os.getpid()}"
    unfinished.write_bytes(content)
    unfinished.replace(path)
    return path


def _has(content: bytes, checksum: str) -> bool:
    if checksum.startswith("git:"):
        head = f"blob {len(content)}\0".encode()
        return hashlib.sha1(head + content, usedforsecurity=False).hexdigest() == checksum.removeprefix("git:")
    return hashlib.sha256(content).hexdigest() == checksum
