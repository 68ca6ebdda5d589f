"""`link-removed`: a relation, a revision or a setting is removed, or made anew with another effect."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from diffing.change import Action, ResourceChange
from diffing.record import replace
from gate.policy.bookkeeping import Bookkeeping
from gate.policy.destruction import excuse, is_destroyed, is_remade, judged_owners, loses_effect
from gate.policy.page import Page
from gate.policy.rule import Evidence, Policy
from gate.verdict import Finding, Level
from sandbox.rehearsal import ApiCall

NAME = "link-removed"
PAGE = Page(
    level="review (reject where the clone shows that others lose what they had)",
    what=(
        "A bookkeeping resource (a relation, a revision or a setting of something that stays) is removed, "
        "or made anew with another effect. So is a resource that takes links away which nobody names: an "
        "*exclusive* attachment. Where the clone shows that such a one took away what Terraform does not "
        "manage, it is rejected."
    ),
    example=(
        "A worker's attachments are declared exclusive. *takes …:policy/northwind-prod-tracing away from "
        "northwind-prod-worker, which somebody else had given it.*"
    ),
    difference=(
        '+resource "aws_iam_role_policy_attachments_exclusive" "worker" {\n'
        "+  role_name   = aws_iam_role.worker.name\n"
        "+  policy_arns = [aws_iam_policy.queues.arn]\n"
        "+}"
    ),
    why="Nothing is lost that could not be put back, but what relies on it may stop working.",
    remedy="Check who relies on it.",
    passes=(
        "links that are made anew with equal effect, also under another id (the plan changes nothing of "
        "what they do, and the clone shows them as before). A link that is deleted at one address and "
        "created at another is not let pass: in which order Terraform does it is chance."
    ),
    sources=("AWS provider documentation of the exclusive types",),
    catches=("access-lost", "exclusive-attachment"),
    spares=("remade-with-equal-effect", "attachment-of-its-own"),
)
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


_WHO = ("RoleName", "UserName", "GroupName")
_TAKING = {
    "DeleteGroupPolicy": (_WHO, ("PolicyName",)),
    "DeleteRolePolicy": (_WHO, ("PolicyName",)),
    "DeleteUserPolicy": (_WHO, ("PolicyName",)),
    "DetachGroupPolicy": (_WHO, ("PolicyArn",)),
    "DetachRolePolicy": (_WHO, ("PolicyArn",)),
    "DetachUserPolicy": (_WHO, ("PolicyArn",)),
    "RemoveUserFromGroup": (("UserName",), ("GroupName",)),
}
"""IAM's calls that take something away: the parameters that say from whom, and what."""
_CALLS_OF = {
    "aws_iam_policy_attachment": ("policy_arn", ("DetachGroupPolicy", "DetachRolePolicy", "DetachUserPolicy")),
    "aws_iam_group_membership": ("group", ("RemoveUserFromGroup",)),
    "aws_iam_role_policies_exclusive": ("role_name", ("DeleteRolePolicy",)),
    "aws_iam_user_policies_exclusive": ("user_name", ("DeleteUserPolicy",)),
    "aws_iam_group_policies_exclusive": ("group_name", ("DeleteGroupPolicy",)),
    "aws_iam_role_policy_attachments_exclusive": ("role_name", ("DetachRolePolicy",)),
    "aws_iam_user_policy_attachments_exclusive": ("user_name", ("DetachUserPolicy",)),
    "aws_iam_group_policy_attachments_exclusive": ("group_name", ("DetachGroupPolicy",)),
}
"""Of each exclusive type: the attribute that says whose links it owns, and the calls with which it takes them away."""


def check(evidence: Evidence, policy: Policy) -> Iterator[Finding]:
    """Yield a finding for every link whose end has an effect on something that stays."""
    speaking = judged_owners(evidence, policy)
    for change in evidence.diff.changes:
        row = excuse(change, policy) if is_destroyed(change) else None
        if row is not None and change.owner not in speaking and loses_effect(change, row):
            yield _finding(change, _message(change, row))
        if change.type in EXCLUSIVE and change.action in {Action.CREATE, Action.UPDATE}:
            yield _finding(change, f"{EXCLUSIVE[change.type]}, also what this configuration does not manage")
            for text in _taken_from_others(change, evidence):
                yield replace(_finding(change, text), level=Level.REJECT)


def _taken_from_others(change: ResourceChange, evidence: Evidence) -> Iterator[str]:
    """What the clone saw taken away, and no part of the plan speaks of: it was there by other hands."""
    taken = dict.fromkeys(_taken(change, evidence.calls))
    told = _told(evidence.diff.changes, besides=change.address) if taken else frozenset()
    for who, what in taken:
        if what not in told:
            yield f"takes {what} away from {who}, which somebody else had given it"


def _taken(change: ResourceChange, calls: Iterable[ApiCall]) -> Iterator[tuple[str, str]]:
    for call in calls:
        if call.phase == "apply" and call.succeeded and _is_by(change, call):
            taken = _TAKING[call.operation]
            who, what = (
                next((str(call.parameters[name]) for name in names if name in call.parameters), "") for names in taken
            )
            if what:
                yield who, what


def _told(changes: Iterable[ResourceChange], *, besides: str) -> frozenset[str]:
    """The texts that something else which the plan announces had before."""
    others = (other for other in changes if other.address != besides and other.announced)
    return frozenset(item.before for other in others for item in other.attributes if isinstance(item.before, str))


def _is_by(change: ResourceChange, call: ApiCall) -> bool:
    """Whether a call is one with which this resource takes something away: of its own role, where that is known."""
    name, operations = _CALLS_OF[change.type]
    own = [item.after for item in change.attributes if item.path == (name,) and isinstance(item.after, str)]
    return call.operation in operations and (not own or own[0] in call.parameters.values())


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
