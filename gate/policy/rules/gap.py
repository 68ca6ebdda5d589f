"""`gap`: something that the change touches is not known. Nothing unknown is ever approved."""

from __future__ import annotations

from collections.abc import Iterator

from diffing.change import Proof
from gate.policy.rule import Evidence, Policy
from gate.verdict import Finding, Level

NAME = "gap"


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
                remediation="A person checks this part by other means, or rehearses it on an engine that carries it.",
            )
