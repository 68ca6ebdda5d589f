"""The calls of the change itself: which may have written, to what, and whether Terraform's provider made them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable

from sandbox.rehearsal import ApiCall, CallKind

CHANGE_PHASES = frozenset({"plan", "apply"})
"""The recorder's phases in which code of the change runs."""
PROVIDER = "terraform-provider-aws"
"""What the AWS provider calls itself in its User-Agent."""
REFUSED = frozenset({"OutsideClone", "AdminRouteRefused"})
"""Error codes of the recorder's own: the call never reached the engine."""

_AFTER_SEEDING = CHANGE_PHASES | {"noise"}
_SERVER_ERROR = 500
_DELETION = re.compile(r"^(?:Batch|Admin)?(?:Delete|Terminate|Destroy)(?P<noun>[A-Z].*)?$")


def writes(calls: Iterable[ApiCall]) -> tuple[ApiCall, ...]:
    """Return the calls of the change itself that may have changed something.

    A call without an answer, or with a server error for one, may have done its work all the same. A client that
    follows a URL which the engine handed out while plans are made carries the phase before it; no code but the
    change's writes after seeding, so such a call counts as well.
    """
    known = tuple(calls)
    start = min((call.sequence for call in known if call.phase in _AFTER_SEEDING), default=None)
    return tuple(call for call in known if _may_have_written(call) and _is_of_the_change(call, start))


def by_another(call: ApiCall) -> bool:
    """Whether a program that is known, and is not the provider, made the call.

    A User-Agent can be forged, so the contrary proves nothing: this only ever adds suspicion.
    """
    return bool(call.agent) and call.agent != PROVIDER


def named(call: ApiCall) -> str:
    """Say what a call was, and who made it: ``s3:DeleteObjects by aws-cli``."""
    operation = f"{call.service}:{call.operation}" if call.operation else f"{call.method} {call.path}"[:200]
    return f"{operation} by {call.agent}" if call.agent else operation


def deletes_whole(call: ApiCall, type_name: str) -> bool:
    """Whether the call deletes a resource of this CloudFormation type itself: ``DeleteTopic``, ``AWS::SNS::Topic``."""
    match = _DELETION.match(call.operation)
    if match is None or not match["noun"]:
        return False
    noun, last = _plain(match["noun"]), _plain(type_name.rsplit("::", 1)[-1])
    return noun == last or last.endswith(noun)


class CallIndex:
    """Finds the change's write calls by the names they use."""

    def __init__(self, calls: Iterable[ApiCall]) -> None:
        self._by_name: defaultdict[str, set[int]] = defaultdict(set)
        self.calls = {call.sequence: call for call in writes(calls)}
        for call in self.calls.values():
            for name in call.resources:
                self._by_name[name].add(call.sequence)

    def naming(self, names: Iterable[str]) -> tuple[int, ...]:
        """Return sequence numbers of the writes that use any of the names, in order."""
        return tuple(sorted(set().union(*(self._by_name.get(name, set()) for name in names))))

    def by_another(self, numbers: Iterable[int]) -> tuple[ApiCall, ...]:
        """Return those of the writes that a known program other than the provider made."""
        return tuple(self.calls[number] for number in numbers if by_another(self.calls[number]))

    @property
    def any_by_another(self) -> bool:
        """Whether a known program other than the provider wrote anything at all."""
        return any(map(by_another, self.calls.values()))

    @property
    def names(self) -> frozenset[str]:
        """Every name that any write uses."""
        return frozenset(self._by_name)


def _may_have_written(call: ApiCall) -> bool:
    if call.kind is CallKind.READ or call.error_code in REFUSED:
        return False
    return call.succeeded or (not call.unsupported and (call.status == 0 or call.status >= _SERVER_ERROR))


def _is_of_the_change(call: ApiCall, start: int | None) -> bool:
    if call.phase in CHANGE_PHASES:
        return True
    return call.phase != "noise" and start is not None and call.sequence > start


def _plain(name: str) -> str:
    return name.lower().removeprefix("db").removesuffix("s")
