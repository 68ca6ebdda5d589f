"""What changed between two snapshots, and what cannot be said because a read gave no answer.

A resource that is missing on one side was created or deleted only if that side could have shown it. It could not where

* its service was not read on that side (unless the service is known to have been empty before the change);
* a listing of its service failed on that side: then nothing missing in that service is known to be absent;
* a read for the resource itself, or for one that contains it, failed on that side.

A failure counts only if the read did not fail in the same way on the other side: a listing that the engine never
supported showed nothing on either side, so nothing has gone missing with it. A failure that comes by chance (a
timeout, throttling) counts always, because an answer may have been cut off at different places. What contains a
resource decides before all this: where the bucket is known to be gone, its objects are known to be gone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from diffing.change import Action, AttributeChange, Lifespan
from diffing.normalize import differences, path_order, same
from diffing.snapshot import NOTHING, Identity, ReadFailure, Resource, Snapshot
from diffing.values import Marker, Value

LISTING = "*"
"""The subject of a failed read that was not for one resource (`ReadFailure.subject`)."""

_BY_CHANCE = ("timeout", "timedout", "throttl", "toomanyrequests", "requestlimit", "slowdown", "unavailable", "connect")
"""Parts of error codes (lower case) of failures that another try might not meet."""

_LIFESPANS: Mapping[Action, Lifespan] = MappingProxyType(
    {
        Action.CREATE: Lifespan.ADDED,
        Action.UPDATE: Lifespan.EXISTING,
        Action.DELETE: Lifespan.DROPPED,
        Action.REPLACE: Lifespan.RECREATED,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PhysicalChange:
    """What became of one physical resource between two snapshots."""

    identity: Identity
    action: Action
    """``CREATE``, ``UPDATE``, ``DELETE`` or ``REPLACE``."""
    lifespan: Lifespan
    """As far as two snapshots tell; `diffing.lifespan` knows more where there are steps between them."""
    before: Resource | None
    after: Resource | None
    attributes: tuple[AttributeChange, ...] = ()
    """The leaves that differ, tags under ``tags``; for a create or delete, every leaf.

    What sets two incarnations apart (`Resource.born`) is listed only where one side lacks it: of a replacement, these
    are the differences in configuration, none if it was made anew as it had been.
    """
    stakes_before: Mapping[str, int] = field(default_factory=lambda: NOTHING)
    stakes_after: Mapping[str, int] = field(default_factory=lambda: NOTHING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The changes, and the resources of which a failed read hides whether or how they changed."""

    changes: tuple[PhysicalChange, ...]
    """In the order of identities, at most one for each."""
    unreadable: tuple[Identity, ...]
    """A resource missing on one side is either here or among the changes. One that both sides show may be in both
    places: some of its attributes changed, and others went missing together with a read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blindspots:
    """What one snapshot could not see and another one could; see the module for what counts.

    Use `blindspots` to make one.
    """

    resources: Mapping[Identity, Resource]
    """What this snapshot did see."""
    services: frozenset[str]
    empty: frozenset[str]
    """Services known to have held nothing, read or not."""
    failures: Mapping[str, tuple[ReadFailure, ...]]
    """The failures that count, by subject."""

    def hide_absence(self, resource: Resource, seen: Mapping[Identity, Resource]) -> bool:
        """Whether a resource that this snapshot lacks may have existed all the same.

        Args:
            resource: As the other snapshot shows it.
            seen: Everything that the other snapshot shows.
        """
        visited: set[Identity] = set()
        current = resource
        while current.identity not in visited:
            visited.add(current.identity)
            if current.service in self.empty:
                return False
            parent = seen.get(current.parent) if current.parent else None
            if parent is None or parent.identity in self.resources:
                break
            current = parent
        return self.hide_parts(current, seen)

    def hide_parts(self, resource: Resource, seen: Mapping[Identity, Resource]) -> bool:
        """Whether something of a resource may be missing here because it was not read."""
        if resource.service in self.empty:
            return False
        if resource.service not in self.services or self._listing_failed(resource):
            return True
        visited: set[Identity] = set()
        identity: Identity | None = resource.identity
        while identity is not None and identity not in visited:
            visited.add(identity)
            container = seen.get(identity) or self.resources.get(identity)
            if self._read_failed(identity, container, resource.service):
                return True
            identity = container.parent if container else None
        return False

    def _listing_failed(self, resource: Resource) -> bool:
        return any(
            failure.service == resource.service and _may_cover(failure, resource.identity)
            for failure in self.failures.get(LISTING, ())
        )

    def _read_failed(self, identity: Identity, shown: Resource | None, service: str) -> bool:
        names = {str(identity), identity.id} | (shown.aliases if shown else frozenset())
        services = {service, shown.service if shown else service}
        return any(
            (failure.service in services or name == str(identity)) and _may_cover(failure, identity)
            for name in names - {LISTING}
            for failure in self.failures.get(name, ())
        )


def blindspots(snapshot: Snapshot, other: Snapshot, *, empty: frozenset[str] = frozenset()) -> Blindspots:
    """Work out what a snapshot could not see, as against another one."""
    common = frozenset(other.failures)
    by_subject: dict[str, list[ReadFailure]] = {}
    for failure in snapshot.failures:
        if failure not in common or _by_chance(failure):
            by_subject.setdefault(failure.subject, []).append(failure)
    return Blindspots(
        resources=snapshot.resources,
        services=snapshot.services,
        empty=empty,
        failures={subject: tuple(failures) for subject, failures in by_subject.items()},
    )


def compare(before: Snapshot, after: Snapshot, *, fresh_services: frozenset[str] = frozenset()) -> Comparison:
    """Say what became of every resource that either snapshot shows.

    Resources with equal digests are equal; only the others are looked into (`diffing.normalize.differences`).

    Args:
        before: The environment before the change.
        after: The environment after it.
        fresh_services: Services known to have been empty before the change, whether ``before`` read them or not:
            everything that they hold afterwards was created.
    """
    blind_before = blindspots(before, after, empty=fresh_services)
    blind_after = blindspots(after, before)
    changes: list[PhysicalChange] = []
    unreadable: list[Identity] = []
    for identity in sorted(_differing(before, after)):
        old, new = before.resources.get(identity), after.resources.get(identity)
        if old is not None and new is not None:
            change, complete = _change_of_both(old, new, blind_before, blind_after)
        elif old is not None:
            complete = not blind_after.hide_absence(old, before.resources)
            change = _change(Action.DELETE, old, None, _attribute_changes(old, None)) if complete else None
        elif new is not None:
            complete = not blind_before.hide_absence(new, after.resources)
            change = _change(Action.CREATE, None, new, _attribute_changes(None, new)) if complete else None
        else:
            continue
        if change is not None:
            changes.append(change)
        if not complete:
            unreadable.append(identity)
    return Comparison(changes=tuple(changes), unreadable=tuple(unreadable))


def reborn(before: Resource, after: Resource) -> bool:
    """Whether two resources of equal identity are two incarnations: something that both were born with differs."""
    return any(
        not same(value, after.born[name])
        for name, value in before.born.items()
        if name in after.born and not isinstance(value, Marker) and not isinstance(after.born[name], Marker)
    )


def _by_chance(failure: ReadFailure) -> bool:
    code = failure.code.lower().replace("_", "").replace(" ", "")
    return any(part in code for part in _BY_CHANCE)


def _may_cover(failure: ReadFailure, identity: Identity) -> bool:
    """Whether a failed read may have been about this resource's account and region, as far as both are known."""
    elsewhere = failure.region and identity.region and failure.region != identity.region
    # Global services are read through one region and shown under another name.
    regional = "global" not in failure.region and "global" not in identity.region
    other_account = failure.account and identity.account and failure.account != identity.account
    return not other_account and not (elsewhere and regional)


def _differing(before: Snapshot, after: Snapshot) -> set[Identity]:
    """Return the identities that one side lacks, or whose digests differ; without a digest nothing counts as equal."""
    differing = before.resources.keys() ^ after.resources.keys()
    for identity, old in before.resources.items():
        new = after.resources.get(identity)
        if new is not None and (old.digest != new.digest or not old.digest) and old is not new:
            differing.add(identity)
    return differing


def _change_of_both(
    old: Resource, new: Resource, blind_before: Blindspots, blind_after: Blindspots
) -> tuple[PhysicalChange | None, bool]:
    """Compare a resource that both sides show; return the change, and whether all of it could be seen."""
    found = _attribute_changes(old, new)
    hidden_before = blind_before.hide_parts(new, blind_after.resources)
    hidden_after = blind_after.hide_parts(old, blind_before.resources)
    readable = tuple(
        change
        for change in found
        if not (hidden_before and change.before is Marker.ABSENT)
        and not (hidden_after and change.after is Marker.ABSENT)
    )
    stakes_hidden = (hidden_before and bool(new.stakes.keys() - old.stakes.keys())) or (
        hidden_after and bool(old.stakes.keys() - new.stakes.keys())
    )
    complete = len(readable) == len(found) and not stakes_hidden
    if reborn(old, new):
        return _change(Action.REPLACE, old, new, readable), complete
    counted = old.stakes.keys() & new.stakes.keys() if stakes_hidden else old.stakes.keys() | new.stakes.keys()
    if readable or any(old.stakes.get(name) != new.stakes.get(name) for name in counted):
        return _change(Action.UPDATE, old, new, readable), complete
    return None, complete


def _change(
    action: Action, old: Resource | None, new: Resource | None, attributes: tuple[AttributeChange, ...]
) -> PhysicalChange:
    shown = [resource for resource in (old, new) if resource is not None]
    return PhysicalChange(
        identity=shown[0].identity,
        action=action,
        lifespan=_LIFESPANS[action],
        before=old,
        after=new,
        attributes=attributes,
        stakes_before=old.stakes if old else NOTHING,
        stakes_after=new.stakes if new else NOTHING,
    )


def _attribute_changes(old: Resource | None, new: Resource | None) -> tuple[AttributeChange, ...]:
    attributes = differences(old.attributes if old else Marker.ABSENT, new.attributes if new else Marker.ABSENT)
    tags = _flat_changes("tags", old.tags if old else {}, new.tags if new else {})
    born = _flat_changes("born", old.born, new.born) if old and new else ()
    one_sided = (change for change in born if Marker.ABSENT in {change.before, change.after})
    by_path = {change.path: change for change in (*one_sided, *tags, *attributes)}
    return tuple(sorted(by_path.values(), key=lambda change: path_order(change.path)))


def _flat_changes(
    name: str, old: Mapping[str, Value] | Mapping[str, str], new: Mapping[str, Value] | Mapping[str, str]
) -> tuple[AttributeChange, ...]:
    pairs = ((key, old.get(key, Marker.ABSENT), new.get(key, Marker.ABSENT)) for key in old.keys() | new.keys())
    return tuple(
        AttributeChange(path=(name, key), before=before, after=after)
        for key, before, after in pairs
        if not same(before, after)
    )
