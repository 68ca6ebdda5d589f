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
        texts = list(change.disagreements)
        if change.action is not Action.NO_OP and evidence.hides(change) and not change.owner:
            row = lookup(change.type, policy.bookkeeping)
            # What AWS makes and ends by itself needs no announcement, unless the change asked for it.
            if row is None or row.kind is not Kind.EPHEMERAL or change.calls:
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
