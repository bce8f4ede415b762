"""How many points are handled together."""

import numpy as np

from ferroshap.gradients.protocol import Arrays

#: What points and their gradients may take at once.
BATCH_BYTES = 64 * 2**20
#: The same on the host.
HOST_BYTES = BATCH_BYTES // 2
#: What of a batch on the host stays in the cache, and the fewest points for which that matters.
CACHED_BYTES = 2**19
CACHED_POINTS = 256
#: The most points of one batch.
BATCH_POINTS = 4096


def batch_points(rows: Arrays, n_outputs: int, *, is_cached: bool = True) -> int:
    """Return a power of two of points that are cheap to handle together, at most 4096.

    As many as take, with their gradients, 64 MiB. On the host 32, for what networks keep of an image is a hundred times
    its size; and rather half a MiB, for what stays in the cache is read at a multiple of the speed (an MLP 30-64-1,
    beside other work on the machine: 0.65 us a point in batches of 1024, 1.4 in 4096), but 256 points if they fit, for
    layers of large networks are slow on few.

    Examples
    --------
    >>> batch_points((np.zeros((1, 3, 224, 224), dtype=np.float32),), 1), batch_points((np.zeros((1, 30)),), 10)
    (16, 256)
    """
    point_bytes = sum(values.itemsize * int(np.prod(values.shape[1:])) for values in rows) * (1 + n_outputs)
    fitting: int = max(1, min(BATCH_POINTS, BATCH_BYTES // max(point_bytes, 1)))
    if is_cached:
        fitting = min(fitting, max(CACHED_POINTS, CACHED_BYTES // max(point_bytes, 1)))
        fitting = min(fitting, max(1, HOST_BYTES // max(point_bytes, 1)))
    return 1 << fitting.bit_length() - 1
