"""Memory ceilings: what is available, and what a limit means."""

import re

from ferroshap.errors import OptionError

UNITS = {"B": 1} | {
    f"{prefix}{unit}": base**power
    for power, prefix in enumerate("KMGT", start=1)
    for unit, base in (("IB", 1024), ("B", 1000))
}


def as_bytes(memory_limit: int | str | None) -> int:
    """Return the bytes that `memory_limit` allows: a number, text such as ``"2 GiB"``, None for half of what is free.

    Raises
    ------
    OptionError
        For anything else.

    Examples
    --------
    >>> as_bytes("1.5 GiB")
    1610612736
    """
    if memory_limit is None:
        return available_bytes() // 2
    if isinstance(memory_limit, str):
        match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([KMGT]?I?B)\s*", memory_limit.upper())
        if match:
            return int(float(match[1]) * UNITS[match[2]])
    elif isinstance(memory_limit, int) and not isinstance(memory_limit, bool) and memory_limit > 0:
        return memory_limit
    msg = f"`memory_limit` is {memory_limit!r}, but must be a positive number of bytes or text such as '2 GiB'"
    raise OptionError(msg)


def available_bytes() -> int:
    """Return the memory that this process may still take: the smaller of the machine's and the control group's."""
    free = [2**33]  # where the system does not say
    try:
        for line in _read("/proc/meminfo").splitlines():
            if line.startswith("MemAvailable:"):
                free = [int(line.split()[1]) * 2**10]
        limit = _read("/sys/fs/cgroup/memory.max").strip()
        if limit.isdigit():
            used = int(_read("/sys/fs/cgroup/memory.current"))
            free.append(max(int(limit) - used, 2**20))
    except OSError:
        # No such files: another operating system, or no control group. What is known so far stands.
        return min(free)
    return min(free)


def _read(name: str) -> str:
    """Read a small file of the system's."""
    with open(name, encoding="ascii") as file:  # noqa: PTH123 - pathlib would be the only reason to load a dozen modules
        return file.read()
