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
    call_budget,
    capacity_removed,
    code_at_plan,
    dangling_reference,
    data_destroyed,
    environment_destroyed,
    gap,
    link_removed,
    plan_mismatch,
    protection_removed,
    removed_in_place,
    resource_deleted,
    resource_forgotten,
    resource_imported,
    resource_replaced,
    self_lockout,
    stale_state,
    unrehearsed,
)
from gate.verdict import Finding, Level, Verdict, decide

MODULES = (
    resource_deleted,
    resource_replaced,
    environment_destroyed,
    data_destroyed,
    protection_removed,
    capacity_removed,
    removed_in_place,
    access_widened,
    self_lockout,
    link_removed,
    dangling_reference,
    resource_forgotten,
    resource_imported,
    plan_mismatch,
    call_budget,
    code_at_plan,
    apply_failed,
    gap,
    unrehearsed,
    stale_state,
    bookkeeping,
)
"""One for each rule, in the order in which they are asked."""

RULES: Mapping[str, Rule] = MappingProxyType({module.NAME: module.check for module in MODULES})

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
