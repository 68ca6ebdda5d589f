"""What came of every root, and of all together. The worst counts, and what could not be judged is no pass."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from gate.ci.places import Place
from gate.ci.selection import ChangedRoot
from gate.report.model import Report
from gate.verdict import Finding, decide


class Outcome(StrEnum):
    """A decision, or that there is none."""

    APPROVE = "approve"
    REVIEW = "review"
    FAILED = "failed"
    """It could not be rehearsed."""
    REJECT = "reject"

    @property
    def exit_code(self) -> int:
        """As `Decision.exit_code`; 3 where nothing was judged."""
        return {Outcome.APPROVE: 0, Outcome.REJECT: 1, Outcome.REVIEW: 2, Outcome.FAILED: 3}[self]


_WORSE = tuple(Outcome)
"""Mildest first. A rejection is certain, whatever else could not be rehearsed; all but the first stop a pipeline."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RootResult:
    """What came of one root."""

    root: ChangedRoot
    report: Report | None = None
    """None where it could not be rehearsed."""
    problem: str = ""
    hint: str = ""
    places: Mapping[str, Place] = field(default_factory=lambda: MappingProxyType({}))
    """Where the addresses of the findings are declared."""

    @property
    def outcome(self) -> Outcome:
        """Its decision."""
        return Outcome.FAILED if self.report is None else Outcome(self.report.verdict.decision.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """What came of a change in a repository."""

    base: str
    """What names the base branch."""
    base_commit: str
    """Its tip: the policy comes from there."""
    start_commit: str
    """The commit that the change was made on: what each root is compared with."""
    head_commit: str
    results: tuple[RootResult, ...]
    findings: tuple[Finding, ...] = ()
    """What is to be said of the change as a whole."""
    files: int = 0
    """How many files differ."""
    pull_request: int | None = None
    tool_version: str = ""
    created_at: str = ""
    """ISO 8601, UTC."""

    @property
    def outcome(self) -> Outcome:
        """The worst of all: reject, then what could not be rehearsed, then review."""
        return max(self._outcomes(), key=_WORSE.index)

    def _outcomes(self) -> Iterator[Outcome]:
        yield Outcome(decide(self.findings).value)
        yield from (result.outcome for result in self.results)

    @property
    def sentence(self) -> str:
        """The outcome in one sentence."""
        if not self.results:
            return "No root is touched." if self.outcome is Outcome.APPROVE else "No root is touched; a person decides."
        counts = [(each, sum(result.outcome is each for result in self.results)) for each in reversed(_WORSE)]
        told = ", ".join(f"{number} {_WORDS[each]}" for each, number in counts if number)
        noun = "root is" if len(self.results) == 1 else "roots are"
        return f"{len(self.results)} {noun} touched: {told}."


_WORDS = {
    Outcome.REJECT: "rejected",
    Outcome.FAILED: "could not be rehearsed",
    Outcome.REVIEW: "for a person to decide",
    Outcome.APPROVE: "approved",
}
