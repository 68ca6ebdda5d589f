"""In which order tests run: what takes long first, and an equal share of it for each process.

pytest-xdist's worksteal hands out contiguous parts of equal length, and whoever is done takes the second half of what
another has left. In the order of the files one process would get all that is slow. Here each part begins with its share
of what is slow, whole modules at a time (their clones and engines are made once), and ends with what is quick and may
be taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

import pytest

_SECONDS = {"terraform": 20.0, "browser": 2.0, "engine": 0.5}
"""What a test with a mark takes, roughly: it decides about the order alone."""
_QUICK = 0.05


def in_order(items: Sequence[pytest.Item], processes: int) -> list[pytest.Item]:
    """All items, in as many parts as there are processes."""
    slow: dict[str, list[pytest.Item]] = {}
    quick: list[pytest.Item] = []
    for item in items:
        if _weight(item) > _QUICK:
            slow.setdefault(_unit(item), []).append(item)
        else:
            quick.append(item)
    parts: list[list[pytest.Item]] = [[] for _ in range(processes)]
    loads = [0.0] * processes
    for unit in sorted(slow.values(), key=_load, reverse=True):
        least = loads.index(min(loads))
        parts[least] += unit
        loads[least] += _load(unit)
    for index, part in enumerate(parts):
        wanted = (index + 1) * len(items) // processes - index * len(items) // processes
        taken = max(0, wanted - len(part))
        part.extend(quick[:taken])
        del quick[:taken]
    return [*chain.from_iterable(parts), *quick]


def _unit(item: pytest.Item) -> str:
    """What stays together: a module; a scenario shares nothing with the next."""
    path, _, _ = item.nodeid.partition("::")
    return item.nodeid if "/scenario/" in path else path


def _load(unit: Sequence[pytest.Item]) -> float:
    return sum(map(_weight, unit))


def _weight(item: pytest.Item) -> float:
    return max((seconds for mark, seconds in _SECONDS.items() if item.get_closest_marker(mark)), default=_QUICK)
