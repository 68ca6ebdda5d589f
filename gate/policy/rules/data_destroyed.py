"""`data-destroyed`: the resource is still there, and data in it are not."""

from __future__ import annotations

from collections.abc import Iterator

from diffing.change import Action, ResourceChange
from gate.policy.destruction import data, is_destroyed
from gate.policy.page import Page
from gate.policy.rule import Evidence, Policy
from gate.verdict import Finding, Level

NAME = "data-destroyed"
PAGE = Page(
    level="reject (review where it could not be counted)",
    what=(
        "The resource is there before and after, and holds less: fewer items in a table, objects in a "
        "bucket, messages in a queue, images in a repository, records in a zone, users in a pool. Every "
        "count of the inventory is data, except those of capacity (tasks, instances, targets and their "
        "like)."
    ),
    example=(
        "A plan that only replaces a `terraform_data` runs a provisioner. *stays, and loses data: "
        "objects: 4 → 0; the plan says nothing of it.*"
    ),
    difference='+    command = "aws s3 rm s3://northwind-prod-uploads --recursive"',
    why="No plan shows data. Only the clone does.",
    remedy="Find what removes them: the recorded calls name it. Take it out of the change.",
    blind="an item overwritten in place (the count is equal); see [limits](../limits.md).",
    catches=("hidden-provisioner", "queue-purged"),
    spares=("harmless-provisioner", "queue-read"),
)


def check(evidence: Evidence, policy: Policy) -> Iterator[Finding]:  # noqa: ARG001 - every rule has this shape
    """Yield a rejection for every surviving resource that holds less afterwards, a review where nobody could count."""
    for change in evidence.diff.changes:
        if not change.stakes_before or is_destroyed(change):
            continue
        losses, uncounted = _losses(change), _uncounted(change)
        aside = "; the plan says nothing of it" if evidence.hides(change) else ""
        if losses:
            yield _finding(change, Level.REJECT, f"stays, and loses data: {', '.join(losses)}{aside}")
        if uncounted:
            text = f"stays, and what is left in it could not be counted: {', '.join(uncounted)} before{aside}"
            yield _finding(change, Level.REVIEW, text)


def _losses(change: ResourceChange) -> list[str]:
    return [
        f"{name}: {count} → {change.stakes_after[name]}"
        for name, count in data(change.stakes_before).items()
        if name in change.stakes_after and change.stakes_after[name] < count
    ]


def _uncounted(change: ResourceChange) -> list[str]:
    if change.action is Action.FORGET:
        # Without a place in the state, what is untouched is not counted a second time.
        return []
    return [f"{name}: {count}" for name, count in data(change.stakes_before).items() if name not in change.stakes_after]


def _finding(change: ResourceChange, level: Level, message: str) -> Finding:
    return Finding(
        rule=NAME,
        level=level,
        address=change.address,
        message=message,
        proof=change.proof,
        remediation=(
            "Find what removes the data (the recorded calls name it: a provisioner, a script, a lifecycle rule) "
            "and take it out of the change."
        ),
        causes=change.causes,
    )
