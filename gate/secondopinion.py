"""The same change on two engines: where they disagree, and what follows for the decision. Pure.

No engine is AWS, and each is wrong about other things. What both show is better known than what one shows; where they
differ about what is destroyed, nobody knows, and a person decides. The second engine can make a decision stricter,
never milder: its findings of harm count as the first one's do. Its gaps do not: the first engine has shown that part.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from diffing.change import Action, Lifespan, Proof, ResourceChange, StateDiff
from gate.opinion import Disagreement, SecondOpinion, Topic
from gate.policy.destruction import data, is_destroyed
from gate.policy.evaluate import ranked
from gate.policy.rules import apply_failed, gap
from gate.verdict import Finding, Level, Verdict, decide
from sandbox.rehearsal import ApplyOutcome, EngineInfo, Gap, GapKind

NAME = "second-opinion"
"""The name of what the second engine adds to the findings; no rule of a policy, and not for one to change."""
_NOTHING = "nothing"
_UNMANAGED = "AWS::"
_REMEDIATION = "A person finds out which engine is right: AWS's documentation, or the change in a test account."


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """What one engine showed."""

    engine: EngineInfo
    diff: StateDiff
    gaps: tuple[Gap, ...]
    outcome: ApplyOutcome
    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Unavailable:
    """Another engine on which the rehearsal could not be carried out."""

    engine: EngineInfo
    problem: str


def compare(first: Side, second: Side) -> SecondOpinion:
    """Say where two engines disagree about the same change."""
    found = (*_applies(first, second), *_clones(first, second), *_changes(first.diff, second.diff))
    return SecondOpinion(
        engine=second.engine,
        decision=second.verdict.decision,
        disagreements=tuple(sorted(set(found), key=lambda item: (not item.blocking, item.address, item.topic.value))),
    )


def unavailable(missing: Unavailable) -> SecondOpinion:
    """A second opinion that was asked for and could not be had."""
    return SecondOpinion(engine=missing.engine, decision=None, problem=missing.problem)


def with_second(verdict: Verdict, opinion: SecondOpinion, second: Verdict | None) -> Verdict:
    """Return the first engine's verdict with what the second one adds to it."""
    findings = ranked((*verdict.findings, *_added(verdict, opinion, second)))
    return replace(verdict, decision=decide(findings), findings=findings)


def _added(verdict: Verdict, opinion: SecondOpinion, second: Verdict | None) -> Iterator[Finding]:
    name = opinion.engine.name
    if second is None:
        yield _finding("", Level.REVIEW, f"no second opinion could be had from {name}: {opinion.problem}")
        return
    for item in opinion.disagreements:
        if item.blocking:
            yield _finding(item.address, Level.REVIEW, f"here {item.first}, on {name} {item.second}")
    spoken = {(finding.rule, finding.address, finding.level) for finding in verdict.findings}
    for finding in second.findings:
        heavier = finding.level is Level.REJECT and (finding.rule, finding.address, finding.level) not in spoken
        if heavier or (finding.level is Level.REVIEW and not _told_otherwise(finding, verdict)):
            message = f"on {name}, {finding.rule}: {finding.message}"
            yield replace(
                _finding(finding.address, finding.level, message), remediation=finding.remediation, proof=finding.proof
            )


def _told_otherwise(finding: Finding, verdict: Verdict) -> bool:
    """Whether what is for a person on the second engine is so on the first, or is no harm but a lack."""
    lack = finding.rule in {gap.NAME, apply_failed.NAME}
    return lack or any((said.rule, said.address) == (finding.rule, finding.address) for said in verdict.findings)


def _finding(address: str, level: Level, message: str) -> Finding:
    return Finding(
        rule=NAME, level=level, address=address, message=message, proof=Proof.UNKNOWN, remediation=_REMEDIATION
    )


def _applies(first: Side, second: Side) -> Iterator[Disagreement]:
    if first.outcome.succeeded is not second.outcome.succeeded:
        yield Disagreement(
            address="",
            topic=Topic.APPLY,
            first=_applied(first.outcome),
            second=_applied(second.outcome),
            blocking=True,
        )


def _applied(outcome: ApplyOutcome) -> str:
    if outcome.succeeded:
        return "the apply succeeds"
    errors = (item for item in outcome.diagnostics if item.severity == "error")
    reasons = [f"{item.address or 'the change'}: {item.summary}" for item in errors]
    return f"the apply fails ({reasons[0]})" if reasons else "the apply fails"


def _clones(first: Side, second: Side) -> Iterator[Disagreement]:
    """What only one of them could not clone: there, the change met another environment."""
    lacking, also = _uncloned(first.gaps), _uncloned(second.gaps)
    for subject in sorted(lacking.keys() ^ also.keys()):
        yield Disagreement(
            address=subject,
            topic=Topic.CLONE,
            first=lacking.get(subject, "it is cloned"),
            second=also.get(subject, "it is cloned"),
            blocking=True,
        )


def _uncloned(gaps: Iterable[Gap]) -> Mapping[str, str]:
    return {item.subject: item.reason for item in gaps if item.kind is GapKind.INCOMPLETE}


def _changes(first: StateDiff, second: StateDiff) -> Iterator[Disagreement]:
    """Resources by address; what Terraform does not manage has ids that each engine makes up, and goes by its type."""
    ours, theirs = _by_address(first), _by_address(second)
    lost = _destroyed_addresses(ours) & _destroyed_addresses(theirs)
    for address in sorted(ours.keys() | theirs.keys()):
        mine, other = ours.get(address), theirs.get(address)
        if mine is not None and other is not None:
            yield from _differing(mine, other)
        elif not address.startswith(_UNMANAGED):
            yield _one_sided(mine, other, lost)
    yield from _unmanaged(
        [change for address, change in ours.items() if address.startswith(_UNMANAGED) and address not in theirs],
        [change for address, change in theirs.items() if address.startswith(_UNMANAGED) and address not in ours],
        lost,
    )


def _by_address(diff: StateDiff) -> dict[str, ResourceChange]:
    return {change.address: change for change in diff.changes if _happens(change)}


def _happens(change: ResourceChange) -> bool:
    return change.action is not Action.NO_OP or change.lifespan is not Lifespan.EXISTING or bool(_lost(change))


def _destroyed_addresses(changes: Mapping[str, ResourceChange]) -> frozenset[str]:
    return frozenset(address for address, change in changes.items() if is_destroyed(change))


def _differing(mine: ResourceChange, other: ResourceChange) -> Iterator[Disagreement]:
    """Something happens on both: the same?"""
    if _did(mine) != _did(other):
        yield Disagreement(
            address=mine.address,
            topic=Topic.ACTION,
            first=_told(mine),
            second=_told(other),
            blocking=_is_destructive(mine) or _is_destructive(other),
        )
    if _counted(mine) != _counted(other):
        yield Disagreement(
            address=mine.address,
            topic=Topic.STAKES,
            first=_stakes(mine),
            second=_stakes(other),
            blocking=_lost(mine) != _lost(other),
        )


def _one_sided(mine: ResourceChange | None, other: ResourceChange | None, lost: frozenset[str]) -> Disagreement:
    change = mine or other
    if change is None:
        raise ValueError("one side must show something")
    return Disagreement(
        address=change.address,
        topic=Topic.CHANGE,
        first=_told(mine) if mine is not None else _NOTHING,
        second=_told(other) if other is not None else _NOTHING,
        blocking=_is_destructive(change) and change.owner not in lost,
    )


def _unmanaged(
    ours: Iterable[ResourceChange], theirs: Iterable[ResourceChange], lost: frozenset[str]
) -> Iterator[Disagreement]:
    """What has another id on each engine: as many of a type, with the same happening to them?"""
    mine, others = (_grouped(side) for side in (ours, theirs))
    for kind in sorted(mine.keys() | others.keys()):
        type_, owner, did, destructive = kind
        if mine[kind] != others[kind]:
            yield Disagreement(
                address=owner or type_,
                topic=Topic.CHANGE,
                first=_several(mine[kind], type_, did),
                second=_several(others[kind], type_, did),
                blocking=destructive and owner not in lost,
            )


def _grouped(changes: Iterable[ResourceChange]) -> Counter[tuple[str, str, str, bool]]:
    return Counter((change.type, change.owner, _did(change), _is_destructive(change)) for change in changes)


def _several(count: int, kind: str, did: str) -> str:
    return f"{count} × {kind}: {did}" if count else f"no {kind}: {did}"


def _is_destructive(change: ResourceChange) -> bool:
    return is_destroyed(change) or change.action is Action.FORGET or bool(_lost(change))


def _did(change: ResourceChange) -> str:
    """What happens to it, in one word or two."""
    if change.lifespan is Lifespan.RECREATED and change.action is not Action.REPLACE:
        return f"{change.action.value} (deleted and made anew)"
    return change.action.value


def _told(change: ResourceChange) -> str:
    lost = ", ".join(f"{name}: {count}" for name, count in _lost(change).items())
    return f"{_did(change)} (lost: {lost})" if lost else _did(change)


def _lost(change: ResourceChange) -> Mapping[str, int]:
    """Data inside that is not there afterwards."""
    after = change.stakes_after
    return {name: count for name, count in data(change.stakes_before).items() if after.get(name, 0) < count}


def _counted(change: ResourceChange) -> tuple[Mapping[str, int], Mapping[str, int]]:
    """What was counted, before and after; a count of zero says as much as none."""
    before, after = ({name: n for name, n in side.items() if n} for side in (change.stakes_before, change.stakes_after))
    return before, after


def _stakes(change: ResourceChange) -> str:
    before, after = (
        ", ".join(f"{name}: {count}" for name, count in sorted(side.items())) or "none" for side in _counted(change)
    )
    return f"data inside {before} → {after}"
