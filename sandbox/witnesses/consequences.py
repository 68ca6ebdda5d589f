"""Which unannounced differences are consequences of something announced, and which AWS makes by itself.

Nothing is excused merely because something else was announced in the same service. A difference is a consequence only
where the clone itself ties it to an announcement:

* what contained it is destroyed by announcement;
* it is created, and its description, its name or its container names what is announced (the default group of a new VPC,
  the network interface of a new endpoint); IAM's identities and keys never come by themselves;
* it is updated, and every entry that differs names what is announced (a target group forgets the load balancer that is
  deleted), or all that came and went in it was announced;
* it is destroyed without any call that names it, belongs to nobody, and names something whose destruction is announced
  (the default group of a VPC that goes).

A call by another program than Terraform's provider rules all but the first out. Passive differences (states on their
way, counters that nobody can set, records that only came) belong to no announcement; they are told as no-op.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from diffing.change import Action, AttributeChange
from diffing.compare import PhysicalChange
from diffing.snapshot import Identity, Resource
from diffing.values import Marker, Path
from sandbox.witnesses.announced import Announced
from sandbox.witnesses.contents import container_of
from sandbox.witnesses.scene import Scene
from sandbox.witnesses.stacked import is_of_stack
from sandbox.witnesses.vocabulary import active, texts

_MAKES_NOTHING_ITSELF = frozenset({"iam", "organizations"})
_SERVICE_LINKED = "/aws-service-role/"
_IN_NAME = re.compile(r"[/:|]")
_SHORTEST_NAME = 3
_GROUP, _GROUP_TAG = "aws_autoscaling_group", "aws:autoscaling:groupName"
_INSTANCE = "AWS::EC2::Instance"
_ENTRY = 2
"""So much of a path names one entry of a resource's description: the member, and the item in it."""


class Consequences:
    """Finds the announcement that a difference follows from."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._shrinking = dict(_shrinking(scene))
        self._owners: dict[str, str] = {}
        self._destroyed: dict[str, str] = {}
        for address, item in sorted(scene.announced.items()):
            if item.carried_action in {Action.NO_OP, Action.FORGET}:
                continue
            for name in scene.names(item):
                if len(name) >= _SHORTEST_NAME:
                    self._owners.setdefault(name, address)
                    if item.carried_action.destroys:
                        self._destroyed.setdefault(name, address)

    def owner(self, change: PhysicalChange, calls: tuple[int, ...]) -> str:
        """Return the address of the announcement that it follows from; empty where there is none."""
        contained = self._destroyed_container(change) or self._container_of_stack(change)
        if contained or self._scene.calls.by_another(calls):
            return contained
        match change.action:
            case Action.CREATE:
                return self._of_creation(change)
            case Action.UPDATE:
                return self._of_content(change) or self._of_update(change, calls)
            case _:
                return self._of_destruction(change, calls)

    def is_passive(self, change: PhysicalChange, calls: tuple[int, ...]) -> bool:
        """Whether nothing differs but what AWS moves by itself, and no call of the change wrote to it."""
        return change.action is Action.UPDATE and not calls and not active(change.attributes) and not loses(change)

    def _destroyed_container(self, change: PhysicalChange) -> str:
        container, seen = container_of(change), set[Identity]()
        while container is not None and container not in seen:
            seen.add(container)
            for item in self._whole(container):
                if item.carried_action.destroys:
                    return item.address
            resource = self._scene.rehearsal.before.resources.get(container)
            container = resource.parent if resource is not None else None
        return ""

    def _container_of_stack(self, change: PhysicalChange) -> str:
        """What a stack's resource contains (the inline policies of a role) moves with it: nothing else acts then."""
        container = change.after.parent if change.after else change.before.parent if change.before else None
        items = self._whole(container) if container is not None else []
        return next((item.address for item in items if is_of_stack(item) and item.action is not Action.NO_OP), "")

    def _whole(self, identity: Identity) -> list[Announced]:
        return [about.item for about in self._scene.about(identity) if about.whole]

    def _of_creation(self, change: PhysicalChange) -> str:
        made = change.after
        if made is None:
            return ""
        if made.service in _MAKES_NOTHING_ITSELF and not any(_SERVICE_LINKED in name for name in made.aliases):
            return ""
        named = [*texts(made.attributes), *_IN_NAME.split(made.identity.id), made.parent.id if made.parent else ""]
        container = self._scene.physical.get(made.parent) if made.parent else None
        if (
            container is not None
            and container.action is Action.CREATE
            and container.identity.type != made.identity.type
        ):
            return self._first(self._owners, named) or self.owner(container, self._scene.writes_to(container.identity))
        return self._first(self._owners, named)

    def _of_content(self, change: PhysicalChange) -> str:
        """A container that differs only in what it holds, where all that came or went in it was announced."""
        if active(change.attributes):
            return ""
        content = [other for other in self._scene.physical.values() if container_of(other) == change.identity]
        owners = [
            [item for item in self._whole(other.identity) if item.action is not Action.NO_OP] for other in content
        ]
        if not content or not all(owners):
            return ""
        return min(item.address for found in owners for item in found)

    def _of_update(self, change: PhysicalChange, calls: tuple[int, ...]) -> str:
        if loses(change):
            return ""
        entries: defaultdict[Path, list[AttributeChange]] = defaultdict(list)
        for attribute in active(change.attributes):
            entries[attribute.path[:_ENTRY]].append(attribute)
        owners = [self._of_entry(entry) for entry in entries.values()]
        if not entries:
            owners = [self._first(self._owners, self._scene.calls.calls[number].resources) for number in calls]
        return min(owners, default="") if all(owners) else ""

    def _of_entry(self, entry: list[AttributeChange]) -> str:
        # What is only taken away follows only from something that goes.
        removed = all(attribute.after is Marker.ABSENT or attribute.after in (None, "", ()) for attribute in entry)
        return self._first(self._destroyed if removed else self._owners, _entry_texts(entry))

    def _of_destruction(self, change: PhysicalChange, calls: tuple[int, ...]) -> str:
        old = change.before
        if change.action is not Action.DELETE or calls or old is None or self._scene.calls.any_by_another:
            return ""
        if change.identity in self._scene.before.exact or any(change.stakes_before.values()):
            return ""
        return self._of_scaling(old) or self._first(self._destroyed, texts(old.attributes))

    def _of_scaling(self, old: Resource) -> str:
        """An instance that its group ends by itself, because it was asked for fewer; and what hangs on the instance."""
        if not self._shrinking:
            return ""
        if old.identity.type == _INSTANCE:
            return self._shrinking.get(old.tags.get(_GROUP_TAG, ""), "")
        hanging = (
            self._scene.rehearsal.before.resources.get(self._instance(text, old)) for text in texts(old.attributes)
        )
        owners = (self._of_scaling(instance) for instance in hanging if instance is not None)
        return next((owner for owner in owners if owner), "")

    @staticmethod
    def _instance(name: str, beside: Resource) -> Identity:
        return replace(beside.identity, type=_INSTANCE, id=name)

    @staticmethod
    def _first(owners: Mapping[str, str], texts: Iterable[str]) -> str:
        return min((owners[text] for text in texts if text in owners), default="")


def _shrinking(scene: Scene) -> Iterator[tuple[str, str]]:
    """Names of scaling groups of which fewer instances are announced, each with its address."""
    for address, item in scene.announced.items():
        if item.planned.type == _GROUP and item.action is Action.UPDATE and any(map(_is_fewer, item.attributes)):
            instance = scene.before.instances.get(scene.previous(item))
            name = instance.attributes.get("name") if instance is not None else None
            if isinstance(name, str):
                yield name, address


def _is_fewer(change: AttributeChange) -> bool:
    before, after = change.before, change.after
    if change.path not in {("desired_capacity",), ("max_size",)}:
        return False
    return isinstance(before, int | float) and isinstance(after, int | float) and after < before


def loses(change: PhysicalChange) -> bool:
    """Whether less is in it than before."""
    return any(change.stakes_after.get(name, 0) < count for name, count in change.stakes_before.items())


def _entry_texts(entry: list[AttributeChange]) -> Iterator[str]:
    for attribute in entry:
        yield from (part for part in attribute.path if isinstance(part, str))
        yield from texts(attribute.before)
        yield from texts(attribute.after)
