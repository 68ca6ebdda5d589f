"""Why a change got the findings that it got: each step from the rule to the level that counts, in words."""

from __future__ import annotations

from collections.abc import Iterator

from diffing.change import ResourceChange
from gate.policy.bookkeeping import is_taken_off
from gate.policy.destruction import excuse, is_destroyed
from gate.policy.evaluate import RULES, explained
from gate.policy.rule import Evidence, Policy, stakes_text
from gate.report.model import Report


def explanation(address: str, report: Report, policy: Policy, *, today: str) -> Iterator[str]:
    """Yield the lines.

    Args:
        address: What to explain.
        report: A report, which has what was observed, but for tags, protection in the configuration and the history.
        policy: The policy to judge by once more.
        today: The day of the judgement.
    """
    for change in report.diff.changes:
        if address in {change.address, change.previous_address}:
            yield from _change(change, policy)
    same = "the report's" if policy.digest == report.verdict.policy_digest else "not the report's"
    yield f"policy: {policy.name} ({same}), preset {policy.settings.preset.value}"
    evidence = Evidence(
        diff=report.diff,
        gaps=report.gaps,
        outcome=report.outcome,
        calls=report.calls,
        rehearsed=report.target.kind != "plan",
        announced=report.proposal.kind != "command",
        cloning=report.clone,
        today=today,
    )
    had = {(item.rule, item.message): item.level for item in report.verdict.findings if item.address == address}
    told = set()
    for each in sorted(explained(evidence, policy), key=lambda item: (item.finding.rule, item.finding.message)):
        finding = each.finding
        if finding.address != address:
            continue
        told.add((finding.rule, finding.message))
        yield f"{finding.rule}: {finding.level.value}: {finding.message}"
        yield from (f"    {step}" for step in each.steps or ("the rule's own level",))
        level = had.get((finding.rule, finding.message), finding.level)
        if level is not finding.level:
            why = "by another policy, or by what no report holds (which was made first, tags)"
            yield f"    the report has it as {level.value}: {why}"
    for finding in report.verdict.findings:
        if finding.address == address and (finding.rule, finding.message) not in told:
            known = "by what the report does not hold" if finding.rule in RULES else "beside the policy"
            yield f"{finding.rule}: {finding.level.value}: {finding.message}"
            yield f"    as the report has it; found {known}, or by another policy"


def _change(change: ResourceChange, policy: Policy) -> Iterator[str]:
    yield f"{change.address} ({change.type}): {change.action.value}, {change.proof.value}"
    if change.reversibility is not None:
        number = len(change.dependents)
        large = "a large change" if number >= policy.settings.large_from else "a small one"
        yield f"    {change.reversibility.value}; {number} depend on it, which is {large}"
    if stakes := stakes_text(change):
        yield f"    at stake: {stakes}"
    if not is_destroyed(change):
        return
    row = excuse(change, policy)
    if is_taken_off(change.type, policy.bookkeeping):
        yield f"    the policy says that {change.type} holds state"
    elif row is not None:
        yield f"    bookkeeping ({row.kind.value}): {row.reason}"
    else:
        yield "    no bookkeeping: it may hold state or serve traffic"
