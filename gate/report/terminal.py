"""The report in a terminal: Terraform's symbols, destructive changes first, the decision as the last line.

Everything is printed as `rich.text.Text`, so nothing in a name is read as markup; colour goes when the output is piped.
Two thousand changes stay a page: the first ones in full, more in a line each, the rest counted by type.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

from rich.cells import cell_len, chop_cells, set_cell_size
from rich.console import Console
from rich.text import Text

from diffing.change import Action
from gate.report.card import AttributeView, Card, FindingView
from gate.report.prose import Block, Code, Paragraph, plain
from gate.report.valuetext import DiffLine, clip
from gate.report.view import DiagnosticView, GapView, PhaseView, SecondView, StepView, View, build_view
from gate.verdict import Decision, Level

CARDS_IN_FULL, LINES, OTHER_ATTRIBUTES, DETAIL_LINES, DIFF_LINES, CAUSES = 10, 24, 3, 12, 8, 4
WIDEST = 132
_LABEL, _INDENT, _BODY = 11, 1, 5

_DECISION_STYLES = {
    Decision.APPROVE: "bold white on green",
    Decision.REVIEW: "bold black on yellow",
    Decision.REJECT: "bold white on red",
}
_DECISION_COLOURS = {Decision.APPROVE: "green", Decision.REVIEW: "yellow", Decision.REJECT: "red"}
_LEVELS = {Level.REJECT: ("✗", "bold red"), Level.REVIEW: ("!", "bold yellow"), Level.NOTE: ("·", "dim")}
_ACTION_STYLES = {
    Action.DELETE: "bold red",
    Action.REPLACE: "bold red",
    Action.FORGET: "bold cyan",
    Action.UPDATE: "bold yellow",
    Action.CREATE: "bold green",
    Action.NO_OP: "dim",
}
_ASCII = str.maketrans({"✗": "x", "→": "->", "·": "-", "─": "-", "…": "..."})

_BRACKETS = frozenset("{}[]")
_Part = str | tuple[str, str]


def render(document: Mapping[str, Any], console: Console) -> None:
    """Print a published document.

    Raises:
        ConfigurationError: the document is not a report.
    """
    view = build_view(document)
    page = _Page(console)
    _top(page, view)
    _apply(page, view)
    _cards(page, "Destructive", view.destructive)
    _cards(page, "To look at", view.attention)
    _gaps(page, view.gaps)
    _second(page, view.second)
    _lines(page, "Destroyed or made anew, and the policy allows it", view.excused)
    _lines(page, "Other changes", view.others)
    _steps(page, view.steps)
    _rehearsal(page, view)
    _decision(page, view)


class _Page:
    """Prints lines with a hanging indent, in what characters the console has."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._ascii = console.options.ascii_only
        self.width = min(console.width, WIDEST)

    def line(self, *parts: _Part, lead: _Part = "", indent: int = _INDENT, gap: int = 0) -> None:
        """Print styled words, wrapped beside their lead (a label or a symbol)."""
        first = Text.assemble(" " * indent, self._written(lead), " " * gap)
        text = Text.assemble(*(self._written(part) for part in parts))
        for row in text.wrap(self._console, max(20, self.width - first.cell_len)):
            row.rstrip()
            self._console.print(first + row, soft_wrap=True)
            first = Text(" " * first.cell_len)

    def cut(self, *parts: _Part, indent: int = _INDENT) -> None:
        """Print styled words on one line, cut at the edge."""
        text = Text.assemble(*(self._written(part) for part in parts))
        text.truncate(max(20, self.width - indent), overflow="crop" if self._ascii else "ellipsis")
        self._console.print(Text(" " * indent) + text, soft_wrap=True)

    def folded(self, text: str, style: str, *, indent: int) -> None:
        """Print a value, broken wherever the edge is."""
        for row in chop_cells(Text.assemble(self._written(text)).plain, max(20, self.width - indent)):
            self._console.print(Text(" " * indent) + Text(row, style=style), soft_wrap=True)

    def blank(self) -> None:
        """Print an empty line."""
        self._console.print()

    def section(self, title: str) -> None:
        """Print a heading across the page."""
        self.blank()
        self.line((title, "bold"), (f" {'─' * max(0, self.width - len(title) - 2)}", "dim"))

    def _written(self, part: _Part) -> _Part:
        if not self._ascii:
            return part
        text, style = (part, "") if isinstance(part, str) else part
        return text.translate(_ASCII).encode("ascii", "backslashreplace").decode("ascii"), style


def _top(page: _Page, view: View) -> None:
    page.blank()
    badge = f" {view.decided.upper()} "
    style = _DECISION_STYLES[view.decision]
    page.line((view.headline, "bold"), lead=(badge, style), gap=1)
    page.blank()
    _labelled(page, "change", view.change, indent=_INDENT)
    _labelled(page, "clone of", view.clone_of, indent=_INDENT)
    counted = [(text, _ACTION_STYLES[action]) for action, text in view.counts]
    _labelled(page, "in all", *_separated(counted or ["no changes"]), indent=_INDENT)
    for notice in view.notices:
        _labelled(page, "notice", notice, indent=_INDENT)
    if view.uncontained:
        page.blank()
        page.line((view.uncontained, "bold red"))
    if view.general:
        page.blank()
    for finding in view.general:
        _finding(page, finding, indent=_INDENT, address=finding.address)


def _apply(page: _Page, view: View) -> None:
    if view.applied:
        return
    page.section("The apply failed")
    for diagnostic in view.diagnostics:
        _diagnostic(page, diagnostic)
    if not view.diagnostics:
        page.line("It gave no reason.")
    named = {diagnostic.address for diagnostic in view.diagnostics}
    for address in view.failed_addresses:
        if address not in named:
            page.line(("✗ ", "bold red"), address)


def _diagnostic(page: _Page, diagnostic: DiagnosticView) -> None:
    symbol, style = _LEVELS[Level.REJECT if diagnostic.error else Level.REVIEW]
    where = "  ".join(part for part in (diagnostic.address, diagnostic.place) if part)
    page.line((diagnostic.summary, "bold"), (f"  {where}" if where else "", "dim"), lead=(f"{symbol} ", style))
    for line in diagnostic.detail[:DETAIL_LINES]:
        page.line(line, indent=3)
    if len(diagnostic.detail) > DETAIL_LINES:
        page.line((f"… and {len(diagnostic.detail) - DETAIL_LINES} more lines", "dim"), indent=3)
    _remedy(page, diagnostic.remediation, indent=3)


def _cards(page: _Page, title: str, cards: Sequence[Card]) -> None:
    if not cards:
        return
    page.section(f"{title} ({len(cards):,})")
    told: dict[tuple[Block, ...], str] = {}
    for number, card in enumerate(cards[:CARDS_IN_FULL]):
        if number:
            page.blank()
        _card(page, card, told)
    if len(cards) > CARDS_IN_FULL:
        page.blank()
    _brief(page, cards[CARDS_IN_FULL:])


def _card(page: _Page, card: Card, told: dict[tuple[Block, ...], str]) -> None:
    """Print everything about one resource; a remedy that was told before is only referred to."""
    style = _ACTION_STYLES[Action.REPLACE if card.symbol == "-/+" else card.action]
    page.line((card.address, "bold"), "  ", (card.verb, style), lead=(f"{card.symbol:>3} ", style))
    for finding in card.findings:
        _finding(page, finding)
    _evidence(page, card)
    remedies = dict.fromkeys(finding.remediation for finding in card.findings)
    for remedy in filter(None, remedies):
        if remedy in told:
            page.line(("as for ", "dim"), told[remedy], lead=("→ ", "bold green"), indent=_BODY)
        else:
            _remedy(page, remedy)
            told[remedy] = card.address


def _evidence(page: _Page, card: Card) -> None:
    forcing = [item for item in card.attributes if item.forces]
    others = [item for item in card.attributes if not item.forces]
    telling = [item for item in others if not item.minor][:OTHER_ATTRIBUTES]
    for item in forcing:
        _attribute(page, "forced by", item)
    for item in telling:
        _attribute(page, "changes", item)
    if len(others) > len(telling):
        _labelled(page, "" if telling else "changes", (f"and {len(others) - len(telling):,} more attributes", "dim"))
    if card.reason:
        _labelled(page, "because", card.reason)
    if card.causes:
        more = f" and {len(card.causes) - CAUSES:,} more" if len(card.causes) > CAUSES else ""
        _labelled(page, "caused by", ", ".join(card.causes[:CAUSES]) + more)
    if card.stakes:
        _labelled(page, "at stake", (", ".join(card.stakes), "bold red"))
    if card.consequences:
        _labelled(page, "with it", ", ".join(card.consequences))
    proof = {"proved": "proved in the clone", "computed": "computed, not seen in the clone", "unknown": "not proved"}
    _labelled(page, "seen by", card.witnesses, (f" ({proof[card.proof.value]})", "dim"))
    for text in card.disagreements:
        _labelled(page, "disputed", (text, "yellow"))
    for text in card.notes:
        _labelled(page, "note", text)


def _attribute(page: _Page, label: str, item: AttributeView) -> None:
    """Before and after: beside each other where they fit, else below each other, else only the lines that differ."""
    style = "bold" if item.forces else ""
    room = page.width - _BODY - _LABEL - len(": ") - len(" → ")
    if len(item.path) + len(item.before) + len(item.after) <= room:
        _labelled(page, label, (item.path, style), ": ", (item.before, "red"), " → ", (item.after, "green"))
        return
    _labelled(page, label, (item.path, style))
    lines = [line for line in item.lines if line.sign in "+-" and line.text.strip() not in _BRACKETS]
    if not lines or len(lines) > DIFF_LINES:
        lines = [DiffLine("-", item.before), DiffLine("+", item.after)]
    for line in lines:
        text = clip(f"{line.sign} {line.text.strip()}", 2 * page.width)
        page.folded(text, "red" if line.sign == "-" else "green", indent=_BODY + _LABEL)


def _labelled(page: _Page, label: str, *parts: _Part, indent: int = _BODY) -> None:
    page.line(*parts, lead=(f"{label:<{_LABEL}}", "dim"), indent=indent)


def _finding(page: _Page, finding: FindingView, *, indent: int = _BODY, address: str = "") -> None:
    symbol, style = _LEVELS[finding.level]
    about: list[_Part] = [(address, "bold"), " "] if address else []
    message = plain(finding.message)
    page.line(*about, message, (f"  [{finding.rule}]", "dim"), lead=(f"{symbol} ", style), indent=indent)
    if indent != _BODY:
        _remedy(page, finding.remediation, indent=indent + 2)


def _remedy(page: _Page, blocks: Iterable[Block], *, indent: int = _BODY) -> None:
    lead: _Part = ("→ ", "bold green")
    for block in blocks:
        match block:
            case Paragraph(spans):
                page.line(*((span.text, "cyan" if span.code else "") for span in spans), lead=lead, indent=indent)
            case Code(text):
                for row in text.split("\n"):
                    page.line((row, "cyan"), indent=indent + 4)
        lead = "  "


def _lines(page: _Page, title: str, cards: Sequence[Card]) -> None:
    if cards:
        page.section(f"{title} ({len(cards):,})")
        _brief(page, cards)


def _brief(page: _Page, cards: Sequence[Card]) -> None:
    """One line per resource; where there are many, the rest in one line per type."""
    shown = cards if len(cards) <= LINES + 1 else cards[:LINES]
    widest = min(max((cell_len(card.address) for card in shown), default=0), page.width // 2)
    for card in shown:
        detail = card.brief
        symbol: _Part = (f"{card.symbol:>3} ", _ACTION_STYLES[card.action])
        address = set_cell_size(card.address, max(widest, cell_len(card.address))) if detail else card.address
        page.cut(symbol, address, (f"  {detail}" if detail else "", "dim"))
    numbers = Counter((card.symbol, card.type, card.verb, card.action) for card in cards[len(shown) :])
    for (symbol, kind, verb, action), number in numbers.most_common(LINES):
        page.cut((f"{symbol:>3} ", _ACTION_STYLES[action]), (f"… {number:,} more {kind} {verb}", "dim"))
    rest = sum(number for _, number in numbers.most_common()[LINES:])
    if rest:
        page.cut((f"    … {rest:,} more of other types", "dim"))


def _gaps(page: _Page, gaps: Sequence[GapView]) -> None:
    if not gaps:
        return
    page.section(f"Not proved ({len(gaps):,})")
    for gap in gaps[:LINES]:
        symbol, style = _LEVELS[Level.REVIEW if gap.blocking else Level.NOTE]
        aside = "" if gap.blocking else ", cannot hide a change"
        page.line(
            (gap.subject, "bold"), f"  {gap.reason}", (f"  [{gap.kind}{aside}]", "dim"), lead=(f"  {symbol} ", style)
        )
    if len(gaps) > LINES:
        page.line((f"… and {len(gaps) - LINES:,} more", "dim"), indent=_BODY)
    for remedy in dict.fromkeys(gap.remediation for gap in gaps[:LINES]):
        _remedy(page, remedy)


def _steps(page: _Page, steps: Sequence[StepView]) -> None:
    for step in steps:
        page.section(step.title)
        page.line((step.text, "bold"), f"  {step.ended}, {step.calls:,} API calls")
        for effect in step.effects[:LINES]:
            page.line(effect, indent=_BODY)
        if len(step.effects) > LINES:
            page.line((f"… and {len(step.effects) - LINES:,} more", "dim"), indent=_BODY)
        for line in step.output[-DETAIL_LINES:]:
            page.cut((f"│ {line}", "dim"), indent=_BODY)


def _second(page: _Page, second: SecondView | None) -> None:
    if second is None:
        return
    page.section(f"Second opinion: {second.engine}")
    number = len(second.disagreements)
    page.line(second.said, indent=_BODY)
    for item in second.disagreements[:LINES]:
        symbol, style = _LEVELS[Level.REVIEW if item.blocking else Level.NOTE]
        page.line((item.about, "bold"), f"  {item.first}; there {item.second}", lead=(f"  {symbol} ", style))
    if number > LINES:
        page.line((f"… and {number - LINES:,} more", "dim"), indent=_BODY)


def _rehearsal(page: _Page, view: View) -> None:
    if view.phases:
        page.section("Rehearsal")
        headings = ("seconds", "own", "reads", "writes", "failed")
        page.line((f"  {'phase':<16}" + "".join(f"{heading:>9}" for heading in headings), "dim"))
        for phase in view.phases:
            row = f"  {clip(phase.name, 16):<16}" + "".join(f"{cell:>9}" for cell in _cells(phase))
            page.cut(row.rstrip())
        unidentified = sum(phase.unidentified for phase in view.phases)
        if unidentified:
            page.line((f"  calls that were not identified, and count as writes: {unidentified:,}", "yellow"))
    if view.noise:
        page.line((f"  the engine's own noise, not counted: {len(view.noise):,}", "dim"))
    if view.unchanged:
        page.line((f"  resources that stay as they are: {len(view.unchanged):,}", "dim"))


def _cells(phase: PhaseView) -> Iterable[str]:
    seconds = ("" if number is None else f"{number:,.1f}" for number in (phase.seconds, phase.own))
    return chain(
        seconds, (f"{n:,}" if n else "" for n in (phase.reads, phase.writes + phase.unidentified, phase.failed))
    )


def _decision(page: _Page, view: View) -> None:
    page.blank()
    page.line((f"policy {view.policy} · {view.versions}", "dim"))
    decided = (f"{view.decided.upper()}: ", f"bold {_DECISION_COLOURS[view.decision]}")
    page.line((view.headline, "bold"), lead=decided)


def _separated(parts: Iterable[_Part]) -> list[_Part]:
    joined = list(chain.from_iterable((" · ", part) for part in parts))
    return joined[1:]
