"""What a judgement looks at: what a rehearsal observed, where and when that was, and what is known from before."""

from __future__ import annotations

from dataclasses import dataclass

from diffing.change import StateDiff
from gate.policy.dependents import dependents_of
from gate.policy.reversibility import classified
from gate.policy.rule import Evidence
from gate.policy.settings import NOWHERE, Whereabouts
from gate.policy.surroundings import survey
from gate.policy.tagging import tags_of
from sandbox.rehearsal import Gap, Preparation, Rehearsal
from sandbox.witnesses.reconcile import Observed


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What a judgement takes into account beyond what was observed."""

    place: Whereabouts = NOWHERE
    today: str = ""
    """As ``2026-12-31``."""
    earlier: tuple[Preparation, ...] = ()
    """What earlier rehearsals saw prepared."""


WITHOUT = Circumstances()


def evidence_of(rehearsal: Rehearsal, diff: StateDiff, gaps: tuple[Gap, ...], circumstances: Circumstances) -> Evidence:
    """Everything that rules may look at, of one rehearsal."""
    return Evidence(
        diff=diff,
        gaps=gaps,
        outcome=rehearsal.outcome,
        calls=rehearsal.calls,
        surroundings=survey(rehearsal),
        announced=rehearsal.announced,
        without_plan=frozenset(
            number for part in rehearsal.parts if not part.announced for step in part.steps for number in step.calls
        ),
        cloning=rehearsal.cloning,
        state_used=rehearsal.state_used,
        place=circumstances.place,
        today=circumstances.today,
        tags=tags_of(diff, rehearsal),
        made_first=frozenset(each.address for each in rehearsal.plan.changes if each.create_before_destroy),
        earlier=circumstances.earlier,
    )


def classified_changes(rehearsal: Rehearsal, observed: Observed) -> StateDiff:
    """The changes, each with how far it can be taken back and what depends on it."""
    before = {change.previous_address or change.address for change in observed.diff.changes}
    return classified(observed.diff, dependents_of(rehearsal, before))
