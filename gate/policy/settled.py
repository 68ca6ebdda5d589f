"""From what a rule finds to what counts: levels of the policy, the preset, waivers, protection; step by step."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from diffing.change import Proof, ResourceChange, Reversibility
from diffing.record import dataclass, replace
from gate.policy.bookkeeping import is_taken_off
from gate.policy.destruction import is_destroyed, is_remade
from gate.policy.rule import Evidence, Policy
from gate.policy.rules import gap, plan_mismatch, protected, resource_deleted, resource_replaced, unrehearsed
from gate.policy.settings import Preset
from gate.verdict import Finding, Level

TIERED = frozenset({resource_deleted.NAME, resource_replaced.NAME})
"""The rules whose level the preset `tiered` finds."""
_UNKNOWING = frozenset({gap.NAME, plan_mismatch.NAME, unrehearsed.NAME})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """A finding with the level that counts, and how it came to it."""

    finding: Finding
    steps: tuple[str, ...] = ()
    """In words, in their order."""


def settled(findings: Iterable[Finding], evidence: Evidence, policy: Policy) -> Iterator[Settled]:
    """Yield every finding with the level that it has under a policy."""
    found = tuple(findings)
    changes: dict[str, list[ResourceChange]] = {finding.address: [] for finding in found}
    for change in evidence.diff.changes:
        if change.address in changes:
            changes[change.address].append(change)
    for finding in found:
        yield _settle(Settled(finding=finding), evidence, policy, changes[finding.address])


def _settle(found: Settled, evidence: Evidence, policy: Policy, changes: list[ResourceChange]) -> Settled:
    rule = found.finding.rule
    level = policy.levels.get(rule)
    if level is not None:
        found = _at(found, level, f"rules.{rule} of the policy: {level.value}")
    why = _protection(changes, evidence, policy)
    if why:
        return _raised(found, why)
    if level is None and policy.settings.preset is Preset.TIERED and rule in TIERED:
        found = _tiered(found, evidence, policy, [change for change in changes if is_destroyed(change)])
    return _waived(found, evidence, policy)


def _protection(changes: list[ResourceChange], evidence: Evidence, policy: Policy) -> str:
    protection = policy.settings.protected
    if not (protection.addresses or protection.tags):
        return ""
    return next(filter(None, (protected.protection(change, evidence, protection) for change in changes)), "")


def _raised(found: Settled, why: str) -> Settled:
    if found.finding.level is not Level.REVIEW or found.finding.rule in _UNKNOWING:
        return found
    return _at(found, Level.REJECT, f"protected by {why}: reject")


def _tiered(found: Settled, evidence: Evidence, policy: Policy, destroyed: list[ResourceChange]) -> Settled:
    """The preset `tiered`: reversibility by blast radius; what nobody classified stays with the rule's own level."""
    kinds = {_reversibility(change, policy) for change in destroyed}
    if not destroyed or not kinds <= {Reversibility.REVERSIBLE, Reversibility.SLOW}:
        return _at(found, found.finding.level, "preset tiered: it cannot be taken back")
    number = max(len(change.dependents) for change in destroyed)
    # A plan alone does not tell what else depends on it.
    large = number >= policy.settings.large_from or not evidence.rehearsed
    quick = kinds == {Reversibility.REVERSIBLE} or all(_is_made_first(change, evidence) for change in destroyed)
    level = Level.NOTE if quick and not large else Level.REVIEW
    kind = "reversible" if kinds == {Reversibility.REVERSIBLE} else "reversible with loss of time"
    first = ", made anew before the old one goes" if quick and Reversibility.SLOW in kinds else ""
    radius = f"{number} depend on it" if evidence.rehearsed else "what depends on it is not known"
    return _at(found, level, f"preset tiered: {kind}{first}, {radius}: {level.value}")


def _reversibility(change: ResourceChange, policy: Policy) -> Reversibility | None:
    return Reversibility.IRREVERSIBLE if is_taken_off(change.type, policy.bookkeeping) else change.reversibility


def _is_made_first(change: ResourceChange, evidence: Evidence) -> bool:
    return is_remade(change) and change.address in evidence.made_first


def _waived(found: Settled, evidence: Evidence, policy: Policy) -> Settled:
    finding = found.finding
    if finding.proof is Proof.UNKNOWN or finding.level is Level.NOTE:
        # What is not known cannot be waived.
        return found
    for waiver in sorted(policy.settings.waivers):
        if waiver.covers(finding.rule, finding.address) and waiver.holds(evidence.today):
            text = f"waived by {waiver.author} until {waiver.expires}: {waiver.reason}"
            told = replace(finding, message=f"{finding.message} ({text})")
            return _at(Settled(finding=told, steps=found.steps), Level.NOTE, text)
    return found


def _at(found: Settled, level: Level, step: str) -> Settled:
    return Settled(finding=replace(found.finding, level=level), steps=(*found.steps, step))
