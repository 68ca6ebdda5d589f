"""Which errors of an apply with shortened waits would have come at ordinary speed as well.

All others are seen once more at ordinary speed before they count.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from sandbox.rehearsal import ApiCall, Diagnostic, Rehearsal
from sandbox.witnesses.calls import writes

_TAKEN = re.compile(r"already\s*(?:exists?|owned\s*by\s*you)", re.IGNORECASE)
"""``EntityAlreadyExists``, ``BucketAlreadyOwnedByYou``, ``Table already exists``; in the code or in the message."""


def would_come_at_any_speed(rehearsal: Rehearsal) -> bool:
    """Whether every error of the apply is the engine's or AWS's answer to a call that no wait preceded.

    That is so where AWS itself is known to refuse the call, and where a name is taken by what was there before: however
    long one waits, it is still there.
    """
    errors = [item for item in rehearsal.outcome.diagnostics if item.severity == "error"]
    calls = [call for call in rehearsal.calls if call.phase == "apply"]
    answers = {call.error_message for call in calls if call.refused_by} | set(_names_taken(calls))
    return bool(errors) and all(_tells_one_of(answers, error) for error in errors)


def _tells_one_of(answers: Iterable[str], error: Diagnostic) -> bool:
    text = f"{error.summary} {error.detail}"
    return any(answer and answer in text for answer in answers)


def _names_taken(calls: list[ApiCall]) -> Iterable[str]:
    """The engine's words for it, of creations before which nothing could have made or unmade what has the name.

    So long as there were only other creations, nothing was deleted or renamed that could have gone in time, and none
    of them made it.
    """
    used: set[str] = set()
    for call in calls:
        if _TAKEN.search(f"{call.error_code} {call.error_message}"):
            if call.operation.startswith("Create") and call.resources and used.isdisjoint(call.resources):
                yield call.error_message
        elif writes([call]):
            if not call.operation.startswith("Create"):
                return
            used.update(call.resources)
