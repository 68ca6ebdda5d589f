"""What depends on what: a graph from the state's dependencies, names in attributes and policies, and tags.

Terraform's own dependencies know only what the configuration refers to. A policy that spells an ARN out, an alarm, an
event source, a resource group that selects by tag, and whatever Terraform does not manage at all depend just as much.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from diffing.change import Action, Lifespan, ResourceChange
from diffing.graph import dependants, dependency_graph, without_keys
from gate.policy.names import names_in, stems
from gate.policy.selectors import selectors_in
from sandbox.rehearsal import Rehearsal, StateInstance

_OWN = ("id", "arn", "url")


def dependents_of(rehearsal: Rehearsal, addresses: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
    """Return for each address what depends on it before the change, directly or through others."""
    graph = dependency_graph(_needs(rehearsal))
    return MappingProxyType({address: dependants(graph, address) for address in addresses})


def dependencies_among(rehearsal: Rehearsal, changes: Iterable[ResourceChange]) -> Mapping[str, tuple[str, ...]]:
    """Return what is needed by the changed resources and by what hangs on them, of those: the picture of a change.

    The other way round than `dependents_of`, and only what is needed directly. As in a state, a name without instance
    keys stands for all instances.
    """
    changed = [change for change in changes if _is_touched(change)]
    shown = {name for change in changed for name in (change.address, *change.dependents)}
    shown |= {change.previous_address for change in changed if change.previous_address}
    bare = {without_keys(name) for name in shown}
    needs = _needs(rehearsal)
    told = {
        name: tuple(sorted(needed for needed in needs[name] if needed in shown or needed in bare))
        for name in sorted(shown)
        if name in needs
    }
    return MappingProxyType({name: needed for name, needed in told.items() if needed})


def _is_touched(change: ResourceChange) -> bool:
    stays = change.action is Action.NO_OP and change.lifespan is Lifespan.EXISTING
    return not stays or change.stakes_before != change.stakes_after


def _needs(rehearsal: Rehearsal) -> Mapping[str, set[str]]:
    managed = [instance for instance in rehearsal.state_before if instance.mode == "managed"]
    owners = {name: instance.address for instance in managed for name in _own_names(instance)}
    needs: defaultdict[str, set[str]] = defaultdict(set)
    for instance in managed:
        needs[instance.address].update(instance.dependencies)
        own = set(_own_names(instance))
        for name in set(names_in(tuple(instance.attributes.values()))) - own:
            needs[instance.address].update(_owners(name, owners))
        needs[instance.address].discard(instance.address)
    for selecting, selected in _selections(managed):
        needs[selecting].add(selected)
    for unmanaged, needed in _unmanaged(rehearsal, owners):
        needs[unmanaged].add(needed)
    return needs


def _own_names(instance: StateInstance) -> Iterator[str]:
    for key in _OWN:
        yield from names_in(instance.attributes.get(key))


def _owners(name: str, owners: Mapping[str, str]) -> Iterator[str]:
    return (owners[stem] for stem in stems(name) if stem in owners)


def _selections(managed: list[StateInstance]) -> Iterator[tuple[str, str]]:
    selectors = [found for one in managed for found in selectors_in(one.address, one.type, one.attributes)]
    if not selectors:
        return
    for instance in managed:
        tags = instance.attributes.get("tags_all") or instance.attributes.get("tags")
        if not isinstance(tags, Mapping):
            continue
        for selector in selectors:
            if selector.by != instance.address and selector.selects(tags.get(selector.key)):
                yield selector.by, instance.address


def _unmanaged(rehearsal: Rehearsal, owners: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """What is in the clone and in no state, and names what is managed; data inside something is no dependent."""
    for identity, resource in rehearsal.before.resources.items():
        names = resource.aliases | {identity.id}
        if resource.parent is not None or not names.isdisjoint(owners):
            continue
        for name in set(names_in(resource.attributes)) - names:
            for owner in _owners(name, owners):
                yield str(identity), owner
