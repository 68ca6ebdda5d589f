"""`resource-deleted`: something that may hold state or serve traffic is gone afterwards."""

from __future__ import annotations

from collections.abc import Iterator

from diffing.renames import Rename, moved_block

from diffing.change import Action, ResourceChange
from gate.policy.bookkeeping import lookup
from gate.policy.rule import Evidence, Policy, stakes_text
from gate.verdict import Finding, Level

NAME = "resource-deleted"


def check(evidence: Evidence, policy: Policy) -> Iterator[Finding]:
    """Yield a rejection for every delete that no bookkeeping row excuses and no destroyed owner already speaks for."""
    destroyed = {change.address for change in evidence.diff.changes if change.action.destroys}
    renames = {change.rename_of: change.address for change in evidence.diff.changes if change.rename_of}
    for change in evidence.diff.changes:
        if change.action is not Action.DELETE or change.owner in destroyed or lookup(change.type, policy.bookkeeping):
            continue
        yield Finding(
            rule=NAME,
            level=Level.REJECT,
            address=change.address,
            message=_message(change, renames.get(change.address)),
            proof=change.proof,
            remediation=_remediation(change, renames.get(change.address)),
            causes=change.causes,
        )


def _message(change: ResourceChange, becomes: str | None) -> str:
    stakes = stakes_text(change)
    lost = f", and with it {stakes}" if stakes else ""
    if becomes:
        return f"is deleted{lost}; {becomes} is created and looks like the same thing under another address"
    if change.announced:
        return f"is deleted{lost}"
    return f"is deleted{lost}, and the plan does not say so"


def _remediation(change: ResourceChange, becomes: str | None) -> str:
    if becomes:
        block = moved_block(Rename(from_address=change.address, to_address=becomes, similarity=1.0))
        return f"Tell Terraform that it is the same resource, and nothing is deleted:\n{block}"
    return (
        "Keep it in the configuration. If it must go, a person removes it in a change of its own, after a backup that "
        "outlives it; to stop managing it without deleting it, use `removed { lifecycle { destroy = false } }`."
    )
