"""Stacks that are deleted, and perhaps deployed anew: two operations, and nothing that was there is the same after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sandbox.cloudformation.compare import compare_stacks
from sandbox.cloudformation.impact import Fate, Impact, LogicalChange, StackComparison
from sandbox.cloudformation.resolve import Stack
from sandbox.cloudformation.schemas import DEFAULT_REGION

NOTE = "its stack is deleted and deployed again"


def compare_recreated(
    before: Mapping[str, Stack], after: Mapping[str, Stack], *, region: str = DEFAULT_REGION
) -> StackComparison:
    """Say what becomes of every resource when all stacks of the target are deleted and others are deployed.

    What is in both is destroyed and made anew, whatever its properties; ``DeletionPolicy`` decides about the old one,
    since deleting a stack replaces nothing.

    Args:
        before: The stacks that are deleted.
        after: What is deployed then; nothing for a plain deletion.
        region: Whose schemas to use.
    """
    deleted, created = compare_stacks(before, {}, region=region), compare_stacks({}, after, region=region)
    gone = {change.address: change for change in deleted.changes}
    made = {change.address: change for change in created.changes}
    both = [_again(gone[address], made[address]) for address in gone.keys() & made.keys()]
    rest = [change for change in (*gone.values(), *made.values()) if change.address not in gone.keys() & made.keys()]
    return StackComparison(
        changes=tuple(sorted((*both, *rest), key=lambda change: change.address)),
        refusals=deleted.refusals,
        gaps=tuple(dict.fromkeys((*deleted.gaps, *created.gaps))),
    )


def _again(gone: LogicalChange, made: LogicalChange) -> LogicalChange:
    kept = gone.fate is Fate.RETAINED
    return replace(
        made,
        impact=Impact.WILL_REPLACE,
        before=gone.before,
        fate=gone.fate,
        notes=(NOTE, *(["the old one keeps its name: deploying again may fail on that"] if kept else [])),
    )
