"""One row and its background as a function of coalitions, written so that worths are cheap and values exact.

Masking rows and asking the library again would give the same worths and cost a hundred times more: `models.py` checks
that they are the same.
"""

from math import factorial

import numpy as np

CHUNK = 2**22  # numbers in a temporary array


def all_coalitions(n_players):
    """All coalitions ``(2 ** n, n)``; bit `i` of a row's number says that player `i` is in."""
    return (np.arange(2**n_players)[:, None] >> np.arange(n_players) & 1).astype(bool)


def in_chunks(worths, coalitions, width):
    """Worths of a few coalitions at a time, so that a temporary of `width` numbers each stays small."""
    step = max(1, CHUNK // width)
    parts = [worths(coalitions[first : first + step]) for first in range(0, len(coalitions), step)]
    return np.concatenate(parts) if parts else np.zeros(0)


class Table:
    """All `2 ** n` worths."""

    def __init__(self, worths):
        self.table = worths
        self.n_players = len(worths).bit_length() - 1
        self._bits = 1 << np.arange(self.n_players)

    def __call__(self, coalitions):
        return self.table[coalitions @ self._bits]

    def exact_values(self):
        """Shapley's definition."""
        n = self.n_players
        sizes = np.bitwise_count(np.arange(2**n))
        weights = np.array([factorial(s) * factorial(n - s - 1) / factorial(n) for s in range(n)])
        values = np.zeros(n)
        for player in range(n):
            without = np.flatnonzero(np.arange(2**n) >> player & 1 == 0)
            values[player] = weights[sizes[without]] @ (self.table[without | 1 << player] - self.table[without])
        return values


class Masked:
    """The mean over the background of any function of rows."""

    def __init__(self, predict, row, background):
        self.predict, self.row, self.background = predict, row, background
        self.n_players = len(row)

    def __call__(self, coalitions):
        return in_chunks(self._worths, coalitions, self.background.size)

    def _worths(self, coalitions):
        rows = np.where(coalitions[:, None, :], self.row, self.background)  # (coalitions, background, players)
        return self.predict(rows.reshape(-1, self.n_players)).reshape(len(coalitions), -1).mean(axis=1)


class Leaves:
    """Trees: each leaf is worth its weight where all its `inside` players are in and no `outside` player is.

    Up to 64 players, as bits of a word.
    """

    def __init__(self, n_players, weights, base):
        self.n_players, self.base = n_players, base
        self.weights = np.array(list(weights.values()))
        self.inside = np.array([inside for inside, _ in weights], dtype=np.uint64)
        self.outside = np.array([outside for _, outside in weights], dtype=np.uint64)

    def __call__(self, coalitions):
        return in_chunks(self._worths, coalitions, max(1, len(self.weights)))

    def _worths(self, coalitions):
        words = np.zeros((len(coalitions), 64), dtype=bool)
        words[:, : self.n_players] = coalitions
        words = np.packbits(words, axis=1, bitorder="little").view(np.uint64)
        reached = (words & (self.inside | self.outside)) == self.inside
        return self.base + reached @ self.weights

    def exact_values(self):
        """For a leaf of a players in and b out: (a-1)! b!/(a+b)! to each in, -a! (b-1)!/(a+b)! to each out."""
        a, b = np.bitwise_count(self.inside), np.bitwise_count(self.outside)
        gain = [w * factorial(i - 1) * factorial(o) / factorial(i + o) if i else 0.0 for w, i, o in self._sized(a, b)]
        loss = [w * factorial(i) * factorial(o - 1) / factorial(i + o) if o else 0.0 for w, i, o in self._sized(a, b)]
        bits = np.arange(self.n_players, dtype=np.uint64)
        is_in = self.inside[:, None] >> bits & np.uint64(1)
        is_out = self.outside[:, None] >> bits & np.uint64(1)
        return np.array(gain) @ is_in - np.array(loss) @ is_out

    def _sized(self, a, b):
        return zip(self.weights.tolist(), a.tolist(), b.tolist(), strict=True)


class Bumps:
    """A kernel machine: `link(sum_c w_c prod_j p_cj if j is in else q_cj)`, mean over the background.

    `log_in` is ``(centres, players)``, `log_out` ``(background, centres, players)``.
    """

    def __init__(self, weights, log_in, log_out, offset, link=None):
        self.weights, self.offset, self.link = weights, offset, link
        self.log_in, self.log_out = log_in, log_out
        self.n_players = log_in.shape[1]
        self._difference = (log_in - log_out).reshape(-1, self.n_players).T.copy()
        self._out = log_out.sum(axis=2).ravel()

    def __call__(self, coalitions):
        return in_chunks(self._worths, coalitions, len(self._out))

    def _worths(self, coalitions):
        bumps = coalitions.astype(float) @ self._difference
        bumps += self._out
        np.exp(bumps, out=bumps)
        decision = bumps.reshape(len(coalitions), -1, len(self.weights)) @ self.weights + self.offset
        return (decision if self.link is None else self.link(decision)).mean(axis=1)

    def exact_values(self):
        """Without a link: phi_j = int_0^1 sum_c w_c (p_cj - q_cj) prod_{l != j} (t p_cl + (1-t) q_cl) dt.

        The integrand has degree n - 1 in t: ceil(n/2) Gauss-Legendre nodes are exact.
        """
        if self.link is not None:
            return None
        nodes, masses = np.polynomial.legendre.leggauss((self.n_players + 1) // 2)
        p, q = np.exp(self.log_in), np.exp(self.log_out)
        values = np.zeros(self.n_players)
        for t, mass in zip((nodes + 1) / 2, masses / 2, strict=True):
            mixed = t * p + (1 - t) * q  # (background, centres, players)
            share = (p - q) * (mixed.prod(axis=2, keepdims=True) / mixed)
            values += mass * np.einsum("c,bcp->p", self.weights, share) / len(q)
        return values


class Network:
    """A network of dense layers with rectifiers; the first layer of a masked row is linear in the coalition."""

    def __init__(self, row, background, weights, offsets, link):
        self.weights, self.offsets, self.link = weights, offsets, link
        self.n_players = len(row)
        first = weights[0]
        self._background = background @ first + offsets[0]  # (background, hidden)
        self._moves = (row - background)[:, :, None] * first  # (background, players, hidden)

    def __call__(self, coalitions):
        return in_chunks(self._worths, coalitions, self._moves.shape[2])

    def _worths(self, coalitions):
        coalitions = coalitions.astype(float)
        total = np.zeros(len(coalitions))
        for start, moves in zip(self._background, self._moves, strict=True):
            hidden = start + coalitions @ moves
            for weights, offsets in zip(self.weights[1:], self.offsets[1:], strict=True):
                hidden = np.maximum(hidden, 0.0) @ weights + offsets
            total += self.link(hidden[:, 0])
        return total / len(self._moves)
