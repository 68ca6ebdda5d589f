"""What each tool answers. Nothing in here approves anything, or writes a pass: only a person's command line does."""

from __future__ import annotations

import os
from collections import OrderedDict
from pathlib import Path
from typing import Any, TypedDict

from gate.agentserver.paging import Page, page_of
from gate.planreview import PlanRequest, review_plan
from gate.policy.evaluate import RULES
from gate.policy_source import find_policies
from gate.report import agent, jsonfmt
from gate.report.model import Report
from gate.reviewer import ReviewRequest, review
from gate.rulepages import page_text, pages
from gate.stepsfile import steps_of
from sandbox.errors import SandtableError, UsageError
from sandbox.ports import Progress
from sandbox.proposal import DEFAULT_BUDGET
from sandbox.targets.target import parse_target

SUMMARY = 7_500
"""Bytes of a summary; see `gate.agentserver.paging.LARGEST`."""
KEPT = 8
"""Reports that can still be asked about."""
_MOST_BYTES = 200_000_000
_LONGEST = 9_000


class Judged(TypedDict):
    """What came of a rehearsal or a review."""

    report_id: str
    decision: str
    summary: str
    findings: int
    changes: int
    next: str


class Explained(TypedDict):
    """What a rule says, why, and what to do."""

    rule: str
    text: str


class Protected(TypedDict):
    """What the policy holds on to."""

    policy: str
    digest: str
    rules: dict[str, str]
    bookkeeping: dict[str, str]
    unrehearsed: str


class Answers:
    """Answers the tools' calls; keeps the last reports for questions about them."""

    def __init__(self) -> None:
        self._reports: OrderedDict[str, dict[str, Any]] = OrderedDict()
        self._number = 0

    def rehearse(self, request: ReviewRequest, progress: Progress) -> Judged:
        """Rehearse a change.

        Raises:
            SandtableError: it could not be rehearsed.
        """
        return self._judged(review(request, progress))

    def rehearse_steps(
        self, steps: list[dict[str, Any]], directory: str, target: str, stack: str, progress: Progress
    ) -> Judged:
        """Rehearse several changes in order; each as a file of steps has it.

        Raises:
            SandtableError: they are not what they should be, or could not be rehearsed.
        """
        sequence = steps_of(steps, Path(directory), budget=DEFAULT_BUDGET, stack=stack)
        return self.rehearse(request_of(directory, target, sequence=sequence), progress)

    def review_plan(self, plan: str, policy: str) -> Judged:
        """Judge a plan in a file, as `terraform show -json` writes it.

        Raises:
            SandtableError: it cannot be read, or is no plan.
        """
        path = Path(plan)
        try:
            with path.open("rb") as file:
                content = file.read(_MOST_BYTES)
        except (OSError, ValueError) as error:
            raise UsageError(f"The plan {plan} cannot be read: {error}.", hint="Name a readable file.") from error
        return self._judged(
            review_plan(
                PlanRequest(content=content, source=plan, folder=path.parent, policy=Path(policy) if policy else None)
            )
        )

    def section(self, report_id: str, section: str, page: int) -> Page:
        """A page of a section of an earlier report.

        Raises:
            UsageError: there is none.
        """
        document = self._reports.get(report_id)
        if document is None:
            known = ", ".join(self._reports) or "none yet"
            raise UsageError(f"There is no report {report_id[:40]!r}.", hint=f"Reports of this session: {known}.")
        return page_of(document, report_id, section, page)

    def explain(self, rule: str) -> Explained:
        """The page of a rule.

        Raises:
            UsageError: there is no such rule.
        """
        text = page_text(rule)
        if text is None:
            raise UsageError(f"There is no rule {rule[:60]!r}.", hint=f"Rules: {', '.join(pages())}.")
        cut = text if len(text.encode()) <= _LONGEST else text.encode()[:_LONGEST].decode(errors="ignore") + "…"
        return Explained(rule=rule, text=cut)

    def protected(self, directory: str, target: str) -> Protected:
        """The policy that a change in a folder would be judged by.

        Raises:
            SandtableError: the policy is not valid.
        """
        policies = find_policies(None, change_dir=Path(directory), target=parse_target(target))
        policy = policies.standing or policies.asked
        return Protected(
            policy=policy.name,
            digest=policy.digest,
            rules={rule: _level(policy.levels[rule]) if rule in policy.levels else "as built in" for rule in RULES},
            bookkeeping={kind: str(entry.reason) for kind, entry in list(policy.bookkeeping.items())[:50]},
            unrehearsed=policy.unrehearsed.value,
        )

    def _judged(self, report: Report) -> Judged:
        self._number += 1
        report_id = f"report-{self._number}"
        document = jsonfmt.to_document(report)
        self._reports[report_id] = document
        while len(self._reports) > KEPT:
            self._reports.popitem(last=False)
        return Judged(
            report_id=report_id,
            decision=report.verdict.decision.value,
            summary=agent.render(document, largest=SUMMARY),
            findings=len(report.verdict.findings),
            changes=len(report.diff.changes),
            next=(
                "report_section(report_id, 'diff.changes') has every change, 'verdict.findings' every finding, 'calls' "
                "every call; explain_rule(rule) says what a rule wants. This gives no pass: the command line does."
            ),
        )


def request_of(directory: str, target: str, **more: Any) -> ReviewRequest:
    """A request in the environment of the server.

    Raises:
        UsageError: the target is to be read from standard input, over which the agent speaks.
    """
    if target.endswith(":-"):
        raise UsageError("A target cannot be read from standard input here.", hint="Write it to a file, and name that.")
    return ReviewRequest(change=Path(directory), target=target, environment=dict(os.environ), **more)


def message_of(error: SandtableError) -> str:
    """An error, and what to do about it, as one text."""
    return f"{error.message}\nhint: {error.hint}" if error.hint else error.message


def _level(level: Any) -> str:
    return "off" if level is None else str(level.value)
