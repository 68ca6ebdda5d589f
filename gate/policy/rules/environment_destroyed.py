"""`environment-destroyed`: most of what Terraform manages is deleted or made anew by one change."""

from __future__ import annotations

from collections.abc import Iterator

from diffing.change import Proof
from gate.policy.destruction import is_remade, unexcused
from gate.policy.page import Page
from gate.policy.rule import Evidence, Policy
from gate.verdict import Finding, Level

NAME = "environment-destroyed"
PAGE = Page(
    level="reject",
    what=(
        "At least three resources, and at least half of all that Terraform manages, are deleted or made "
        "anew by one change. It is told once, beside the findings for each of them."
    ),
    example=(
        "A prefix is corrected. *16 of the 23 resources that Terraform manages are destroyed (16 of them made anew).*"
    ),
    difference=('-  name = "cost-explorer-prd"\n+  name = "cost-explorer-prod"'),
    why=(
        "Nobody means that. An old state, a foreign one, another workspace, or a name that everything "
        "else is made from does."
    ),
    remedy="Ask first whether the state is the right one, and what everything has in common that changed.",
    blind="how old a state is: the rule [stale-state](stale-state.md) asks that.",
    catches=("kiro", "old-state-destroyed"),
    spares=("kiro-near-miss", "present-state-applied"),
)
LEAST = 3
"""Of fewer resources, a share says nothing."""
SHARE = 0.5


def check(evidence: Evidence, policy: Policy) -> Iterator[Finding]:
    """Yield one rejection for the change as a whole, with the numbers."""
    managed = evidence.surroundings.managed
    destroyed = [change for change in unexcused(evidence, policy) if "::" not in change.type]
    if len(destroyed) < max(LEAST, managed * SHARE) or not managed:
        return
    remade = sum(is_remade(change) for change in destroyed)
    yield Finding(
        rule=NAME,
        level=Level.REJECT,
        address="",
        message=(
            f"{len(destroyed)} of the {managed} resources that Terraform manages are destroyed "
            f"({remade} of them made anew)"
        ),
        proof=Proof.PROVED if all(change.proof is Proof.PROVED for change in destroyed) else Proof.COMPUTED,
        remediation=(
            "Ask first whether the state is the right one: an old or foreign state, another workspace, or a renamed "
            "prefix reads like this."
        ),
    )
