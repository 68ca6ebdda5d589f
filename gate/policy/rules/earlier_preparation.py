"""`earlier-preparation`: something is destroyed that an earlier change of the same target took the protection from."""

from __future__ import annotations

from collections.abc import Iterator

from diffing.change import ResourceChange
from gate.policy.destruction import data, excuse, is_destroyed
from gate.policy.page import Page
from gate.policy.rule import Evidence, Policy
from gate.verdict import Finding, Level
from sandbox.rehearsal import Preparation

NAME = "earlier-preparation"
MOST_NAMED = 3
PAGE = Page(
    level="reject (review where the earlier change took copies away, and it is not known of what)",
    what=(
        "The change destroys something, or data in it, and an earlier rehearsal of the same target saw its protection "
        "switched off, its retention shortened, or backups removed."
    ),
    example=(
        "On Monday a change switches `deletion_protection` off, and a person lets it pass; on Tuesday another deletes "
        "the table. *is destroyed, and that was prepared: on 2026-11-23 a rehearsal (review) saw that "
        "deletion_protection is switched off: true → false.*"
    ),
    why="A delete in two steps is a delete. Each step alone looks smaller than it is, and may pass another person.",
    remedy="Ask who wanted the first step, and why. If both are meant, a person removes it by hand, after a backup.",
    passes="what was protected again in the meantime, where the change shows the attribute.",
    blind=(
        "what was rehearsed by another user or on another machine, more than 90 days ago, or never: the history is a "
        "file in the user's cache folder (`sandtable history` shows it)."
    ),
)


def check(evidence: Evidence, policy: Policy) -> Iterator[Finding]:
    """Yield a rejection for each loss that was prepared, and a review where copies of something were taken away."""
    if not evidence.earlier:
        return
    from gate.policy.preparing import preparations  # noqa: PLC0415 - it looks at findings of other rules

    # What this change does as well was not done before: the same change was rehearsed, not applied.
    again = {(each.address, each.what) for each in preparations(evidence)}
    earlier = [each for each in evidence.earlier if (each.address, each.what) not in again]
    lost = [change for change in evidence.diff.changes if _is_loss(change, policy)]
    copies = [each for each in earlier if each.of_backups]
    for change in lost:
        own = [each for each in earlier if _is_about(each, change)]
        if own:
            yield _finding(change, Level.REJECT, f"is destroyed, and that was prepared: {_told(own)}")
        elif copies:
            yield _finding(change, Level.REVIEW, f"is destroyed, and copies were taken away before: {_told(copies)}")


def _is_loss(change: ResourceChange, policy: Policy) -> bool:
    if change.owner:
        return False
    if is_destroyed(change):
        return excuse(change, policy) is None
    return any(change.stakes_after.get(name, 0) < count for name, count in data(change.stakes_before).items())


def _is_about(earlier: Preparation, change: ResourceChange) -> bool:
    from gate.policy.preparing import still_so  # noqa: PLC0415 - it looks at findings of other rules

    names = {change.address, change.previous_address, *change.dependents}
    return earlier.address in names and (earlier.address != change.address or still_so(earlier, change))


def _told(earlier: list[Preparation]) -> str:
    known = sorted(earlier, key=lambda each: (each.day, each))
    parts = [f"on {each.day} a rehearsal ({each.decision}) saw that {_subject(each)}" for each in known[:MOST_NAMED]]
    more = f" and {len(known) - MOST_NAMED} more" if len(known) > MOST_NAMED else ""
    return "; ".join(parts) + more


def _subject(earlier: Preparation) -> str:
    return f"of {earlier.address}, {earlier.what}"


def _finding(change: ResourceChange, level: Level, text: str) -> Finding:
    return Finding(
        rule=NAME,
        level=level,
        address=change.address,
        message=text,
        proof=change.proof,
        remediation="Ask who wanted the first step, and why. If both are meant, a person removes it, after a backup.",
        causes=change.causes,
    )
