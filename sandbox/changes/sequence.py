"""Several changes, one after the other over one clone: what each of them showed, made into one rehearsal."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from sandbox.clones.clone import Clone, Recorded
from sandbox.clones.deployed import DeployedStacks
from sandbox.clones.image import Image
from sandbox.clones.source import Source
from sandbox.clones.stacked import PHASE
from sandbox.errors import UsageError
from sandbox.proposal import CloudFormationProposal, Proposal, SequenceProposal
from sandbox.rehearsal import (
    ApiCall,
    ApplyOutcome,
    CallKind,
    Diagnostic,
    Gap,
    GapKind,
    Plan,
    Rehearsal,
    SourceLine,
    StateInstance,
    Step,
)
from sandbox.targets.target import EmptyTarget, StackTarget

_CARRYING_OUT = frozenset({"apply", PHASE})
_AS_RECORDED = (
    "was planned against the state as it was recorded, which says nothing of what the steps before it have changed"
)
_BY_TEMPLATES = (
    "was compared with the stacks as their templates have them, and a program before it has written to CloudFormation"
)


def require_stacks(proposal: Proposal, source: Source) -> None:
    """Let stacks be deployed only where it is known which ones there are.

    Elsewhere an update would pass for a new stack, and what it deletes for nothing.

    Raises:
        UsageError: the target does not tell.
    """
    match proposal:
        case CloudFormationProposal():
            what = "A stack is deployed"
        case SequenceProposal(stacks=stacks) if stacks:
            what = "A step deploys a stack"
        case _:
            return
    tells = isinstance(source, StackTarget | DeployedStacks | EmptyTarget)
    if not tells and not (isinstance(source, Image) and source.application):
        raise UsageError(
            f"{what}, and the target does not tell which stacks there are.",
            hint="Use --target cloudformation:TEMPLATE, cloudformation-stack:NAME, aws:PROFILE with --stack NAME, or a "
            "snapshot of one of them; or empty, where nothing is deployed yet.",
        )


def joined(parts: Sequence[Rehearsal], not_run: Sequence[str], folders: Sequence[str]) -> Rehearsal:
    """Make one rehearsal of those of the parts.

    Args:
        parts: One for each change that was begun, in order; each starts from what the one before has left.
        not_run: The texts of the changes that were not begun, because one before them failed.
        folders: Where each change lies, as seen from where the sequence is written down.
    """
    first, last = parts[0], parts[-1]
    failed = len(parts)
    calls = {call.sequence: call for part in parts for call in part.calls}
    guarding = [part for part in parts if part.announced and part.plan.terraform_version]
    return replace(
        last,
        before=first.before,
        state_before=_state_before(parts),
        state_after=_state_after(parts),
        plan=_plan(parts),
        noise=next((part.noise for part in parts if part.noise.changes), last.noise),
        outcome=_outcome(parts),
        calls=tuple(calls[number] for number in sorted(calls)),
        gaps=tuple(dict.fromkeys([*(gap for part in parts for gap in part.gaps), *_not_run(not_run, failed)])),
        guarded_before=guarding[0].guarded_before if guarding else frozenset(),
        guarded_after=guarding[-1].guarded_after if guarding else frozenset(),
        declared=dict(_declared(parts, folders)),
        announced=any(part.announced for part in parts),
        steps=(
            *(step for part in parts for step in part.steps),
            *(_step_not_run(text, failed) for text in not_run),
        ),
        parts=tuple(parts),
    )


def step_of(text: str, outcome: ApplyOutcome, calls: tuple[int, ...]) -> Step:
    """Tell a change that runs no program of its own as a step."""
    errors = [item for item in outcome.diagnostics if item.severity == "error"]
    return Step(
        text=text,
        exit_code=0 if outcome.succeeded else 1,
        stdout="",
        stderr="\n".join(f"{error.summary} {error.detail}".strip() for error in errors),
        calls=calls,
    )


def failed_before(message: str) -> ApplyOutcome:
    """The outcome of a change that could not even be planned on what the steps before it have left."""
    return ApplyOutcome(succeeded=False, diagnostics=(Diagnostic(severity="error", summary=message),))


def unread(clone: Clone, text: str, earlier: Sequence[Rehearsal]) -> Iterator[Gap]:
    """What a plan against the recorded state does not know, where steps before it wrote something."""
    if isinstance(clone.noise, Recorded) and any(_writes(earlier)):
        yield Gap(kind=GapKind.NOT_REHEARSED, subject=text, reason=_AS_RECORDED)


def overtaken(text: str, earlier: Sequence[Rehearsal]) -> Iterator[Gap]:
    """What a comparison of templates does not know, where a program before it has changed stacks by itself."""
    if any(call.service == "cloudformation" and call.phase == "apply" for call in _writes(earlier)):
        yield Gap(kind=GapKind.NOT_REHEARSED, subject=text, reason=_BY_TEMPLATES)


def _writes(parts: Iterable[Rehearsal]) -> Iterator[ApiCall]:
    for part in parts:
        yield from (call for call in part.calls if call.kind is not CallKind.READ and call.phase in _CARRYING_OUT)


def _state_before(parts: Sequence[Rehearsal]) -> tuple[StateInstance, ...]:
    """What is managed before: each part tells of its own kind, and none of what one before it has made."""
    found: dict[str, StateInstance] = {}
    later: set[str] = set()
    for part in parts:
        found |= {each.address: each for each in part.state_before if each.address not in later | found.keys()}
        later |= {each.address for each in part.state_after}
    return tuple(found.values())


def _state_after(parts: Sequence[Rehearsal]) -> tuple[StateInstance, ...]:
    found: dict[str, StateInstance] = {}
    for part in parts:
        for gone in part.state_before:
            found.pop(gone.address, None)
        found |= {each.address: each for each in part.state_after}
    return tuple(found.values())


def _declared(parts: Sequence[Rehearsal], folders: Sequence[str]) -> Iterator[tuple[str, SourceLine]]:
    for part, folder in zip(parts, folders, strict=False):
        for address, line in part.declared.items():
            yield address, replace(line, file=posixpath.normpath(posixpath.join(folder, line.file)))


def _plan(parts: Sequence[Rehearsal]) -> Plan:
    plans = [part.plan for part in parts]
    return replace(
        plans[-1],
        changes=tuple(change for plan in plans for change in plan.changes),
        terraform_version=next((plan.terraform_version for plan in plans if plan.terraform_version), ""),
        errored=any(plan.errored for plan in plans),
        variables_sensitive=frozenset().union(*(plan.variables_sensitive for plan in plans)),
    )


def _outcome(parts: Sequence[Rehearsal]) -> ApplyOutcome:
    outcomes = [part.outcome for part in parts]
    return ApplyOutcome(
        succeeded=all(outcome.succeeded for outcome in outcomes),
        diagnostics=tuple(item for outcome in outcomes for item in outcome.diagnostics),
        applied=tuple(address for outcome in outcomes for address in outcome.applied),
        failed=tuple(address for outcome in outcomes for address in outcome.failed),
    )


def _not_run(texts: Sequence[str], failed: int) -> Iterator[Gap]:
    for text in texts:
        yield Gap(
            kind=GapKind.NOT_REHEARSED, subject=text, reason=f"was not run, because step {failed} before it failed"
        )


def _step_not_run(text: str, failed: int) -> Step:
    return Step(text=text, exit_code=None, stdout="", stderr="", ended=f"not run: step {failed} failed")
