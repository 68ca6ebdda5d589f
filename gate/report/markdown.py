"""The report as a comment on a pull request: GitHub-flavoured Markdown, within the length that GitHub accepts.

Names and values are code (spans or fences), in which nothing is markup, a mention, a reference or a link. In prose,
every character is escaped that Markdown gives a meaning there. What does not fit is left out in whole sections, the
worst matters being kept first, and the comment says how much is missing.

Sources: CommonMark 0.31, GitHub Flavored Markdown Spec, and GitHub's limits: 65,536 characters in a comment, 1 MiB in
the summary of a step.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from gate.report.card import AttributeView, Card, FindingView
from gate.report.prose import Block, Code, Paragraph, plain
from gate.report.valuetext import DiffLine, clip
from gate.report.view import DiagnosticView, GapView, SecondView, StepView, View, build_view
from gate.verdict import Decision, Level

MARKER = "<!-- sandtable-report -->"
"""By which a bot finds the comment it made before."""
LONGEST = 65_536
LONGEST_SUMMARY = 1_048_576 // 3
"""Characters that fit into a step's summary, whatever they are: at most three bytes stand for one UTF-16 unit."""

_ROWS, _LINES = 40, 100
_LONGEST_TEXT, _LONGEST_CODE = 600, 2_000
_RESERVE = 300  # for the note about what was left out
_SIGNS = {Decision.APPROVE: "✅", Decision.REVIEW: "⚠️", Decision.REJECT: "⛔"}
_LEVELS = {Level.REJECT: "⛔", Level.REVIEW: "⚠️", Level.NOTE: "ℹ️"}  # noqa: RUF001 - the sign for information
_MARKUP = re.compile(r"[\\`*_\[\]<>|~&]")
_AT_LINE_START = re.compile(r"^([-+#=]|\d+(?=[.)]))")
_LINKS = re.compile(r"[@#](?=\w)|:(?=//)|(?<!:):(?=[\w+-]+:(?!:))|www(?=\.)", re.IGNORECASE)
_LINK = re.compile(r"https?://[^\s<>\\|`\"]+")
_LONGEST_LINK = 2_000
_PLAIN_CODE = re.compile(r"[^`|\\]+")


def render(document: Mapping[str, Any], *, longest: int = LONGEST, link: str = "") -> str:
    """Return a published document as Markdown.

    Args:
        document: The document.
        longest: At most so many characters, in UTF-16 units.
        link: Where the full report is, as an http or https URL that `is_link` accepts; empty where nowhere.

    Raises:
        ConfigurationError: the document is not a report.
    """
    view = build_view(document)
    linked = f"[the full report](<{link}>)" if is_link(link) else ""
    full = linked or "the full report"
    return _fitted(_summary(view), _sections(view), _ending(view, linked), longest=longest, full=full)


def render_summary(document: Mapping[str, Any]) -> str:
    """Return a published document as Markdown for the summary of a step of GitHub Actions.

    Raises:
        ConfigurationError: the document is not a report.
    """
    return render(document, longest=LONGEST_SUMMARY)


def is_link(text: str) -> bool:
    """Whether a text can stand as a link: http or https, with nothing in it that Markdown would read otherwise."""
    return len(text) <= _LONGEST_LINK and _LINK.fullmatch(text) is not None


def _fitted(start: str, sections: Iterable[str], ending: str, *, longest: int, full: str) -> str:
    room = longest - _RESERVE - length_of(start) - length_of(ending) - length_of(full)
    kept, missing = [], 0
    for section in sections:
        length = length_of(section) + 2
        if length > room:
            missing += 1
            continue
        room -= length
        kept.append(section)
    note = f"> ✂️ {missing:,} more sections did not fit in here; {full} has them." if missing else ""
    return "\n\n".join(part for part in (start, *kept, note, ending) if part) + "\n"


def length_of(text: str) -> int:
    """Count as strictly as anybody might: in UTF-16 code units."""
    return len(text.encode("utf-16-le")) // 2


def _summary(view: View) -> str:
    lines = [MARKER, f"## {_SIGNS[view.decision]} {view.decided}: {prose(clip(view.headline, _LONGEST_TEXT))}", ""]
    counted = [f"**{text}**" for _, text in view.counts] or ["**no changes**"]
    lines += [" · ".join(counted), ""]
    change, clone_of = (code(clip(text, _LONGEST_TEXT)) for text in (view.change, view.clone_of))
    lines += [f"Rehearsed {change} in a clone of {clone_of}."]
    if view.uncontained:
        lines += ["", f"**{prose(view.uncontained)}**"]
    if view.lost:
        lines += ["", f"Data inside what is destroyed or emptied: **{prose(clip(view.lost, _LONGEST_TEXT))}**"]
    return "\n".join(lines)


def _sections(view: View) -> Iterator[str]:
    """Yield the sections, each whole, in the order in which they must not be lost."""
    yield from (_finding(finding, address=finding.address) for finding in view.general)
    if not view.applied:
        yield "### The apply failed" + ("" if view.diagnostics else "\n\nIt gave no reason.")
        yield from (_diagnostic(diagnostic) for diagnostic in view.diagnostics)
    if view.destructive:
        yield _table("Destructive changes", view.destructive)
    blocking = [gap for gap in view.gaps if gap.blocking]
    if blocking:
        yield _gaps("What was not proved", blocking)
    if view.second is not None:
        yield _second(view.second)
    for card in (*view.destructive, *view.attention):
        yield _card(card)
    harmless = [gap for gap in view.gaps if not gap.blocking]
    if harmless:
        yield _gaps("Not proved, and cannot hide a change", harmless)
    if view.excused:
        yield _list("Destroyed or made anew, and the policy allows it", view.excused)
    if view.others:
        yield _list("Other changes", view.others)
    yield from (_step(step) for step in view.steps)
    yield from (f"> {prose(clip(notice, _LONGEST_TEXT))}" for notice in view.notices)
    if view.phases:
        yield _phases(view)


def _step(step: StepView) -> str:
    head = f"### {step.title}\n\n{code(clip(step.text, _LONGEST_TEXT))}: {prose(step.ended)}, {step.calls:,} API calls"
    if step.effects:
        more = f"\n- … and {len(step.effects) - _ROWS:,} more" if len(step.effects) > _ROWS else ""
        head += "\n\n" + "\n".join(f"- {code(clip(effect, _LONGEST_TEXT))}" for effect in step.effects[:_ROWS]) + more
    return f"{head}\n\n{fence(clip(chr(10).join(step.output), _LONGEST_CODE))}" if step.output else head


def _diagnostic(diagnostic: DiagnosticView) -> str:
    where = " ".join(code(text) for text in (diagnostic.address, diagnostic.place) if text)
    sign = _LEVELS[Level.REJECT if diagnostic.error else Level.REVIEW]
    parts = [f"{sign} **{prose(clip(diagnostic.summary, _LONGEST_TEXT))}** {where}".rstrip()]
    if diagnostic.detail:
        parts.append(fence(clip("\n".join(diagnostic.detail), _LONGEST_CODE)))
    return "\n\n".join([*parts, *_remedy(diagnostic.remediation)])


def _table(title: str, cards: Sequence[Card]) -> str:
    lines = [
        f"### {title} ({len(cards):,})",
        "",
        "| | Resource | Forced by | At stake | Seen by |",
        "|---|---|---|---|---|",
    ]
    for card in cards[:_ROWS]:
        forcing = [item for item in card.attributes if item.forces][:2]
        forced = "<br>".join(f"{code(item.path)}: {code(item.before)} → {code(item.after)}" for item in forcing)
        stakes = "<br>".join(prose(clip(text, _LONGEST_TEXT)) for text in card.stakes[:3])
        action = f"{code(card.symbol)} {card.verb}"
        lines.append(f"| {action} | {code(card.address)} | {forced or '–'} | {stakes or '–'} | {card.witnesses} |")
    lines += [f"| … | {text} | | | |" for text in _rest(cards[_ROWS:])]
    return "\n".join(lines)


def _card(card: Card) -> str:
    """Everything about one resource, folded."""
    sign = _LEVELS[card.level] if card.level else ""
    summary = (
        f"{sign} <code>{html.escape(card.symbol)}</code> <code>{html.escape(clip(card.address, _LONGEST_TEXT))}</code>"
    )
    parts = [f"<details><summary>{summary} {card.verb}</summary>"]
    parts += [_finding(finding) for finding in card.findings]
    if card.attributes:
        parts.append(fence("\n".join(_diff(card.attributes)), "diff"))
    facts = list(_facts(card))
    if facts:
        parts.append("\n".join(f"- {fact}" for fact in facts))
    return "\n\n".join([*parts, "</details>"])


def _diff(attributes: Iterable[AttributeView]) -> Iterator[str]:
    items = tuple(attributes)
    telling = [item for item in items if not item.minor][:_ROWS]
    for item in telling:
        yield f"@@ {clip(item.path, _LONGEST_TEXT)} @@" + (" forces the replacement" if item.forces else "")
        lines = item.lines if len(item.lines) <= _LINES else ()
        for line in lines or (DiffLine("-", item.before), DiffLine("+", item.after)):
            yield f"{line.sign} {line.text}".rstrip() if line.sign != "@" else "  …"
    if len(items) > len(telling):
        yield f"# … and {len(items) - len(telling):,} more attributes"


def _facts(card: Card) -> Iterator[str]:
    if card.reason:
        yield f"Because: {prose(clip(card.reason, _LONGEST_TEXT))}"
    if card.causes:
        yield "Caused by: " + ", ".join(code(clip(cause, _LONGEST_TEXT)) for cause in card.causes[:_ROWS])
    if card.stakes:
        yield "At stake: " + ", ".join(prose(clip(text, _LONGEST_TEXT)) for text in card.stakes)
    if card.consequences:
        yield "With it: " + ", ".join(prose(clip(text, _LONGEST_TEXT)) for text in card.consequences[:_ROWS])
    yield f"Seen by: {card.witnesses} ({card.proof.value})"
    for text in card.disagreements:
        yield f"Disputed: {prose(clip(text, _LONGEST_TEXT))}"
    for text in card.notes:
        yield f"Note: {prose(clip(text, _LONGEST_TEXT))}"


def _finding(finding: FindingView, *, address: str = "") -> str:
    about = f"{code(clip(address, _LONGEST_TEXT))} " if address else ""
    message = prose(clip(plain(finding.message), _LONGEST_TEXT))
    said = f"{_LEVELS[finding.level]} {about}{message} ({code(clip(finding.rule, _LONGEST_TEXT))})"
    return "\n\n".join([said, *_remedy(finding.remediation)])


def _remedy(blocks: Iterable[Block]) -> list[str]:
    texts = _blocks(blocks)
    return [f"**What to do:** {texts[0]}", *texts[1:]] if texts and not texts[0].startswith("`") else texts


def _blocks(blocks: Iterable[Block]) -> list[str]:
    texts = []
    for block in blocks:
        match block:
            case Paragraph(spans):
                texts.append("".join(code(span.text) if span.code else prose(span.text) for span in spans))
            case Code(text):
                texts.append(fence(clip(text, _LONGEST_CODE), "hcl"))
    return texts


def _gaps(title: str, gaps: Sequence[GapView]) -> str:
    lines = [f"### {title} ({len(gaps):,})", ""]
    lines += [
        f"- {code(clip(gap.subject, _LONGEST_TEXT))} {prose(clip(gap.reason, _LONGEST_TEXT))} ({gap.kind})"
        for gap in gaps[:_ROWS]
    ]
    if len(gaps) > _ROWS:
        lines.append(f"- … and {len(gaps) - _ROWS:,} more")
    for remedy in dict.fromkeys(gap.remediation for gap in gaps[:_ROWS] if gap.remediation):
        lines += ["", *_remedy(remedy)]
    return "\n".join(lines)


def _second(second: SecondView) -> str:
    number = len(second.disagreements)
    engine, said = (prose(clip(text, _LONGEST_TEXT)) for text in (second.engine, second.said))
    lines = [f"### Second opinion: {engine}", "", said]
    if number:
        lines += ["", "| | About | Here | There |", "|---|---|---|---|"]
    for item in second.disagreements[:_ROWS]:
        sign = _LEVELS[Level.REVIEW if item.blocking else Level.NOTE]
        here, there = (prose(clip(text, _LONGEST_TEXT)) for text in (item.first, item.second))
        lines.append(f"| {sign} | {code(clip(item.about, _LONGEST_TEXT))} | {here} | {there} |")
    if number > _ROWS:
        lines.append(f"| … | {number - _ROWS:,} more | | |")
    return "\n".join(lines)


def _list(title: str, cards: Sequence[Card]) -> str:
    lines = [f"<details><summary>{title} ({len(cards):,})</summary>", ""]
    for card in cards[:_LINES]:
        detail = f": {prose(clip(card.brief, _LONGEST_TEXT))}" if card.brief else ""
        lines.append(f"- {code(card.symbol)} {code(clip(card.address, _LONGEST_TEXT))} {card.verb}{detail}")
    lines += [f"- … {text}" for text in _rest(cards[_LINES:])]
    return "\n".join([*lines, "", "</details>"])


def _rest(cards: Sequence[Card]) -> list[str]:
    numbers = Counter((card.type, card.verb) for card in cards)
    return [
        f"{number:,} more {code(clip(kind, _LONGEST_TEXT))} {verb}"
        for (kind, verb), number in numbers.most_common(_ROWS)
    ]


def _phases(view: View) -> str:
    lines = ["<details><summary>Rehearsal</summary>", "", "| Phase | Seconds | Own | Reads | Writes | Failed |"]
    lines.append("|---|--:|--:|--:|--:|--:|")
    for phase in view.phases[:_ROWS]:
        seconds, own = ("" if number is None else f"{number:,.1f}" for number in (phase.seconds, phase.own))
        calls = f"{phase.reads:,} | {phase.writes + phase.unidentified:,} | {phase.failed:,}"
        lines.append(f"| {code(clip(phase.name, _LONGEST_TEXT))} | {seconds} | {own} | {calls} |")
    if view.noise:
        lines += ["", f"The engine's own noise, not counted: {len(view.noise):,}"]
    if view.unchanged:
        lines += ["", f"Resources that stay as they are: {len(view.unchanged):,}"]
    return "\n".join([*lines, "", "</details>"])


def _ending(view: View, linked: str) -> str:
    policy, versions = clip(view.policy, _LONGEST_TEXT), clip(view.versions, _LONGEST_TEXT)
    return f"<sub>Policy {code(policy)} · {prose(versions)}{f' · {linked}' if linked else ''}</sub>"


def prose(text: str) -> str:
    """Escape words so that they are only words: no markup, no mention, no reference, no link, no formula."""
    escaped = _MARKUP.sub(lambda found: f"\\{found[0]}", text)
    escaped = _AT_LINE_START.sub(lambda found: f"&#{ord(found[0][0])};{found[0][1:]}", escaped)
    return _LINKS.sub(lambda found: f"{found[0]}<!-- -->", escaped).replace("$", "<span>$</span>")


def code(text: str) -> str:
    """Write a name as code that also stands in a table."""
    if _PLAIN_CODE.fullmatch(text):
        return f"`{text}`" if text.strip() == text else f"` {text} `"
    return f"<code>{''.join(char if char.isalnum() or char in ' -/' else f'&#{ord(char)};' for char in text)}</code>"


def fence(text: str, language: str = "") -> str:
    """Write lines in a fence that nothing in them can close."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"
