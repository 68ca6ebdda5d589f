"""`protected`: what the policy protects by address or tag is destroyed, or loses what protects it."""

from __future__ import annotations

from collections.abc import Iterator

from diffing.change import Action, AttributeChange, ResourceChange
from gate.policy.destruction import data, is_destroyed
from gate.policy.page import Page
from gate.policy.rule import Evidence, Policy
from gate.policy.settings import Protected, matches
from gate.verdict import Finding, Level

NAME = "protected"
PAGE = Page(
    level="reject (review where a policy protects by tags, and those of what is destroyed are not known); fixed",
    what=(
        "The policy's `protected` names it, by a glob of addresses or by a tag, and the change deletes it, makes it "
        "anew, forgets it, takes data out of it, or takes the tag away."
    ),
    example=(
        "`protected: {tags: {tier: critical}}`, and a topic with this tag is replaced. *is protected by its tag "
        "tier = critical, and is destroyed.*"
    ),
    why=(
        "Some things are never to be destroyed by a change that passes a gate, whatever their type is, whoever vouches "
        "for it, and whatever the preset says."
    ),
    remedy="Leave it as it is. Whoever has to remove it takes it out of the policy first, in a change of its own.",
    more=(
        "On what is protected, neither the bookkeeping list nor the preset `tiered` nor a waiver counts, and every "
        "finding that would go to a person is a rejection, but for those about what is not known."
    ),
)
_TAGS = frozenset({"tags", "tags_all"})


def check(evidence: Evidence, policy: Policy) -> Iterator[Finding]:
    """Yield a rejection for each change that takes something protected, or its protection, away."""
    protected = policy.settings.protected
    if not (protected.addresses or protected.tags):
        return
    for change in evidence.diff.changes:
        done = _done(change, protected)
        if not done:
            continue
        why = protection(change, evidence, protected)
        if why:
            yield _finding(change, Level.REJECT, f"is protected by {why}, and {done}")
        elif protected.tags and change.address not in evidence.tags and not change.owner:
            text = f"{done}, and its tags, by which the policy protects, are not known"
            yield _finding(change, Level.REVIEW, text)


def protection(change: ResourceChange, evidence: Evidence, protected: Protected) -> str:
    """Say what protects it; empty where nothing does."""
    for address in filter(None, (change.address, change.previous_address, change.owner)):
        if matches(protected.addresses, address):
            return f"its address ({address})"
    tags = evidence.tags.get(change.address, {})
    for key, glob in protected.tags:
        if key in tags and matches((glob,), tags[key]):
            return f"its tag {key} = {tags[key]}"
    return ""


def _done(change: ResourceChange, protected: Protected) -> str:
    if is_destroyed(change):
        return "is destroyed"
    if change.action is Action.FORGET:
        return "is forgotten"
    before, after = data(change.stakes_before), change.stakes_after
    if any(after.get(name, 0) < count for name, count in before.items()):
        return "loses data"
    if any(_takes_tag(item, protected) for item in change.attributes):
        return "loses a tag that protects it"
    return ""


def _takes_tag(item: AttributeChange, protected: Protected) -> bool:
    if item.path[:1] and item.path[0] not in _TAGS:
        return False
    name, before, after = item.path[-1:], item.before, item.after
    return any(
        name == (key,)
        and isinstance(before, str)
        and matches((glob,), before)
        and not (isinstance(after, str) and matches((glob,), after))
        for key, glob in protected.tags
    )


def _finding(change: ResourceChange, level: Level, text: str) -> Finding:
    return Finding(
        rule=NAME,
        level=level,
        address=change.address,
        message=text,
        proof=change.proof,
        remediation="Leave it as it is, or take it out of the policy's `protected` first, in a change of its own.",
        causes=change.causes,
    )
