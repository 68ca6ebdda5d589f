"""What a reading of a live account does not tell, each with its reason: nothing is missing in silence."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from diffing.snapshot import ReadFailure
from sandbox.live.forwarder import REFUSED, UNREACHABLE
from sandbox.live.iam import action_of
from sandbox.live.permitted import Refusal
from sandbox.rehearsal import ApiCall, Gap, GapKind

_DENIED = re.compile(
    r"AccessDenied|Unauthorized|NotAuthorized|AuthorizationError|^AuthFailure$|^Forbidden$", re.IGNORECASE
)
_NO_SUCH_OPERATION = frozenset({"InvalidAction", "UnknownOperationException", "NotImplemented", "501"})


class Missing(StrEnum):
    """Why something is missing."""

    DENIED = "denied"
    """The credentials may not read it."""
    UNREADABLE = "unreadable"
    """The account gave no answer, or an error."""
    UNKNOWN_TYPE = "unknown-type"
    """No row says what it is in Terraform."""
    NOT_IMPORTED = "not-imported"
    """The provider did not read it."""
    NOT_READ = "not-read"
    """Data and secrets, which are never asked for."""
    LEFT_OUT = "left-out"
    """A tag narrows the reading, and it is not among what was asked for."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Absence:
    """Something that exists, or may exist, and is not in the state."""

    kind: Missing
    service: str
    region: str
    subject: str
    """The resource, or the operation that gave no answer."""
    reason: str
    action: str = ""
    """The IAM action that is missing."""
    blocking: bool = True
    """Whether it could hide something that a change does."""

    def as_gap(self, touched: Collection[str] | None = None) -> Gap:
        """It in a rehearsal's words.

        Args:
            touched: The services that the change works on (botocore's names); None where that is not known, and then
                everything may hide something.
        """
        match self.kind:
            case Missing.DENIED | Missing.UNREADABLE:
                kind = GapKind.UNREADABLE
            case Missing.UNKNOWN_TYPE | Missing.NOT_IMPORTED | Missing.NOT_READ | Missing.LEFT_OUT:
                kind = GapKind.NOT_REHEARSED
        blocking = self.blocking and (touched is None or self.service in touched)
        where = f"{self.service} in {self.region}" if self.region else self.service
        return Gap(kind=kind, subject=f"{self.subject} ({where})", reason=self.reason, blocking=blocking)


def is_denied(code: str) -> bool:
    """Whether an error code says that the caller may not do it."""
    return bool(_DENIED.search(code))


def of_calls(
    failures: Iterable[ReadFailure], calls: Sequence[ApiCall], refused: Iterable[tuple[Refusal, str, str]]
) -> tuple[Absence, ...]:
    """Everything that the calls of a reading leave open.

    Args:
        failures: The inventory's.
        calls: All calls; those of the provider are in the phase ``import``.
        refused: What did not leave: why, service and operation.
    """
    imports = (call for call in calls if call.phase == "import")
    names = ((service, operation) for _, service, operation in refused)
    return (*from_failures(failures, calls), *denied_calls(imports), *not_read(names))


def from_failures(failures: Iterable[ReadFailure], calls: Iterable[ApiCall]) -> tuple[Absence, ...]:
    """What the reads that failed leave open.

    What an endpoint does not know as an operation cannot be there; what this program did not ask for is told elsewhere.
    """
    told = {
        (call.service, call.operation, call.region): call.error_message for call in calls if is_denied(call.error_code)
    }
    return tuple(
        sorted(
            {_absence(each, told) for each in failures if each.code not in _NO_SUCH_OPERATION and each.code != REFUSED}
        )
    )


def denied_calls(calls: Iterable[ApiCall]) -> tuple[Absence, ...]:
    """What the provider was not allowed to read."""
    return tuple(
        sorted(
            {
                _denied(call.service, call.region, call.operation, call.error_message)
                for call in calls
                if is_denied(call.error_code)
            }
        )
    )


def not_read(refused: Iterable[tuple[str, str]]) -> tuple[Absence, ...]:
    """Data and secrets that were not asked for: said once for each operation."""
    return tuple(
        Absence(
            kind=Missing.NOT_READ,
            service=service,
            region="",
            subject=f"{service}:{operation}",
            reason="data and secrets of a live account are never read: give data with --seed",
            blocking=False,
        )
        for service, operation in sorted(set(refused))
        if operation
    )


def _absence(failure: ReadFailure, told: dict[tuple[str, str, str], str]) -> Absence:
    if is_denied(failure.code):
        region = "us-east-1" if failure.region == "global" else failure.region
        message = told.get((failure.service, failure.operation, region), "")
        return _denied(failure.service, failure.region, failure.operation, message)
    subject = failure.operation if failure.subject == "*" else f"{failure.operation} of {failure.subject}"
    reason = "the endpoint could not be reached" if failure.code == UNREACHABLE else f"it answered {failure.code}"
    return Absence(
        kind=Missing.UNREADABLE, service=failure.service, region=failure.region, subject=subject, reason=reason
    )


def _denied(service: str, region: str, operation: str, message: str) -> Absence:
    action = action_of(service, operation, message)
    return Absence(
        kind=Missing.DENIED,
        service=service,
        region=region,
        subject=operation,
        reason=f"the credentials lack {action}",
        action=action,
    )
