"""The one sentence under the decision, and the counts beside it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import assert_never

from diffing.change import Action, Lifespan, ResourceChange
from gate.report.card import Card, Group, is_remade
from gate.report.escape import visible
from gate.report.model import Report
from gate.report.words import VERBS
from gate.verdict import Decision, Level


def headline(report: Report, cards: Iterable[Card]) -> str:
    """Say in one sentence why the decision is what it is."""
    cards = tuple(cards)
    destructive = [card for card in cards if card.group is Group.DESTRUCTIVE]
    destroyed = _sentence(_worst(destructive))
    match report.verdict.decision:
        case Decision.REJECT:
            inside = lost(report.diff.changes)
            loss = f"{destroyed}; lost: {inside}" if destroyed and inside else destroyed
            return f"{loss}." if loss else f"{_findings(report, Level.REJECT)}."
        case Decision.REVIEW:
            return f"{'; '.join(_doubts(report, destroyed))}."
        case Decision.APPROVE:
            return _harmless(cards)
        case unexpected:
            assert_never(unexpected)


def counts(changes: Iterable[ResourceChange]) -> tuple[tuple[Action, str], ...]:
    """Count all changes by action, in words, the ones that destroy first; a replace is counted as what it is.

    So is what was deleted and made again without anything having announced it, whatever the two sides look like.
    """
    numbers = Counter(Action.REPLACE if is_remade(change) else change.action for change in changes)
    return tuple((action, f"{numbers[action]:,} {verb}") for action, verb in VERBS.items() if numbers[action])


def lost(changes: Iterable[ResourceChange]) -> str:
    """Say what data is lost in all: ``3 items and 2 objects``; empty where none was counted."""
    totals: Counter[str] = Counter()
    for change in changes:
        gone = change.action.destroys or change.lifespan in {Lifespan.DROPPED, Lifespan.RECREATED}
        for name, before in change.stakes_before.items():
            totals[visible(name)] += max(0, before - change.stakes_after.get(name, 0 if gone else before))
    return _joined([_plural(number, name) for name, number in totals.items() if number])


def _sentence(cards: Iterable[Card]) -> str:
    """Say what happens to resources: ``2 resources are replaced and 1 is deleted``."""
    numbers = Counter(_verb(card) for card in cards)
    parts: list[str] = []
    for verb, number in numbers.items():
        noun = "" if parts else (" resource" if number == 1 else " resources")
        parts.append(f"{number:,}{noun} {'is' if number == 1 else 'are'} {verb}")
    return _joined(parts)


def _worst(cards: list[Card]) -> list[Card]:
    """Those that are rejected, where any is: what a person has to look at is another number."""
    return [card for card in cards if any(finding.level is Level.REJECT for finding in card.findings)] or cards


def _verb(card: Card) -> str:
    """What happens to it, in one word; a resource that stays and is among the destroyed ones loses what is in it."""
    stays = card.group is Group.DESTRUCTIVE and not card.action.destroys
    return "stripped of data" if stays else card.verb


def _doubts(report: Report, destroyed: str) -> list[str]:
    doubts = [destroyed] if destroyed else []
    if not report.outcome.succeeded:
        doubts.append("the change fails when it is applied")
    blocking = sum(gap.blocking for gap in report.gaps)
    if blocking:
        doubts.append(f"{_plural(blocking, 'thing')} could not be proved")
    if not doubts:
        doubts.append(_findings(report, Level.REVIEW))
    first = doubts[0]
    return [first[0].upper() + first[1:], *doubts[1:]]


def _findings(report: Report, level: Level) -> str:
    rules = [visible(finding.rule) for finding in report.verdict.findings if finding.level is level]
    aim = "against this change" if level is Level.REJECT else "for a person to judge"
    return f"{_plural(len(rules), 'finding')} {aim} ({', '.join(dict.fromkeys(rules)) or 'no rule named'})"


def _harmless(cards: tuple[Card, ...]) -> str:
    excused = [card for card in cards if card.group is Group.EXCUSED]
    if excused:
        return f"{_sentence(excused)}, which the policy allows; nothing else is destroyed."
    changed = [card for card in cards if card.group is not Group.UNCHANGED]
    return f"Nothing is destroyed: {_sentence(changed)}." if changed else "Nothing changes."


def _plural(number: int, noun: str) -> str:
    return f"{number:,} {noun.removesuffix('s') if number == 1 else noun if noun.endswith('s') else noun + 's'}"


def _joined(parts: list[str]) -> str:
    return " and ".join(part for part in (", ".join(parts[:-1]), *parts[-1:]) if part)
