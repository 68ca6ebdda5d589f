"""`resource-forgotten`: Terraform stops managing something that goes on existing."""

from __future__ import annotations

from collections.abc import Iterator

from diffing.change import Action, ResourceChange
from gate.policy.destruction import excuse
from gate.policy.page import Page
from gate.policy.rule import Evidence, Policy
from gate.verdict import Finding, Level

NAME = "resource-forgotten"
PAGE = Page(
    level="review (note for bookkeeping types)",
    what=(
        "Terraform stops managing something that goes on existing, or it leaves its stack and `DeletionPolicy` or "
        "`UpdateReplacePolicy` retains it."
    ),
    example="*is removed from the state and goes on existing, managed by nobody.*",
    difference=("+removed {\n+  from = aws_dynamodb_table.ledger\n+\n+  lifecycle {\n+    destroy = false\n+  }\n+}"),
    why=(
        "Nothing is destroyed. From now on nobody notices when it drifts, and the next configuration may "
        "try to create it again."
    ),
    remedy="Say in the change who manages it from now on.",
    catches=("for-a-person", "state-removed"),
    spares=("moved-refactor", "targeted"),
)
_MESSAGE = "is removed from the state and goes on existing, managed by nobody"
_STACK_MESSAGE = "leaves its stack and goes on existing, managed by nobody"
_REMEDIATION = "Say in the change who manages it from now on (an `import` block elsewhere), or keep it."
_STACK_REMEDIATION = "Say in the change who manages it from now on (another stack imports it), or keep it."


def check(evidence: Evidence, policy: Policy) -> Iterator[Finding]:
    """Yield a finding for every `forget`: for a person to judge, unless it is bookkeeping only."""
    for change in evidence.diff.changes:
        if change.action is not Action.FORGET:
            continue
        excused = excuse(change, policy)
        yield Finding(
            rule=NAME,
            level=Level.NOTE if excused else Level.REVIEW,
            address=change.address,
            message=_message(change),
            proof=change.proof,
            remediation=_STACK_REMEDIATION if _is_of_stack(change) else _REMEDIATION,
        )


def _is_of_stack(change: ResourceChange) -> bool:
    return change.type.startswith("AWS::")


def _message(change: ResourceChange) -> str:
    if not _is_of_stack(change):
        return _MESSAGE
    return f"{_STACK_MESSAGE}; {change.reason}" if change.reason else _STACK_MESSAGE
