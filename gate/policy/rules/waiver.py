"""`waiver`: a waiver of the policy that has run out, or that speaks of nothing in this change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from diffing.change import Proof
from gate.policy.page import Page
from gate.policy.rule import Evidence, Policy
from gate.policy.settings import Waiver
from gate.verdict import Finding, Level

NAME = "waiver"
PAGE = Page(
    level="note",
    what="A waiver of the policy has run out and counts no more, or it matches no finding of this change.",
    example="*the waiver of access-widened by R. Weiss ran out on 2026-10-31: it does not count any more.*",
    why="A waiver that nobody needs waits for the change that it was not written for.",
    remedy="Take it out of the policy.",
    more="A policy may set it to `review` or `reject`; then old waivers cannot stay.",
)


def check(evidence: Evidence, policy: Policy) -> Iterator[Finding]:
    """Yield a note for each waiver that does not hold today."""
    for waiver in policy.settings.waivers:
        if waiver.holds(evidence.today):
            continue
        ended = f"ran out on {waiver.expires}" if evidence.today else "cannot be dated: nobody says what day it is"
        yield _finding(waiver, f"{ended}; it does not count any more" if evidence.today else ended)


def unmatched(findings: Iterable[Finding], evidence: Evidence, policy: Policy) -> Iterator[Finding]:
    """Yield a note for each waiver that holds and matches nothing.

    Args:
        findings: Everything that the rules have found.
        evidence: For the day.
        policy: With the waivers.
    """
    found = {(finding.rule, finding.address) for finding in findings}
    for waiver in policy.settings.waivers:
        if waiver.holds(evidence.today) and not any(waiver.covers(rule, address) for rule, address in found):
            yield _finding(waiver, "matches nothing in this change")


def _finding(waiver: Waiver, text: str) -> Finding:
    return Finding(
        rule=NAME,
        level=Level.NOTE,
        address=waiver.address,
        message=f"the waiver of {waiver.rule} by {waiver.author} {text}",
        proof=Proof.PROVED,
        remediation="Take it out of the policy where nobody needs it any more.",
    )
