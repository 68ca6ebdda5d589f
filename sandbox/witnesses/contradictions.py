"""Where the plan, the calls and the clone contradict each other about one announced resource."""

from __future__ import annotations

from collections.abc import Iterator

from diffing.change import Action, AttributeChange
from diffing.compare import PhysicalChange
from diffing.normalize import equivalent
from diffing.snapshot import Identity
from diffing.values import path_text
from sandbox.inventory.join import Join
from sandbox.witnesses.announced import Announced
from sandbox.witnesses.calls import named
from sandbox.witnesses.scene import Scene
from sandbox.witnesses.stacked import engine_differs, is_of_stack
from sandbox.witnesses.vocabulary import About, active, spoken, unspoken

_MOST_NAMED = 5


def contradictions(scene: Scene, item: Announced) -> tuple[str, ...]:
    """Return the contradictions in words; each brings the change to a person."""
    before, after = scene.joined(item)
    if item.hidden_by_noise:
        # What is seen is the noise, but for what another program does.
        return tuple(_about_writers(scene, item, before or after))
    return (
        *_about_whole(scene, item, before),
        *_about_creation(scene, item, after),
        *_about_writers(scene, item, before or after),
    )


def _about_whole(scene: Scene, item: Announced, before: Join | None) -> Iterator[str]:
    if before is None or not before.exact or item.action.destroys or scene.renamed_in_place(item):
        return
    change = scene.physical.get(before.resource.identity)
    if change is None or item.action is Action.CREATE:
        return
    if engine_differs(item, change) or (item.action is Action.UPDATE and is_of_stack(item)):
        # Nothing but the engine's CloudFormation acts while stacks are deployed.
        return
    if change.action.destroys:
        yield f"the plan says {item.action.value}, and in the clone it is gone or made anew"
    elif item.action in {Action.NO_OP, Action.FORGET} and active(change.attributes):
        yield f"the plan says {item.action.value}, and in the clone it is changed: {_paths(active(change.attributes))}"
    elif item.action is Action.UPDATE and (
        rest := unspoken(scene.about(change.identity), change.identity, change.attributes)
    ):
        yield f"the plan does not speak of {_paths(rest)}, and in the clone it is changed as well"


def _about_creation(scene: Scene, item: Announced, after: Join | None) -> Iterator[str]:
    if item.action is not Action.CREATE or after is None:
        return
    identity = after.resource.identity
    change = scene.physical.get(identity)
    if after.exact:
        if identity in scene.rehearsal.before.resources:
            yield "the plan says create, and it was there already: it is taken over"
    elif scene.calls.by_another(scene.writes_to(identity)):
        return  # told of the resource itself: who took it away is not known
    elif change is not None and (lost := _overwritten(scene, item, change)):
        yield f"creating it removes or overwrites what was there: {_paths(lost)}"


def _overwritten(scene: Scene, item: Announced, change: PhysicalChange) -> tuple[AttributeChange, ...]:
    """What a part that is new takes away from the resource, and no other announcement about it does."""
    others = [about for about in scene.about(change.identity) if about.item.action not in {Action.CREATE, Action.NO_OP}]
    return tuple(
        attribute
        for attribute in spoken(About(item=item, whole=False), change.identity, active(change.attributes))
        if _takes_away(attribute) and not _told(others, change.identity, attribute)
    )


def _takes_away(attribute: AttributeChange) -> bool:
    """Whether something is gone, or a document says something else: a default that gives way is neither."""
    if equivalent(attribute.before, None):
        return False
    document = isinstance(attribute.before, str) and attribute.before.lstrip().startswith("{")
    return equivalent(attribute.after, None) or document


def _told(others: list[About], identity: Identity, attribute: AttributeChange) -> bool:
    return any(spoken(about, identity, (attribute,)) for about in others)


def _about_writers(scene: Scene, item: Announced, place: Join | None) -> Iterator[str]:
    # A part's own name is its carrier's: what another program writes to that is told of the carrier.
    if place is not None and not place.exact:
        return
    for text in sorted({named(call) for call in scene.calls.by_another(scene.calls.naming(scene.names(item)))}):
        yield f"not only Terraform wrote to it: {text}"


def _paths(attributes: tuple[AttributeChange, ...]) -> str:
    shown = sorted({path_text(attribute.path) for attribute in attributes})
    more = f" and {len(shown) - _MOST_NAMED} more" if len(shown) > _MOST_NAMED else ""
    return ", ".join(shown[:_MOST_NAMED]) + more
