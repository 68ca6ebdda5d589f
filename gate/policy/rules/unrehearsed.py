"""`unrehearsed`: a plan was judged without a rehearsal, and its word is not enough to approve this.

A plan tells what Terraform does to each resource, not what follows from it. What it destroys or opens, other rules say.
Here is what nobody could say without having tried: which creates run something, and what an update means whose values
are hidden or whose provider the rules do not know.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from diffing.change import Action, AttributeChange, ResourceChange
from diffing.values import Marker
from gate.policy.bookkeeping import Kind, lookup
from gate.policy.page import Page
from gate.policy.rule import Evidence, Policy, Unrehearsed
from gate.verdict import Finding, Level

NAME = "unrehearsed"
PAGE = Page(
    level="review",
    what=(
        "A plan was judged as it stands (`sandtable review`), and its word alone is not enough to approve "
        "this change. A rehearsal\n"
        "never raises this finding.\n\n"
        "What may be approved unrehearsed is the policy's to say, with the key `unrehearsed`:\n\n"
        "| `unrehearsed` | approved on the plan's word |\n"
        "| --- | --- |\n"
        "| `approve-harmless` (default) | no-ops, creates and updates in place to which no other rule "
        "objects, except those below |\n"
        "| `review` | a plan that changes nothing |\n\n"
        "By default these go to a person:\n\n"
        "- creates and updates of types that make or run more than the plan shows: stacks, invocations, "
        "charts;\n"
        "- updates in which the plan shows no difference, or none but in secret values;\n"
        "- updates of resources whose provider the rules do not know (they know AWS), unless only labels, "
        "tags or descriptions change;\n"
        "- creates of such resources where the type decides who may do or reach what (roles, bindings, "
        "firewalls)."
    ),
    example=(
        "A plan changes the machine type of a Google database. *is updated, and the rules do not know "
        "what that means with its provider.*"
    ),
    why=(
        "A plan tells what Terraform does to each resource, not what follows from it. A provisioner that "
        "empties a bucket shows in no plan. Programs that the apply runs, plans that stopped at an error "
        "or were narrowed with `-target`, and conditions that are not met are told as a [gap](gap.md); "
        "deletes, replaces and wider access by the same rules as after a rehearsal."
    ),
    remedy="Rehearse the change (`sandtable rehearse terraform`), or let a person look at it.",
)
RUNS: Mapping[str, str] = MappingProxyType(
    {
        "aws_cloudformation_stack": "makes a stack, whose template can make and run anything",
        "aws_cloudformation_stack_set_instance": "makes a stack, whose template can make and run anything",
        "aws_lambda_invocation": "invokes a function",
        "aws_ssm_association": "runs a document on instances",
        "google_cloudbuild_trigger": "runs builds",
        "helm_release": "installs a chart, whose templates and hooks can make and run anything",
    }
)
"""Types whose creation or update makes or runs more than the plan shows (documentation of each)."""

LABELS = frozenset({"annotations", "comment", "description", "display_name", "labels", "tags", "tags_all"})
"""Attributes that change nothing but what people read, with any provider."""
_COMPUTED_LABELS = frozenset({"effective_annotations", "effective_labels", "terraform_labels"})

_ACCESS = (
    r"(^|_)(access|acl|firewall|grant|iam|network_policy|policy|role|security_group|security_rule)(_|$)"
    r"|(role|policy)_?(assignment|attachment|binding)|privileges?"
)
"""Types of other providers that decide who may do or reach what; the rules about access know AWS only."""


def check(evidence: Evidence, policy: Policy) -> Iterator[Finding]:
    """Yield a review for every change that only a rehearsal, or a person, could approve."""
    if evidence.rehearsed:
        return
    for change in evidence.diff.changes:
        reason = _reason(change, policy)
        if reason:
            yield Finding(
                rule=NAME,
                level=Level.REVIEW,
                address=change.address,
                message=reason,
                proof=change.proof,
                remediation="Rehearse it (`sandtable rehearse terraform`), or let a person look at it.",
                causes=change.causes,
            )


def _reason(change: ResourceChange, policy: Policy) -> str:
    if change.action is Action.NO_OP:
        return ""
    if policy.unrehearsed is Unrehearsed.REVIEW:
        return f"{change.action.value} that was not rehearsed; the policy approves none"
    if change.action in {Action.CREATE, Action.UPDATE} and change.type in RUNS:
        return f"{RUNS[change.type]}, and nothing of that was rehearsed"
    match change.action:
        case Action.CREATE:
            return _create(change)
        case Action.UPDATE:
            return _update(change, policy)
        case _:
            # What destroys or forgets, other rules speak of.
            return ""


def _create(change: ResourceChange) -> str:
    if not _is_known(change) and re.search(_ACCESS, change.type):
        return "decides who may do or reach what, and the rules know that of AWS only"
    return ""


def _update(change: ResourceChange, policy: Policy) -> str:
    row = lookup(change.type, policy.bookkeeping)
    if row is not None and row.kind in {Kind.LOCAL, Kind.VOUCHED}:
        return ""
    if not change.attributes:
        return "is updated, and the plan does not show in what"
    if all(_is_hidden(item) for item in change.attributes):
        return "is updated in what the plan keeps secret"
    if _is_known(change):
        return ""
    if all(item.path[:1] and item.path[0] in LABELS | _COMPUTED_LABELS for item in change.attributes):
        return ""
    return "is updated, and the rules do not know what that means with its provider"


def _is_known(change: ResourceChange) -> bool:
    return change.type.startswith("aws_")


def _is_hidden(item: AttributeChange) -> bool:
    return Marker.SENSITIVE in {value for value in (item.before, item.after) if isinstance(value, Marker)}
