"""`gap`: something that the change touches is not known. Nothing unknown is ever approved."""

from __future__ import annotations

from collections.abc import Iterator

from diffing.change import Proof
from gate.policy.rule import Evidence, Policy
from gate.verdict import Finding, Level

NAME = "gap"
_REMEDIATION = "A person checks this part by other means, or rehearses it on an engine that carries it."


def check(evidence: Evidence, policy: Policy) -> Iterator[Finding]:  # noqa: ARG001 - every rule has this shape
    """Yield a finding for each gap that could hide what the change does; the others stay in the report's list."""
    for gap in evidence.gaps:
        if gap.blocking:
            yield Finding(
                rule=NAME,
                level=Level.REVIEW,
                address=gap.subject,
                message=f"not proved ({gap.kind.value}): {gap.reason}",
                proof=Proof.UNKNOWN,
                remediation=_REMEDIATION,
            )
    told = {gap.subject for gap in evidence.gaps if gap.blocking}
    for change in evidence.diff.changes:
        if change.proof is Proof.UNKNOWN and change.address not in told:
            yield Finding(
                rule=NAME,
                level=Level.REVIEW,
                address=change.address,
                message=f"not proved: whether the {change.action.value} does what it says is not known",
                proof=Proof.UNKNOWN,
                remediation=_REMEDIATION,
                causes=change.causes,
            )
