"""From what the plan announces to a ResourceChange: did the calls and the clone see it too?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from diffing.change import Action, Proof, Replacement, ResourceChange, Witness
from diffing.compare import PhysicalChange
from diffing.snapshot import NOTHING, Identity
from sandbox.inventory.join import Join
from sandbox.rehearsal import Gap, GapKind
from sandbox.witnesses.announced import Announced
from sandbox.witnesses.causes import Causes
from sandbox.witnesses.contradictions import contradictions
from sandbox.witnesses.effects import effect_kept
from sandbox.witnesses.planned import LIFESPANS, renames_of
from sandbox.witnesses.scene import Scene
from sandbox.witnesses.stacked import POLICIES, engine_differs, is_of_stack
from sandbox.witnesses.vocabulary import PROVIDER_ONLY, spoken

LOCAL_PROVIDERS = frozenset(
    {"builtin/terraform"}
    | {f"hashicorp/{name}" for name in ["null", "random", "time", "tls", "local", "archive", "external", "cloudinit"]}
)
"""Sources, without the host, of providers that need no cloud: what they do was really done in the rehearsal."""
AWS_PROVIDER = "hashicorp/aws"


def managed_changes(scene: Scene) -> tuple[tuple[ResourceChange, ...], tuple[Gap, ...]]:
    """Turn every announcement that is more than noise into a change, with what could not be proved about it."""
    items = [item for item in scene.announced.values() if not item.noise]
    renames, causes = renames_of(items), Causes(scene)
    changes: list[ResourceChange] = []
    gaps: list[Gap] = []
    for item in items:
        gap = _gap(scene, item)
        if gap is not None:
            gaps.append(gap)
        gaps += _engine_gaps(scene, item)
        change = _change(scene, item, in_doubt=gap is not None)
        changes.append(replace(change, causes=causes.of(item), rename_of=renames.get(item.address, "")))
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
        case Action.UPDATE if was is None and is_of_stack(item) and before is not None and before.exact:
            # Parts that the inventory shows apart: the inline policies of a role.
            return any(_parent(change) == before.resource.identity for change in scene.physical.values())
        case Action.DELETE | Action.UPDATE:
            return was is not None or _shown_by_what_it_describes(scene, item)
        case Action.REPLACE:
            return was is not None or now is not None


def _shown_by_what_it_describes(scene: Scene, item: Announced) -> bool:
    """Whether an announced update shows at a volume of the instance."""
    return item.action is Action.UPDATE and any(
        about.block and about.item is item and spoken(about, change.identity, change.attributes)
        for change in scene.physical.values()
        for about in scene.about(change.identity)
    )


def is_local(item: Announced) -> bool:
    """Whether it exists only where Terraform runs."""
    return _source(item) in LOCAL_PROVIDERS


def is_aws(item: Announced) -> bool:
    """Whether the AWS provider or CloudFormation manages it."""
    return _source(item) == AWS_PROVIDER or is_of_stack(item)


def _source(item: Announced) -> str:
    """Namespace and type: another namespace's provider of the same name is another program."""
    return "/".join(item.planned.provider.split("/")[-2:])


def finished(scene: Scene, item: Announced) -> bool:
    """Whether Terraform reported that it had carried the announcement out."""
    outcome = scene.rehearsal.outcome
    return item.address not in outcome.failed and (outcome.succeeded or item.address in outcome.applied)


def _parent(change: PhysicalChange) -> Identity | None:
    shown = change.after or change.before
    return None if shown is None else shown.parent


def _physical(scene: Scene, join: Join | None) -> PhysicalChange | None:
    return scene.physical.get(join.resource.identity) if join is not None else None


def _change(scene: Scene, item: Announced, *, in_doubt: bool) -> ResourceChange:
    before, after = scene.joined(item)
    place = before or after
    otherwise = engine_differs(item, _physical(scene, before))
    seen = not otherwise and (seen_in_clone(scene, item) or (is_local(item) and finished(scene, item)))
    calls = scene.calls.naming(scene.names(item))
    witnesses = {Witness.PLAN} | ({Witness.CLONE} if seen else set()) | ({Witness.CALLS} if calls else set())
    return ResourceChange(
        address=item.address,
        type=item.planned.type,
        action=item.action,
        proof=_proof(item, seen=seen, in_doubt=in_doubt),
        lifespan=LIFESPANS[item.action],
        identity=place.resource.identity if place is not None else None,
        replacement=Replacement.YES if item.action is Action.REPLACE else Replacement.NO,
        attributes=item.attributes,
        replace_paths=item.planned.replace_paths,
        reason=item.reason,
        witnesses=frozenset(witnesses),
        disagreements=contradictions(scene, item),
        stakes_before=before.resource.stakes if before is not None and before.exact else NOTHING,
        stakes_after=_stakes_after(scene, before, after),
        calls=calls,
        previous_address=item.planned.previous_address,
        effect_kept=effect_kept(scene, item),
    )


def _proof(item: Announced, *, seen: bool, in_doubt: bool) -> Proof:
    if item.hidden_by_noise or in_doubt:
        return Proof.UNKNOWN
    return Proof.PROVED if seen else Proof.COMPUTED


def _stakes_after(scene: Scene, before: Join | None, after: Join | None) -> Mapping[str, int]:
    """What is left of what was inside; where the resource is no longer in the state, it is looked for in the clone."""
    place = after or before
    if place is None or not place.exact:
        return NOTHING
    change = scene.physical.get(place.resource.identity)
    if change is not None:
        return change.stakes_after
    still = scene.rehearsal.after.resources.get(place.resource.identity)
    return still.stakes if still is not None else NOTHING


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


def _engine_gaps(scene: Scene, item: Announced) -> tuple[Gap, ...]:
    """Where the engine's CloudFormation did otherwise than AWS's would: said, and no reason for doubt."""
    reason = engine_differs(item, _physical(scene, scene.joined(item)[0]))
    if not reason:
        return ()
    return (Gap(kind=GapKind.UNSUPPORTED, subject=item.address, reason=reason, blocking=False),)


def _unseen(scene: Scene, item: Announced) -> Gap | None:
    """Terraform says that it is done, and the clone does not show it."""
    before, after = scene.joined(item)
    if before is None and after is None:
        return Gap(kind=GapKind.UNREADABLE, subject=item.address, reason="the clone's inventory does not show it")
    if effect_kept(scene, item):
        return None
    return Gap(
        kind=GapKind.UNSUPPORTED,
        subject=item.address,
        reason=f"the engine accepted the {item.action.value} and shows no effect of it",
    )


def _changes_nothing_in_aws(item: Announced) -> bool:
    # An update without attributes changes what is sensitive.
    paths = [change.path for change in item.attributes]
    return (
        item.action is Action.UPDATE
        and bool(paths)
        and all(path[0] in PROVIDER_ONLY or path[0] in POLICIES for path in paths)
    )
