"""`plan-mismatch`: the plan said one thing, the rehearsal showed another."""

from __future__ import annotations

from collections.abc import Iterator

from diffing.change import Action
from gate.policy.bookkeeping import Kind, lookup
from gate.policy.page import Page
from gate.policy.rule import Evidence, Policy
from gate.verdict import Finding, Level

NAME = "plan-mismatch"
PAGE = Page(
    level="review",
    what=(
        "The plan said one thing and the rehearsal showed another: something was created or updated that "
        "the plan does not announce and that is no consequence of what it announces, or a resource that "
        "the plan leaves alone is gone or made anew."
    ),
    example=(
        "A `local-exec` provisioner creates a topic. *create that the plan does not announce: something "
        "in the change did it.*"
    ),
    why=(
        "A reviewer reads the plan. What is not in it, nobody agreed to. Destruction behind the plan's "
        "back is rejected by the other rules; this one brings the rest to a person."
    ),
    remedy="Look at the recorded calls that wrote to it, and at provisioners and `external` data sources.",
    catches=("quiet-destruction", "access-lost"),
    spares=("harmless-provisioner",),
)


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
