"""`stale-state`: the clone was made from an older state than one that was seen before."""

from __future__ import annotations

from collections.abc import Iterator

from diffing.change import Proof
from gate.policy.page import Page
from gate.policy.rule import Evidence, Policy
from gate.verdict import Finding, Level

NAME = "stale-state"
SUBJECT = "target"
PAGE = Page(
    level="review",
    what=(
        "The clone was made from a Terraform state that is older than one of the same lineage that was rehearsed here "
        "before: its serial is lower."
    ),
    why=(
        "Terraform counts the serial up with each change of the state. Whoever applies with an old copy works on an "
        "environment that is no longer there: what was made since is unknown to it, what was changed is changed back. "
        "In February 2026 a production database was destroyed that way."
    ),
    remedy="Take the present state (`terraform state pull`) and rehearse again.",
    blind=(
        "states that were never rehearsed by this user on this machine: the highest serials are remembered in the "
        "user's cache folder."
    ),
)


def check(evidence: Evidence, policy: Policy) -> Iterator[Finding]:  # noqa: ARG001 - every rule has this shape
    """Yield a finding where a higher serial of the same lineage is known.

    Terraform counts `serial` up with each change of a state
    (https://developer.hashicorp.com/terraform/language/state/backends).
    """
    cloning = evidence.cloning
    if not cloning.lineage or cloning.serial >= cloning.newest_serial:
        return
    yield Finding(
        rule=NAME,
        level=Level.REVIEW,
        address=SUBJECT,
        message=(
            f"the state is serial {cloning.serial}, and serial {cloning.newest_serial} of the same lineage was seen "
            "before: it is an old copy"
        ),
        proof=Proof.PROVED,
        remediation="Take the present state (`terraform state pull`) and rehearse again.",
    )
