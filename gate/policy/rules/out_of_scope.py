"""`out-of-scope`: the change acts where the policy does not let it: by account, region, workspace, address, tag."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from diffing.change import Action, Proof, ResourceChange
from gate.policy.page import Page
from gate.policy.rule import Evidence, Policy
from gate.policy.settings import Scope, Whereabouts, matches, tags_match
from gate.verdict import Finding, Level
from sandbox.rehearsal import CallKind

NAME = "out-of-scope"
PAGE = Page(
    level="reject (review where it is not known where the change acts); fixed",
    what=(
        "The policy says where changes may act (`scope`: addresses, accounts, regions, workspaces, tags), or was "
        "asked for by the name of an environment that is known by such, and the change acts elsewhere."
    ),
    example=(
        "A clean-up script was written for `team = payments` and deletes a table of another team. *is changed, and "
        "has not the tag team = payments of the policy's scope.*"
    ),
    why=(
        "Wrong accounts, regions and workspaces, and patterns that match one thing too many, are how harmless commands "
        "destroy production. In April 2026 a stray token did: nothing said what it was not for."
    ),
    remedy=(
        "Apply it where it belongs. If the scope is too narrow, widen it in the policy, in a change of its own; if it "
        "is the account or region that is not told, give `--account`, `--region` and `--workspace`."
    ),
    passes="reads; services without regions (IAM, Route 53, CloudFront and their like) in whatever region they answer.",
    catches=("wrong-account", "wrong-region", "wrong-workspace"),
    spares=("right-place",),
    blind="what a program does in an account that no call names.",
    sources=("AWS General Reference, service endpoints (docs.aws.amazon.com/general/latest/gr/rande.html)",),
)
REMEDY = "Apply it where it belongs, or change the policy's `scope` first, in a change of its own."
_GLOBAL = frozenset(
    {"account", "artifact", "budgets", "ce", "chatbot", "cloudfront", "globalaccelerator", "iam", "importexport"}
    | {"networkmanager", "organizations", "route53", "route53domains", "shield", "sts", "support", "waf"}
)
"""Services with one endpoint for all regions (https://docs.aws.amazon.com/general/latest/gr/rande.html)."""
_OF_THE_CHANGE = frozenset({"plan", "apply"})


def check(evidence: Evidence, policy: Policy) -> Iterator[Finding]:
    """Yield a rejection for the place, and one for each change and each kind of call that is out of scope."""
    yield from misplaced(evidence.place, policy)
    scope = policy.settings.scope
    yield from _calls(evidence, scope)
    for change in evidence.diff.changes:
        if change.action is not Action.NO_OP or change.stakes_before != change.stakes_after:
            for level, text in _outside(change, evidence, scope):
                yield _finding(change.address, level, text, change.proof, change.causes)


def misplaced(place: Whereabouts, policy: Policy) -> Iterator[Finding]:
    """Yield a finding where the place itself is out of scope: that is known before anything is rehearsed."""
    scope = policy.settings.scope
    for what, globs, found in (
        ("account", scope.accounts, place.account),
        ("region", scope.regions, place.region),
        ("workspace", scope.workspaces, place.workspace),
    ):
        if globs and not found:
            text = f"the policy's scope is the {what} {', '.join(globs)}, and it is not known which one this is"
            yield _finding("", Level.REVIEW, text, Proof.UNKNOWN)
        elif globs and not matches(globs, found):
            yield _finding("", Level.REJECT, f"the {what} is {found}, and the policy's scope is {', '.join(globs)}")


def _calls(evidence: Evidence, scope: Scope) -> Iterator[Finding]:
    if not (scope.accounts or scope.regions):
        return
    told: dict[tuple[str, str], str] = {}
    for call in evidence.calls:
        if call.phase not in _OF_THE_CHANGE or call.kind is CallKind.READ:
            continue
        operation = f"{call.service}:{call.operation}"
        if scope.accounts and call.account and call.account not in scope.accounts:
            told.setdefault(("account", call.account), operation)
        regional = call.region and call.service not in _GLOBAL
        if scope.regions and regional and not matches(scope.regions, call.region):
            told.setdefault(("region", call.region), operation)
    for (what, found), operation in sorted(told.items()):
        yield _finding("", Level.REJECT, f"it writes to the {what} {found} ({operation}), which is out of scope")


def _outside(change: ResourceChange, evidence: Evidence, scope: Scope) -> Iterator[tuple[Level, str]]:
    names = [name for name in (change.address, change.owner) if name]
    if scope.addresses and not any(matches(scope.addresses, name) for name in names):
        yield Level.REJECT, f"is changed, and is none of the policy's scope ({', '.join(scope.addresses)})"
    where = change.identity
    if where is not None and scope.accounts and where.account and where.account not in scope.accounts:
        yield Level.REJECT, f"is in the account {where.account}, which is out of scope"
    if scope.tags and not change.owner:
        yield from _untagged(evidence.tags.get(change.address), scope.tags)


def _untagged(tags: Mapping[str, str] | None, wanted: Mapping[str, str]) -> Iterator[tuple[Level, str]]:
    told = ", ".join(f"{key} = {glob}" for key, glob in sorted(wanted.items()))
    if tags is None:
        yield Level.REVIEW, f"is changed, and nobody knows whether it has the tags of the policy's scope ({told})"
    elif not tags_match(wanted, tags):
        yield Level.REJECT, f"is changed, and has not the tags of the policy's scope ({told})"


def _finding(
    address: str, level: Level, text: str, proof: Proof = Proof.PROVED, causes: tuple[str, ...] = ()
) -> Finding:
    return Finding(
        rule=NAME, level=level, address=address, message=text, proof=proof, remediation=REMEDY, causes=causes
    )
