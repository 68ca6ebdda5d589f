"""`access-widened`: somebody may do more, or reach more, afterwards than before."""

from __future__ import annotations

from collections.abc import Iterator

from diffing.change import Action, AttributeChange, ResourceChange
from diffing.values import Marker, Path, Value, path_text
from gate.policy.access import grants, widened
from gate.policy.rule import Evidence, Policy
from gate.verdict import Finding, Level

NAME = "access-widened"

WORLD = frozenset({"0.0.0.0/0", "::/0"})
NETWORKS = frozenset({"cidr_blocks", "ipv6_cidr_blocks", "cidr_ipv4", "cidr_ipv6"})
SOURCES = NETWORKS | {"prefix_list_ids", "prefix_list_id", "referenced_security_group_id", "source_security_group_id"}
DOCUMENTS = frozenset(
    {"policy", "assume_role_policy", "inline_policy", "access_policy", "access_policies", "key_policy"}
)
OPENING_VALUES: dict[str, frozenset[str | bool]] = {
    "publicly_accessible": frozenset({True}),
    "endpoint_public_access": frozenset({True}),
    "block_public_acls": frozenset({False}),
    "block_public_policy": frozenset({False}),
    "ignore_public_acls": frozenset({False}),
    "restrict_public_buckets": frozenset({False}),
    "acl": frozenset({"public-read", "public-read-write", "authenticated-read"}),
    "authorization_type": frozenset({"NONE"}),
}
"""Attributes that open something to the public, and the values that do (AWS provider documentation of each)."""
ATTACHMENTS = {
    "aws_iam_role_policy_attachment": "role",
    "aws_iam_user_policy_attachment": "user",
    "aws_iam_group_policy_attachment": "group",
    "aws_iam_user_group_membership": "user",
}
"""Types that give an identity more rights, and the attribute that names the identity."""


def check(evidence: Evidence, policy: Policy) -> Iterator[Finding]:  # noqa: ARG001 - every rule has this shape
    """Yield a finding for every change that widens who may do what: it is for a person to judge."""
    created = _created_names(evidence)
    for change in evidence.diff.changes:
        if change.action not in {Action.CREATE, Action.UPDATE, Action.REPLACE}:
            continue
        for text in (*_documents(change), *_networks(change), *_opened(change), *_attached(change, created)):
            yield Finding(
                rule=NAME,
                level=Level.REVIEW,
                address=change.address,
                message=text,
                proof=change.proof,
                remediation="Narrow it to what the change needs, or let a person confirm that it is wanted.",
                causes=change.causes,
            )


def _created_names(evidence: Evidence) -> frozenset[str]:
    """Names of identities that this change itself creates: rights given to them widen nobody's."""
    return frozenset(
        attribute.after
        for change in evidence.diff.changes
        if change.action is Action.CREATE
        for attribute in change.attributes
        if attribute.path in {("name",), ("id",), ("arn",)} and isinstance(attribute.after, str)
    )


def _documents(change: ResourceChange) -> Iterator[str]:
    for attribute in change.attributes:
        if attribute.path[-1] not in DOCUMENTS:
            continue
        name = path_text(attribute.path)
        if attribute.after is Marker.UNKNOWN or attribute.after is Marker.SENSITIVE:
            if change.action is not Action.CREATE:
                yield f"{name} changes, and what it grants afterwards is not known"
            continue
        yield from _document_texts(change, attribute, name)


def _document_texts(change: ResourceChange, attribute: AttributeChange, name: str) -> Iterator[str]:
    after = grants(attribute.after) if isinstance(attribute.after, str) else None
    before = grants(attribute.before) if isinstance(attribute.before, str) else None
    if after is None:
        if before is not None and any(grant.effect == "Deny" for grant in before):
            yield f"{name} is removed, and with it what it denied"
        return
    more = widened(before or frozenset(), after)
    new_thing = change.action is Action.CREATE and before is None
    for grant in more:
        if grant.effect == "Deny":
            yield f"{name} no longer denies {grant}"
        elif not new_thing or grant.broad:
            yield f"{name} newly allows {grant}"


def _networks(change: ResourceChange) -> Iterator[str]:
    if not _lets_in(change):
        return
    before = {value for attribute in change.attributes for value in _sources(attribute.path, attribute.before)}
    after = {value for attribute in change.attributes for value in _sources(attribute.path, attribute.after)}
    existing = change.action is not Action.CREATE or _belongs_to_existing(change)
    for source in sorted(after - before):
        if source in WORLD:
            yield f"opens to the whole world ({source})"
        elif existing:
            yield f"lets in {source}, which was not let in before"


def _lets_in(change: ResourceChange) -> bool:
    if change.type in {"aws_security_group", "aws_default_security_group", "aws_vpc_security_group_ingress_rule"}:
        return True
    return change.type == "aws_security_group_rule" and any(
        attribute.path == ("type",) and attribute.after == "ingress" for attribute in change.attributes
    )


def _belongs_to_existing(change: ResourceChange) -> bool:
    """Whether a rule is added to a group that this change does not create (the plan knows the group's id)."""
    groups = [attribute for attribute in change.attributes if attribute.path == ("security_group_id",)]
    return any(isinstance(group.after, str) for group in groups) and not change.causes


def _sources(path: Path, value: Value) -> Iterator[str]:
    if "egress" in path or not any(part in SOURCES for part in path):
        return
    if isinstance(value, str) and value:
        yield value
    elif isinstance(value, tuple):
        yield from (item for item in value if isinstance(item, str))


def _opened(change: ResourceChange) -> Iterator[str]:
    for attribute in change.attributes:
        opening = OPENING_VALUES.get(str(attribute.path[-1]), frozenset())
        if (
            isinstance(attribute.after, str | bool)
            and attribute.after in opening
            and attribute.before != attribute.after
        ):
            yield f"{path_text(attribute.path)} = {str(attribute.after).lower()} opens it to the public"
        if change.type == "aws_lambda_permission" and attribute.path == ("principal",) and attribute.after == "*":
            yield "anybody may invoke the function"


def _attached(change: ResourceChange, created: frozenset[str]) -> Iterator[str]:
    holder = ATTACHMENTS.get(change.type)
    if holder is None or change.effect_kept:
        return
    after = {attribute.path[0]: attribute.after for attribute in change.attributes}
    who, what = after.get(holder), after.get("policy_arn") or after.get("groups")
    if not isinstance(what, str):
        what = "further rights"
    if what.endswith(("/AdministratorAccess", "/PowerUserAccess", "/IAMFullAccess")):
        yield f"gives {who if isinstance(who, str) else 'an identity'} {what}"
    elif isinstance(who, str) and who not in created:
        yield f"gives the existing {holder} {who} {what}"
