"""Whether a row applies to a call, in the state that the engine is in. Pure but for the lookup that it is given."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any, TypeAlias, assert_never

from sandbox.refusals.row import KnownRefusal, Look, Relation, Template, Test

Lookup: TypeAlias = Callable[[str, str, Mapping[str, Any]], Mapping[str, Any]]
"""Service, operation and parameters of a read → the parsed answer."""

Surroundings: TypeAlias = Mapping[str, Any]
"""What holes are filled from: the request's parameters, ``caller``, ``each``, ``found``."""

_HOLE = re.compile(r"\{([^{}]+)\}")
_EMPTY = frozenset({"", "false", "0"})
_MOST_READS = 500
"""Of one row for one call; beyond, nothing is claimed."""


class LookupFailedError(Exception):
    """The engine could not be asked: nothing is known, so nothing is claimed.

    Args:
        code: The engine's error code, or what kept the answer from coming.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class _UnfilledError(Exception):
    """The request lacks a parameter that the row needs."""


def refusal_message(row: KnownRefusal, asked: Surroundings, lookup: Lookup) -> str | None:
    """AWS's message where the row applies; None where it does not, or where that cannot be found out."""
    if not all(_passes(test, asked, asked) for test in row.given):
        return None
    cases = [{**asked, "each": value} for value in values_at(asked, row.each)] if row.each else [asked]
    budget = _Budget(lookup)
    try:
        for case in cases:
            for found in _walk(row.looks, case, budget):
                return fill(row.message, found)
    except (LookupFailedError, _UnfilledError):
        return None
    return None


def values_at(source: Any, path: str) -> list[Any]:
    """Every value under a path, lists flattened; nothing counts as no value."""
    return [value for one in path.split("|") for value in _flat(_at(source, one.strip()))]


def text_of(value: Any) -> str:
    """A value as tests compare it and messages name it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def fill(template: str, surroundings: Surroundings) -> str:
    """Put values into the holes of a text."""

    def filled(hole: re.Match[str]) -> str:
        path, otherwise, default = hole[1].partition(":")
        values = values_at(surroundings, path)
        if not values and not otherwise:
            raise _UnfilledError(path)
        return text_of(values[0]) if values else default

    return _HOLE.sub(filled, template)


class _Budget:
    """A lookup that can be asked so often."""

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup
        self._left = _MOST_READS

    def __call__(self, service: str, operation: str, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        self._left -= 1
        if self._left < 0:
            raise LookupFailedError("TooManyReads")
        return self._lookup(service, operation, parameters)


def _walk(looks: Sequence[Look], surroundings: Surroundings, lookup: Lookup) -> Iterator[Surroundings]:
    if not looks:
        yield surroundings
        return
    look, *rest = looks
    answer = lookup(look.service, look.operation, _filled(look.parameters, surroundings))
    items = values_at(answer, look.items) if look.items else [answer]
    met = [item for item in items if all(_passes(test, item, surroundings) for test in look.where)]
    if look.unless:
        yield from _walk(rest, surroundings, lookup) if not met else ()
        return
    for item in met:
        yield from _walk(rest, {**surroundings, "found": item}, lookup)


def _filled(template: Template, surroundings: Surroundings) -> Any:
    match template:
        case str():
            return fill(template, surroundings)
        case tuple():
            return [_filled(item, surroundings) for item in template]
        case Mapping():
            return {name: _filled(item, surroundings) for name, item in template.items()}
        case _:
            return template


def _passes(test: Test, item: Any, surroundings: Surroundings) -> bool:
    found = [text_of(value) for value in values_at(item, test.path)]
    return _holds(test.relation, found, [fill(value, surroundings) for value in test.values])


def _holds(relation: Relation, found: Sequence[str], wanted: Sequence[str]) -> bool:
    match relation:
        case Relation.IS | Relation.IS_NOT:
            return any(value in wanted for value in found) is (relation is Relation.IS)
        case Relation.PRESENT | Relation.LACKING:
            return any(value not in _EMPTY for value in found) is (relation is Relation.PRESENT)
        case Relation.HOLDS:
            return any(part in value for value in found for part in wanted)
        case Relation.OVERLAPS:
            return any(_share(value, other) for value in found for other in wanted)
        case Relation.OUTSIDE:
            return any(_beyond(other, found) for other in wanted)
        case _:
            assert_never(relation)


def _share(one: str, other: str) -> bool:
    first, second = _block(one), _block(other)
    return first is not None and second is not None and first.version == second.version and first.overlaps(second)


def _beyond(block: str, containers: Sequence[str]) -> bool:
    inner = _block(block)
    outer = [_block(container) for container in containers]
    if inner is None or not outer or None in outer:
        return False
    return not any(_contains(container, inner) for container in outer if container is not None)


def _contains(outer: IPv4Network | IPv6Network, inner: IPv4Network | IPv6Network) -> bool:
    return outer.version == inner.version and outer.prefixlen <= inner.prefixlen and outer.overlaps(inner)


def _block(text: str) -> IPv4Network | IPv6Network | None:
    try:
        return ip_network(text)
    except ValueError:
        return None


def _at(source: Any, path: str) -> Iterator[Any]:
    name, _, rest = path.partition(".")
    for value in _flat([source]):
        if isinstance(value, Mapping) and value.get(name) is not None:
            yield from _at(value[name], rest) if rest else [value[name]]


def _flat(values: Any) -> Iterator[Any]:
    for value in values:
        if isinstance(value, list | tuple):
            yield from _flat(value)
        elif value is not None:
            yield value
