"""Tables to try things on: small ones at hand, larger ones downloaded when they are asked for."""

import importlib
from typing import TYPE_CHECKING, Any

from ferroshap.datasets.bike import bike

if TYPE_CHECKING:
    from ferroshap.datasets.census import adult
    from ferroshap.datasets.downloads import DownloadError, cache, cache_folder
    from ferroshap.datasets.generated import corrgroups60, independentlinear60
    from ferroshap.datasets.others import a1a, communitiesandcrime, imagenet50, imdb, nhanesi, rank
    from ferroshap.datasets.small import california, diabetes, iris, linnerud

#: Where each is; pandas and scikit-learn are met inside them.
MET_RARELY = {
    "DownloadError": "downloads",
    "a1a": "others",
    "adult": "census",
    "cache": "downloads",
    "cache_folder": "downloads",
    "california": "small",
    "communitiesandcrime": "others",
    "corrgroups60": "generated",
    "diabetes": "small",
    "imagenet50": "others",
    "imdb": "others",
    "independentlinear60": "generated",
    "iris": "small",
    "linnerud": "small",
    "nhanesi": "others",
    "rank": "others",
}

__all__ = [
    "DownloadError",
    "a1a",
    "adult",
    "bike",
    "cache",
    "cache_folder",
    "california",
    "communitiesandcrime",
    "corrgroups60",
    "diabetes",
    "imagenet50",
    "imdb",
    "independentlinear60",
    "iris",
    "linnerud",
    "nhanesi",
    "rank",
]


def __getattr__(name: str) -> Any:
    """Import a table when it is asked for."""
    if name in MET_RARELY:
        return getattr(importlib.import_module(f"ferroshap.datasets.{MET_RARELY[name]}"), name)
    msg = f"module 'ferroshap.datasets' has no attribute {name!r}"
    raise AttributeError(msg)
