"""What people are shown, in what order: the presentation model that the terminal, Markdown and HTML pages share.

It is made from the published document and from nothing else, so that every page says what the machines were told. The
order follows the reader's questions: may it go ahead, what is destroyed and why, what else needs a look, what was not
proved, and only then the rest. Every text in it has been through ``escape.visible``; the escaping that a format needs
on top is the renderer's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from diffing.change import Action
from gate.opinion import SecondOpinion
from gate.report.card import CallView, Card, FindingView, Group, build_cards, call_view, finding_view
from gate.report.escape import visible, visible_lines
from gate.report.graph import Graph, build_graph
from gate.report.headline import counts, headline, lost
from gate.report.jsonfmt import from_document
from gate.report.model import Report
from gate.report.prose import Block, parse_prose
from gate.report.words import DECISIONS
from gate.verdict import Decision, Finding
from sandbox.rehearsal import ApiCall, CallKind, Cloning, Diagnostic, Gap, Step

DIGEST_SHOWN = 12
OUTPUT_SHOWN = 20
"""Lines of a program's output."""
_FEW_IDS = 5
NO_ISOLATION = "none"
_CLONED = "cloned"
UNCONTAINED = "Not contained: what was replayed could reach this machine and its network (--no-isolation)."


@dataclass(frozen=True, slots=True, kw_only=True)
class GapView:
    """Something that was not proved."""

    kind: str
    subject: str
    reason: str
    blocking: bool
    remediation: tuple[Block, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DiagnosticView:
    """An error or warning of the rehearsed apply."""

    error: bool
    address: str
    place: str
    summary: str
    detail: tuple[str, ...]
    """Lines."""
    remediation: tuple[Block, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StepView:
    """One program of the change, as it ran."""

    text: str
    ended: str
    """How it ended, in words."""
    calls: int
    output: tuple[str, ...]
    """The last lines of what it printed, errors after the rest."""
    title: str = "The program"
    effects: tuple[str, ...] = ()
    """Of a sequence: what it did by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseView:
    """One phase: where the time went, and how many calls it made."""

    name: str
    seconds: float | None
    own: float | None
    reads: int
    writes: int
    unidentified: int
    failed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DisagreementView:
    """Something that two engines tell differently."""

    about: str
    """An address, or ``the change``."""
    first: str
    second: str
    blocking: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondView:
    """What another engine showed."""

    engine: str
    said: str
    """In a few words: ``Rejected there; no disagreement``, or why nothing."""
    disagreements: tuple[DisagreementView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FidelityView:
    """An object of the state that is not in the clone just as it was recorded."""

    address: str
    standing: str
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """The whole page."""

    decision: Decision
    decided: str
    """The decision in words."""
    headline: str
    counts: tuple[tuple[Action, str], ...]
    """What the change does in all, one text per action that occurs, destructive ones first."""
    lost: str
    """Data inside what is destroyed; empty where none was counted."""
    general: tuple[FindingView, ...]
    """Findings about the change as a whole."""
    applied: bool
    failed_addresses: tuple[str, ...]
    steps: tuple[StepView, ...]
    diagnostics: tuple[DiagnosticView, ...]
    destructive: tuple[Card, ...]
    attention: tuple[Card, ...]
    excused: tuple[Card, ...]
    others: tuple[Card, ...]
    unchanged: tuple[Card, ...]
    graph: Graph
    fidelity: tuple[FidelityView, ...]
    """What of the clone is not simply there as recorded."""
    gaps: tuple[GapView, ...]
    second: SecondView | None
    noise: tuple[str, ...]
    notices: tuple[str, ...]
    phases: tuple[PhaseView, ...]
    calls: tuple[CallView, ...]
    change: str
    """What was rehearsed, in a few words."""
    clone_of: str
    """What was cloned, in a few words."""
    versions: str
    uncontained: str
    """A warning, where nothing contained what was replayed."""
    policy: str
    facts: tuple[tuple[str, str], ...]
    """All of that in full: label and value."""


def build_view(document: Mapping[str, Any]) -> View:
    """Return the presentation of a published document.

    Raises:
        ConfigurationError: the document is not a report.
    """
    report = from_document(document)
    cards = build_cards(report)
    groups = {group: tuple(card for card in cards if card.group is group) for group in Group}
    return View(
        decision=report.verdict.decision,
        decided=DECISIONS[report.verdict.decision],
        headline=headline(report, cards),
        counts=counts(report.diff.changes),
        lost=lost(report.diff.changes),
        general=tuple(finding_view(finding) for finding in _general(report)),
        applied=report.outcome.succeeded,
        failed_addresses=tuple(visible(address) for address in report.outcome.failed),
        steps=tuple(_steps(report.steps)),
        diagnostics=tuple(_diagnostic(item, report.verdict.findings) for item in report.outcome.diagnostics),
        destructive=groups[Group.DESTRUCTIVE],
        attention=groups[Group.ATTENTION],
        excused=groups[Group.EXCUSED],
        others=groups[Group.OTHER],
        unchanged=groups[Group.UNCHANGED],
        graph=build_graph(report, cards),
        fidelity=tuple(_fidelity(report.clone)),
        gaps=tuple(_gap(gap, report.verdict.findings) for gap in sorted(report.gaps, key=lambda gap: not gap.blocking)),
        second=None if report.second_opinion is None else _second(report.second_opinion),
        noise=tuple(f"{change.action.value} {visible(change.address)}" for change in report.diff.noise),
        notices=tuple(visible(notice) for notice in report.notices),
        phases=tuple(_phases(report)),
        calls=tuple(call_view(call) for call in report.calls),
        change=visible(f"{report.proposal.kind} {report.proposal.source}"),
        clone_of=_clone_of(report),
        versions=visible(f"sandtable {report.tool_version}, {report.engine.name} {report.engine.version}"),
        uncontained=UNCONTAINED if report.isolation == NO_ISOLATION else "",
        policy=visible(f"{report.verdict.policy} {report.verdict.policy_digest[:DIGEST_SHOWN]}").strip(),
        facts=tuple((label, visible(value)) for label, value in _facts(report)),
    )


def _general(report: Report) -> Iterator[Finding]:
    """Yield the findings that belong to no resource and are not told with a gap or an error of the apply."""
    addresses = {change.address for change in report.diff.changes}
    for finding in report.verdict.findings:
        told = any(_tells_gap(finding, gap) for gap in report.gaps) or any(
            _tells_diagnostic(finding, diagnostic) for diagnostic in report.outcome.diagnostics
        )
        if finding.address not in addresses and not told:
            yield finding


def _tells_gap(finding: Finding, gap: Gap) -> bool:
    return finding.address == gap.subject and finding.message.endswith(gap.reason)


def _tells_diagnostic(finding: Finding, diagnostic: Diagnostic) -> bool:
    return finding.address == diagnostic.address and diagnostic.summary in finding.message


def _diagnostic(diagnostic: Diagnostic, findings: Sequence[Finding]) -> DiagnosticView:
    place = f"{diagnostic.filename}:{diagnostic.line}" if diagnostic.filename else ""
    remedies = (finding.remediation for finding in findings if _tells_diagnostic(finding, diagnostic))
    return DiagnosticView(
        error=diagnostic.severity != "warning",
        address=visible(diagnostic.address),
        place=visible(place),
        summary=visible(diagnostic.summary),
        detail=tuple(visible_lines(diagnostic.detail).split("\n")) if diagnostic.detail else (),
        remediation=parse_prose(next(remedies, "")),
    )


def _steps(steps: Sequence[Step]) -> Iterator[StepView]:
    for number, step in enumerate(steps, start=1):
        view = _step(step)
        yield replace(view, title=f"Step {number} of {len(steps)}") if len(steps) > 1 else view


def _step(step: Step) -> StepView:
    output = [*step.stdout.splitlines(), *step.stderr.splitlines()]
    return StepView(
        text=visible(step.text),
        ended=visible(step.ended) if step.ended else f"exit code {step.exit_code}",
        calls=len(step.calls),
        output=tuple(visible(line) for line in output[-OUTPUT_SHOWN:]),
        effects=tuple(visible(effect) for effect in step.effects),
    )


def _gap(gap: Gap, findings: Sequence[Finding]) -> GapView:
    remedies = (finding.remediation for finding in findings if _tells_gap(finding, gap))
    return GapView(
        kind=gap.kind.value,
        subject=visible(gap.subject),
        reason=visible(gap.reason),
        blocking=gap.blocking,
        remediation=parse_prose(next(remedies, "")),
    )


def _second(opinion: SecondOpinion) -> SecondView:
    number = len(opinion.disagreements)
    counted = f"{number:,} disagreement{'s' if number > 1 else ''}" if number else "no disagreement"
    said = opinion.problem if opinion.decision is None else f"{DECISIONS[opinion.decision]} there; {counted}"
    return SecondView(
        engine=visible(f"{opinion.engine.name} {opinion.engine.version}".strip()),
        said=visible(said),
        disagreements=tuple(
            DisagreementView(
                about=visible(item.address) or "the change",
                first=visible(item.first),
                second=visible(item.second),
                blocking=item.blocking,
            )
            for item in opinion.disagreements
        ),
    )


def _fidelity(clone: Cloning) -> Iterator[FidelityView]:
    for each in clone.objects:
        parts = (("differs", each.differing), ("placeholder", each.unknown))
        told = [f"{word}: {', '.join(names)}" for word, names in parts if names]
        if told or each.reason or each.standing != _CLONED:
            text = "; ".join(filter(None, [each.reason, *told]))
            yield FidelityView(address=visible(each.address), standing=visible(each.standing), said=visible(text))


def _phases(report: Report) -> Iterator[PhaseView]:
    """Yield the phases that were timed, then those that only made calls."""
    calls: dict[str, list[ApiCall]] = {}
    for call in report.calls:
        calls.setdefault(call.phase, []).append(call)
    for timing in report.timings:
        yield _phase(timing.phase, calls.pop(timing.phase, []), seconds=timing.seconds, own=timing.own)
    for name, made in calls.items():
        yield _phase(name, made)


def _phase(name: str, calls: Sequence[ApiCall], *, seconds: float | None = None, own: float | None = None) -> PhaseView:
    return PhaseView(
        name=visible(name),
        seconds=seconds,
        own=own,
        reads=sum(call.kind is CallKind.READ for call in calls),
        writes=sum(call.kind is CallKind.WRITE for call in calls),
        unidentified=sum(call.kind is CallKind.UNKNOWN for call in calls),
        failed=sum(not call.succeeded for call in calls),
    )


def _clone_of(report: Report) -> str:
    target = report.target
    if target.kind == "plan":
        return f"nothing: judged by the plan alone, which names {target.resources:,} resources that exist"
    how = "".join(f"; {text}" for text in clone_facts(report.clone, target.kind))
    return visible(f"{target.source}: {target.resources:,} resources, account {target.account}, {target.region}{how}")


def clone_facts(clone: Cloning, kind: str = "") -> Iterator[str]:
    """Say how true the clone is, in a few words each."""
    numbers = Counter(each.standing for each in clone.objects)
    missing = numbers.pop("gap", 0)
    if clone.objects:
        # A template has no ids that could be kept.
        ids = "ids of the engine's own" if any(each.clone_id for each in clone.objects) else "their real ids"
        how = f"of the state came up under {ids}"
        how = "of the stacks came up" if kind == "cloudformation" else how
        yield f"{sum(numbers.values()):,} of {len(clone.objects):,} objects {how}"
    if grafted := [f"{each.real_id} is {each.clone_id}" for each in clone.objects if each.clone_id]:
        rest = f" and {len(grafted) - _FEW_IDS:,} more" if len(grafted) > _FEW_IDS else ""
        yield f"in it, {', '.join(grafted[:_FEW_IDS])}{rest}"
    if missing:
        yield f"{missing:,} are missing"
    if differing := sum(bool(each.differing) for each in clone.objects):
        yield f"{differing:,} read back otherwise than recorded"
    if placeholders := sum(bool(each.unknown) for each in clone.objects):
        yield f"{placeholders:,} with placeholders"
    if clone.warm:
        yield "kept from an earlier rehearsal"


def _facts(report: Report) -> Iterator[tuple[str, str]]:
    proposal, target = report.proposal, report.target
    yield "Change", f"{proposal.source} ({proposal.kind})"
    yield "Digest of the change", proposal.digest
    yield "Terraform", proposal.terraform_version
    yield "Clone of", f"{target.source} ({target.kind})"
    yield "Account, region", f"{target.account}, {target.region}"
    yield "Resources before", f"{target.resources:,}"
    if report.clone.lineage:
        yield "State", f"serial {report.clone.serial:,} of lineage {report.clone.lineage}"
    yield "Engine", f"{report.engine.name} {report.engine.version}"
    yield "Isolation", report.isolation
    yield "Waits", report.waits
    yield "Policy", report.verdict.policy
    yield "Digest of the policy", report.verdict.policy_digest
    yield "sandtable", report.tool_version
    yield "Made at", report.created_at
