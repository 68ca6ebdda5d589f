"""Stacks under rehearsal: compared by AWS's resource schemas, then deployed by the engine's CloudFormation.

What AWS will do follows from templates and schemas, and is announced as a plan. The clone shows whether it goes
through, what is in what is destroyed, and what else happens. Where engine and schema disagree, the schema counts.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain

from diffing.change import Replacement
from diffing.values import thaw
from sandbox.changes.change import Announced, CarriedOut
from sandbox.changes.sequence import overtaken
from sandbox.changes.stackplan import plan_of, retained, states
from sandbox.changes.stackupdate import KnownStacks, Update
from sandbox.clones.clone import Clone
from sandbox.clones.keptstacks import masked
from sandbox.clones.stacked import PHASE, scopes_of_stacks
from sandbox.cloudformation.application import NO_STACKS, Application, Deployment
from sandbox.cloudformation.compare import compare_stacks
from sandbox.cloudformation.impact import Impact, StackComparison
from sandbox.cloudformation.lines import resource_lines
from sandbox.cloudformation.recreate import compare_recreated
from sandbox.cloudformation.schemas import require_schemas
from sandbox.cloudformation.stackpolicy import StackPolicy
from sandbox.cloudformation.untold import assumed
from sandbox.errors import UsageError
from sandbox.executors.cloudformation.stacks import Deployed, Stacks
from sandbox.inventory.scope import Scope
from sandbox.proposal import CloudFormationProposal
from sandbox.recorder.secrets import without
from sandbox.refusals.known import KnownRefusals
from sandbox.rehearsal import (
    ApplyOutcome,
    Diagnostic,
    Gap,
    GapKind,
    Plan,
    Rehearsal,
    SourceLine,
    StateInstance,
)
from sandbox.session import Session

_IMPACTS = {
    Impact.WILL_REPLACE: Replacement.YES,
    Impact.MAY_REPLACE: Replacement.CONDITIONAL,
    Impact.WILL_UPDATE: Replacement.NO,
}
_MOST_NAMED = 5


class CloudFormationChange:
    """Satisfies `sandbox.changes.change.Change`.

    Args:
        proposal: What is proposed.
        session: The rehearsal.
        known: What is deployed, as far as the target and the changes before this one tell; this one updates it.
    """

    announces = True

    def __init__(self, proposal: CloudFormationProposal, session: Session, *, known: KnownStacks) -> None:
        self._proposal = proposal
        self._session = session
        self._known = known
        self._update = Update(proposal, known.now, default=session.place)
        self._after = NO_STACKS
        self._comparison = StackComparison(changes=())
        self._policy: StackPolicy | None = None
        self._assumed: tuple[Gap, ...] = ()

    def text(self, clone: Clone) -> str:  # noqa: ARG002 - there is no secret in it
        """The template, and the stack where one is named."""
        stack = f" (stack {self._proposal.stack})" if self._proposal.stack else ""
        return f"cloudformation {self._proposal.template or 'delete-stack'}{stack}"

    @property
    def digest(self) -> str:
        """SHA-256 over the templates and the values of their parameters."""
        total = hashlib.sha256(b"delete" if self._proposal.delete else b"")
        for deployment in self._after.deployments:
            total.update(_written(deployment).encode())
        return total.hexdigest()

    @property
    def scopes(self) -> frozenset[Scope]:
        """The engine deploys stacks within itself: no call tells which services it touches."""
        return scopes_of_stacks([self._after])

    @property
    def own_state(self) -> None:
        """Stacks have no state that anybody could bring."""
        return

    def prepare(self) -> str:
        """Read and work out what is proposed."""
        require_schemas()
        proposal, session = self._proposal, self._session
        if proposal.template is None:
            if not proposal.delete:
                raise UsageError("Neither a template nor --delete was given.", hint="Name the template to deploy.")
            return ""
        session.progress.phase("Reading the templates")
        with session.watch.phase("read"):
            # Not earlier: the changes before this one have told by now what they leave.
            self._update = Update(proposal, self._known.now, default=session.place)
            self._policy = self._update.policy()
            self._after = self._update.read(proposal.template)
        self._known.leave(self._after, alone=proposal.delete)
        for notice in self._update.notices(self._after):
            session.progress.notice(notice)
        return ""

    def furnish(self, clone: Clone) -> None:
        """It presupposes nothing."""

    def announce(self, clone: Clone) -> Announced:
        """Compare it with the stacks of the target, by AWS's resource schemas."""
        session, before = self._session, clone.application or NO_STACKS
        session.progress.phase("Comparing the stacks")
        with session.watch.phase("plan"):
            self._comparison = self._compared(before, clone)
        return Announced(
            plan=plan_of(self._comparison),
            noise=Plan(changes=()),
            gaps=(*self._update.gaps, *self._assumed, *_untranslated(clone), *self._comparison.gaps),
            declared=dict(self._declared()),
        )

    def state_before(self, clone: Clone) -> tuple[StateInstance, ...]:
        """What the stacks of the target manage."""
        return self._states(clone.application or NO_STACKS, kept_aside=retained(self._comparison))

    def carry_out(self, clone: Clone, refusals: KnownRefusals) -> CarriedOut:  # noqa: ARG002 - none of its calls can be refused
        """Deploy it, deleting first what is to be deleted."""
        session = self._session
        session.progress.phase("Rehearsing the change (the stacks are deployed)")
        session.recorder.phase(PHASE)
        with session.watch.phase("apply"), session.watch.waiting():
            # In a clone without secrets, the change has none either: they are taken to stay as they are.
            after = masked(self._after) if clone.redacted else self._after
            results = dict(self._deployed(clone.application or NO_STACKS, after))
        session.require(clone.engine)
        for notice in self._disagreements(results):
            session.progress.notice(notice)
        return CarriedOut(outcome=self._outcome(results), gaps=tuple(self._lacking(results)))

    def state_after(self, clone: Clone) -> tuple[StateInstance, ...]:  # noqa: ARG002 - what is proposed tells
        """What the stacks manage afterwards."""
        return self._states(self._after)

    def left(self, clone: Clone) -> Clone:
        """The clone, with the stacks as they are now."""
        before = NO_STACKS if self._proposal.delete or clone.application is None else clone.application
        return replace(clone, application=before.followed_by(self._after))

    def doubts(self, clone: Clone, earlier: Sequence[Rehearsal]) -> tuple[Gap, ...]:
        """Templates are compared with templates: what a program has done to a stack is in none."""
        return tuple(overtaken(self.text(clone), earlier))

    def _declared(self) -> Iterator[tuple[str, SourceLine]]:
        """Where the template that was written has its resources; those of an assembly are generated."""
        template = self._proposal.template
        if template is None or template.is_dir():
            return
        for deployment in self._after.deployments:
            for name, line in resource_lines(template).items():
                yield f"{deployment.name}/{name}", SourceLine(file=template.name, line=line)

    def _compared(self, before: Application, clone: Clone) -> StackComparison:
        region = self._update.place.region
        if self._proposal.delete:
            return compare_recreated(before.stacks, self._after.stacks, region=region)
        if clone.redacted:
            stacks, self._assumed = assumed(before.stacks, self._after.stacks, region)
            before = replace(before, stacks=stacks)
        # Other stacks of the target stay as they are.
        kept = {name: stack for name, stack in before.stacks.items() if not self._is_meant(name)}
        return compare_stacks(before.stacks, {**kept, **self._after.stacks}, region=region, policy=self._policy)

    def _is_meant(self, name: str) -> bool:
        """Whether a stack of the target is one that is proposed, or inside one."""
        return name.partition("/")[0] in {deployment.name for deployment in self._after.deployments}

    def _deployed(self, before: Application, after: Application) -> Iterator[tuple[str, Deployed]]:
        stacks = self._stacks()
        if self._proposal.delete:
            # What imports from a stack goes before it.
            for deployment in reversed(before.deployments):
                yield deployment.name, stacks.delete(deployment.name, deployment.place)
        for deployment in after.deployments:
            yield deployment.name, stacks.deploy(deployment)

    def _stacks(self) -> Stacks:
        return Stacks(self._session.recorder.endpoint, remaining=self._session.deadline.remaining)

    def _states(self, application: Application, kept_aside: frozenset[str] = frozenset()) -> tuple[StateInstance, ...]:
        self._session.recorder.phase(PHASE)
        stacks = self._stacks()
        found = chain.from_iterable(stacks.resources(deployment) for deployment in application.deployments)
        return states(application.stacks, found, retained=kept_aside)

    def _outcome(self, results: Mapping[str, Deployed]) -> ApplyOutcome:
        errors = [*self._refused(), *self._failed(results)]
        failed = {error.address for error in errors if error.address}
        done = [change.address for change in self._comparison.changes if self._went_through(change.address, results)]
        return ApplyOutcome(
            succeeded=not errors,
            diagnostics=tuple(errors),
            applied=tuple(address for address in done if address not in failed),
            failed=tuple(sorted(failed)),
        )

    def _went_through(self, address: str, results: Mapping[str, Deployed]) -> bool:
        result = results.get(address.partition("/")[0])
        return result is None or result.succeeded

    def _refused(self) -> Iterator[Diagnostic]:
        for refusal in self._comparison.refusals:
            yield Diagnostic(severity="error", summary=f"AWS refuses it: {refusal.reason}", address=refusal.address)

    def _failed(self, results: Mapping[str, Deployed]) -> Iterator[Diagnostic]:
        for name, result in results.items():
            if result.succeeded:
                continue
            for key, reason in result.failed.items():
                yield Diagnostic(
                    severity="error", summary="the engine fails", detail=self._safe(reason), address=f"{name}/{key}"
                )
            if not result.failed:
                yield Diagnostic(
                    severity="error", summary="the engine fails", detail=self._safe(result.reason), address=name
                )

    def _safe(self, text: str) -> str:
        """An engine's message without values of parameters that are secret."""
        return without(text[:1000], _secrets(self._after))

    def _lacking(self, results: Mapping[str, Deployed]) -> Iterator[Gap]:
        for name, result in results.items():
            for type_ in result.left_out:
                yield Gap(
                    kind=GapKind.UNSUPPORTED,
                    subject=f"{name}: {type_}",
                    reason="the engine does not know this type: what has it, and what refers to that, was not deployed",
                    # Each resource of it that changes says so itself.
                    blocking=False,
                )

    def _disagreements(self, results: Mapping[str, Deployed]) -> Iterator[str]:
        """Where the engine's change set says otherwise than the schemas; "conditional" says nothing."""
        computed = {change.address: _IMPACTS.get(change.impact) for change in self._comparison.changes}
        found = [
            f"{name}/{key} (replacement: {said.value} by the engine, {ours.value} by the schema)"
            for name, result in results.items()
            for key, said in sorted(result.announced.items())
            if (ours := computed.get(f"{name}/{key}")) is not None and ours is not said is not Replacement.CONDITIONAL
        ]
        if found:
            more = f" and {len(found) - _MOST_NAMED} more" if len(found) > _MOST_NAMED else ""
            yield (
                "The engine's change set and AWS's resource schemas disagree, and the schemas count: "
                f"{', '.join(found[:_MOST_NAMED])}{more}."
            )


def _untranslated(clone: Clone) -> Iterator[Gap]:
    """Templates are worked out before there is a clone: ids that they name are not put into the engine's words."""
    if clone.translation is not None:
        reason = "the clone has ids of the engine's own, and templates are not translated: what they name is not found"
        yield Gap(kind=GapKind.NOT_REHEARSED, subject="stacks", reason=reason)


def _written(deployment: Deployment) -> str:
    document = {key: thaw(value) for key, value in deployment.template.document.items()}
    nested = [_written(inner) for _, inner in sorted(deployment.nested.items())]
    return json.dumps([deployment.name, document, dict(deployment.values), nested], sort_keys=True)


def _secrets(application: Application) -> Iterator[str]:
    waiting = list(application.deployments)
    while waiting:
        deployment = waiting.pop()
        waiting += deployment.nested.values()
        for name, parameter in deployment.template.parameters.items():
            if parameter.no_echo:
                yield from (text for text in (deployment.values.get(name), parameter.default) if text)
