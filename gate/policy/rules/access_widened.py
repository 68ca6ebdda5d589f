"""`access-widened`: somebody may do more, or reach more, afterwards than before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from diffing.attributes import at_top, below, named, own_name
from diffing.change import Action, AttributeChange, ResourceChange
from diffing.record import dataclass, replace
from diffing.values import Marker, Value, path_text
from gate.policy.access import DOCUMENTS, Grant, grants, widened
from gate.policy.carriers import Created, created_by, is_about_new
from gate.policy.ingress import GROUPS, RULES, Removed, is_world, openings, removed_rules
from gate.policy.page import Page
from gate.policy.rule import Evidence, Policy
from gate.policy.stackwords import changes_in_terraform_words
from gate.verdict import Finding, Level

NAME = "access-widened"
PAGE = Page(
    level="review",
    what=(
        "Somebody may do or reach more afterwards: a policy document allows what it did not or no longer "
        "denies what it did; an identity that existed before is given a further policy; what bounded its "
        "rights is removed; a security group lets in a further source, further ports, or the world; a "
        "function may be invoked by another account; something is opened to the public."
    ),
    example="A further ingress rule of a group in use. *lets in 10.61.8.0/24, which was not let in before.*",
    difference=('-  cidr_blocks = ["10.63.0.0/16"]\n+  cidr_blocks = ["0.0.0.0/0"]'),
    why="It destroys nothing today. Whether it is wanted is not for a tool to say.",
    remedy="Narrow it to what the change needs, or let a person confirm it.",
    passes=(
        "policies with reordered statements, keys or values, or with less in them; rules made anew or "
        "split with equal effect; documents that follow what is made anew under another name; rights of "
        "identities that the change itself creates, unless they are rights to everything or a role that "
        "another account may assume; rights of an identity to what the change itself creates."
    ),
    blind=("another role given to a function or a task; what a prefix list contains; network ACLs and outgoing rules."),
    sources=('AWS IAM User Guide, "Policy evaluation logic"', 'Amazon S3 User Guide, "The meaning of public"'),
    catches=("for-a-person", "security-group-rule-added"),
    spares=("remade-with-equal-effect", "security-group-tagged", "renamed-tables-near-miss"),
)
_NULL = "null"
_MANAGED = "managed_policy_arns"
OPENING_VALUES: Mapping[str, frozenset[str]] = {
    "acl": frozenset({"public-read", "public-read-write", "authenticated-read"}),
    "block_public_acls": frozenset({"false", _NULL}),
    "block_public_policy": frozenset({"false", _NULL}),
    "function_url_auth_type": frozenset({"NONE"}),
    "ignore_public_acls": frozenset({"false", _NULL}),
    "publicly_accessible": frozenset({"true"}),
    "restrict_public_buckets": frozenset({"false", _NULL}),
    "shared_accounts": frozenset({"all"}),
    "uri": frozenset(f"http://acs.amazonaws.com/groups/global/{name}" for name in ("AllUsers", "AuthenticatedUsers")),
}
"""Attributes that open something to the public, and the values that do (AWS provider documentation of each)."""
LOOSENING_VALUES: Mapping[str, frozenset[str]] = {
    "assign_public_ip": frozenset({"true"}),
    "authorization": frozenset({"NONE"}),
    "authorization_type": frozenset({"NONE"}),
    "endpoint_public_access": frozenset({"true", _NULL}),
    "is_publicly_accessible": frozenset({"true", _NULL}),
    "map_public_ip_on_launch": frozenset({"true"}),
}
"""The same, where it is ordinary for a new resource; a new function's URL is the exception."""
TELLING = (
    DOCUMENTS
    | OPENING_VALUES.keys()
    | LOOSENING_VALUES.keys()
    | {"group", "permissions_boundary", "public_access_cidrs", _MANAGED}
)
"""Every attribute whose value is looked at, wherever it stands: plans have many more that say nothing of access."""

Named: TypeAlias = tuple[str, AttributeChange]
"""An attribute and its own name, without where it stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A type that gives an identity more rights."""

    who: tuple[str, ...]
    """Attributes that name identities."""
    carrier: str
    """The type of the identity."""
    what: str
    """The attribute that names the rights."""


ATTACHMENTS: Mapping[str, Attachment] = {
    "aws_eks_access_policy_association": Attachment(who=("principal_arn",), carrier="aws_iam_role", what="policy_arn"),
    "aws_iam_group_membership": Attachment(who=("users",), carrier="aws_iam_user", what="group"),
    "aws_iam_group_policy_attachment": Attachment(who=("group",), carrier="aws_iam_group", what="policy_arn"),
    "aws_iam_policy_attachment": Attachment(
        who=("users", "roles", "groups"), carrier="aws_iam_role", what="policy_arn"
    ),
    "aws_iam_role_policy_attachment": Attachment(who=("role",), carrier="aws_iam_role", what="policy_arn"),
    "aws_iam_user_group_membership": Attachment(who=("user",), carrier="aws_iam_user", what="groups"),
    "aws_iam_user_policy_attachment": Attachment(who=("user",), carrier="aws_iam_user", what="policy_arn"),
    "aws_ssoadmin_account_assignment": Attachment(who=("principal_id",), carrier="", what="permission_set_arn"),
    "aws_ssoadmin_managed_policy_attachment": Attachment(
        who=("permission_set_arn",), carrier="aws_ssoadmin_permission_set", what="managed_policy_arn"
    ),
}
_SERVICES = (".amazonaws.com", ".amazonaws.com.cn")
_WIDENING = frozenset({Action.CREATE, Action.UPDATE, Action.REPLACE})
POWERFUL = ("/AdministratorAccess", "/PowerUserAccess", "/IAMFullAccess")


def check(evidence: Evidence, policy: Policy) -> Iterator[Finding]:  # noqa: ARG001 - every rule has this shape
    """Yield a finding for every change that widens who may do what: it is for a person to judge."""
    for change, items in telling(evidence):
        if change.action in _WIDENING:
            for text in _texts(change, items, evidence):
                yield _finding(change, text)


def telling(evidence: Evidence) -> tuple[tuple[ResourceChange, Sequence[Named]], ...]:
    """Return each change with those of its attributes that say something of access."""
    return evidence.once(_telling)


def _telling(evidence: Evidence) -> tuple[tuple[ResourceChange, Sequence[Named]], ...]:
    return tuple(
        (change, [(own_name(item.path), item) for item in named(change.attributes, TELLING)])
        for change in changes_in_terraform_words(evidence)
    )


def _texts(change: ResourceChange, items: Sequence[Named], evidence: Evidence) -> Iterator[str]:
    """Say what it widens; what else the change makes is collected only where that counts."""
    if items:
        yield from _documents(change, items, created_by(evidence))
        yield from _opened(change, items)
        yield from _managed_policies(change, items)
    if change.type == "aws_lambda_permission":
        yield from _permitted(change, created_by(evidence))
    if change.type in ATTACHMENTS:
        yield from _attached(change, ATTACHMENTS[change.type], created_by(evidence))
    if change.type in GROUPS or change.type in RULES:
        groups = created_by(evidence).names.get("aws_security_group", frozenset())
        yield from openings(change, removed=evidence.once(_removed), created_groups=groups)


def _removed(evidence: Evidence) -> Removed:
    return removed_rules(changes_in_terraform_words(evidence))


def _finding(change: ResourceChange, text: str) -> Finding:
    return Finding(
        rule=NAME,
        level=Level.REVIEW,
        address=change.address,
        message=text,
        proof=change.proof,
        remediation="Narrow it to what the change needs, or let a person confirm that it is wanted.",
        causes=change.causes,
    )


def _documents(change: ResourceChange, items: Sequence[Named], new: Created) -> Iterator[str]:
    for last, attribute in items:
        if last not in DOCUMENTS or change.type == "aws_ecr_lifecycle_policy":
            continue
        name = path_text(attribute.path)
        if attribute.after in (Marker.UNKNOWN, Marker.SENSITIVE):
            yield f"{name} changes, and what it grants afterwards is not known"
            continue
        try:
            yield from _document_texts(change, attribute, new)
        except ValueError as error:
            yield f"{name} changes, and cannot be read: {error}"


def _document_texts(change: ResourceChange, attribute: AttributeChange, new: Created) -> Iterator[str]:
    name = path_text(attribute.path)
    before = _grants(attribute.before)
    after = _grants(attribute.after)
    if after is None:
        if before is not None and any(grant.effect == "Deny" for grant in before):
            yield f"{name} is removed, and with it what it denied"
        return
    fresh = before is None and is_about_new(change, new)
    if fresh and change.type == "aws_vpc_endpoint":
        # The policy of an endpoint only limits what may pass it; the default one lets everything pass.
        return
    for grant in widened(_followed(before or frozenset(), new), after):
        if grant.effect == "Deny":
            yield f"{name} no longer denies {grant}"
        elif _is_told(grant, new, fresh=fresh, outsiders=_outsiders(change, name)):
            yield f"{name} newly allows {grant}"


def _followed(before: frozenset[Grant], new: Created) -> frozenset[Grant]:
    """Let a document go with what is made anew under another ARN: the rights to it are no further rights."""
    moved = frozenset(
        replace(
            grant,
            resource=new.follow(grant.resource),
            principal=f"AWS:{new.follow(grant.principal[4:])}"
            if grant.principal.startswith("AWS:")
            else grant.principal,
        )
        for grant in before
    )
    return moved | frozenset(grant for grant in before if grant.effect == "Allow")


def _is_told(grant: Grant, new: Created, *, fresh: bool, outsiders: str | None) -> bool:
    """Whether a new right is worth a person's time; of what is itself new, only rights to everything or everybody."""
    if fresh:
        stranger = outsiders is not None and grant.account not in {"", outsiders}
        return grant.everybody or grant.everything or stranger
    return bool(grant.principal) or not new.contains(grant.resource)


def _outsiders(change: ResourceChange, name: str) -> str | None:
    """For the trust of a role: the account that is not an outsider; None where accounts do not count."""
    if name != "assume_role_policy":
        return None
    arns = (item.after for item in at_top(change.attributes, {"arn"}) if isinstance(item.after, str))
    of_arn = next((arn.split(":")[4] for arn in arns if arn.count(":") >= 5), "")  # noqa: PLR2004 - the parts of an ARN
    return of_arn or (change.identity.account if change.identity is not None else "")


def _grants(value: Value) -> frozenset[Grant] | None:
    return grants(value) if isinstance(value, str) else None


def _opened(change: ResourceChange, items: Sequence[Named]) -> Iterator[str]:
    for name, attribute in items:
        before, after = _word(attribute.before), _word(attribute.after)
        opening = OPENING_VALUES.get(name, frozenset())
        if change.action is not Action.CREATE or change.type == "aws_lambda_function_url":
            opening |= LOOSENING_VALUES.get(name, frozenset())
        if after in opening and not _as_open_before(change, opening, before=before, after=after):
            yield f"{path_text(attribute.path)} = {after} opens it to the public"
        elif name in OPENING_VALUES and attribute.after is Marker.UNKNOWN:
            yield f"{path_text(attribute.path)} changes, and whether it opens it to the public is not known"
        if name == "public_access_cidrs" and is_world(after):
            yield f"{path_text(attribute.path)} = {after} opens it to the whole world"
        if change.type == "aws_ami_launch_permission" and name == "group" and after == "all":
            yield "anybody may use the image"
        if name == "permissions_boundary" and before.startswith("arn:") and after == _NULL:
            yield "what bounded its rights is removed"


def _as_open_before(change: ResourceChange, opening: frozenset[str], *, before: str, after: str) -> bool:
    """Whether the value before opened it just as much: a default that is written out changes nothing."""
    by_default = change.action is not Action.CREATE and _NULL in opening and before in opening
    return before == after or by_default


def _permitted(change: ResourceChange, new: Created) -> Iterator[str]:
    """Who may newly invoke a function; AWS services are let in every day."""
    after = {item.path[0]: item.after for item in change.attributes if len(item.path) == 1}
    who = after.get("principal")
    limited = any(after.get(key) for key in ("source_arn", "source_account", "principal_org_id"))
    if who == "*" and not limited:
        yield "anybody may invoke the function"
    elif isinstance(who, str) and not who.endswith(_SERVICES) and not is_about_new(change, new):
        yield f"{who} may invoke the function"


def _managed_policies(change: ResourceChange, items: Sequence[Named]) -> Iterator[str]:
    if any(name == _MANAGED for name, _ in items):
        for arn in _gained(change, _MANAGED):
            if change.action is not Action.CREATE or arn.endswith(POWERFUL):
                yield f"gives {change.address} {arn}"


def _attached(change: ResourceChange, kind: Attachment, new: Created) -> Iterator[str]:
    who = [name for attribute in kind.who for name in _gained(change, attribute)]
    what = _gained(change, kind.what)
    if change.action is not Action.CREATE and not who and not what:
        return
    existing = [name for name in who if not new.new(kind.carrier, name)]
    powerful = [name for name in what if name.endswith(POWERFUL)]
    if existing or powerful or not who:
        yield f"gives {', '.join(existing or who) or 'an identity'} {', '.join(powerful or what) or 'further rights'}"


def _gained(change: ResourceChange, name: str) -> list[str]:
    """Texts that an attribute has afterwards and had not before."""
    items = below(change.attributes, name)
    before = {item.before for item in items if isinstance(item.before, str)}
    return sorted({item.after for item in items if isinstance(item.after, str) and item.after} - before)


def _word(value: Value) -> str:
    match value:
        case None | Marker.ABSENT:
            return _NULL
        case bool():
            return str(value).lower()
        case str():
            return value
        case _:
            return ""
