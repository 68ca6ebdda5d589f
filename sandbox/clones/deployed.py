"""Stacks of a live account or of files, read and worked out: what a clone of them is made from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sandbox.clones.clone import ServiceGap
from sandbox.cloudformation.application import Application, application_of, read_application
from sandbox.cloudformation.deployed import DeployedStack
from sandbox.cloudformation.parameters import read_parameters
from sandbox.cloudformation.tokens import has_token, untold
from sandbox.inventory.stack_services import services_of
from sandbox.place import Place
from sandbox.ports import Progress
from sandbox.rehearsal import Gap, GapKind
from sandbox.targets.target import LiveStackTarget, StackTarget

if TYPE_CHECKING:  # HTTP takes its time to import, and only a live account needs it
    from sandbox.live.stacks import Drift, StackReading


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployedStacks:
    """Stacks as they are deployed."""

    application: Application
    gaps: tuple[Gap, ...] = ()
    service_gaps: tuple[ServiceGap, ...] = ()
    """Of resources that are not as their templates say."""


def read_deployed(target: LiveStackTarget, progress: Progress, *, endpoint: str = "") -> DeployedStacks:
    """Read a stack of a live account; arguments and errors are those of `sandbox.live.stacks.read_stack`."""
    from sandbox.live.stacks import read_stack  # noqa: PLC0415 - see above

    secrets = read_parameters(target.parameters) if target.parameters is not None else {}
    reading = read_stack(target, progress=progress, secrets=secrets, endpoint=endpoint)
    application = application_of([reading.stack], reading.outside)
    stacks = application.stacks.values()
    others = {name: value for name, value in reading.outside.exports.items() if not _exports(application, name)}
    imported = sorted({name for stack in stacks for name in stack.imports if not _exports(application, name)})
    missing = [name for name in imported if name not in others]
    outside = replace(reading.outside, exports=others | {name: untold(name) for name in missing if not has_token(name)})
    # What is missing has to be put where it is used.
    application = application_of([reading.stack], outside) if missing else replace(application, outside=outside)
    if imported and not missing:
        progress.notice(f"Imported from other stacks, with the values that they have now: {', '.join(imported)}.")
    return DeployedStacks(
        application=application,
        gaps=(*reading.gaps, *_not_exported(missing, reading), *unaccounted(application)),
        service_gaps=tuple(map(_drifted, reading.drifts)),
    )


def described(target: StackTarget, place: Place) -> DeployedStacks:
    """Stacks that files describe; errors are those of `sandbox.cloudformation.application.read_application`."""
    values = read_parameters(target.parameters) if target.parameters is not None else {}
    application = read_application(target.template, place=place, stack=target.stack, values=values)
    return DeployedStacks(application=application)


def unaccounted(application: Application) -> Iterator[Gap]:
    """Yield where what a stack has is not what its template, as it is worked out here, says that it has."""
    waiting = list(application.deployed)
    while waiting:
        stack = waiting.pop()
        waiting += stack.nested.values()
        yield from _unaccounted(application, stack)


def _unaccounted(application: Application, stack: DeployedStack) -> Iterator[Gap]:
    if stack.resources is None or stack.name not in application.stacks:
        return
    known = application.stacks[stack.name].resources
    for key in sorted(stack.resources.keys() - known.keys()):
        reason = "the stack has it, and its template as it is worked out here does not"
        yield Gap(kind=GapKind.NOT_REHEARSED, subject=f"{stack.name}/{key}", reason=reason)
    for key in sorted(known.keys() - stack.resources.keys()):
        if known[key].certain:
            reason = "the template has it, as it is worked out here, and the stack does not"
            yield Gap(kind=GapKind.NOT_REHEARSED, subject=f"{stack.name}/{key}", reason=reason)


def _exports(application: Application, name: str) -> bool:
    return any(name in stack.exports for stack in application.stacks.values())


def _not_exported(missing: list[str], reading: StackReading) -> Iterator[Gap]:
    for name in missing:
        why = (
            "no stack of the region exports it"
            if reading.exports_known
            else "the credentials lack cloudformation:ListExports"
        )
        reason = f"the value that it imports as {name} is not known, a placeholder stands in the clone: {why}"
        yield Gap(kind=GapKind.UNREADABLE, subject=reading.stack.name, reason=reason)


def _drifted(drift: Drift) -> ServiceGap:
    gap = Gap(kind=GapKind.NOT_CLONED, subject=drift.address, reason=drift.reason)
    service = next(iter(services_of(drift.type)), "cloudformation")
    return ServiceGap(service=service, gap=gap, address=drift.address)
