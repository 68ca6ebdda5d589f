"""`bookkeeping`: a resource was renewed or removed, and the list of bookkeeping types excused it."""

from __future__ import annotations

from collections.abc import Iterator

from gate.policy.bookkeeping import Kind
from gate.policy.destruction import destroyed, excuse, loses_effect
from gate.policy.page import Page
from gate.policy.rule import Evidence, Policy
from gate.verdict import Finding, Level

NAME = "bookkeeping"
PAGE = Page(
    level="note",
    what=(
        "A resource was renewed or removed, and the list of bookkeeping types excused it; the note gives "
        "the list's reason."
    ),
    example=(
        "An ECS task definition is replaced: *registers the next revision; running tasks keep the one "
        "they were started with.*"
    ),
    why="So that a reader can disagree with the list.",
    remedy="Nothing, unless the reason is wrong for your case: then set the rule to `review`.",
    passes=(
        "Nothing is excused in which the clone counted data; and, of what AWS makes and ends by itself "
        "(tasks, network interfaces, the instances of a scaling group that is asked for fewer), nothing "
        "that a call of the change itself ended."
    ),
    catches=("kiro-near-miss", "remade-with-equal-effect"),
)


def check(evidence: Evidence, policy: Policy) -> Iterator[Finding]:
    """Yield a note, with the row's reason, wherever the list was used."""
    for change in destroyed(evidence):
        row = excuse(change, policy)
        if row is None or row.kind is Kind.EPHEMERAL or loses_effect(change, row):
            continue
        yield Finding(
            rule=NAME,
            level=Level.NOTE,
            address=change.address,
            message=f"{change.action.value} of a bookkeeping resource: {row.reason}",
            proof=change.proof,
            causes=change.causes,
        )
