"""The judgement: findings of rules, and the decision that follows from the worst of them."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from diffing.change import Proof
from diffing.record import dataclass


class Decision(StrEnum):
    """What the gate says; also the exit code at the command line."""

    APPROVE = "approve"
    REVIEW = "review"
    REJECT = "reject"

    @property
    def exit_code(self) -> int:
        """0 approve, 1 reject, 2 review (``docs/architecture.md``, public contract)."""
        return {Decision.APPROVE: 0, Decision.REJECT: 1, Decision.REVIEW: 2}[self]


class Level(StrEnum):
    """How much a finding weighs. SARIF's levels are error, warning and note."""

    NOTE = "note"
    REVIEW = "review"
    REJECT = "reject"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing a rule has to say. Maps one to one to a SARIF result."""

    rule: str
    """The rule's stable name, and the name of its page under ``docs/rules``."""
    level: Level
    address: str
    """What it is about; empty for the change as a whole."""
    message: str
    proof: Proof
    remediation: str = ""
    causes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The decision and everything that led to it."""

    decision: Decision
    findings: tuple[Finding, ...]
    policy: str
    """The name of the policy."""
    policy_digest: str


def decide(findings: Iterable[Finding]) -> Decision:
    """Return the decision that the worst finding asks for; monotone: another finding never makes it milder."""
    levels = {finding.level for finding in findings}
    if Level.REJECT in levels:
        return Decision.REJECT
    return Decision.REVIEW if Level.REVIEW in levels else Decision.APPROVE
