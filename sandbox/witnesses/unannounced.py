"""What the clone shows and no announcement accounts for: side effects, consequences, lost data.

A change in the clone is *accounted for* when the plan announces something for the resource itself, or for a part of
it (a setting of a bucket, a rule of a group). It is a *consequence* when the calls that wrote to it, or the removal of
what contained it, belong to something announced. Everything else was done behind the plan's back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from diffing.change import Action, AttributeChange, Lifespan, Proof, Replacement, ResourceChange, Witness
from diffing.compare import PhysicalChange
from diffing.snapshot import Identity, Resource
from diffing.values import Marker
from sandbox.witnesses.announced import Announced
from sandbox.witnesses.ownership import names_of
from sandbox.witnesses.scene import Scene

DATA_TYPES = frozenset({"AWS::S3::Object", "AWS::DynamoDB::Item"})
"""Contained records that are data: told as part of what contains them, not one by one."""
MOST_ROWS = 50


def unannounced_changes(scene: Scene) -> tuple[ResourceChange, ...]:
    """Return a change for everything in the clone that no announcement accounts for."""
    rows = _data_rows(scene)
    return tuple(
        _change(scene, change, rows.get(change.identity, ()))
        for change in scene.physical.values()
        if not _is_unmanaged_data(scene, change) and not accounted_for(scene, change)
    )


def accounted_for(scene: Scene, change: PhysicalChange) -> bool:
    """Whether the plan announces this change of this resource."""
    identity = change.identity
    owners = _addresses(scene, identity, exact=True)
    if any(owner.action is not Action.NO_OP and not _worse(change, owner) for owner in owners):
        return True
    if any(owner.noise for owner in owners) and change.action is Action.UPDATE and not _loses(change):
        return True
    # A planned setting of a bucket explains a changed bucket; it never explains that the bucket is emptied.
    parts = [] if _loses(change) else _addresses(scene, identity, exact=False)
    return change.action is Action.UPDATE and any(part.action is not Action.NO_OP or part.noise for part in parts)


def _worse(change: PhysicalChange, owner: Announced) -> bool:
    """Whether the clone shows a destruction that the announcement does not speak of."""
    return change.action.destroys and not owner.action.destroys


def _loses(change: PhysicalChange) -> bool:
    return any(change.stakes_after.get(name, 0) < count for name, count in change.stakes_before.items())


def _addresses(scene: Scene, identity: Identity, *, exact: bool) -> list[Announced]:
    before = scene.before.exact if exact else scene.before.facets
    after = scene.after.exact if exact else scene.after.facets
    was, now = before.get(identity, ()), after.get(identity, ())
    return [item for item in scene.announced.values() if scene.previous(item) in was or item.address in now]


def _is_unmanaged_data(scene: Scene, change: PhysicalChange) -> bool:
    managed = scene.before.exact.get(change.identity) or scene.after.exact.get(change.identity)
    return change.identity.type in DATA_TYPES and not managed and _container(change) is not None


def _container(change: PhysicalChange) -> Identity | None:
    resource: Resource | None = change.before or change.after
    return resource.parent if resource is not None else None


def _data_rows(scene: Scene) -> Mapping[Identity, tuple[AttributeChange, ...]]:
    """Contained data by container: one row each, for what was there before and what is afterwards."""
    rows: defaultdict[Identity, list[AttributeChange]] = defaultdict(list)
    for change in scene.physical.values():
        container = _container(change)
        if container is None or not _is_unmanaged_data(scene, change) or len(rows[container]) >= MOST_ROWS:
            continue
        rows[container].append(
            AttributeChange(
                path=("data", change.identity.id),
                before="present" if change.before is not None else Marker.ABSENT,
                after=_presence(change),
            )
        )
    return {container: tuple(found) for container, found in rows.items()}


def _presence(change: PhysicalChange) -> str | Marker:
    if change.after is None:
        return Marker.ABSENT
    return "present" if change.before is None else "overwritten"


def _change(scene: Scene, change: PhysicalChange, rows: tuple[AttributeChange, ...]) -> ResourceChange:
    managed = scene.before.exact.get(change.identity) or scene.after.exact.get(change.identity) or ()
    address = managed[0] if managed else str(change.identity)
    instance = scene.before.instances.get(address) or scene.after.instances.get(address)
    calls = scene.calls.naming(names_of(change.before) | names_of(change.after))
    witnesses = {Witness.CLONE} | ({Witness.CALLS} if calls else set())
    return ResourceChange(
        address=address,
        type=instance.type if instance is not None else change.identity.type,
        action=change.action,
        proof=Proof.PROVED,
        lifespan=change.lifespan,
        identity=change.identity,
        replacement=Replacement.YES if change.lifespan is Lifespan.RECREATED else Replacement.NO,
        attributes=change.attributes + rows,
        reason="seen in the clone only",
        witnesses=frozenset(witnesses),
        stakes_before=change.stakes_before,
        stakes_after=change.stakes_after,
        calls=calls,
        owner=_owner(scene, change, calls),
    )


def _owner(scene: Scene, change: PhysicalChange, calls: tuple[int, ...]) -> str:
    """The announced change that this one is a consequence of; empty where there is none."""
    by_container = _destroyed_container(scene, change)
    if by_container:
        return by_container
    by_content = _announced_content(scene, change)
    if by_content:
        return by_content
    if calls:
        return _explained_by_calls(scene, calls)
    return _by_itself(scene, change)


def _destroyed_container(scene: Scene, change: PhysicalChange) -> str:
    container = _container(change)
    while container is not None:
        for item in _addresses(scene, container, exact=True):
            if item.action.destroys:
                return item.address
        resource = scene.rehearsal.before.resources.get(container)
        container = resource.parent if resource is not None else None
    return ""


def _announced_content(scene: Scene, change: PhysicalChange) -> str:
    """A container that differs only in what it holds, where all that came or went in it was announced."""
    if change.action is not Action.UPDATE or change.attributes:
        return ""
    content = [other for other in scene.physical.values() if _container(other) == change.identity]
    owners = [_addresses(scene, other.identity, exact=True) for other in content]
    if not content or not all(any(item.action is not Action.NO_OP for item in found) for found in owners):
        return ""
    return min(item.address for found in owners for item in found)


def _explained_by_calls(scene: Scene, calls: tuple[int, ...]) -> str:
    """Every call that wrote to it also names something announced (it was written to while that was made)."""
    owners: list[str] = []
    names = {item.address: scene.names(item) for item in scene.announced.values() if item.action is not Action.NO_OP}
    for sequence in calls:
        used = frozenset(scene.calls.calls[sequence].resources)
        owner = min((address for address, known in names.items() if used & known), default="")
        if not owner:
            return ""
        owners.append(owner)
    return owners[0]


def _by_itself(scene: Scene, change: PhysicalChange) -> str:
    """No call names it: the engine did it, as AWS does, in the course of something announced in the same service.

    Only where every write to that service belongs to something announced; otherwise it stays unexplained.
    """
    resource = change.before or change.after
    service = resource.service if resource is not None else ""
    sequences = tuple(number for number, call in scene.calls.calls.items() if call.service == service)
    owner = _explained_by_calls(scene, sequences) if sequences else ""
    if change.action.destroys and owner:
        # A destruction is a consequence only of a destruction.
        destroying = [item.address for item in scene.announced.values() if item.action.destroys]
        return min(destroying, default="")
    return owner
