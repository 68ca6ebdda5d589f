"""Everything that the witnesses said, indexed once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

from diffing.change import Action
from diffing.compare import PhysicalChange, compare, reborn
from diffing.snapshot import Identity
from sandbox.inventory.join import Join
from sandbox.rehearsal import Rehearsal
from sandbox.witnesses.announced import Announced, announced
from sandbox.witnesses.calls import CallIndex
from sandbox.witnesses.contents import fold
from sandbox.witnesses.described import described
from sandbox.witnesses.ownership import Side, names_in_state, names_of, side
from sandbox.witnesses.vocabulary import About


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """The plan's announcements, the clone before and after, and the calls of the change."""

    rehearsal: Rehearsal
    announced: Mapping[str, Announced]
    """By address; noise-only entries included."""
    before: Side
    after: Side
    physical: Mapping[Identity, PhysicalChange]
    """What differs in the clone, unmanaged data folded into what contains them."""
    unreadable: tuple[Identity, ...]
    calls: CallIndex
    by_identity: Mapping[Identity, tuple[About, ...]]

    @classmethod
    def of(cls, rehearsal: Rehearsal) -> Self:
        """Index a rehearsal."""
        before = side(rehearsal.before, rehearsal.state_before)
        after = side(rehearsal.after, rehearsal.state_after)
        comparison = compare(
            rehearsal.before,
            rehearsal.after,
            # The clone started empty: what no call had touched before the change held nothing.
            fresh_services=rehearsal.after.services - rehearsal.before.services,
        )
        managed = frozenset(before.exact) | frozenset(after.exact)
        items = {item.address: item for item in announced(rehearsal.plan, rehearsal.noise, after.instances)}
        return cls(
            rehearsal=rehearsal,
            announced=items,
            before=before,
            after=after,
            physical=fold(comparison.changes, managed, rehearsal.before, rehearsal.after),
            unreadable=comparison.unreadable,
            calls=CallIndex(rehearsal.calls),
            by_identity=_by_identity(items.values(), before, after),
        )

    def previous(self, item: Announced) -> str:
        """The address under which the resource was managed before the change."""
        return _previous(item)

    def joined(self, item: Announced) -> tuple[Join | None, Join | None]:
        """Where the resource is in the clone, before and after."""
        return _joined(item, self.before, self.after)

    def renamed_in_place(self, item: Announced) -> bool:
        """Whether an update gave the resource another physical name, and it is the same incarnation.

        IAM renames users and groups in place, RDS instances and clusters.
        """
        before, after = self.joined(item)
        if item.action is not Action.UPDATE or before is None or after is None or not (before.exact and after.exact):
            return False
        old, new = before.resource, after.resource
        return old.identity != new.identity and bool(old.born.keys() & new.born.keys()) and not reborn(old, new)

    def about(self, identity: Identity) -> tuple[About, ...]:
        """What is announced about a physical resource, its parts and what it contains, noise included."""
        return self.by_identity.get(identity, ())

    def names(self, item: Announced) -> frozenset[str]:
        """Every name that a call may use for the resource itself, before and after."""
        joins = self.joined(item)
        own = frozenset().union(*(names_of(join.resource) for join in joins if join is not None and join.exact))
        return (
            own
            | names_in_state(self.before.instances.get(self.previous(item)))
            | names_in_state(self.after.instances.get(item.address))
        )

    def writes_to(self, identity: Identity) -> tuple[int, ...]:
        """Sequence numbers of the writes that name a physical resource."""
        old, new = self.rehearsal.before.resources.get(identity), self.rehearsal.after.resources.get(identity)
        return self.calls.naming(names_of(old) | names_of(new))


def _previous(item: Announced) -> str:
    return item.planned.previous_address or item.address


def _joined(item: Announced, before: Side, after: Side) -> tuple[Join | None, Join | None]:
    """Find both places; what is imported was in no state before, and had the identity that it has afterwards."""
    old, new = before.joins.get(_previous(item)), after.joins.get(item.address)
    if old is None and new is not None and item.action in {Action.UPDATE, Action.NO_OP}:
        resource = before.snapshot.resources.get(new.resource.identity)
        old = Join(resource=resource, exact=new.exact) if resource is not None else None
    return old, new


def _by_identity(items: Iterable[Announced], before: Side, after: Side) -> Mapping[Identity, tuple[About, ...]]:
    found: defaultdict[Identity, list[About]] = defaultdict(list)
    for item in items:
        joins = [join for join in _joined(item, before, after) if join is not None]
        whole = {join.resource.identity for join in joins if join.exact}
        carriers = {join.resource.identity for join in joins if not join.exact}
        containers = {join.resource.parent for join in joins if join.exact}
        for identity in whole | carriers:
            found[identity].append(About(item=item, whole=identity in whole))
        for container in containers - whole - carriers:
            if container is not None:
                found[container].append(About(item=item, whole=False, inside=True))
        for identity, block in described(item, before, after):
            found[identity].append(About(item=item, whole=False, block=block))
    return {identity: tuple(about) for identity, about in found.items()}
