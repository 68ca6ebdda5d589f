"""`resource-deleted`: something that may hold state or serve traffic is gone afterwards."""

from __future__ import annotations

from collections.abc import Iterator

from diffing.change import ResourceChange
from gate.policy.destruction import is_remade, unexcused
from gate.policy.page import Page
from gate.policy.rule import Evidence, Policy, dependents_text, stakes_text
from gate.policy.successors import handed_over, made_anew
from gate.verdict import Finding, Level

NAME = "resource-deleted"
PAGE = Page(
    level="reject",
    what=(
        "Something that may hold state or serve traffic exists before the change and not after it. Every "
        "type counts, except those of the [bookkeeping list](../policy.md#what-is-built-in), and these "
        "too where the clone counted data inside. What goes with something that is rejected itself (the "
        "objects of a bucket) has no finding of its own."
    ),
    example=("`aws_s3_bucket.invoices` is taken out of the configuration. *is deleted, and with it objects: 3.*"),
    why=(
        "A delete is the one change that cannot be taken back by applying the configuration of yesterday: "
        "what comes back is a new, empty resource with another id."
    ),
    remedy=(
        "Keep it. If it must go, a person removes it in a change of its own, after a backup that outlives "
        "it. If it only moved inside the configuration, add the `moved` block that the finding prints:\n\n"
        "```hcl\n"
        "moved {\n"
        "  from = aws_dynamodb_table.orders[0]\n"
        '  to   = aws_dynamodb_table.orders["eu"]\n'
        "}\n"
        "```\n\n"
        "Where it is created anew under another type (`aws_s3_bucket_object` and `aws_s3_object`), the "
        "finding prints the `removed` and `import` blocks that hand it over."
    ),
    catches=("bucket-removed", "bucket-force-destroyed", "count-to-for-each", "quiet-destruction"),
    spares=("count-to-for-each-moved", "moved-refactor", "bucket-tags"),
)

_OF_STACKS = "AWS::"


def check(evidence: Evidence, policy: Policy) -> Iterator[Finding]:
    """Yield a rejection for every delete that no bookkeeping row excuses and no destroyed owner already speaks for."""
    renames = {change.rename_of: change.address for change in evidence.diff.changes if change.rename_of}
    made = made_anew(evidence.diff.changes)
    for change in unexcused(evidence, policy):
        if is_remade(change):
            continue
        yield Finding(
            rule=NAME,
            level=Level.REJECT,
            address=change.address,
            message=_message(change, renames.get(change.address), hidden=evidence.hides(change)),
            proof=change.proof,
            remediation=_remediation(change, renames.get(change.address), handed_over(change, made)),
            causes=change.causes,
        )


def _message(change: ResourceChange, becomes: str | None, *, hidden: bool) -> str:
    stakes = stakes_text(change)
    lost = f", and with it {stakes}" if stakes else ""
    needed = dependents_text(change)
    lost += f"; {needed}" if needed else ""
    if becomes:
        return f"is deleted{lost}; {becomes} is created and looks like the same thing under another address"
    return f"is deleted{lost}, and the plan does not say so" if hidden else f"is deleted{lost}"


def _remediation(change: ResourceChange, becomes: str | None, successor: tuple[str, str] | None) -> str:
    handover = _handover(change.address, *successor) if successor else ""
    if handover:
        return f"It is created anew under another type: hand it over instead, and nothing is deleted:\n{handover}"
    block = _moved_block(change.address, becomes) if becomes else ""
    if change.type.startswith(_OF_STACKS):
        return _remediation_of_stack(becomes)
    if block:
        return f"Tell Terraform that it is the same resource, and nothing is deleted:\n{block}"
    return (
        "Keep it in the configuration. If it must go, a person removes it in a change of its own, after a backup that "
        "outlives it; to stop managing it without deleting it, use `removed { lifecycle { destroy = false } }`."
    )


def _handover(old: str, new: str, import_id: str) -> str:
    from diffing.renames import handover_blocks  # noqa: PLC0415 - most plans hand nothing over

    try:
        return handover_blocks(old, new, import_id)
    except ValueError:
        # One instance of several: blocks cannot say it, and the message names both.
        return ""


def _remediation_of_stack(becomes: str | None) -> str:
    if becomes:
        return "Keep its logical id and its stack: CloudFormation knows a resource by these alone."
    return (
        "Keep it in the template. If it must go, a person removes it in a change of its own, after a backup that "
        "outlives it; `DeletionPolicy: Retain`, deployed before, lets it outlive its stack."
    )


def _moved_block(old: str, new: str) -> str:
    from diffing.renames import Rename, moved_block  # noqa: PLC0415 - most plans rename nothing

    try:
        return moved_block(Rename(from_address=old, to_address=new, similarity=1.0))
    except ValueError:
        # An address that cannot be written as a reference: the message names both all the same.
        return ""
