"""From what the plan announces to a ResourceChange: did the calls and the clone see it too?"""

from __future__ import annotations

from collections.abc import Mapping

from diffing.change import Action, AttributeChange, Lifespan, Proof, Replacement, ResourceChange, Witness
from diffing.compare import PhysicalChange
from diffing.renames import find_renames
from diffing.snapshot import NOTHING, Identity
from diffing.values import Marker, Value
from sandbox.inventory.join import Join
from sandbox.rehearsal import Gap, GapKind
from sandbox.witnesses.announced import Announced
from sandbox.witnesses.scene import Scene

PROVIDER_ONLY: Mapping[str, str] = {
    "force_destroy": "decides what the provider does on delete",
    "skip_final_snapshot": "decides what the provider does on delete",
    "final_snapshot_identifier": "decides what the provider does on delete",
    "recovery_window_in_days": "decides what the provider does on delete",
    "deletion_window_in_days": "decides what the provider does on delete",
    "skip_destroy": "decides what the provider does on delete",
    "apply_immediately": "decides when the provider asks for a change",
    "wait_for_steady_state": "decides how long the provider waits",
    "wait_for_deployment": "decides how long the provider waits",
    "force_new_deployment": "decides whether the provider starts a deployment",
    "timeouts": "decides how long the provider waits",
    "filename": "where the provider reads code from",
    "source": "where the provider reads content from",
    "triggers": "kept in the state only",
}
"""Attributes that exist only in Terraform: changing them changes nothing in AWS (AWS provider documentation)."""

LOCAL_PROVIDERS = frozenset({"terraform", "null", "random", "time", "tls", "local", "archive", "external", "cloudinit"})
"""Last part of the source address of providers that need no cloud: what they do was really done in the rehearsal."""

_LIFESPANS = {
    Action.CREATE: Lifespan.ADDED,
    Action.DELETE: Lifespan.DROPPED,
    Action.REPLACE: Lifespan.RECREATED,
    Action.UPDATE: Lifespan.EXISTING,
    Action.FORGET: Lifespan.EXISTING,
    Action.NO_OP: Lifespan.EXISTING,
}


def managed_changes(scene: Scene) -> tuple[tuple[ResourceChange, ...], tuple[Gap, ...]]:
    """Turn every announcement that is more than noise into a change, with what could not be proved about it."""
    items = [item for item in scene.announced.values() if not item.noise]
    renames = _renames(items)
    changes: list[ResourceChange] = []
    gaps: list[Gap] = []
    for item in items:
        gap = _gap(scene, item)
        if gap is not None:
            gaps.append(gap)
        changes.append(_change(scene, item, rename_of=renames.get(item.address, ""), in_doubt=gap is not None))
    return tuple(changes), tuple(gaps)


def seen_in_clone(scene: Scene, item: Announced) -> bool:
    """Whether the clone shows what the plan announces."""
    before, after = scene.joined(item)
    was, now = _physical(scene, before), _physical(scene, after)
    match item.action:
        case Action.NO_OP:
            return after is not None or is_local(item)
        case Action.FORGET:
            return before is not None and before.resource.identity in scene.rehearsal.after.resources
        case Action.CREATE:
            return now is not None
        case Action.DELETE | Action.UPDATE:
            return was is not None
        case Action.REPLACE:
            return was is not None or now is not None


def is_local(item: Announced) -> bool:
    """Whether it exists only where Terraform runs."""
    return item.planned.provider.rsplit("/", 1)[-1] in LOCAL_PROVIDERS


def is_aws(item: Announced) -> bool:
    """Whether the AWS provider manages it."""
    return item.planned.provider.rsplit("/", 1)[-1] == "aws"


def finished(scene: Scene, item: Announced) -> bool:
    """Whether Terraform reported that it had carried the announcement out."""
    outcome = scene.rehearsal.outcome
    return item.address not in outcome.failed and (outcome.succeeded or item.address in outcome.applied)


def _physical(scene: Scene, join: Join | None) -> PhysicalChange | None:
    return scene.physical.get(join.resource.identity) if join is not None else None


def _change(scene: Scene, item: Announced, *, rename_of: str, in_doubt: bool) -> ResourceChange:
    before, after = scene.joined(item)
    place = before or after
    seen = seen_in_clone(scene, item) or (is_local(item) and finished(scene, item))
    calls = scene.calls.naming(scene.names(item))
    witnesses = {Witness.PLAN} | ({Witness.CLONE} if seen else set()) | ({Witness.CALLS} if calls else set())
    exact = before is not None and before.exact
    was = _physical(scene, before) if exact else None
    return ResourceChange(
        address=item.address,
        type=item.planned.type,
        action=item.action,
        proof=_proof(item, seen=seen, in_doubt=in_doubt),
        lifespan=_LIFESPANS[item.action],
        identity=place.resource.identity if place is not None else None,
        replacement=Replacement.YES if item.action is Action.REPLACE else Replacement.NO,
        attributes=item.attributes,
        replace_paths=item.planned.replace_paths,
        reason=item.planned.reason,
        causes=_causes(scene, item),
        witnesses=frozenset(witnesses),
        disagreements=_disagreements(item, was),
        stakes_before=before.resource.stakes if before is not None and exact else NOTHING,
        stakes_after=was.stakes_after if was is not None else _stakes_after(after),
        calls=calls,
        previous_address=item.planned.previous_address,
        rename_of=rename_of,
        effect_kept=_effect_kept(scene, item, before, after),
    )


def _proof(item: Announced, *, seen: bool, in_doubt: bool) -> Proof:
    if item.hidden_by_noise or in_doubt:
        return Proof.UNKNOWN
    return Proof.PROVED if seen else Proof.COMPUTED


def _stakes_after(after: Join | None) -> Mapping[str, int]:
    return after.resource.stakes if after is not None and after.exact else NOTHING


def _effect_kept(scene: Scene, item: Announced, before: Join | None, after: Join | None) -> bool:
    """A link made anew or moved: the resource that carries it is in the clone exactly as before."""
    if not item.action.destroys or before is None or before.exact or not finished(scene, item):
        return False
    carrier: Identity = before.resource.identity
    still = after is None or after.resource.identity == carrier
    return still and carrier in scene.rehearsal.after.resources and carrier not in scene.physical


def _causes(scene: Scene, item: Announced) -> tuple[str, ...]:
    instance = scene.before.instances.get(scene.previous(item)) or scene.after.instances.get(item.address)
    if instance is None:
        return ()
    moving = {Action.CREATE, Action.DELETE, Action.REPLACE}
    return tuple(
        sorted(
            address
            for address, other in scene.announced.items()
            if address != item.address
            and other.action in moving
            and any(address == needed or address.startswith(f"{needed}[") for needed in instance.dependencies)
        )
    )


def _disagreements(item: Announced, change: PhysicalChange | None) -> tuple[str, ...]:
    if change is None:
        return ()
    if item.action in {Action.UPDATE, Action.NO_OP, Action.FORGET} and change.action.destroys:
        return (f"the plan says {item.action.value}, and in the clone it is gone or made anew",)
    if item.action in {Action.NO_OP, Action.FORGET} and change.action is Action.UPDATE and not _only_stakes(change):
        return (f"the plan says {item.action.value}, and in the clone it is changed",)
    return ()


def _only_stakes(change: PhysicalChange) -> bool:
    return not change.attributes


def _gap(scene: Scene, item: Announced) -> Gap | None:
    if item.hidden_by_noise:
        return Gap(kind=GapKind.NOISE, subject=item.address, reason=item.hidden_by_noise)
    if item.action is Action.NO_OP or is_local(item):
        return None
    if not is_aws(item):
        provider = item.planned.provider.rsplit("/", 1)[-1]
        return Gap(
            kind=GapKind.NOT_REHEARSED, subject=item.address, reason=f"the clone has nothing of the provider {provider}"
        )
    if not finished(scene, item) or seen_in_clone(scene, item) or _changes_nothing_in_aws(item):
        return None
    return _unseen(scene, item)


def _unseen(scene: Scene, item: Announced) -> Gap | None:
    """Terraform says that it is done, and the clone does not show it."""
    before, after = scene.joined(item)
    if before is None and after is None:
        return Gap(kind=GapKind.UNREADABLE, subject=item.address, reason="the clone's inventory does not show it")
    if _effect_kept(scene, item, before, after):
        return None
    return Gap(
        kind=GapKind.UNSUPPORTED,
        subject=item.address,
        reason=f"the engine accepted the {item.action.value} and shows no effect of it",
    )


def _changes_nothing_in_aws(item: Announced) -> bool:
    return item.action is Action.UPDATE and all(change.path[0] in PROVIDER_ONLY for change in item.attributes)


def _renames(items: list[Announced]) -> dict[str, str]:
    deletes = [
        (item.address, item.planned.type, item.planned.before)
        for item in items
        if item.action is Action.DELETE and isinstance(item.planned.before, Mapping)
    ]
    creates = [
        (item.address, item.planned.type, _without_unknown(item.planned.after, item.attributes))
        for item in items
        if item.action is Action.CREATE and isinstance(item.planned.after, Mapping)
    ]
    return {rename.to_address: rename.from_address for rename in find_renames(deletes, creates)}


def _without_unknown(after: Mapping[str, Value], attributes: tuple[AttributeChange, ...]) -> Mapping[str, Value]:
    """Leave out what AWS decides: a new id never equals the old one."""
    unknown = {item.path[0] for item in attributes if item.after is Marker.UNKNOWN}
    return {key: value for key, value in after.items() if key not in unknown and value is not Marker.UNKNOWN}
