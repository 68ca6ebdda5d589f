"""`resource-deleted`: something that may hold state or serve traffic is gone afterwards."""

from __future__ import annotations

from collections.abc import Iterator

from diffing.change import ResourceChange
from gate.policy.destruction import is_remade, unexcused
from gate.policy.rule import Evidence, Policy, stakes_text
from gate.verdict import Finding, Level

NAME = "resource-deleted"
_OF_STACKS = "AWS::"


def check(evidence: Evidence, policy: Policy) -> Iterator[Finding]:
    """Yield a rejection for every delete that no bookkeeping row excuses and no destroyed owner already speaks for."""
    renames = {change.rename_of: change.address for change in evidence.diff.changes if change.rename_of}
    for change in unexcused(evidence, policy):
        if is_remade(change):
            continue
        yield Finding(
            rule=NAME,
            level=Level.REJECT,
            address=change.address,
            message=_message(change, renames.get(change.address), hidden=evidence.hides(change)),
            proof=change.proof,
            remediation=_remediation(change, renames.get(change.address)),
            causes=change.causes,
        )


def _message(change: ResourceChange, becomes: str | None, *, hidden: bool) -> str:
    stakes = stakes_text(change)
    lost = f", and with it {stakes}" if stakes else ""
    if becomes:
        return f"is deleted{lost}; {becomes} is created and looks like the same thing under another address"
    return f"is deleted{lost}, and the plan does not say so" if hidden else f"is deleted{lost}"


def _remediation(change: ResourceChange, becomes: str | None) -> str:
    block = _moved_block(change.address, becomes) if becomes else ""
    if change.type.startswith(_OF_STACKS):
        return _remediation_of_stack(becomes)
    if block:
        return f"Tell Terraform that it is the same resource, and nothing is deleted:\n{block}"
    return (
        "Keep it in the configuration. If it must go, a person removes it in a change of its own, after a backup that "
        "outlives it; to stop managing it without deleting it, use `removed { lifecycle { destroy = false } }`."
    )


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
