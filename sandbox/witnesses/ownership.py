"""Which Terraform address manages which physical resource, before and after, and under which names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from diffing.snapshot import Identity, Resource, Snapshot
from sandbox.inventory.join import Join, SnapshotIndex
from sandbox.rehearsal import StateInstance

_NAMING = ("id", "arn", "name", "url", "bucket", "key", "function_name", "cluster", "role", "user", "group")


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One moment: the snapshot, and each managed instance's place in it."""

    snapshot: Snapshot
    instances: Mapping[str, StateInstance]
    joins: Mapping[str, Join]
    exact: Mapping[Identity, tuple[str, ...]]
    """Physical resource → addresses that are it."""
    facets: Mapping[Identity, tuple[str, ...]]
    """Physical resource → addresses that are a part or a setting of it."""


def side(snapshot: Snapshot, state: Iterable[StateInstance]) -> Side:
    """Join every managed instance of a state with the snapshot of the same moment."""
    index = SnapshotIndex(snapshot)
    instances = {instance.address: instance for instance in state if instance.mode == "managed"}
    joins: dict[str, Join] = {}
    exact: defaultdict[Identity, list[str]] = defaultdict(list)
    facets: defaultdict[Identity, list[str]] = defaultdict(list)
    for address, instance in instances.items():
        join = index.join(instance)
        if join is None:
            continue
        joins[address] = join
        (exact if join.exact else facets)[join.resource.identity].append(address)
    return Side(
        snapshot=snapshot,
        instances=instances,
        joins=joins,
        exact={identity: tuple(sorted(addresses)) for identity, addresses in exact.items()},
        facets={identity: tuple(sorted(addresses)) for identity, addresses in facets.items()},
    )


def names_of(resource: Resource | None) -> frozenset[str]:
    """Every name that a call may use for a physical resource."""
    return frozenset() if resource is None else resource.aliases | {resource.identity.id}


def names_in_state(instance: StateInstance | None) -> frozenset[str]:
    """Every name that a call may use for a managed instance, as its state has it."""
    if instance is None:
        return frozenset()
    values = (instance.attributes.get(key) for key in _NAMING)
    return frozenset(value for value in values if isinstance(value, str) and value)
