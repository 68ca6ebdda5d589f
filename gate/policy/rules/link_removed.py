"""`link-removed`: a relation, a revision or a setting is removed, or made anew with another effect."""

from __future__ import annotations

from collections.abc import Iterator

from diffing.change import Action, ResourceChange
from gate.policy.bookkeeping import Bookkeeping
from gate.policy.destruction import excuse, is_destroyed, is_remade, judged_owners, loses_effect
from gate.policy.rule import Evidence, Policy
from gate.verdict import Finding, Level

NAME = "link-removed"

EXCLUSIVE = {
    "aws_iam_policy_attachment": "takes the policy away from every user, role and group that it does not name",
    "aws_iam_group_membership": "takes every user out of the group that it does not name",
    "aws_iam_role_policies_exclusive": "deletes every inline policy of the role that it does not name",
    "aws_iam_user_policies_exclusive": "deletes every inline policy of the user that it does not name",
    "aws_iam_group_policies_exclusive": "deletes every inline policy of the group that it does not name",
    "aws_iam_role_policy_attachments_exclusive": "detaches every policy from the role that it does not name",
    "aws_iam_user_policy_attachments_exclusive": "detaches every policy from the user that it does not name",
    "aws_iam_group_policy_attachments_exclusive": "detaches every policy from the group that it does not name",
}
"""Types that also remove links which Terraform does not manage (AWS provider documentation of each)."""


def check(evidence: Evidence, policy: Policy) -> Iterator[Finding]:
    """Yield a finding for every link whose end has an effect on something that stays."""
    speaking = judged_owners(evidence, policy)
    for change in evidence.diff.changes:
        row = excuse(change, policy)
        if is_destroyed(change) and row and change.owner not in speaking and loses_effect(change, row):
            yield _finding(change, _message(change, row))
        if change.type in EXCLUSIVE and change.action in {Action.CREATE, Action.UPDATE}:
            yield _finding(change, f"{EXCLUSIVE[change.type]}, also what this configuration does not manage")


def _message(change: ResourceChange, row: Bookkeeping) -> str:
    verb = "is made anew with another effect" if is_remade(change) else "is removed"
    return f"{verb}; nothing is lost with it ({row.reason}), but what depends on it may stop working"


def _finding(change: ResourceChange, message: str) -> Finding:
    return Finding(
        rule=NAME,
        level=Level.REVIEW,
        address=change.address,
        message=message,
        proof=change.proof,
        remediation="Check who relies on it; a person decides.",
        causes=change.causes,
    )
