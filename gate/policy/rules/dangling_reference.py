"""`dangling-reference`: what stays, or comes, names something that is not there afterwards."""

from __future__ import annotations

from collections.abc import Iterator

from diffing.change import Action, ResourceChange
from diffing.values import path_text
from gate.policy.names import names_in, stems
from gate.policy.page import Page
from gate.policy.rule import Evidence, Policy
from gate.verdict import Finding, Level

NAME = "dangling-reference"
PAGE = Page(
    level="review",
    what=(
        "What stays names something that is gone after the change; or an update writes a name that is not "
        "in the clone in the place of one that was."
    ),
    example=(
        "A typing error in the ARN of an alarm's topic. *alarm_actions[0] names "
        "arn:aws:sns:…:northwind-prod-billing-pagre, which is not in the clone.*"
    ),
    difference=(
        "-  alarm_actions = [aws_sns_topic.pager.arn]\n"
        '+  alarm_actions = ["arn:aws:sns:us-east-1:123456789012:northwind-prod-billing-pagre"]'
    ),
    why=(
        "AWS accepts most names without looking: an alarm whose topic does not exist tells nobody, and "
        "says nothing of it."
    ),
    remedy=(
        "Refer to the resource instead of writing its name; change what names it in the same change, or "
        "keep what is named."
    ),
    passes=(
        "names of other accounts; names where the clone knew none before: they may lead out of what the clone knows."
    ),
    blind="names that are no ARN, no URL and no id that AWS makes up (a table's name in a variable).",
    catches=("for-a-person", "dangling-references"),
    spares=("hostile-texts", "references-moved"),
)
_WRITING = frozenset({Action.CREATE, Action.UPDATE, Action.REPLACE})


def check(evidence: Evidence, policy: Policy) -> Iterator[Finding]:  # noqa: ARG001 - every rule has this shape
    """Yield a finding for every reference that the change cuts, or writes to something that does not exist."""
    for dangling in evidence.surroundings.dangling:
        yield Finding(
            rule=NAME,
            level=Level.REVIEW,
            address=dangling.address,
            message=f"still names {dangling.name}, which is gone after the change",
            proof=dangling.proof,
            remediation="Change what names it in the same change, or keep what is named.",
        )
    if evidence.rehearsed:
        for change in evidence.diff.changes:
            yield from _written(change, evidence)


def _written(change: ResourceChange, evidence: Evidence) -> Iterator[Finding]:
    """A reference that led somewhere before, and afterwards to something that the clone does not have."""
    around = evidence.surroundings
    if change.action not in _WRITING or not around.named_after:
        return
    told = {dangling.name for dangling in around.dangling if dangling.address == change.address}
    for item in change.attributes:
        if not any(name in around.named_before for name in names_in(item.before)):
            # What led nowhere in the clone before may lead out of what the clone knows.
            continue
        for name in sorted(set(names_in(item.after)) - set(names_in(item.before)) - told):
            if around.own(name) and around.named_after.isdisjoint(stems(name)):
                yield Finding(
                    rule=NAME,
                    level=Level.REVIEW,
                    address=change.address,
                    message=f"{path_text(item.path)} names {name}, which is not in the clone",
                    proof=change.proof,
                    remediation="Refer to the resource instead of writing its name, or check that it exists.",
                    causes=change.causes,
                )
