"""Secrets that were written into templates and are not known any more, taken to be what the change says they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

from diffing.change import Replacement
from diffing.values import Path, Value
from sandbox.cloudformation.properties import replacement_of
from sandbox.cloudformation.resolve import Resource, Stack
from sandbox.cloudformation.schemas import schema_of
from sandbox.cloudformation.tokens import UNTOLD
from sandbox.rehearsal import Gap, GapKind

_MOST_NAMED = 5


def assumed(
    before: Mapping[str, Stack], after: Mapping[str, Stack], region: str
) -> tuple[Mapping[str, Stack], tuple[Gap, ...]]:
    """Put into stacks, for each secret that is not known, what a change has in its place.

    Returns:
        The stacks, and a gap for each resource in which that was done; it is blocking where another value would
        replace the resource.
    """
    filled, gaps = dict(before), []
    for name, stack in before.items():
        later = after[name].resources if name in after else {}
        resources = dict(stack.resources)
        for key in resources.keys() & later.keys():
            paths = tuple(_untold(resources[key].properties, ()))
            beside = tuple(_untold(resources[key].metadata, ("Metadata",)))
            if paths or beside:
                resources[key] = _filled(resources[key], later[key])
                gaps.append(_gap(f"{name}/{key}", later[key], paths, beside, region))
        filled[name] = replace(stack, resources=resources)
    return filled, tuple(sorted(gaps, key=lambda gap: gap.subject))


def _gap(address: str, resource: Resource, paths: tuple[Path, ...], beside: tuple[Path, ...], region: str) -> Gap:
    schema = schema_of(resource.type, region)
    forces = any(replacement_of(path, resource, schema) is not Replacement.NO for path in paths)
    named = ", ".join(sorted({".".join(map(str, path)) for path in (*paths, *beside)})[:_MOST_NAMED])
    return Gap(
        kind=GapKind.NOT_CLONED,
        subject=address,
        reason=f"a snapshot has no secrets: the change is taken to leave its {named} as they are",
        blocking=forces,
    )


def _untold(value: Value, path: Path) -> Iterator[Path]:
    match value:
        case str() if UNTOLD in value:
            yield path
        case Mapping():
            for name, inner in value.items():
                yield from _untold(inner, (*path, name))
        case tuple():
            for number, inner in enumerate(value):
                yield from _untold(inner, (*path, number))
        case _:
            pass


def _filled(before: Resource, after: Resource) -> Resource:
    properties = _put(before.properties, after.properties)
    return replace(
        before,
        properties=properties if isinstance(properties, Mapping) else before.properties,
        metadata=_put(before.metadata, after.metadata),
    )


def _put(value: Value, there: Value) -> Value:
    match value, there:
        case str(), _ if UNTOLD in value and there is not None:
            return there
        case Mapping(), Mapping():
            return MappingProxyType({name: _put(inner, there.get(name)) for name, inner in value.items()})
        case tuple(), tuple() if len(value) == len(there):
            return tuple(_put(inner, other) for inner, other in zip(value, there, strict=True))
        case _:
            return value
