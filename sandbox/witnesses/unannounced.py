"""What the clone shows and no announcement accounts for: side effects, consequences, lost data.

A change in the clone is *accounted for* when the plan announces something for the resource itself, which then tells it
(and contradicts the plan where more differs than was announced), or when all that differs is what announced parts of it
speak of (a setting of a bucket, a rule of a group). Everything else is told here: as a consequence of something
announced where the clone ties it to that, as no-op where AWS moves it by itself, and otherwise as done behind the
plan's back.
"""

from __future__ import annotations

from diffing.change import Action, Lifespan, Proof, Replacement, ResourceChange, Witness
from diffing.compare import PhysicalChange
from diffing.snapshot import Identity
from sandbox.rehearsal import ApiCall
from sandbox.witnesses.calls import deletes_whole, named
from sandbox.witnesses.consequences import Consequences, loses
from sandbox.witnesses.scene import Scene
from sandbox.witnesses.stacked import PROVIDER, STACK, is_of_stack
from sandbox.witnesses.vocabulary import About, unspoken

_MOST_CALLS = 3


def unannounced_changes(scene: Scene) -> tuple[ResourceChange, ...]:
    """Return a change for everything in the clone that no announcement accounts for."""
    consequences = Consequences(scene)
    deployed = any(instance.provider == PROVIDER for instance in scene.after.instances.values())
    deployed |= any(instance.provider == PROVIDER for instance in scene.before.instances.values())
    return tuple(
        _change(scene, consequences, change)
        for change in scene.physical.values()
        if not accounted_for(scene, change)
        # A stack's own record says what was done with its resources; these are told themselves.
        and not (deployed and change.identity.type == STACK)
    )


def accounted_for(scene: Scene, change: PhysicalChange) -> bool:
    """Whether the announcements about the resource and its parts tell all of this change."""
    about = scene.about(change.identity)
    if any(_tells(scene, one, change) for one in about if one.whole):
        return True
    if change.action is not Action.UPDATE or loses(change):
        # A planned setting of a bucket explains a changed bucket; it never explains that the bucket is emptied.
        return False
    if scene.calls.by_another(scene.writes_to(change.identity)):
        return False
    telling = [one for one in about if one.item.action is not Action.NO_OP or one.item.noise]
    return bool(telling) and not unspoken(telling, change.identity, change.attributes)


def _tells(scene: Scene, about: About, change: PhysicalChange) -> bool:
    """Whether an announcement about the whole resource tells its change, or contradicts it in so many words."""
    item = about.item
    action = item.carried_action
    if action is Action.NO_OP:
        return False
    if item.hidden_by_noise and scene.calls.by_another(scene.writes_to(change.identity)):
        # No noise is made by another program.
        return False
    if is_of_stack(item):
        # Nothing but the engine's CloudFormation acted: what it did otherwise than announced is said there.
        return True
    if change.action.destroys:
        return action.destroys or scene.renamed_in_place(item)
    # What is announced as new, and was there before, is not what was announced.
    return action is not Action.CREATE or change.action is Action.CREATE


def renews(scene: Scene, call: ApiCall, identity: Identity) -> bool:
    """Whether the call deleted a resource that stands there before and after, and nobody announced that.

    Not every engine tells when something was made: of what came back under its name, only the calls tell then.
    """
    both = identity in scene.rehearsal.before.resources and identity in scene.rehearsal.after.resources
    announced = any(about.whole and about.item.carried_action.destroys for about in scene.about(identity))
    return both and not announced and call.succeeded and deletes_whole(call, identity.type)


def address_of(scene: Scene, identity: Identity) -> str:
    """The Terraform address that manages a physical resource, as it is called after the change; else its identity."""
    managed = scene.after.exact.get(identity) or scene.before.exact.get(identity) or ()
    for address in managed:
        return next(
            (item.address for item in scene.announced.values() if scene.previous(item) == address),
            address,
        )
    return str(identity)


def type_of(scene: Scene, identity: Identity) -> str:
    """The resource type in Terraform's words where Terraform manages it, else in CloudFormation's."""
    managed = (*scene.after.exact.get(identity, ()), *scene.before.exact.get(identity, ()))
    instances = (scene.after.instances.get(address) or scene.before.instances.get(address) for address in managed)
    return next((instance.type for instance in instances if instance is not None), identity.type)


def _change(scene: Scene, consequences: Consequences, change: PhysicalChange) -> ResourceChange:
    calls = scene.writes_to(change.identity)
    passive = consequences.is_passive(change, calls)
    renewed = change.action is Action.UPDATE and any(
        renews(scene, scene.calls.calls[number], change.identity) for number in calls
    )
    lifespan = Lifespan.RECREATED if renewed else change.lifespan
    return ResourceChange(
        address=address_of(scene, change.identity),
        type=type_of(scene, change.identity),
        action=Action.REPLACE if renewed else Action.NO_OP if passive else change.action,
        proof=Proof.PROVED,
        lifespan=lifespan,
        identity=change.identity,
        replacement=Replacement.YES if lifespan is Lifespan.RECREATED else Replacement.NO,
        attributes=change.attributes,
        reason="moves by itself" if passive else _reason(scene, calls),
        witnesses=frozenset({Witness.CLONE} | ({Witness.CALLS} if calls else set())),
        stakes_before=change.stakes_before,
        stakes_after=change.stakes_after,
        calls=calls,
        owner="" if passive else consequences.owner(change, calls),
    )


def _reason(scene: Scene, calls: tuple[int, ...]) -> str:
    writers = list(dict.fromkeys(named(scene.calls.calls[number]) for number in calls))
    if not writers:
        return "seen in the clone only"
    more = f" and {len(writers) - _MOST_CALLS} more" if len(writers) > _MOST_CALLS else ""
    written = f"written by {', '.join(writers[:_MOST_CALLS])}{more}"
    return f"not in the plan; {written}" if scene.rehearsal.announced else written
