"""Evidence and policy in, verdict out. The table of rules is here and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

from gate.policy.rule import Evidence, Policy, Rule
from gate.policy.rules import (
    access_widened,
    apply_failed,
    bookkeeping,
    data_destroyed,
    gap,
    link_removed,
    plan_mismatch,
    protection_removed,
    resource_deleted,
    resource_forgotten,
    resource_replaced,
    stale_state,
    unrehearsed,
)
from gate.verdict import Finding, Level, Verdict, decide

RULES: Mapping[str, Rule] = MappingProxyType(
    {
        resource_deleted.NAME: resource_deleted.check,
        resource_replaced.NAME: resource_replaced.check,
        data_destroyed.NAME: data_destroyed.check,
        protection_removed.NAME: protection_removed.check,
        access_widened.NAME: access_widened.check,
        link_removed.NAME: link_removed.check,
        resource_forgotten.NAME: resource_forgotten.check,
        plan_mismatch.NAME: plan_mismatch.check,
        apply_failed.NAME: apply_failed.check,
        gap.NAME: gap.check,
        unrehearsed.NAME: unrehearsed.check,
        stale_state.NAME: stale_state.check,
        bookkeeping.NAME: bookkeeping.check,
    }
)

_WEIGHT = {Level.REJECT: 0, Level.REVIEW: 1, Level.NOTE: 2}


def evaluate(evidence: Evidence, policy: Policy) -> Verdict:
    """Judge by every rule; findings come worst first, then by address."""
    findings = ranked(_findings(evidence, policy))
    return Verdict(decision=decide(findings), findings=findings, policy=policy.name, policy_digest=policy.digest)


def ranked(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Put findings in the order in which people read them, each once; the order they came in does not count."""
    return tuple(sorted(dict.fromkeys(findings), key=_rank))


def _rank(finding: Finding) -> tuple[int, str, str, str, str, tuple[str, ...], str]:
    return (
        _WEIGHT[finding.level],
        finding.address,
        finding.rule,
        finding.message,
        finding.proof.value,
        finding.causes,
        finding.remediation,
    )


def _findings(evidence: Evidence, policy: Policy) -> Iterator[Finding]:
    for name, rule in RULES.items():
        level = policy.levels.get(name, Level.NOTE)
        if level is None:
            continue
        for finding in rule(evidence, policy):
            yield replace(finding, level=level) if name in policy.levels else finding
