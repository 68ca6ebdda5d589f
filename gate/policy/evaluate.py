"""Evidence and policy in, verdict out. The table of rules is here and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from gate.policy.rule import Evidence, Policy, Rule
from gate.policy.rules import (
    access_widened,
    apply_failed,
    bookkeeping,
    call_budget,
    cap_exceeded,
    capacity_removed,
    code_at_plan,
    dangling_reference,
    data_destroyed,
    earlier_preparation,
    environment_destroyed,
    gap,
    link_removed,
    out_of_scope,
    plan_mismatch,
    protected,
    protection_removed,
    removed_in_place,
    resource_deleted,
    resource_forgotten,
    resource_imported,
    resource_replaced,
    self_lockout,
    stale_state,
    unrehearsed,
    waiver,
)
from gate.policy.settled import Settled, settled
from gate.verdict import Finding, Level, Verdict, decide

MODULES = (
    resource_deleted,
    resource_replaced,
    environment_destroyed,
    data_destroyed,
    protected,
    out_of_scope,
    cap_exceeded,
    earlier_preparation,
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
    waiver,
)
"""One for each rule, in the order in which they are asked."""

RULES: Mapping[str, Rule] = MappingProxyType({module.NAME: module.check for module in MODULES})

_WEIGHT = {Level.REJECT: 0, Level.REVIEW: 1, Level.NOTE: 2}


def evaluate(evidence: Evidence, policy: Policy) -> Verdict:
    """Judge by every rule; findings come worst first, then by address."""
    findings = ranked(each.finding for each in explained(evidence, policy))
    return Verdict(decision=decide(findings), findings=findings, policy=policy.name, policy_digest=policy.digest)


def explained(evidence: Evidence, policy: Policy) -> tuple[Settled, ...]:
    """Judge by every rule, and say of each finding how it came to its level."""
    found = tuple(_found(evidence, policy))
    if policy.levels.get(waiver.NAME, Level.NOTE) is not None:
        found = (*found, *waiver.unmatched(found, evidence, policy))
    return tuple(settled(found, evidence, policy))


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


def _found(evidence: Evidence, policy: Policy) -> Iterator[Finding]:
    for name, rule in RULES.items():
        if policy.levels.get(name, Level.NOTE) is not None:
            yield from rule(evidence, policy)
