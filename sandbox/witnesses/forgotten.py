"""What a program took out of Terraform's state and left where it is: ``terraform state rm``, another state pushed.

A plan says itself what it forgets. A program says nothing: the state before and after tells, and the clone, whether
what is missing in the state is still there.
"""

from __future__ import annotations

from collections.abc import Iterator

from diffing.change import Action, Lifespan, Proof, ResourceChange, Witness
from diffing.snapshot import Identity
from diffing.values import Value
from sandbox.rehearsal import StateInstance
from sandbox.witnesses.scene import Scene

_REASON = "a program took it out of Terraform's state"


def forgotten(scene: Scene) -> Iterator[ResourceChange]:
    """Yield what is no longer managed, and not known to be gone."""
    if scene.rehearsal.announced:
        return
    moved = _moved(scene)
    for address in sorted(scene.before.instances.keys() - scene.after.instances.keys()):
        instance = scene.before.instances[address]
        if _name(instance) in moved:
            continue
        join = scene.before.joins.get(address)
        identity = join.resource.identity if join is not None and join.exact else None
        if join is not None and _is_told(scene, join.resource.identity, whole=join.exact):
            continue
        yield ResourceChange(
            address=address,
            type=instance.type,
            action=Action.FORGET,
            proof=Proof.UNKNOWN if identity is None else Proof.PROVED,
            lifespan=Lifespan.EXISTING,
            identity=identity,
            reason=_REASON,
            witnesses=frozenset({Witness.CLONE}),
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
