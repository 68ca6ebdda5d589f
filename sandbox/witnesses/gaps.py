"""What is not known about a rehearsal, each with whether it could hide what the change does."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from diffing.compare import LISTING
from diffing.snapshot import ReadFailure
from diffing.values import Marker, Value
from sandbox.rehearsal import ApiCall, CallKind, Gap, GapKind, Rehearsal
from sandbox.witnesses.calls import REFUSED
from sandbox.witnesses.ownership import names_of
from sandbox.witnesses.scene import Scene

UNSUPPORTED_CODES = frozenset(
    {
        "501",
        "InvalidAction",
        "NotImplemented",
        "NotImplementedException",
        "UnknownOperation",
        "UnknownOperationException",
    }
)
"""What engines answer to a call that they do not implement."""
MOST_NAMED = 5
NOT_CONTAINED = "none"
"""What a rehearsal says of its isolation where there was none."""
_BY_CHANCE = ("timeout", "timedout", "throttl", "toomanyrequests", "requestlimit", "slowdown", "unavailable", "connect")
"""Parts of error codes (lower case) of failures that another try might not meet."""


def call_gaps(calls: tuple[ApiCall, ...]) -> Iterator[Gap]:
    """Yield a gap for every kind of call that the engine lacks, that was not identified, or that left the clone."""
    seen: set[tuple[str, str]] = set()
    for call in calls:
        gap = _call_gap(call)
        if gap is not None and (gap.subject, gap.reason) not in seen:
            seen.add((gap.subject, gap.reason))
            yield gap


def containment_gaps(rehearsal: Rehearsal) -> Iterator[Gap]:
    """Yield a gap where nothing contained the change: what it did beside the clone is not known."""
    if rehearsal.isolation == NOT_CONTAINED:
        yield Gap(
            kind=GapKind.NOT_CONTAINED,
            subject="isolation",
            reason="what was replayed could reach this machine and its network (--no-isolation)",
        )


def _call_gap(call: ApiCall) -> Gap | None:
    subject = f"{call.service}:{call.operation}" if call.operation else f"{call.method} {call.path}"[:200]
    if call.error_code in REFUSED:
        by, where = f" by {call.agent}" if call.agent else "", f" for {call.resources[0]}" if call.resources else ""
        return Gap(
            kind=GapKind.NOT_REHEARSED,
            subject=subject,
            reason=f"a call{by} in phase {call.phase} tried to leave the clone{where} ({call.error_code})",
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
    """Yield gaps for reads of the inventory that failed: named where they touch a change, counted where they do not.

    A read touches a change if it was for something that differs or that the change wrote to. One that failed by chance
    hides something wherever it failed; a listing, whatever it would have shown in its service. What the engine never
    answers (the same failure before and after, or for other resources) hides nothing that was there to be seen before:
    what is written to it is told by the calls (`sandbox.witnesses.silent`).
    """
    for identity in scene.unreadable:
        yield Gap(
            kind=GapKind.UNREADABLE,
            subject=str(identity),
            reason="it could be read before the change and not after it: whether it still exists is not known",
        )
    failures = set(scene.rehearsal.before.failures) | set(scene.rehearsal.after.failures)
    touched = _Touched(scene)
    rest: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for failure in sorted(failures):
        if failure.code not in UNSUPPORTED_CODES and touched.by(failure):
            yield Gap(
                kind=GapKind.UNREADABLE,
                subject=failure.subject,
                reason=f"{failure.service}:{failure.operation} failed with {failure.code}",
            )
        else:
            rest[failure.service, failure.code].add(failure.operation)
    for (service, code), operations in sorted(rest.items()):
        yield Gap(kind=GapKind.UNREADABLE, subject=service, reason=_counted(code, operations), blocking=False)


class _Touched:
    """What the change touches, by every name that a failed read may have for it."""

    def __init__(self, scene: Scene) -> None:
        self._services = frozenset(call.service for call in scene.calls.calls.values())
        written = scene.calls.names
        self._names: set[str] = set()
        sides = (scene.rehearsal.before, scene.rehearsal.after)
        for snapshot in sides:
            for identity, resource in snapshot.resources.items():
                if identity in scene.physical or not written.isdisjoint(names_of(resource)):
                    self._names |= names_of(resource) | {str(identity)}
        subjects: defaultdict[tuple[str, str, str], list[str]] = defaultdict(list)
        for failure in (failure for snapshot in sides for failure in snapshot.failures):
            subjects[failure.service, failure.operation, failure.code].append(failure.subject)
        self._never_answered = frozenset(read for read, found in subjects.items() if len(found) > 1)

    def by(self, failure: ReadFailure) -> bool:
        """Whether a failed read may hide what the change does."""
        if _by_chance(failure):
            return failure.service in self._services if failure.subject == LISTING else failure.subject in self._names
        never = (failure.service, failure.operation, failure.code) in self._never_answered
        return not never and failure.subject in self._names


def _counted(code: str, operations: set[str]) -> str:
    named = ", ".join(sorted(operations)[:MOST_NAMED])
    more = f" and {len(operations) - MOST_NAMED} more" if len(operations) > MOST_NAMED else ""
    return f"{len(operations)} kinds of read were answered with {code}: {named}{more}"


def noise_gaps(scene: Scene) -> Iterator[Gap]:
    """Yield a gap where a secret was sent for a resource of which nothing else but noise is planned.

    Plans do not show secrets, so the noise and the change look alike whether or not the change sets another one.
    """
    for item in scene.announced.values():
        calls = (scene.calls.calls[number] for number in scene.calls.naming(scene.names(item)))
        if item.noise and any(Marker.SENSITIVE in _leaves(call.parameters) for call in calls):
            yield Gap(
                kind=GapKind.NOISE,
                subject=item.address,
                reason="a secret is sent with the engine's noise: whether the change sets another one cannot be told",
            )


def _leaves(value: Value) -> Iterator[Value]:
    match value:
        case Mapping():
            for inner in value.values():
                yield from _leaves(inner)
        case tuple():
            for inner in value:
                yield from _leaves(inner)
        case _:
            yield value


def _by_chance(failure: ReadFailure) -> bool:
    code = failure.code.lower().replace("_", "").replace(" ", "")
    return any(part in code for part in _BY_CHANCE)
