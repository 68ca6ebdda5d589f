"""Whether a link that is made anew has the same effect as before, proved by what the clone shows of it.

That its carrier looks the same proves nothing by itself: the inventory may not show this kind of link at all, and then
it looks the same without it, too. So something that tells the link from any other (the policy's ARN, the target's id)
must be in the carrier's description before and after.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable

from diffing.change import Action, AttributeChange
from diffing.snapshot import Resource
from diffing.values import Marker, Path, Value, thaw
from sandbox.inventory.join import Join
from sandbox.rehearsal import StateInstance
from sandbox.witnesses.announced import Announced
from sandbox.witnesses.ownership import names_of
from sandbox.witnesses.scene import Scene
from sandbox.witnesses.vocabulary import COMMON, About, active, spoken, texts

_SHORTEST = 4
_NAMES = ("id", "association_id", "statement_id", "security_group_rule_id")
"""Attributes under which a link is known, and which say nothing of what it does."""
_NOT_TELLING = frozenset({"id", "tags", "tags_all", "timeouts"})


def effect_kept(scene: Scene, item: Announced) -> bool:
    """Whether a link is ended and stands again as it was: made anew, or under another address."""
    before, after = scene.joined(item)
    if not item.action.destroys or before is None or not _finished(scene, item.address):
        return False
    if before.exact:
        return _same_resource(scene, item, before, after)
    if item.action is Action.REPLACE:
        return _same_carrier(before, after) and _stands(scene, item, before, item.address)
    return any(
        _same_carrier(before, scene.after.joins.get(other.address)) and _stands(scene, item, before, other.address)
        for other in scene.announced.values()
        if other.action is Action.CREATE and other.planned.type == item.planned.type and _finished(scene, other.address)
    )


def _same_resource(scene: Scene, item: Announced, before: Join, after: Join | None) -> bool:
    """A resource of its own that has no birth and no content, and is as it was: a policy of a role, a rule of a group.

    AWS makes up the id of a rule; under another one it is the same rule.
    """
    old = before.resource
    if item.action is not Action.REPLACE or after is None or old.born or any(old.stakes.values()):
        return False
    new = after.resource
    if new.identity == old.identity:
        return old.identity not in scene.physical
    alike = _unnamed((), old.attributes, frozenset({old.identity.id})) == _unnamed(
        (), new.attributes, frozenset({new.identity.id})
    )
    return after.exact and new.identity.type == old.identity.type and old.tags == new.tags and alike


def _same_carrier(before: Join, after: Join | None) -> bool:
    return after is not None and not after.exact and after.resource.identity == before.resource.identity


def _stands(scene: Scene, item: Announced, before: Join, new_address: str) -> bool:
    """Whether the carrier shows the link on both sides, and nothing of its kind differs."""
    carrier = before.resource
    still = scene.rehearsal.after.resources.get(carrier.identity)
    old, new = scene.before.instances.get(scene.previous(item)), scene.after.instances.get(new_address)
    if still is None or old is None or new is None:
        return False
    telling = _telling(old, carrier) & _telling(new, still)
    if not any(_shows(carrier, text) and _shows(still, text) for text in telling):
        return False
    change = scene.physical.get(carrier.identity)
    if change is None:
        return True
    differing = spoken(About(item=item, whole=False), carrier.identity, active(change.attributes))
    return not differing or _same_but_for_its_name(differing, _own_names(old), _own_names(new))


def _same_but_for_its_name(differing: Iterable[AttributeChange], old: frozenset[str], new: frozenset[str]) -> bool:
    """Whether what goes and what comes is one entry under two names: the id of an association, of a statement."""
    known = tuple(differing)
    gone = Counter(_unnamed(item.path, item.before, old) for item in known if item.before is not Marker.ABSENT)
    come = Counter(_unnamed(item.path, item.after, new) for item in known if item.after is not Marker.ABSENT)
    return gone == come


def _own_names(instance: StateInstance) -> frozenset[str]:
    values = (instance.attributes.get(name) for name in _NAMES)
    return frozenset(value for value in values if isinstance(value, str) and len(value) >= _SHORTEST)


def _unnamed(path: Path, value: Value, names: frozenset[str]) -> str:
    text = json.dumps([list(path), thaw(value)], sort_keys=True, default=str)
    for name in sorted(names, key=len, reverse=True):
        text = text.replace(name, "·")
    return text


def _telling(instance: StateInstance, carrier: Resource) -> frozenset[str]:
    values = (value for name, value in instance.attributes.items() if name not in _NOT_TELLING)
    found = {text for value in values for text in texts(value)}
    known = names_of(carrier) | {"Allow", "Deny", "ingress", "egress"}
    return frozenset(text for text in found - known if len(text) >= _SHORTEST and text.lower() not in COMMON)


def _shows(resource: Resource, text: str) -> bool:
    return any(text in shown for shown in _descriptions(resource))


def _descriptions(resource: Resource) -> Iterable[str]:
    yield from texts(resource.attributes)
    yield from resource.attributes


def _finished(scene: Scene, address: str) -> bool:
    outcome = scene.rehearsal.outcome
    return address not in outcome.failed and (outcome.succeeded or address in outcome.applied)
