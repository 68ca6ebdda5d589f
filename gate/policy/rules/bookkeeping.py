"""`bookkeeping`: a resource was renewed or removed, and the list of bookkeeping types excused it."""

from __future__ import annotations

from collections.abc import Iterator

from gate.policy.bookkeeping import Kind
from gate.policy.destruction import excuse, is_destroyed, loses_effect
from gate.policy.rule import Evidence, Policy
from gate.verdict import Finding, Level

NAME = "bookkeeping"


def check(evidence: Evidence, policy: Policy) -> Iterator[Finding]:
    """Yield a note, with the row's reason, wherever the list was used."""
    for change in evidence.diff.changes:
        row = excuse(change, policy)
        if row is None or row.kind is Kind.EPHEMERAL or not is_destroyed(change) or loses_effect(change, row):
            continue
        yield Finding(
            rule=NAME,
            level=Level.NOTE,
            address=change.address,
            message=f"{change.action.value} of a bookkeeping resource: {row.reason}",
            proof=change.proof,
            causes=change.causes,
        )
