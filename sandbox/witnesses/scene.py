"""Everything that the witnesses said, indexed once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from diffing.compare import PhysicalChange, compare
from diffing.snapshot import Identity
from sandbox.inventory.join import Join
from sandbox.rehearsal import Rehearsal
from sandbox.witnesses.announced import Announced, announced
from sandbox.witnesses.ownership import CallIndex, Side, names_in_state, names_of, side


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """The plan's announcements, the clone before and after, and the calls of the change."""

    rehearsal: Rehearsal
    announced: Mapping[str, Announced]
    """By address; noise-only entries included."""
    before: Side
    after: Side
    physical: Mapping[Identity, PhysicalChange]
    unreadable: tuple[Identity, ...]
    calls: CallIndex

    def previous(self, item: Announced) -> str:
        """The address under which the resource was managed before the change."""
        return item.planned.previous_address or item.address

    def joined(self, item: Announced) -> tuple[Join | None, Join | None]:
        """Where the resource is in the clone, before and after."""
        return self.before.joins.get(self.previous(item)), self.after.joins.get(item.address)

    def names(self, item: Announced) -> frozenset[str]:
        """Every name that a call may use for the resource itself, before and after."""
        joins = self.joined(item)
        own = frozenset().union(*(names_of(join.resource) for join in joins if join is not None and join.exact))
        return (
            own
            | names_in_state(self.before.instances.get(self.previous(item)))
            | names_in_state(self.after.instances.get(item.address))
        )


def scene(rehearsal: Rehearsal) -> Scene:
    """Index a rehearsal."""
    after = side(rehearsal.after, rehearsal.state_after)
    comparison = compare(
        rehearsal.before,
        rehearsal.after,
        # The clone started empty: what no call had touched before the change held nothing.
        fresh_services=rehearsal.after.services - rehearsal.before.services,
    )
    return Scene(
        rehearsal=rehearsal,
        announced={item.address: item for item in announced(rehearsal.plan, rehearsal.noise, after.instances)},
        before=side(rehearsal.before, rehearsal.state_before),
        after=after,
        physical={change.identity: change for change in comparison.changes},
        unreadable=comparison.unreadable,
        calls=CallIndex(rehearsal.calls),
    )
