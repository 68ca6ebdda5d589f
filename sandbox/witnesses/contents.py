"""Data inside what contains it: told as part of its container, and counted by what became of what was there before.

Objects in a bucket are not told one by one. A container that holds as many objects afterwards as before, though others,
has lost data all the same; so what counts as left is what was there before and still is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType

from diffing.change import Action, AttributeChange, Lifespan
from diffing.compare import PhysicalChange
from diffing.snapshot import Identity, Resource, Snapshot
from diffing.values import Marker

DATA_TYPES: Mapping[str, str] = MappingProxyType({"AWS::S3::Object": "objects", "AWS::DynamoDB::Item": "items"})
"""Types of contained records that are data, each with the name under which its container counts them."""
MOST_ROWS = 50
ROW = "data"
"""First part of the path of a row that stands for one contained record."""


def container_of(change: PhysicalChange) -> Identity | None:
    """The resource that contains this one, before or after."""
    resource: Resource | None = change.before or change.after
    return resource.parent if resource is not None else None


def fold(
    changes: Iterable[PhysicalChange], managed: frozenset[Identity], before: Snapshot, after: Snapshot
) -> Mapping[Identity, PhysicalChange]:
    """Return the changes by identity, those of unmanaged data folded into the change of what contains them.

    Args:
        changes: What differs between the snapshots.
        managed: Identities that Terraform manages; these are always told by themselves.
        before: The snapshot before the change.
        after: The snapshot after it.
    """
    inside: defaultdict[Identity, list[PhysicalChange]] = defaultdict(list)
    told: dict[Identity, PhysicalChange] = {}
    for change in changes:
        container = container_of(change)
        if change.identity.type not in DATA_TYPES or change.identity in managed or container is None:
            told[change.identity] = change
        elif container in before.resources or container in after.resources:
            inside[container].append(change)
        else:
            told[change.identity] = change
    for container, records in inside.items():
        told[container] = _with_rows(told.get(container) or _untouched(container, before, after), records)
    return MappingProxyType(told)


def _untouched(container: Identity, before: Snapshot, after: Snapshot) -> PhysicalChange:
    """A container in which nothing differs but what it contains."""
    old, new = before.resources.get(container), after.resources.get(container)
    return PhysicalChange(
        identity=container,
        action=Action.UPDATE,
        lifespan=Lifespan.EXISTING,
        before=old,
        after=new,
        stakes_before=old.stakes if old is not None else {},
        stakes_after=new.stakes if new is not None else {},
    )


def _with_rows(change: PhysicalChange, records: list[PhysicalChange]) -> PhysicalChange:
    # What was there before and is not, or says something else, comes first: rows beyond the limit are not shown.
    ordered = sorted(records, key=lambda record: (record.before is None, record.after is not None, record.identity.id))
    rows = tuple(
        AttributeChange(
            path=(ROW, record.identity.id),
            before="present" if record.before is not None else Marker.ABSENT,
            after=_presence(record),
        )
        for record in ordered[:MOST_ROWS]
    )
    return replace(change, attributes=change.attributes + rows, stakes_after=_left(change, records))


def _presence(record: PhysicalChange) -> str | Marker:
    if record.after is None:
        return Marker.ABSENT
    return "present" if record.before is None else "overwritten"


def _left(change: PhysicalChange, records: list[PhysicalChange]) -> Mapping[str, int]:
    left = dict(change.stakes_after)
    for type_name, stake in DATA_TYPES.items():
        gone = sum(record.identity.type == type_name and record.after is None for record in records)
        if gone and stake in left:
            left[stake] = min(left[stake], max(0, change.stakes_before.get(stake, gone) - gone))
    return MappingProxyType(left)
