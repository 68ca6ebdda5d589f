"""`gap`: something that the change touches is not known. Nothing unknown is ever approved."""

from __future__ import annotations

from collections.abc import Iterator

from diffing.change import Proof
from gate.policy.page import Page
from gate.policy.rule import Evidence, Policy
from gate.verdict import Finding, Level

NAME = "gap"
PAGE = Page(
    level="review",
    what=(
        "Something that the change touches is not known: the engine lacks an API that the change uses or "
        "shows no effect of a call that it accepted, a resource could not be cloned or could not be read, a "
        "call could not be identified, a provider has no clone, the engine's own noise hides what the change "
        "does, or nothing contained what was replayed (`--no-isolation`, [threat model](../threat-model.md))."
    ),
    why='An emulator\'s "not implemented" is not "no change". Nothing unknown is approved.',
    remedy="Check this part by other means, or rehearse it on an engine that carries it (`--engine`).",
    more=(
        "Gaps that cannot hide what the change does (a kind of read that the engine lacks in a service "
        "that the change does not write to) are listed in the report and raise no finding."
    ),
)
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
