"""Who depends on whom, and so how far a change reaches.

Addresses are Terraform's. A state names dependencies without instance keys (``module.a.aws_x.b`` for every instance
of it), so a dependency without keys stands for all instances.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType

from diffing.record import dataclass

_INSTANCE_KEY = r'\[(?:\d+|"(?:[^"\\\n\r]|\\.)*")\]'


@dataclass(frozen=True, slots=True, kw_only=True)
class DependencyGraph:
    """The dependencies, turned around. Use `dependency_graph` to make one."""

    exact: Mapping[str, tuple[str, ...]]
    """For an address as dependencies name it: who names it."""
    loose: Mapping[str, tuple[str, ...]]
    """For an address without its instance keys: who depends on any instance of it."""


def dependency_graph(dependencies: Mapping[str, Collection[str]]) -> DependencyGraph:
    """Turn each address's dependencies around.

    Args:
        dependencies: For each address, the addresses that it depends on.
    """
    exact: dict[str, set[str]] = {}
    loose: dict[str, set[str]] = {}
    for address, needed in dependencies.items():
        for dependency in needed:
            exact.setdefault(dependency, set()).add(address)
            loose.setdefault(without_keys(dependency), set()).add(address)
    return DependencyGraph(exact=_sorted(exact), loose=_sorted(loose))


def dependants(graph: DependencyGraph, address: str) -> tuple[str, ...]:
    """Return everything that depends on an address, directly or through others, in alphabetical order.

    Never the address itself, not even in a cycle. An address without instance keys stands for all its instances.
    """
    return _reached(graph, (address,))


def blast_radius(graph: DependencyGraph, addresses: Iterable[str]) -> int:
    """Count what depends on any of the addresses, directly or through others, and is not among them."""
    return len(_reached(graph, tuple(addresses)))


def without_keys(address: str) -> str:
    """Strip all instance keys: ``module.a["x"].aws_x.b[0]`` becomes ``module.a.aws_x.b``."""
    return re.sub(_INSTANCE_KEY, "", address) if "[" in address else address


def _sorted(reverse: Mapping[str, set[str]]) -> Mapping[str, tuple[str, ...]]:
    return MappingProxyType({address: tuple(sorted(names)) for address, names in reverse.items()})


def _reached(graph: DependencyGraph, starts: tuple[str, ...]) -> tuple[str, ...]:
    seen = set(starts)
    waiting = deque(starts)
    while waiting:
        for dependant in _direct(graph, waiting.popleft()):
            if dependant not in seen:
                seen.add(dependant)
                waiting.append(dependant)
    return tuple(sorted(seen.difference(starts)))


def _direct(graph: DependencyGraph, address: str) -> Iterable[str]:
    bare = without_keys(address)
    if bare == address:
        return graph.loose.get(address, ())
    # An instance is meant by its own address, and by an address without keys.
    return (*graph.exact.get(address, ()), *graph.exact.get(bare, ()))
