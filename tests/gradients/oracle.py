"""The plan and the estimator of `src/gradient/`, written once more in plain NumPy: the judge of the native code.

Nothing here is shared with the package. Random words come from NumPy's own Philox.
"""

import numpy as np

GOLDEN = 0.6180339887498949
WORD = 2**32


def shift(seed, key):
    """The high and the low half of the first word of the stream of a row."""
    counter, own = np.array([0, 0, key, 0], dtype=np.uint64), np.array([seed, 5], dtype=np.uint64)
    word = int(np.random.Philox(key=own, counter=counter).random_raw())
    return word >> 32, word & (WORD - 1)


def bit_reversed(k):
    return int(f"{k:032b}"[::-1], 2)


def allocation(weights, n_points):
    """Points of each background row, or None where weights are too unequal."""
    shares = n_points * np.asarray(weights)
    counts = np.maximum(1, np.floor(shares)).astype(int)
    left = n_points - counts.sum()
    if left < 0:
        return None
    candidates = [b for b in range(len(counts)) if shares[b] >= 1]
    candidates.sort(key=lambda b: (-(shares[b] - np.floor(shares[b])), b))
    for b in candidates[:left]:
        counts[b] += 1
    return counts


class Plan:
    """Where gradients are taken for one row after the other.

    Lists `(background, alpha, weight, replicate)` of all points up to a stage, with the weights of that stage.
    """

    def __init__(self, weights, ranks, n_points, n_replicates, seed, is_doubling):
        self.weights, self.ranks = np.asarray(weights, float), np.asarray(ranks)
        self.seed, self.n_replicates = seed, min(n_replicates, max(1, n_points // 2))
        counts = allocation(weights, n_points) if n_points >= len(weights) else None
        self.is_stratified = counts is not None
        self.n_stages = 1
        while is_doubling and n_points // 2**self.n_stages >= 16:
            first = n_points // 2**self.n_stages
            if self.is_stratified and (first < len(weights) or allocation(weights, first) is None):
                break
            self.n_stages += 1
        self.first = n_points // 2 ** (self.n_stages - 1)
        self.counts = allocation(weights, self.first) if self.is_stratified else None

    def points(self, key, stage):
        u, v = shift(self.seed, key)
        make = self._stratified if self.is_stratified else self._sequence
        return [point for s in range(stage + 1) for point in make(u, v, s, stage)]

    def _stratified(self, u, v, added, stage):
        for b, rank in enumerate(self.ranks):
            offset = (rank * GOLDEN + u / WORD) % 1.0
            n = self.counts[b]
            if added:
                n = self.counts[b] * 2 ** (added - 1)
                for _ in range(added - 1):
                    offset = (2 * offset) % 1.0
                offset = (offset + 0.5) % 1.0
            held = n if added else 0  # before this stage: replicates are counted on from there
            for j in range(n):
                weight = self.weights[b] / (self.counts[b] * 2**stage)
                yield b, (j + offset) / n, weight, (held + j + rank) % self.n_replicates

    def _sequence(self, u, v, added, stage):
        first = self.first * 2 ** (added - 1) if added else 0
        count = self.first if added == 0 else first
        order = np.argsort(self.ranks)
        cumulative = np.cumsum(self.weights[order])
        for i, k in enumerate(range(first, first + count)):
            t = bit_reversed(k)
            p, alpha = ((t + u) % WORD) / WORD, ((182667 * t + v) % WORD) / WORD
            place = min(np.searchsorted(cumulative, p, side="right"), len(order) - 1)
            yield order[place], alpha, 1 / (self.first * 2**stage), i * self.n_replicates // count


def principal_scores(features, weights):
    """The first two principal scores, of weighted mean 0 and variance 1; signs are free."""
    z = np.sqrt(weights)[:, None] * (features - weights @ features)
    u, size, _ = np.linalg.svd(z, full_matrices=False)
    n_kept = 0 if len(weights) < 3 else min(2, int((size > 1e-9 * size[0]).sum()))
    return u[:, :n_kept] / np.sqrt(weights)[:, None]


def controls(points, scores):
    """What gradients are regressed on: the place on the path, and the scores of the path point."""
    b, alpha = np.array([p[0] for p in points]), np.array([p[1] for p in points])
    return np.column_stack([np.ones(len(b)), 2 * alpha - 1, (1 - alpha)[:, None] * scores[b]])


def estimate(points, gradient, x, background, weights, target, plan, *, scores, residual=True):
    """Values, raw gap, standard errors and maps of the replicates of one row and output, from its points.

    `gradient` is a function of one place; `scores` None: no control.
    """
    b, alpha, omega, r = (np.array(part) for part in zip(*points, strict=True))
    total = omega.sum()
    omega = omega / total
    d = x - background[b]
    h = np.array([gradient(place) for place in background[b] + alpha[:, None] * d]) * d
    c = np.zeros((len(b), 0)) if scores is None else controls(points, scores)
    n_controls, n_replicates = c.shape[1], plan.n_replicates
    dc = d[:, :, None] * c[:, None, :]  # (points, features, controls)
    goal = np.zeros((len(x), n_controls))
    gamma = np.zeros((len(x), n_controls))
    if n_controls:
        goal[:, 0] = x - weights @ background
        goal[:, 2:] = (weights[:, None, None] * (x - background)[:, :, None] * scores[:, None, :]).sum(0) / 2
        gram = np.einsum("n,ndk,ndl->dkl", omega, dc, dc)
        right = np.einsum("n,nd,ndk->dk", omega, h, dc)
        ridge = (32 if plan.is_stratified else 8) / len(b) * gram[:, 0, 0]
        gram[:, range(1, n_controls), range(1, n_controls)] += ridge[:, None]
        varies = gram[:, 0, 0] > 0
        gamma[varies] = np.linalg.solve(gram[varies], right[varies][..., None])[..., 0]
    left = h - (dc * gamma).sum(2)
    values = (omega[:, None] * left).sum(0) + (gamma * goal).sum(1)
    gap = target - values.sum()
    kappa = np.zeros(len(x))
    if residual:
        spread = (omega[:, None] * left**2).sum(0) - (omega[:, None] * left).sum(0) ** 2
        spread[spread < 1e-12 * (omega[:, None] * h**2).sum(0)] = 0
        spread = spread if spread.sum() > 0 else values**2
        kappa = spread / spread.sum() if spread.sum() > 0 else kappa
    maps, shares = np.full((n_replicates, len(x)), np.nan), np.zeros(n_replicates)
    for k in range(n_replicates):
        mine, shares[k] = omega[r == k, None], omega[r == k].sum()
        if shares[k]:
            maps[k] = (mine * left[r == k]).sum(0) / shares[k] + (gamma * goal).sum(1)
            maps[k] += (target - maps[k].sum()) * kappa
    values = values + gap * kappa
    if n_controls and len(b) > n_controls + 1:  # they were fitted on the same points
        maps = values + np.sqrt(len(b) / (len(b) - n_controls - 1)) * (maps - values)
    return values, gap, standard_errors(maps, shares, values), maps, shares


def standard_errors(maps, shares, values):
    """Of any linear functional of the values: pass what it makes of the maps and of the values."""
    filled = shares > 0
    if filled.sum() < 2:
        return np.full(np.shape(values), np.nan)
    squares = (shares[filled] ** 2)[:, None] * (maps[filled] - values) ** 2
    n_replicates = filled.sum()
    return np.sqrt(n_replicates / (n_replicates - 1) * squares.sum(0))


def quadrature(gradient, x, background, weights, nodes=64):
    """Expected gradients by Gauss and Legendre's rule over every background row."""
    nodes, shares = np.polynomial.legendre.leggauss(nodes)
    total = np.zeros(len(x))
    for weight, b in zip(weights, background, strict=True):
        for place, share in zip((1 + nodes) / 2, shares / 2, strict=True):
            total += weight * share * (x - b) * gradient(b + place * (x - b))
    return total
