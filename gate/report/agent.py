"""The report for an agent that proposed the change: why it may not go ahead, and what to propose, within 4,000 tokens.

The worst comes first: each resource that something is held against, its cause, and the way that destroys nothing. A
remedy is written out once. What does not fit is counted, never dropped in silence.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from diffing.change import ResourceChange
from diffing.values import path_text
from gate.report.card import build_cards
from gate.report.escape import visible
from gate.report.headline import counts, headline
from gate.report.jsonfmt import from_document
from gate.report.model import Report
from gate.report.valuetext import clip, value_text
from gate.report.words import VERBS
from gate.verdict import Decision, Finding, Level

TOKENS = 4_000
_BYTES_A_TOKEN = 3.5
"""Low for English and for code, so that the estimate is high: a token of today's models holds about four letters."""
LARGEST = int(TOKENS * _BYTES_A_TOKEN)
_RESERVED = 1_200
"""Bytes kept for what is said at the end."""
_LONG, _SHORT, _FEW = 700, 160, 5
_WEIGHT = {Level.REJECT: 0, Level.REVIEW: 1, Level.NOTE: 2}
_WHAT_NOW = {
    Decision.APPROVE: "Go ahead with exactly this change; an edited one has to be rehearsed anew.",
    Decision.REVIEW: "Do not go ahead: a person decides. Or propose a change to which nothing below applies.",
    Decision.REJECT: "Do not go ahead, and do not look for another way to the same effect. Propose a change to which "
    "nothing below applies, and rehearse that.",
}


def render(document: Mapping[str, Any], *, largest: int = LARGEST) -> str:
    """Return the report as plain text of at most so many bytes."""
    report = from_document(document)
    lines = [*_head(report)]
    used = sum(map(_size, lines))
    left_out = 0
    told: dict[str, str] = {}
    for address, findings in _objections(report).items():
        entry = list(_objection(report, address, findings, told))
        size = sum(map(_size, entry))
        if left_out or used + size > largest - _RESERVED:
            left_out += 1
            continue
        told.update((item.remediation, address) for item in findings)
        used += size
        lines += entry
    return "\n".join([*lines, *_tail(report, left_out)]) + "\n"


def _size(line: str) -> int:
    return len(line.encode(errors="replace")) + 1


def _head(report: Report) -> Iterator[str]:
    changes = ", ".join(text for _, text in counts(report.diff.changes))
    yield f"decision: {report.verdict.decision.value}"
    yield f"why: {clip(headline(report, build_cards(report)), _LONG)}"
    yield f"what now: {_WHAT_NOW[report.verdict.decision]}"
    yield f"change: {clip(visible(report.proposal.source), _SHORT)} ({changes or 'nothing changes'})"
    yield f"rehearsed against: {clip(visible(report.target.source), _SHORT)}"


def _objections(report: Report) -> dict[str, list[Finding]]:
    """What is held against each resource, the worst first."""
    grouped: defaultdict[str, list[Finding]] = defaultdict(list)
    blocking = [finding for finding in report.verdict.findings if finding.level is not Level.NOTE]
    for finding in sorted(blocking, key=lambda finding: _WEIGHT[finding.level]):
        grouped[finding.address].append(finding)
    return grouped


def _objection(report: Report, address: str, findings: list[Finding], told: Mapping[str, str]) -> Iterator[str]:
    change = next((each for each in report.diff.changes if each.address == address), None)
    done = f" ({VERBS[change.action]})" if change is not None else ""
    yield ""
    yield f"{findings[0].level.value}: {clip(visible(address), _SHORT) or 'the change as a whole'}{done}"
    for finding in findings[:_FEW]:
        yield f"  {visible(finding.rule)}: {_line(finding.message)}"
    if len(findings) > _FEW:
        yield f"  and {len(findings) - _FEW} more findings about it"
    causes = list(dict.fromkeys([*_forcing(change), *(visible(each) for item in findings for each in item.causes)]))
    if causes:
        yield f"  cause: {clip('; '.join(causes[:_FEW]), _LONG)}"
    for remedy in dict.fromkeys(item.remediation for item in findings[:_FEW] if item.remediation):
        same = remedy in told
        yield f"  instead: {f'as for {clip(visible(told[remedy]), _SHORT)}' if same else _line(remedy)}"


def _forcing(change: ResourceChange | None) -> Iterator[str]:
    """The attributes that force a replacement, with their values."""
    if change is None:
        return
    values = {attribute.path: attribute for attribute in change.attributes}
    for path in change.replace_paths:
        attribute = values.get(path)
        name = visible(path_text(path))
        if attribute is None:
            yield f"{name} forces replacement"
        else:
            before, after = (clip(value_text(each), _SHORT) for each in (attribute.before, attribute.after))
            yield f"{name}: {before} -> {after} forces replacement"


def _tail(report: Report, left_out: int) -> Iterator[str]:
    notes = sum(finding.level is Level.NOTE for finding in report.verdict.findings)
    gaps = [gap for gap in report.gaps if gap.blocking]
    yield ""
    if left_out:
        yield f"left out: {left_out:,} more resources with objections; the full report (--out, report.json) has them"
    if gaps:
        shown = "; ".join(clip(f"{visible(gap.subject)}: {_line(gap.reason)}", _SHORT) for gap in gaps[: _FEW - 2])
        more = f"; and {len(gaps) - _FEW + 2:,} more" if len(gaps) > _FEW - 2 else ""
        yield f"not known: {shown}{more}"
    if notes:
        yield f"notes that block nothing: {notes:,}"
    yield f"policy: {clip(visible(report.verdict.policy), _SHORT)}; a change cannot loosen the policy it is judged by"


def _line(text: str) -> str:
    """Text on one line."""
    return clip(visible(" ".join(text.split())), _LONG)
