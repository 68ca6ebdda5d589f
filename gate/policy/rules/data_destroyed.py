"""`data-destroyed`: the resource is still there, and data in it are not."""

from __future__ import annotations

from collections.abc import Iterator

from diffing.change import ResourceChange
from gate.policy.rule import Evidence, Policy
from gate.verdict import Finding, Level

NAME = "data-destroyed"

DATA = frozenset({"items", "objects", "object_versions", "versions", "messages", "images", "records", "snapshots"})
"""Stakes that are data. Running tasks and instances are counted as well, and are capacity, not data."""


def check(evidence: Evidence, policy: Policy) -> Iterator[Finding]:  # noqa: ARG001 - every rule has this shape
    """Yield a rejection for every surviving resource that holds less afterwards."""
    for change in evidence.diff.changes:
        losses = _losses(change)
        if change.action.destroys or not losses:
            continue
        announced = "" if change.announced else "; the plan says nothing of it"
        yield Finding(
            rule=NAME,
            level=Level.REJECT,
            address=change.address,
            message=f"stays, and loses data: {', '.join(losses)}{announced}",
            proof=change.proof,
            remediation=(
                "Find what removes the data (the recorded calls name it: a provisioner, a script, a lifecycle rule) "
                "and take it out of the change."
            ),
            causes=change.causes,
        )


def _losses(change: ResourceChange) -> list[str]:
    return [
        f"{name}: {count} → {change.stakes_after.get(name, 0)}"
        for name, count in sorted(change.stakes_before.items())
        if name in DATA and change.stakes_after.get(name, 0) < count
    ]
