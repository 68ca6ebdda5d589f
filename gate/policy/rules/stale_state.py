"""`stale-state`: the clone was made from an older state than one that was seen before."""

from __future__ import annotations

from collections.abc import Iterator

from diffing.change import Proof
from gate.policy.rule import Evidence, Policy
from gate.verdict import Finding, Level

NAME = "stale-state"
SUBJECT = "target"


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
