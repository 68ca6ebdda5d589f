"""`link-removed`: a relation, a revision or a setting is removed, or made anew with another effect."""

from __future__ import annotations

from collections.abc import Iterator

from diffing.change import Action, ResourceChange
from gate.policy.bookkeeping import Bookkeeping, Kind, lookup
from gate.policy.rule import Evidence, Policy
from gate.verdict import Finding, Level

NAME = "link-removed"


def check(evidence: Evidence, policy: Policy) -> Iterator[Finding]:
    """Yield a finding for every bookkeeping resource whose removal has an effect on something that stays."""
    destroyed = {change.address for change in evidence.diff.changes if change.action.destroys}
    for change in evidence.diff.changes:
        row = lookup(change.type, policy.bookkeeping)
        if row is None or change.owner in destroyed or not loses_effect(change, row):
            continue
        verb = "is removed" if change.action is Action.DELETE else "is made anew with another effect"
        yield Finding(
            rule=NAME,
            level=Level.REVIEW,
            address=change.address,
            message=f"{verb}; nothing is lost with it ({row.reason}), but what depends on it may stop working",
            proof=change.proof,
            remediation="Check who relies on it; a person decides.",
            causes=change.causes,
        )


def loses_effect(change: ResourceChange, row: Bookkeeping) -> bool:
    """Whether a bookkeeping resource's end leaves things otherwise than before."""
    if change.effect_kept or not change.action.destroys:
        return False
    match row.kind:
        case Kind.LOCAL | Kind.EPHEMERAL:
            return False
        case Kind.REVISION:
            return change.action is Action.DELETE
        case Kind.LINK | Kind.SETTING:
            return True
