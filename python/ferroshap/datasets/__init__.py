"""Real tables to try things on, small enough to come with the package."""

from ferroshap.datasets.bike import bike

__all__ = ["bike"]
