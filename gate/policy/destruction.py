"""What is destroyed, what excuses it, and for which destructions another one already speaks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from diffing.change import Action, AttributeChange, Lifespan, ResourceChange
from diffing.normalize import equivalent
from diffing.values import Marker
from gate.policy.bookkeeping import Bookkeeping, Kind, ended_by_request, ended_by_scaling, lookup
from gate.policy.rule import Evidence, Policy

CAPACITY = frozenset(
    {"tasks", "services", "nodegroups", "instances", "targets", "subscriptions", "shards", "access_keys"}
)
"""Counts that are no data, or whose members are resources of their own. Every other count is taken for data."""

NAMES = frozenset(
    {"arn", "association_id", "description", "id", "name", "name_prefix", "security_group_rule_id", "statement_id"}
    | {"statement_id_prefix", "tags", "tags_all"}
)
"""Attributes of a link that say what it is called, not what it does."""


def unexcused(evidence: Evidence, policy: Policy) -> Iterator[ResourceChange]:
    """Yield every destruction that no row excuses and that is no consequence of one which is judged itself."""
    speaking = judged_owners(evidence, policy)
    for change in destroyed(evidence):
        if excuse(change, policy) is None and change.owner not in speaking:
            yield change


def judged_owners(evidence: Evidence, policy: Policy) -> frozenset[str]:
    """Return the addresses whose own destruction gets a finding, which speaks for its consequences as well.

    An excused destruction speaks for nothing, and neither does a consequence: else two could excuse each other.
    """
    return frozenset(
        change.address
        for change in destroyed(evidence)
        if change.address and not change.owner and excuse(change, policy) is None
    )


def destroyed(evidence: Evidence) -> tuple[ResourceChange, ...]:
    """Return the changes whose resource is gone afterwards (`is_destroyed`)."""
    return evidence.once(_destroyed)


def _destroyed(evidence: Evidence) -> tuple[ResourceChange, ...]:
    return tuple(change for change in evidence.diff.changes if is_destroyed(change))


def is_destroyed(change: ResourceChange) -> bool:
    """Whether what was there before is gone, by the plan's word or by what became of it in the clone."""
    lifespan = change.lifespan
    return change.action.destroys or lifespan is Lifespan.DROPPED or lifespan is Lifespan.RECREATED


def is_remade(change: ResourceChange) -> bool:
    """Whether something new stands in the place of what is destroyed."""
    return change.action is Action.REPLACE or change.lifespan is Lifespan.RECREATED


def excuse(change: ResourceChange, policy: Policy) -> Bookkeeping | None:
    """Find the row that excuses a destruction; none where the clone counted data inside, whatever the list says."""
    row = lookup(change.type, policy.bookkeeping) or ended_by_scaling(change.type, change.owner)
    if row is not None and row.kind is Kind.EPHEMERAL and (change.calls or change.announced) and not change.owner:
        row = ended_by_request(change.type)
    return None if data(change.stakes_before) else row


def data(stakes: Mapping[str, int]) -> Mapping[str, int]:
    """Return the counts that are data, without those that are zero."""
    if not stakes:
        return stakes
    return {name: count for name, count in sorted(stakes.items()) if count and name not in CAPACITY}


def loses_effect(change: ResourceChange, row: Bookkeeping) -> bool:
    """Whether a bookkeeping resource's end leaves things otherwise than before."""
    match row.kind:
        case Kind.LOCAL | Kind.EPHEMERAL | Kind.VOUCHED:
            return False
        case Kind.STATEFUL:
            return True
        case Kind.REVISION:
            return not is_remade(change)
        case Kind.LINK | Kind.SETTING:
            return not (is_remade(change) and change.effect_kept and not _does_otherwise(change))


def _does_otherwise(change: ResourceChange) -> bool:
    """Whether the plan changes what a link does: a clone that shows nothing of it does not prove the contrary."""
    return any(
        _differs(attribute) for attribute in change.attributes if attribute.path and attribute.path[0] not in NAMES
    )


def _differs(attribute: AttributeChange) -> bool:
    unknown = {Marker.UNKNOWN, Marker.SENSITIVE} & {
        value for value in (attribute.before, attribute.after) if isinstance(value, Marker)
    }
    return not unknown and not equivalent(attribute.before, attribute.after)
