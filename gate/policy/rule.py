"""What a rule is: a name, and a pure function from evidence to findings.

A rule has a file of its own under `gate/policy/rules`, a page of its name under `docs/rules`, a scenario that it
catches and a near miss that it lets pass. The table of rules is in `gate/policy/evaluate.py`; nothing registers itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any, TypeAlias, TypeVar

from diffing.change import ResourceChange, StateDiff
from diffing.record import dataclass, field
from gate.policy.bookkeeping import Bookkeeping
from gate.policy.settings import DEFAULTS, NOWHERE, Settings, Whereabouts
from gate.policy.surroundings import UNKNOWN, Surroundings
from gate.verdict import Finding, Level
from sandbox.rehearsal import ApiCall, ApplyOutcome, Cloning, Gap, Preparation, StateUsed

NOT_FROM_A_STATE = Cloning()
Worked = TypeVar("Worked")


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Everything that rules may look at."""

    diff: StateDiff
    gaps: tuple[Gap, ...]
    outcome: ApplyOutcome
    calls: tuple[ApiCall, ...]
    surroundings: Surroundings = UNKNOWN
    rehearsed: bool = True
    """False where a plan is all there is: nothing was carried out in a clone."""
    announced: bool = True
    """False where the change has no plan, which nothing can then contradict."""
    without_plan: frozenset[int] = frozenset()
    """Sequence numbers of calls by those parts of the change that have none."""
    cloning: Cloning = NOT_FROM_A_STATE
    """How the clone came to be."""
    state_used: StateUsed | None = None
    """The Terraform state that the change works with, where it is not the target's."""
    place: Whereabouts = NOWHERE
    """Where the change would be applied."""
    today: str = ""
    """As ``2026-12-31``; empty where nobody says."""
    tags: Mapping[str, Mapping[str, str]] = field(default_factory=lambda: MappingProxyType({}))
    """Address of a change → the tags that the resource has, before the change where it is there before."""
    made_first: frozenset[str] = frozenset()
    """Addresses of what is made anew before the old one is destroyed (``create_before_destroy``)."""
    earlier: tuple[Preparation, ...] = ()
    """What earlier rehearsals of the same target saw prepared."""
    kept: dict[Any, tuple[Evidence, Any]] = field(default_factory=dict, repr=False)
    """What `once` has worked out, and of which evidence: a copy with other changes begins anew."""

    def once(self, work: Callable[[Evidence], Worked]) -> Worked:
        """Return what ``work`` makes of this evidence: worked out for the rule that asks first, kept for the others."""
        found = self.kept.get(work)
        if found is None or found[0] is not self:
            found = self.kept[work] = (self, work(self))
        worked: Worked = found[1]
        return worked

    def hides(self, change: ResourceChange) -> bool:
        """Whether there is a plan, and it says nothing of this change."""
        by_program = bool(change.calls) and self.without_plan.issuperset(change.calls)
        return self.announced and not change.announced and not by_program


class Unrehearsed(StrEnum):
    """What may be approved on the word of a plan alone."""

    APPROVE_HARMLESS = "approve-harmless"
    """Creates, and updates in place to which no rule objects, of kinds that the rules know."""
    REVIEW = "review"
    """Nothing but a plan that changes nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What a team has decided: see ``docs/policy.md``."""

    name: str
    digest: str
    """SHA-256 over the text it was read from."""
    levels: Mapping[str, Level | None] = field(default_factory=lambda: MappingProxyType({}))
    """Rule name → the level its findings get instead; None switches the rule off."""
    bookkeeping: Mapping[str, Bookkeeping] = field(default_factory=lambda: MappingProxyType({}))
    """Further resource types that are bookkeeping only, each with the team's reason."""
    unrehearsed: Unrehearsed = Unrehearsed.APPROVE_HARMLESS
    settings: Settings = DEFAULTS
    """Whatever else it says."""


Rule: TypeAlias = Callable[[Evidence, Policy], Iterable[Finding]]


def stakes_text(change: ResourceChange) -> str:
    """Say what data is inside before the change: ``items: 3, objects: 12``; empty where none was counted."""
    return ", ".join(f"{name}: {count}" for name, count in sorted(change.stakes_before.items()) if count)


def dependents_text(change: ResourceChange) -> str:
    """Say how many other resources depend on it: ``3 others depend on it``; empty where none does."""
    number = len(change.dependents)
    return f"{number} other{'s depend' if number > 1 else ' depends'} on it" if number else ""
