"""Games to judge estimators by: tables of all worths, drawn from a number, that count what is asked of them."""

from functools import cache

import numpy as np
from tests.oracle import shapley


def members(n_players):
    """All coalitions ``(2 ** n, n)``; bit `i` of a row's number says that player `i` is in."""
    return (np.arange(2**n_players)[:, None] >> np.arange(n_players) & 1).astype(bool)


class Table:
    """A game given as all its worths ``(2 ** n,)`` or ``(2 ** n, outputs)``: no batch can change a bit of them."""

    def __init__(self, worths):
        self.worths = np.asarray(worths, dtype=np.float64)
        self.n_players = len(self.worths).bit_length() - 1
        self.n_evaluations = 0
        self._bits = 1 << np.arange(self.n_players)

    def __call__(self, coalitions):
        self.n_evaluations += len(coalitions)
        return self.worths[coalitions @ self._bits]

    def renamed(self, order):
        """The same game where player `i` is called `order[i]`."""
        inside = members(self.n_players)
        return Table(self.worths[inside[:, order] @ self._bits])

    @property
    def total(self):
        """What everybody gains over nobody."""
        return self.worths[-1] - self.worths[0]

    @property
    def scale(self):
        """The largest worth: no term of a value is larger than twice that."""
        return np.abs(self.worths).max()


def additive(rng, inside):
    """Every player adds his own number."""
    return rng.normal() + inside @ rng.normal(size=inside.shape[1])


def two_additive(rng, inside):
    """Every pair adds a number of its own, too."""
    n = inside.shape[1]
    pair = rng.normal(size=(n, n))
    return additive(rng, inside) + np.einsum("si,ij,sj->s", inside.astype(float), pair, inside.astype(float))


def sparse(rng, inside):
    """Additive, and a few sets of three add something more."""
    worths = additive(rng, inside)
    n = inside.shape[1]
    for _ in range(n):
        worths += rng.normal() * inside[:, rng.choice(n, min(n, 3), replace=False)].all(axis=1)
    return worths


def trees(rng, inside):
    """Thirty leaves: products of up to four literals, as a row of a tree ensemble has them."""
    n = inside.shape[1]
    worths = np.zeros(len(inside))
    for _ in range(30):
        players = rng.choice(n, min(n, rng.integers(1, 5)), replace=False)
        worths += rng.normal() * (inside[:, players] == (rng.random(len(players)) < 0.5)).all(axis=1)
    return worths


def network(rng, inside):
    """A network of one hidden layer."""
    n = inside.shape[1]
    hidden = np.tanh(inside @ rng.normal(size=(n, 16)) * (2 / np.sqrt(n)) + rng.normal(size=16))
    return hidden @ rng.normal(size=16)


def sigmoid_of_pairs(rng, inside):
    """A probability whose logit has interactions of two."""
    return 1 / (1 + np.exp(-two_additive(rng, inside) / np.sqrt(inside.shape[1])))


def products(rng, inside):
    """Every player multiplies the worth by a factor of his own."""
    return np.prod(np.where(inside, 1 + 0.7 * rng.normal(size=inside.shape[1]), 1.0), axis=1)


def kernel_machine(rng, inside):
    """Twenty Gaussian bumps around random centres."""
    n = inside.shape[1]
    centres, row = rng.normal(size=(20, n)), 1.5 * rng.normal(size=n)
    distances = ((inside[:, None, :] * row - centres) ** 2).sum(axis=2)
    return np.exp(-distances / n) @ rng.normal(size=20)


def airport(rng, inside):
    """The costliest player present decides."""
    return (inside * rng.exponential(size=inside.shape[1])).max(axis=1)


def voting(rng, inside):
    """Who has the majority of weighted votes wins; the players' weights differ."""
    weights = rng.exponential(size=inside.shape[1])
    return (inside @ weights > weights.sum() / 2).astype(float)


def dense(rng, inside):
    """Every worth is its own number: interactions of every order."""
    return rng.normal(size=len(inside))


#: Games such as models play.
MODELS = [sparse, trees, network, sigmoid_of_pairs, products, kernel_machine]
#: Games of the textbooks: few values of worths, and many equal gains.
TEXTBOOK = [airport, voting]
KINDS = [*MODELS, *TEXTBOOK]


@cache
def drawn(kind, n_players, number):
    """Game `number` of a kind, and its values by the oracle."""
    rng = np.random.default_rng([number, n_players, sum(map(ord, kind.__name__))])
    worths = kind(rng, members(n_players))
    return Table(worths), np.array(shapley(worths.tolist(), n_players))


class Windows:
    """A game of any number of players: every eight neighbours in a ring have a table of their own."""

    def __init__(self, n_players, number, n_outputs=1):
        self.n_players = n_players
        rng = np.random.default_rng([number, n_players])
        self._tables = rng.normal(size=(n_players, 256, n_outputs))
        self.n_evaluations = 0

    def __call__(self, coalitions):
        self.n_evaluations += len(coalitions)
        worths = np.zeros((len(coalitions), self._tables.shape[2]))
        for first, table in enumerate(self._tables):  # in this order, whatever the batch: the bits are the same
            window = np.take(coalitions, range(first, first + 8), axis=1, mode="wrap")
            worths += table[window @ (1 << np.arange(8))]
        return worths
