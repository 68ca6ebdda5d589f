"""Small changes and evidence, for tests of the policy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from diffing.change import Action, AttributeChange, Lifespan, Proof, ResourceChange, StateDiff, Witness
from diffing.normalize import changed_paths
from diffing.values import freeze
from gate.policy.config import STRICT
from gate.policy.evaluate import RULES
from gate.policy.rule import NOT_FROM_A_STATE, Evidence, Policy
from gate.policy.surroundings import UNKNOWN, Surroundings
from gate.verdict import Finding
from sandbox.rehearsal import ApiCall, ApplyOutcome, Cloning, Diagnostic, Gap, StateUsed

LIFESPANS = {
    Action.CREATE: Lifespan.ADDED,
    Action.DELETE: Lifespan.DROPPED,
    Action.REPLACE: Lifespan.RECREATED,
}
PLANNED = frozenset({Witness.PLAN, Witness.CLONE})
BEHIND_THE_PLAN = frozenset({Witness.CLONE})


def attributes(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> tuple[AttributeChange, ...]:
    """The leaves that a plan would show."""
    return changed_paths(freeze(before), freeze(after))


def changed(
    address: str,
    action: Action,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    **fields: Any,
) -> ResourceChange:
    """A change of ``type.name``, with whatever else is given."""
    given = {
        "type": address.split("/", maxsplit=1)[0] if "::" in address else address.split(".")[-2],
        "proof": Proof.PROVED,
        "lifespan": LIFESPANS.get(action, Lifespan.EXISTING),
        "attributes": attributes(before, after),
        "witnesses": PLANNED,
    }
    return ResourceChange(address=address, action=action, **(given | fields))


def created(address: str, after: Mapping[str, Any] | None = None, **fields: Any) -> ResourceChange:
    return changed(address, Action.CREATE, None, after or {}, **fields)


def updated(address: str, before: Mapping[str, Any], after: Mapping[str, Any], **fields: Any) -> ResourceChange:
    return changed(address, Action.UPDATE, before, after, **fields)


def deleted(address: str, before: Mapping[str, Any] | None = None, **fields: Any) -> ResourceChange:
    return changed(address, Action.DELETE, before or {}, None, **fields)


def replaced(
    address: str, before: Mapping[str, Any] | None = None, after: Mapping[str, Any] | None = None, **fields: Any
) -> ResourceChange:
    return changed(address, Action.REPLACE, before or {}, after or {}, **fields)


def evidence(
    *changes: ResourceChange,
    gaps: tuple[Gap, ...] = (),
    succeeded: bool = True,
    diagnostics: tuple[Diagnostic, ...] = (),
    calls: tuple[ApiCall, ...] = (),
    surroundings: Surroundings = UNKNOWN,
    cloning: Cloning = NOT_FROM_A_STATE,
    state_used: StateUsed | None = None,
) -> Evidence:
    return Evidence(
        diff=StateDiff(changes=changes),
        gaps=gaps,
        outcome=ApplyOutcome(succeeded=succeeded, diagnostics=diagnostics),
        calls=calls,
        cloning=cloning,
        state_used=state_used,
        surroundings=surroundings,
    )


def found(rule: str, *changes: ResourceChange, policy: Policy = STRICT, **given: Any) -> list[Finding]:
    """What one rule says."""
    return list(RULES[rule](evidence(*changes, **given), policy))


def messages(rule: str, *changes: ResourceChange, **given: Any) -> list[str]:
    return [finding.message for finding in found(rule, *changes, **given)]
