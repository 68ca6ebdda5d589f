"""What a program did to Terraform's state alone: resources that it handed out, and such as it took over.

`terraform state rm` and `terraform import` call AWS at most to read. The states before and after tell of them,
joined with a clone in which the resource stands on both sides. A plan says the same by itself (`forget`, `importing`).
"""

from __future__ import annotations

from collections.abc import Iterator

from diffing.change import Action, Lifespan, Proof, ResourceChange, Witness
from sandbox.witnesses.ownership import Side
from sandbox.witnesses.scene import Scene

IMPORTED = "imported"


def handed_over(scene: Scene) -> Iterator[ResourceChange]:
    """Yield what is managed on one side only, and stands in the clone on both.

    Nothing of a change with a plan, and nothing where the program brought another state than the target's: what that
    does not know was never in it.
    """
    if scene.rehearsal.announced or scene.rehearsal.state_used is not None:
        return
    for address in sorted(_only_in(scene.before, scene.after)):
        yield _change(scene.before, address, Action.FORGET, "taken out of the state")
    for address in sorted(_only_in(scene.after, scene.before)):
        yield _change(scene.after, address, Action.NO_OP, IMPORTED)


def _only_in(one: Side, other: Side) -> Iterator[str]:
    """Addresses of one side whose resource is there on the other too, and managed under no address."""
    for address, join in one.joins.items():
        identity = join.resource.identity
        if join.exact and identity in other.snapshot.resources and identity not in other.exact:
            yield address


def _change(side: Side, address: str, action: Action, reason: str) -> ResourceChange:
    resource = side.joins[address].resource
    return ResourceChange(
        address=address,
        type=side.instances[address].type,
        action=action,
        proof=Proof.PROVED,
        lifespan=Lifespan.EXISTING,
        identity=resource.identity,
        reason=reason,
        witnesses=frozenset({Witness.CLONE}),
        stakes_before=resource.stakes,
        stakes_after=resource.stakes,
    )
