"""The report as a few plain lines, for logs and hooks: the verdict, every objection, and the rest counted.

It writes straight from the Report, and loads none of what makes the large pages: a plan of ten thousand changes is told
in the time that those need to be imported. Rejections come in full up to `IN_FULL`, everything else in numbers.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

from gate.report.escape import visible
from gate.report.model import Report
from gate.report.words import DECISIONS, SYMBOLS, VERBS
from gate.verdict import Finding, Level
from sandbox.rehearsal import Gap

IN_FULL = 50
"""Resources with objections of one level that are shown one by one."""
LINES = 12
"""Of anything that is counted."""

_TITLES = {Level.REJECT: "Against it", Level.REVIEW: "For a person to judge"}
_SIGNS = {Level.REJECT: "x", Level.REVIEW: "!", Level.NOTE: "-"}


def render(report: Report) -> str:
    """Return the report as plain text."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    yield _headline(report)
    yield f"  plan {visible(report.proposal.source)}, policy {visible(report.verdict.policy)}"
    yield from (f"  {visible(notice)}" for notice in report.notices)
    signs = {change.address: SYMBOLS[change.action] for change in report.diff.changes}
    told: dict[str, str] = {}
    for level, title in _TITLES.items():
        yield from _objections(title, [item for item in report.verdict.findings if item.level is level], signs, told)
    yield from _gaps([gap for gap in report.gaps if not gap.blocking])
    yield from _rest(report)
    yield ""
    yield _headline(report)


def _headline(report: Report) -> str:
    numbers = Counter(change.action for change in report.diff.changes)
    counted = ", ".join(f"{numbers[action]:,} {verb}" for action, verb in VERBS.items() if numbers[action])
    return f"{DECISIONS[report.verdict.decision].upper()}: {counted or 'nothing changes'}"


def _objections(title: str, findings: list[Finding], signs: dict[str, str], told: dict[str, str]) -> Iterator[str]:
    """Everything about one resource together; a remedy that was told before is only referred to."""
    if not findings:
        return
    grouped: defaultdict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        grouped[finding.address].append(finding)
    yield ""
    yield f"{title} ({len(grouped):,})"
    for address in list(grouped)[:IN_FULL]:
        yield from _objection(address, grouped[address], signs.get(address, ""), told)
    rest = list(grouped)[IN_FULL:]
    if rest:
        yield f"  ... and {len(rest):,} more:"
        rules = Counter(finding.rule for address in rest for finding in grouped[address])
        yield from _counted((f"{visible(rule)}", number) for rule, number in rules.most_common())


def _objection(address: str, findings: Iterable[Finding], sign: str, told: dict[str, str]) -> Iterator[str]:
    yield f"  {sign:>3} {visible(address) or 'the change as a whole'}"
    remedies: dict[str, None] = {}
    for finding in findings:
        yield f"      {_SIGNS[finding.level]} {visible(finding.message)} [{visible(finding.rule)}]"
        remedies[finding.remediation] = None
    for remedy in filter(None, remedies):
        if remedy in told:
            yield f"        -> as for {told[remedy]}"
            continue
        told[remedy] = visible(address)
        first, *more = remedy.rstrip("\n").split("\n")
        yield f"        -> {visible(first)}"
        yield from (f"           {visible(line)}" for line in more)


def _gaps(gaps: list[Gap]) -> Iterator[str]:
    """What is not known and hides nothing; what may hide something is an objection."""
    if gaps:
        yield ""
        yield f"Not known, and hides nothing ({len(gaps):,})"
        yield from (f"      {visible(gap.subject)}: {visible(gap.reason)}" for gap in gaps[:LINES])
        if len(gaps) > LINES:
            yield f"      ... and {len(gaps) - LINES:,} more"


def _rest(report: Report) -> Iterator[str]:
    """What nobody objects to, by type."""
    objected = {finding.address for finding in report.verdict.findings if finding.level is not Level.NOTE}
    quiet = [change for change in report.diff.changes if change.address not in objected]
    if quiet:
        yield ""
        yield f"Nothing against it ({len(quiet):,})"
        kinds = Counter((SYMBOLS[change.action], change.type, VERBS[change.action]) for change in quiet)
        yield from _counted(
            (f"{sign:>3} {visible(kind)} {verb}", number) for (sign, kind, verb), number in kinds.most_common()
        )
    notes = Counter(item.rule for item in report.verdict.findings if item.level is Level.NOTE)
    if notes:
        yield ""
        yield f"Notes ({sum(notes.values()):,})"
        yield from _counted((visible(rule), number) for rule, number in notes.most_common())


def _counted(rows: Iterable[tuple[str, int]]) -> Iterator[str]:
    listed = list(rows)
    yield from (f"      {number:>6,}  {text}" for text, number in listed[:LINES])
    if len(listed) > LINES:
        yield f"      {sum(number for _, number in listed[LINES:]):>6,}  others"
