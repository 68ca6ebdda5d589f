"""`apply-failed`: the change did not go through in the clone."""

from __future__ import annotations

from collections.abc import Iterator

from diffing.change import Proof
from gate.policy.page import Page
from gate.policy.rule import Evidence, Policy
from gate.verdict import Finding, Level
from sandbox.rehearsal import Diagnostic

NAME = "apply-failed"
PAGE = Page(
    level="review",
    what=(
        "The apply in the clone ended with an error, for example `BucketNotEmpty`. What came before the error was done."
    ),
    example=(
        "A bucket with objects and without `force_destroy` is removed; it is rejected for the delete itself as well."
    ),
    why=(
        "Production would be left half way, and what comes after the error was not rehearsed. An error of "
        "the engine that AWS would not give is possible too: a person tells them apart by the message."
    ),
    remedy="Make the change go through in the clone.",
    catches=("bucket-removed",),
    spares=("bucket-tags",),
)


def check(evidence: Evidence, policy: Policy) -> Iterator[Finding]:  # noqa: ARG001 - every rule has this shape
    """Yield a finding for each error of the apply; a half-applied change is never approved."""
    if evidence.outcome.succeeded:
        return
    errors = [item for item in evidence.outcome.diagnostics if item.severity == "error"]
    for error in errors or [Diagnostic(severity="error", summary="the apply ended with an error that it did not name")]:
        where = f" ({error.filename}:{error.line})" if error.filename else ""
        detail = f": {error.detail}" if error.detail else ""
        yield Finding(
            rule=NAME,
            level=Level.REVIEW,
            address=error.address,
            message=f"the apply fails half way{where}: {error.summary}{detail}",
            proof=Proof.PROVED,
            remediation="In production it would stop at the same place, with what came before already done.",
        )
