"""What an estimation will take, before anything is asked: sizes by name, and a refusal that names them."""

from collections.abc import Mapping

from ferroshap.errors import MemoryLimitError

#: A number, and the words of 64 players.
NUMBER = 8
#: Players up to which least squares hold a square matrix of them.
MOST_SQUARE = 4096
#: Matrices of players that least squares hold at once: Gram, factor and inverse; and below two pairs a player the
#: eigenvectors for a ridge.
SQUARES, SQUARES_OF_RIDGE = 3, 6
#: Matrices of pairs that kriging holds at once, and of pairs by players.
KRIGING_SQUARES, KRIGING_SIGNS = 7, 3
#: Pairs of coalitions that are kriged, at most, the whole and its half apart.
MOST_KRIGED = 2001
#: Players of whose interactions least squares are asked, at most; more are refused by name.
MOST_PAIRED = 150
#: Matrices of pairs of players that least squares of interactions hold at once: Gram and factor.
SQUARES_OF_PAIRS = 2
#: Evaluations that kriging as a control variate begins with, and pairs of its first phase at most.
MOST_FIRST_PAIRS = 1000
#: Evaluations of a second pass for each of its players.
PER_PLAYER = 6
KRIGED = frozenset({"odd_gp", "sparse_odd", "even_gp"})
LEAST_SQUARES = frozenset({"leverage", "kernel", "star", "controlled", "unbiased"})


def method_bytes(name: str, n_players: int, n_outputs: int, budget: int) -> dict[str, int]:
    """Bytes that a method of the core takes at most, by what for.

    Parameters
    ----------
    name : str
        The method, as the core names it.
    n_players, n_outputs, budget : int
        The game; an output is one of the worths that a coalition has at once.

    Examples
    --------
    >>> method_bytes("permutation", 10_000, 1, 30_000)
    {'gains by player': 800000}
    >>> sum(method_bytes("leverage", 4_000, 1, 16_000).values()) // 2**20
    378
    """
    if name in {"permutation", "precedence", "singles_first"}:
        return {"gains by player": 10 * n_players * n_outputs * NUMBER}
    n_coalitions = min(budget, 2**n_players)
    words = -(-n_players // 64) * NUMBER
    worths = {"worths": 3 * n_coalitions * n_outputs * NUMBER}
    if name == "exact":
        return worths if n_players <= 16 else {"worths": 2**13 * n_outputs * NUMBER}
    if name == "owen":
        return worths | {"coalitions": n_coalitions * (words + 64)}
    if name == "screened":
        # The second pass has what the first leaves, at most three quarters.
        left = 3 * budget // 4
        n_second = min(n_players, max(4, left // PER_PLAYER))
        ways = [method_bytes(way, n_second, n_outputs, left) for way in ("odd_gp", "leverage")]
        later = {f"{what} of the second pass": size for way in ways for what, size in way.items()}
        return {"gains by player": 12 * n_players * n_outputs * NUMBER} | later
    n_pairs = n_coalitions // 2 + 1
    sizes = worths | {"coalitions": 3 * n_pairs * words}
    if name in KRIGED:
        # For many evaluations a second pass of screening, and interactions, take least squares instead.
        n_kriged = min(n_pairs, MOST_KRIGED)
        per_pair = KRIGING_SQUARES * n_kriged + KRIGING_SIGNS * n_players
        sizes["kriging of pairs"] = n_kriged * per_pair * NUMBER
    n_free = n_players * (n_players - 1) // 2 + 1
    if name == "even_gp" and n_pairs > MOST_KRIGED and n_players <= MOST_PAIRED and 2 * n_pairs >= 3 * n_free:
        sizes["matrices of pairs of players"] = SQUARES_OF_PAIRS * n_free**2 * NUMBER
    if name == "controlled":
        n_first = min(MOST_FIRST_PAIRS, n_pairs // 4) + 1
        sizes["kriging of pairs"] = n_first * (KRIGING_SQUARES * n_first + KRIGING_SIGNS * n_players) * NUMBER
    if name in LEAST_SQUARES and n_players <= MOST_SQUARE:
        squares = SQUARES if n_pairs >= 2 * n_players else SQUARES_OF_RIDGE
        sizes["matrices of players"] = squares * n_players**2 * NUMBER
    elif name in LEAST_SQUARES:
        sizes["gradients"] = 64 * 8 * (n_pairs + 4 * n_players)
    return sizes


def require(sizes: Mapping[str, int], memory_bytes: int, remedies: str) -> int:
    """Return what is left of a limit once everything named has its place.

    Raises
    ------
    MemoryLimitError
        When that is nothing, naming the sizes, the largest first.

    Examples
    --------
    >>> require({"values": 600, "a batch of the model": 300}, 1_000, "explain fewer rows a call")
    100
    """
    needed = sum(sizes.values())
    if needed <= memory_bytes:
        return memory_bytes - needed
    largest = sorted(sizes.items(), key=lambda item: -item[1])
    named = ", ".join(f"{what} {shown(size)}" for what, size in largest if size * 50 >= needed)
    msg = (
        f"`memory_limit` is {shown(memory_bytes)}, but this takes at least {shown(needed)} ({named}): "
        f"{remedies}, or raise the limit"
    )
    raise MemoryLimitError(msg)


def shown(n_bytes: int) -> str:
    """A number of bytes for people.

    Examples
    --------
    >>> shown(800_000_000), shown(3_000)
    ('763 MiB', '2.93 KiB')
    """
    for unit, size in (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10)):
        if n_bytes >= size:
            return f"{n_bytes / size:.3g} {unit}"
    return f"{n_bytes} bytes"
