"""What a program did to Terraform's state alone: resources that it handed out, and such as it took over.

`terraform state rm` and `terraform import` call AWS at most to read, as does a state that is pushed. A plan says the
same by itself (`forget`, `importing`). A program says nothing: the states before and after tell, and the clone, whether
what is missing in the state is still there.
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from diffing.change import Action, Lifespan, Proof, ResourceChange, Witness
from diffing.snapshot import NOTHING, Identity
from diffing.values import Value
from sandbox.inventory.join import Join
from sandbox.rehearsal import StateInstance
from sandbox.witnesses.scene import Scene

IMPORTED = "imported"
_FORGOTTEN = "a program took it out of Terraform's state"


def handed_over(scene: Scene) -> Iterator[ResourceChange]:
    """Yield what is managed on one side only, and is not known to be gone or to be new.

    Nothing of a change with a plan. Where the program brought a state of its own, that is what it takes from and adds
    to: what that did not know is not handed out of it, and what it knew is not taken over.
    """
    if scene.rehearsal.announced:
        return
    used = scene.rehearsal.state_used
    managed = scene.before.instances.keys()
    yield from _forgotten(scene, managed if used is None else managed & used.held)
    yield from _imported(scene, frozenset() if used is None else used.held)


def _forgotten(scene: Scene, managed: AbstractSet[str]) -> Iterator[ResourceChange]:
    moved = _moved(scene)
    for address in sorted(managed - scene.after.instances.keys()):
        instance = scene.before.instances[address]
        join = scene.before.joins.get(address)
        told = join is not None and _is_told(scene, join.resource.identity, whole=join.exact)
        if not told and _name(instance) not in moved:
            yield _change(address, instance, join, Action.FORGET, _FORGOTTEN)


def _imported(scene: Scene, known: AbstractSet[str]) -> Iterator[ResourceChange]:
    for address, join in sorted(scene.after.joins.items()):
        identity = join.resource.identity
        if (
            address not in known
            and join.exact
            and identity in scene.before.snapshot.resources
            and identity not in scene.before.exact
        ):
            yield _change(address, scene.after.instances[address], join, Action.NO_OP, IMPORTED)


def _change(address: str, instance: StateInstance, join: Join | None, action: Action, reason: str) -> ResourceChange:
    resource = join.resource if join is not None and join.exact else None
    stakes = resource.stakes if resource is not None else NOTHING
    return ResourceChange(
        address=address,
        type=instance.type,
        action=action,
        proof=Proof.UNKNOWN if resource is None else Proof.PROVED,
        lifespan=Lifespan.EXISTING,
        identity=None if resource is None else resource.identity,
        reason=reason,
        witnesses=frozenset({Witness.CLONE}),
        stakes_before=stakes,
        stakes_after=stakes,
    )


def _is_told(scene: Scene, identity: Identity, *, whole: bool) -> bool:
    """Whether the clone tells what became of it: it is gone or has another address, or its container changed."""
    if whole:
        return identity not in scene.after.snapshot.resources or identity in scene.after.exact
    return identity not in scene.after.snapshot.resources or identity in scene.physical


def _moved(scene: Scene) -> frozenset[tuple[str, Value]]:
    """Type and id of what has a new address: ``terraform state mv``."""
    new = (other for address, other in scene.after.instances.items() if address not in scene.before.instances)
    return frozenset(_name(instance) for instance in new)


def _name(instance: StateInstance) -> tuple[str, Value]:
    own = instance.attributes.get("id")
    return instance.type, own if isinstance(own, str) else None
