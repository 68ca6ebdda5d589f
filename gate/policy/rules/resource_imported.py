"""`resource-imported`: Terraform takes over something that exists, and from now on changes and destroys it."""

from __future__ import annotations

from collections.abc import Iterator

from diffing.change import Action
from gate.policy.destruction import excuse
from gate.policy.page import Page
from gate.policy.rule import Evidence, Policy
from gate.verdict import Finding, Level

NAME = "resource-imported"
PAGE = Page(
    level="review (note where nothing changes, and for bookkeeping types)",
    what=(
        "Terraform takes over something that exists (`import`), and changes it at once to what the configuration says."
    ),
    example="*is taken over into the state, and updated at once to what the configuration says.*",
    difference=('+import {\n+  to = aws_cloudwatch_log_group.billing\n+  id = "/northwind/prod/billing"\n+}'),
    why=(
        "What the configuration does not mention, the update takes away: configurations for an import are "
        "written from memory. And from now on a mistake in this configuration destroys it."
    ),
    remedy="Compare until the plan shows no change, and make sure that nobody else manages it.",
    catches=("for-a-person",),
)
REASON = "imported"
"""What the reason of such a change is (`sandbox.witnesses.announced`)."""


def check(evidence: Evidence, policy: Policy) -> Iterator[Finding]:
    """Yield a finding for every import: for a person to judge where it changes what it takes over, else a note."""
    for change in evidence.diff.changes:
        if change.reason != REASON:
            continue
        if change.action is Action.NO_OP:
            text = "is taken over into the state as it is; from now on this configuration decides about it"
        else:
            text = f"is taken over into the state, and {change.action.value}d at once to what the configuration says"
        yield Finding(
            rule=NAME,
            level=Level.NOTE if change.action is Action.NO_OP or excuse(change, policy) else Level.REVIEW,
            address=change.address,
            message=text,
            proof=change.proof,
            remediation=(
                "Compare what the configuration says with what exists until the plan shows no change, and make sure "
                "that nobody else manages it."
            ),
            causes=change.causes,
        )
