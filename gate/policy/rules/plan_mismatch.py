"""`plan-mismatch`: the plan said one thing, the rehearsal showed another."""

from __future__ import annotations

from collections.abc import Iterator

from diffing.change import Action
from gate.policy.bookkeeping import Kind, lookup
from gate.policy.rule import Evidence, Policy
from gate.verdict import Finding, Level

NAME = "plan-mismatch"


def check(evidence: Evidence, policy: Policy) -> Iterator[Finding]:
    """Yield a finding for every change that nobody announced, and for every contradiction between the witnesses."""
    for change in evidence.diff.changes:
        row = lookup(change.type, policy.bookkeeping)
        if change.action is Action.NO_OP or (row and row.kind is Kind.EPHEMERAL):
            continue
        texts = list(change.disagreements)
        if not change.announced and not change.owner:
            texts.append(f"{change.action.value} that the plan does not announce: something in the change did it")
        for text in texts:
            yield Finding(
                rule=NAME,
                level=Level.REVIEW,
                address=change.address,
                message=text,
                proof=change.proof,
                remediation="Look at the recorded calls that wrote to it, and at provisioners and `external` data.",
                causes=change.causes,
            )
