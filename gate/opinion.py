"""The second opinion as a report tells it: what another engine showed, and where the two disagree."""

from __future__ import annotations

from enum import StrEnum

from diffing.record import dataclass
from gate.verdict import Decision
from sandbox.rehearsal import EngineInfo


class Topic(StrEnum):
    """What two engines disagree about."""

    CHANGE = "change"
    """Something happens to a resource on one engine only."""
    ACTION = "action"
    """Different things happen to it."""
    STAKES = "stakes"
    """Different amounts of data are inside, before or after."""
    APPLY = "apply"
    """The apply failed on one engine only."""
    CLONE = "clone"
    """The target could be cloned completely on one engine only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """One thing that the two engines tell differently."""

    address: str
    """As in the list of changes; empty for the change as a whole."""
    topic: Topic
    first: str
    """What the engine that carried the rehearsal shows, in words."""
    second: str
    """What the other one shows."""
    blocking: bool
    """Whether it is about what is destroyed, or keeps that from being known: such a change is never approved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondOpinion:
    """What the other engine showed."""

    engine: EngineInfo
    decision: Decision | None
    """What the same policy says of it; None where the rehearsal could not be carried out there."""
    problem: str = ""
    """Why it could not."""
    disagreements: tuple[Disagreement, ...] = ()
