"""`stale-state`: the state that is worked with is older than one that is known, or does not know what is there."""

from __future__ import annotations

from collections.abc import Iterator

from diffing.change import Action, Proof
from gate.policy.page import Page
from gate.policy.rule import Evidence, Policy
from gate.verdict import Finding, Level

NAME = "stale-state"
SUBJECT = "target"
USED = "state"
PAGE = Page(
    level="review (reject where what exists would be created once more)",
    what=(
        "The clone was made from a Terraform state that is older than one of the same lineage that was rehearsed here "
        "before: its serial is lower. Or the change works with a state of its own (`--state`, or a file in the folder "
        "of a program) that is older than the target's. Or that state, or no state at all, makes the change create "
        "under the same addresses what the target has already: that is rejected."
    ),
    example=(
        "A new laptop, and no state on it. *4 of the 4 resources that the target has are created once more, under the "
        "same addresses: the state is missing, or is another one's.*"
    ),
    why=(
        "Terraform counts the serial up with each change of the state. Whoever applies with an old copy works on an "
        "environment that is no longer there: what was made since is unknown to it, what was changed is changed back. "
        "In February 2026 a plan without a state left duplicates behind, and an old state, swapped in to tidy them up, "
        "destroyed a production database."
    ),
    remedy="Take the present state (`terraform state pull`) and rehearse again.",
    blind=(
        "states that were never rehearsed by this user on this machine: the highest serials are remembered in the "
        "user's cache folder."
    ),
    sources=("https://developer.hashicorp.com/terraform/language/state/backends",),
    catches=("state-missing", "old-state-destroyed"),
    spares=("state-present", "present-state-applied"),
)
REMEDY = "Take the present state (`terraform state pull`) and rehearse again."


def check(evidence: Evidence, policy: Policy) -> Iterator[Finding]:  # noqa: ARG001 - every rule has this shape
    """Yield a finding for the target's state and for the change's own, where a higher serial of its lineage is known.

    Terraform counts `serial` up with each change of a state
    (https://developer.hashicorp.com/terraform/language/state/backends).
    """
    cloning, used = evidence.cloning, evidence.state_used
    if cloning.lineage and cloning.serial < cloning.newest_serial:
        text = f"the state is serial {cloning.serial}, and serial {cloning.newest_serial} of the same lineage was seen "
        yield _finding(SUBJECT, Level.REVIEW, f"{text}before: it is an old copy")
    if used is None:
        return
    if used.serial < used.newest_serial:
        text = f"the change works with serial {used.serial} of the state, and serial {used.newest_serial} of the same "
        yield _finding(USED, Level.REVIEW, f"{text}lineage is known: it is an old copy")
    if used.comparable:
        yield from _once_more(evidence)


def _once_more(evidence: Evidence) -> Iterator[Finding]:
    known = evidence.surroundings.addresses
    again = {change.address for change in evidence.diff.changes if change.action is Action.CREATE} & known
    if again:
        text = f"{len(again)} of the {len(known)} resources that the target has are created once more, under the same "
        yield _finding(USED, Level.REJECT, f"{text}addresses: the state is missing, or is another one's")


def _finding(address: str, level: Level, message: str) -> Finding:
    return Finding(rule=NAME, level=level, address=address, message=message, proof=Proof.PROVED, remediation=REMEDY)
