"""What is not known about a rehearsal, each with whether it could hide what the change does."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

from diffing.snapshot import ReadFailure
from sandbox.rehearsal import ApiCall, CallKind, Gap, GapKind
from sandbox.witnesses.scene import Scene

UNSUPPORTED_CODES = frozenset(
    {"InvalidAction", "UnknownOperationException", "UnknownOperation", "NotImplemented", "NotImplementedException"}
)
"""What engines answer to a call that they do not implement."""
MOST_NAMED = 5


def call_gaps(calls: tuple[ApiCall, ...]) -> Iterator[Gap]:
    """Yield a gap for every kind of call that the engine lacks, that was not identified, or that left the clone."""
    seen: set[tuple[str, str]] = set()
    for call in calls:
        gap = _call_gap(call)
        if gap is not None and (gap.subject, gap.reason) not in seen:
            seen.add((gap.subject, gap.reason))
            yield gap


def _call_gap(call: ApiCall) -> Gap | None:
    subject = f"{call.service}:{call.operation}" if call.operation else f"{call.method} {call.path}"[:200]
    if call.error_code in {"OutsideClone", "AdminRouteRefused"}:
        return Gap(
            kind=GapKind.NOT_REHEARSED,
            subject=subject,
            reason=f"the change tried to leave the clone ({call.error_code})",
        )
    if not call.service or not call.operation:
        return Gap(
            kind=GapKind.UNIDENTIFIED, subject=subject, reason=f"a call in phase {call.phase} was not identified"
        )
    if call.unsupported:
        return Gap(
            kind=GapKind.UNSUPPORTED,
            subject=subject,
            reason="the engine does not implement this call",
            blocking=call.kind is not CallKind.READ,
        )
    return None


def read_gaps(scene: Scene) -> Iterator[Gap]:
    """Yield gaps for reads of the inventory that failed: named where they touch a change, counted where they do not."""
    for identity in scene.unreadable:
        yield Gap(
            kind=GapKind.UNREADABLE,
            subject=str(identity),
            reason="it could be read before the change and not after it: whether it still exists is not known",
        )
    failures = set(scene.rehearsal.before.failures) | set(scene.rehearsal.after.failures)
    changed = {change.identity.id for change in scene.physical.values()}
    rest: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for failure in sorted(failures):
        if failure.code not in UNSUPPORTED_CODES and _touches(failure, changed):
            yield Gap(
                kind=GapKind.UNREADABLE,
                subject=failure.subject,
                reason=f"{failure.service}:{failure.operation} failed with {failure.code}",
            )
        else:
            rest[failure.service, failure.code].add(failure.operation)
    for (service, code), operations in sorted(rest.items()):
        yield Gap(kind=GapKind.UNREADABLE, subject=service, reason=_counted(code, operations), blocking=False)


def _touches(failure: ReadFailure, changed: set[str]) -> bool:
    return any(failure.subject == name or failure.subject.endswith(f"/{name}") for name in changed)


def _counted(code: str, operations: set[str]) -> str:
    named = ", ".join(sorted(operations)[:MOST_NAMED])
    more = f" and {len(operations) - MOST_NAMED} more" if len(operations) > MOST_NAMED else ""
    return f"{len(operations)} kinds of read were answered with {code}: {named}{more}"


def unidentified(calls: tuple[ApiCall, ...]) -> Counter[str]:
    """Count unidentified calls by method and path, for figures."""
    return Counter(f"{call.method} {call.path}" for call in calls if not call.operation)
