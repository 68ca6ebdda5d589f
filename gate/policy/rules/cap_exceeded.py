"""`cap-exceeded`: the change touches more resources than the policy lets one change touch."""

from __future__ import annotations

from collections.abc import Iterator

from diffing.change import Action, Proof, ResourceChange
from gate.policy.destruction import excuse, is_destroyed, is_remade
from gate.policy.page import Page
from gate.policy.rule import Evidence, Policy
from gate.verdict import Finding, Level

NAME = "cap-exceeded"
MOST_NAMES = 5
PAGE = Page(
    level="reject",
    what="The policy's `caps` set how many resources one change may delete, make anew or change at all; it is more.",
    example="`caps: {max_change: 20}`, and a plan that changes 140. *140 resources are changed, and the cap is 20.*",
    why=(
        "A change that is larger than any that was meant is a mistake, an old state, or two changes in one. None of "
        "them can be read with care."
    ),
    remedy="Make it in steps, each rehearsed; or raise the cap, in a change of its own.",
    passes=(
        "for `max_delete` and `max_replace`, what the bookkeeping list excuses; for all, what is only a consequence of "
        "another change."
    ),
)


def check(evidence: Evidence, policy: Policy) -> Iterator[Finding]:
    """Yield a rejection for each cap that is exceeded."""
    caps = policy.settings.caps
    changed = [change for change in evidence.diff.changes if not change.owner and _is_change(change)]
    destroyed = [change for change in changed if is_destroyed(change) and excuse(change, policy) is None]
    for cap, done, found in (
        (caps.max_delete, "deleted", [change for change in destroyed if not is_remade(change)]),
        (caps.max_replace, "made anew", [change for change in destroyed if is_remade(change)]),
        (caps.max_change, "changed", changed),
    ):
        if cap is not None and len(found) > cap:
            yield _finding(done, cap, found)


def _is_change(change: ResourceChange) -> bool:
    return change.action is not Action.NO_OP or is_destroyed(change)


def _finding(done: str, cap: int, found: list[ResourceChange]) -> Finding:
    names = ", ".join(sorted(change.address for change in found)[:MOST_NAMES])
    more = f" and {len(found) - MOST_NAMES} more" if len(found) > MOST_NAMES else ""
    are = "resources are" if len(found) > 1 else "resource is"
    proved = all(change.proof is Proof.PROVED for change in found)
    return Finding(
        rule=NAME,
        level=Level.REJECT,
        address="",
        message=f"{len(found)} {are} {done}, and the policy's cap is {cap}: {names}{more}",
        proof=Proof.PROVED if proved else Proof.COMPUTED,
        remediation="Make it in steps, each rehearsed; or raise the cap, in a change of its own.",
    )
