"""Several changes, one after the other over one clone: what each of them showed, made into one rehearsal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from sandbox.clones.clone import Clone, Recorded
from sandbox.rehearsal import ApplyOutcome, CallKind, Diagnostic, Gap, GapKind, Plan, Rehearsal, Step

_AS_RECORDED = (
    "was planned against the state as it was recorded, which says nothing of what the steps before it have changed"
)


def joined(parts: Sequence[Rehearsal], not_run: Sequence[str]) -> Rehearsal:
    """Make one rehearsal of those of the parts.

    Args:
        parts: One for each change that was begun, in order; each starts from what the one before has left.
        not_run: The texts of the changes that were not begun, because one before them failed.
    """
    first, last = parts[0], parts[-1]
    failed = len(parts)
    calls = {call.sequence: call for part in parts for call in part.calls}
    return replace(
        last,
        before=first.before,
        state_before=first.state_before,
        plan=_plan(parts),
        noise=next((part.noise for part in parts if part.noise.changes), last.noise),
        outcome=_outcome(parts),
        calls=tuple(calls[number] for number in sorted(calls)),
        gaps=tuple(dict.fromkeys([*(gap for part in parts for gap in part.gaps), *_not_run(not_run, failed)])),
        guarded_before=next((part.guarded_before for part in parts if part.announced), frozenset()),
        guarded_after=next((part.guarded_after for part in reversed(parts) if part.announced), frozenset()),
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
    wrote = any(call.kind is not CallKind.READ and call.phase == "apply" for part in earlier for call in part.calls)
    if wrote and isinstance(clone.noise, Recorded):
        yield Gap(kind=GapKind.NOT_REHEARSED, subject=text, reason=_AS_RECORDED)


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
