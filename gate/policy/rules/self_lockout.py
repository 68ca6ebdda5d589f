"""`self-lockout`: after the change, nobody, or not who deploys, may change it back."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from diffing.attributes import at_top, named
from diffing.change import Action, AttributeChange, ResourceChange
from diffing.values import Value, path_text
from gate.policy.access import DOCUMENTS, Grant, covers, grants, narrowed, widened
from gate.policy.destruction import is_destroyed
from gate.policy.page import Page
from gate.policy.rule import Evidence, Policy
from gate.policy.rules.access_widened import telling
from gate.policy.surroundings import Surroundings
from gate.verdict import Finding, Level

NAME = "self-lockout"
PAGE = Page(
    level="reject (review for a policy that names the few who are left, and for a new key)",
    what=(
        "After the change it cannot be taken back by the one who made it: the role in which it is "
        "deployed (`assume_role` of a provider) is deleted, bounded, or loses rights; a KMS key's policy "
        "lets nobody change it any more; a policy denies everybody what it takes to change it."
    ),
    example="*policy lets nobody change the key's policy any more (kms:PutKeyPolicy).*",
    difference=('-      Action   = ["iam:*", "kms:*", "sqs:*"]\n+      Action   = ["kms:*", "sqs:*"]'),
    why="Whatever else goes wrong can be put right by another change. This cannot.",
    remedy="Keep the way back; who may take it away is for other hands.",
    passes=(
        "links of the role that are made anew with equal effect; denials with conditions that harden "
        "(`aws:SecureTransport`), or of single actions."
    ),
    blind="which role deploys, where the provider takes on none.",
    sources=('AWS KMS Developer Guide, "Key policies in AWS KMS"', 'AWS IAM User Guide, "Policy evaluation logic"'),
    catches=("access-lost",),
    spares=("remade-with-equal-effect",),
)
_KEY_POLICIES = frozenset({"aws_kms_key", "aws_kms_key_policy", "aws_kms_external_key", "aws_kms_replica_key"})
_CHANGING = frozenset({Action.CREATE, Action.UPDATE, Action.REPLACE})
_NOBODY = frozenset[Grant]()
_DEPLOYER = "the role in which this is deployed"
PUT_KEY_POLICY = "kms:putkeypolicy"


def check(evidence: Evidence, policy: Policy) -> Iterator[Finding]:  # noqa: ARG001 - every rule has this shape
    """Yield a rejection for every change that cannot be taken back by the one who makes it."""
    for change, items in telling(evidence):
        documents = [item for name, item in items if name in DOCUMENTS]
        for level, text in (*_documents(change, documents), *_of_the_deployer(change, evidence.surroundings)):
            yield Finding(
                rule=NAME,
                level=level,
                address=change.address,
                message=text,
                proof=change.proof,
                remediation="Keep the way back: let those who deploy go on doing so, and remove it by other hands.",
                causes=change.causes,
            )


def _documents(change: ResourceChange, documents: Iterable[AttributeChange]) -> Iterator[tuple[Level, str]]:
    for item in documents if change.action in _CHANGING else ():
        after, before = _read(item.after), _read(item.before) or _NOBODY
        if after is None:
            continue
        where = path_text(item.path)
        if change.type in _KEY_POLICIES and not any(_manages_key(grant) for grant in after):
            # AWS KMS Developer Guide, "Key policies": a key without an administrator becomes unmanageable. Of a new
            # one, nothing that exists is lost; AWS refuses to make it, unless it is told to bypass that check.
            fresh = change.action is Action.CREATE and change.type != "aws_kms_key_policy"
            level = Level.REVIEW if fresh else Level.REJECT
            yield level, f"{where} lets nobody change the key's policy any more (kms:PutKeyPolicy)"
        for grant in sorted(grant for grant in after if grant.effect == "Deny" and grant.principal):
            if not any(covers(old, grant) for old in before):
                yield from _denied(where, grant)


def _denied(where: str, grant: Grant) -> Iterator[tuple[Level, str]]:
    """A denial holds for administrators too (IAM User Guide, "Policy evaluation logic")."""
    everything = grant.action == "*" or grant.action.endswith(":*") or re.search(":put.*policy", grant.action)
    everybody = grant.principal == "*" or grant.principal.startswith("not:")
    if not everything or not everybody:
        return
    if grant.principal == "*" and not grant.condition:
        yield Level.REJECT, f"{where} denies everybody {grant.action}, and with it the way back"
    elif grant.principal != "*" or any(_names_principals(key) for _, key, _ in grant.condition):
        yield Level.REVIEW, f"{where} denies {grant.action} to everybody but those it names"


def _names_principals(key: str) -> bool:
    return key.startswith(("aws:principal", "aws:userid", "aws:username"))


def _manages_key(grant: Grant) -> bool:
    wide = grant.action in {"*", "kms:*", "kms:put*", PUT_KEY_POLICY} or (
        grant.action.startswith("not:") and PUT_KEY_POLICY not in grant.action
    )
    return grant.effect == "Allow" and wide and grant.principal.startswith(("AWS:", "*", "not:"))


def _of_the_deployer(change: ResourceChange, around: Surroundings) -> Iterator[tuple[Level, str]]:
    if (change.previous_address or change.address) not in around.deployers_addresses:
        return
    if is_destroyed(change) and not change.effect_kept:
        what = "is deleted or made anew" if change.type == "aws_iam_role" else "loses rights"
        yield Level.REJECT, f"{_DEPLOYER} {what}"
    yield from _less(change)
    if any(isinstance(item.after, str) for item in at_top(change.attributes, {"permissions_boundary"})):
        yield Level.REJECT, f"{_DEPLOYER} is bounded by a further policy"


def _less(change: ResourceChange) -> Iterator[tuple[Level, str]]:
    """Rights that a document no longer gives, or newly denies."""
    if change.action is not Action.UPDATE:
        return
    for item in named(change.attributes, DOCUMENTS):
        if not isinstance(item.before, str):
            continue
        lost = [str(grant) for grant in narrowed(item.before, item.after)] + _denials(item)
        if lost:
            yield Level.REJECT, f"{_DEPLOYER} loses rights: {path_text(item.path)} takes away {', '.join(lost[:3])}"


def _denials(item: AttributeChange) -> list[str]:
    before, after = _read(item.before), _read(item.after)
    if before is None or after is None:
        return []
    return [str(grant) for grant in widened(after, before) if grant.effect == "Deny"]


def _read(value: Value) -> frozenset[Grant] | None:
    try:
        return grants(value) if isinstance(value, str) else None
    except ValueError:
        return None
