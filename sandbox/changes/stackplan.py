"""What a comparison of stacks announces, in the shape in which every plan is judged.

One resource of a stack gives one entry, or two: where the old physical resource is retained, it is forgotten under an
address of its own, and the new one is created.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

from diffing.change import Action, Replacement
from diffing.values import Marker, Path, Value, thaw
from sandbox.cloudformation.impact import Fate, Impact, LogicalChange, StackComparison
from sandbox.cloudformation.resolve import Resource, Stack
from sandbox.cloudformation.tokens import reference, references, shown, substitute
from sandbox.executors.cloudformation.stacks import StackResource
from sandbox.inventory.stack_types import PHYSICAL_ID
from sandbox.recorder.secrets import is_secret_name, scrubbed
from sandbox.rehearsal import Plan, PlannedChange, StateInstance
from sandbox.witnesses.stacked import PROVIDER

RETAINED = " (the old one, retained)"
"""Ends the address under which a retained physical resource is told."""

_ACTIONS: Mapping[Impact, Action] = MappingProxyType(
    {
        Impact.NO_CHANGE: Action.NO_OP,
        Impact.WILL_IMPORT: Action.NO_OP,
        Impact.WILL_UPDATE: Action.UPDATE,
        Impact.MAY_REPLACE: Action.UPDATE,
        Impact.WILL_CREATE: Action.CREATE,
        Impact.WILL_ORPHAN: Action.FORGET,
        Impact.WILL_REPLACE: Action.REPLACE,
        Impact.WILL_DESTROY: Action.DELETE,
    }
)
_ATTRIBUTES = ("DeletionPolicy", "UpdateReplacePolicy", "UpdatePolicy")


def plan_of(comparison: StackComparison) -> Plan:
    """Return the announcement."""
    return Plan(changes=tuple(entry for change in comparison.changes for entry in _entries(change)))


def states(
    stacks: Mapping[str, Stack], found: Iterable[StackResource], *, retained: frozenset[str] = frozenset()
) -> tuple[StateInstance, ...]:
    """Return what stacks manage, with the physical ids that an engine gave.

    Args:
        stacks: As templates describe them.
        found: As the engine lists them.
        retained: Addresses whose physical resources will be forgotten and followed by others.
    """
    listed = tuple(found)
    ids = {item.address: item.physical_id for item in listed}
    resources = {f"{name}/{key}": item for name, stack in stacks.items() for key, item in stack.resources.items()}
    return tuple(
        StateInstance(
            address=f"{item.address}{RETAINED}" if item.address in retained else item.address,
            type=item.type,
            provider=PROVIDER,
            mode="managed",
            attributes={**_attributes(resources.get(item.address), ids), PHYSICAL_ID: item.physical_id},
            dependencies=_dependencies(resources.get(item.address)),
        )
        for item in listed
    )


def retained(comparison: StackComparison) -> frozenset[str]:
    """Return the addresses whose old physical resources stay beside new ones."""
    return frozenset(change.address for change in comparison.changes if _is_kept_beside(change))


def _is_kept_beside(change: LogicalChange) -> bool:
    return change.impact is Impact.WILL_REPLACE and change.fate is Fate.RETAINED


def _entries(change: LogicalChange) -> Iterator[PlannedChange]:
    if not _is_kept_beside(change):
        yield _entry(change, change.address, _ACTIONS[change.impact], _public(change.before), _after(change))
        return
    old = _entry(change, f"{change.address}{RETAINED}", Action.FORGET, _public(change.before), _after(change))
    yield replace(old, reason="; ".join([*change.notes, "a new one, with nothing in it, takes its place"]))
    yield _entry(change, change.address, Action.CREATE, None, _after(change))


def _entry(change: LogicalChange, address: str, action: Action, before: Value, after: Value) -> PlannedChange:
    forcing = tuple(item.path for item in change.properties if item.replacement is Replacement.YES)
    return PlannedChange(
        address=address,
        type=change.type,
        name=change.address.rpartition("/")[2],
        provider=PROVIDER,
        mode="managed",
        action=action,
        before=before,
        after=after,
        replace_paths=forcing if action in {Action.REPLACE, Action.FORGET} else (),
        reason=_reason(change),
    )


def _reason(change: LogicalChange) -> str:
    parts = [*change.notes]
    if change.fate is Fate.SNAPSHOT:
        parts.append("a snapshot of the old one is taken first, and stays")
    if change.fate is Fate.RETAINED and change.before is not None:
        parts.append("the old one is retained, and no stack manages it")
    if change.same_as:
        parts.append(f"it looks like {change.same_as} under another logical id")
    return "; ".join(parts)


def _after(change: LogicalChange) -> Value:
    """The properties afterwards; what a new id or attribute arrives in is known only at deployment."""
    value = _public(change.after)
    for item in change.properties:
        if item.cause and value is not None:
            value = _replaced(value, item.path, Marker.UNKNOWN)
    return value


def _replaced(value: Value, path: Path, new: Value) -> Value:
    if not path:
        return value if value is Marker.SENSITIVE else new
    match value, path[0]:
        case Mapping(), str() as name if name in value:
            return MappingProxyType({**value, name: _replaced(value[name], path[1:], new)})
        case tuple(), int() as index if index < len(value):
            return (*value[:index], _replaced(value[index], path[1:], new), *value[index + 1 :])
        case _:
            return value


def _public(resource: Resource | None) -> Value:
    """Properties and policies as they may be shown."""
    if resource is None:
        return None
    policies = (resource.deletion_policy, resource.update_replace_policy, resource.update_policy)
    found = {name: shown(value) for name, value in zip(_ATTRIBUTES, policies, strict=True) if value}
    return MappingProxyType({**_without_secrets(shown(resource.properties)), **found})


def _without_secrets(value: Value) -> Mapping[str, Value]:
    hidden = _hidden(value)
    return hidden if isinstance(hidden, Mapping) else {}


def _hidden(value: Value, *, secret: bool = False) -> Value:
    match value:
        case str() if value:
            return Marker.SENSITIVE if secret else scrubbed(value)
        case {"Statement": _} if not secret:
            # As one text, as policies are in every other place where they are read and judged.
            return json.dumps(thaw(value), sort_keys=True)
        case Mapping():
            return MappingProxyType(
                {name: _hidden(inner, secret=secret or is_secret_name(name)) for name, inner in value.items()}
            )
        case tuple():
            return tuple(_hidden(inner, secret=secret) for inner in value)
        case _:
            return value


def _attributes(resource: Resource | None, ids: Mapping[str, str]) -> Mapping[str, Value]:
    """Properties as deployed, as far as they are known: references to resources are their physical ids."""
    if resource is None:
        return {}
    known = {reference(address): physical for address, physical in ids.items()}
    return _without_secrets(shown(substitute(resource.properties, known)))


def _dependencies(resource: Resource | None) -> tuple[str, ...]:
    return () if resource is None else tuple(sorted({address for address, _ in references(resource.properties)}))
