"""The one loop: clone, look, announce, carry out, look again.

    target ─▶ clone ─▶ before ─▶ what the change announces ─▶ the change itself ─▶ after

Every front door uses it, for every kind of target and of change. It observes; it does not judge.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeAlias, assert_never

from diffing.snapshot import Snapshot
from sandbox.changes.change import Announced, Change
from sandbox.changes.cloudformation import CloudFormationChange
from sandbox.changes.command import CommandChange
from sandbox.changes.sequence import failed_before, joined, require_stacks, step_of
from sandbox.changes.stackupdate import KnownStacks
from sandbox.changes.terraform import PlanFailedInHasteError, TerraformChange, with_noise
from sandbox.clock import Stopwatch
from sandbox.clones.account import mattering
from sandbox.clones.clone import Clone
from sandbox.clones.doubts import cloning_gaps
from sandbox.clones.scopes import CalledScopes
from sandbox.clones.source import Source, deployed_in, read_target
from sandbox.clones.standup import stand_up
from sandbox.clones.used import state_used
from sandbox.conformance import is_measured
from sandbox.errors import ConfigurationError
from sandbox.executors.terraform.binary import TerraformBinary
from sandbox.history import History
from sandbox.inventory.inventory import take_snapshot
from sandbox.inventory.scope import Scope
from sandbox.isolation.enclosure import Backend
from sandbox.isolation.limits import Limits
from sandbox.notices import NoticeKeeper
from sandbox.place import Place
from sandbox.ports import Engine, Progress
from sandbox.proposal import CloudFormationProposal, CommandProposal, Proposal, SequenceProposal, TerraformProposal
from sandbox.recorder.recorder import Recorder
from sandbox.refusals.known import KnownRefusals
from sandbox.rehearsal import ApiCall, ClonedObject, Cloning, Gap, GapKind, Plan, Rehearsal, StateInstance
from sandbox.scratch import scratch_folder
from sandbox.seed import plant, read_seed
from sandbox.session import DEFAULT_PARALLELISM, NO_VARIABLES, Pace, Session, Tools, Variables
from sandbox.targets.target import Target
from sandbox.witnesses.calls import by_another, writes
from sandbox.witnesses.haste import would_come_at_any_speed

_Part: TypeAlias = TerraformProposal | CommandProposal | CloudFormationProposal


@dataclass(frozen=True, slots=True, kw_only=True)
class RehearsalRequest:
    """What to rehearse, in what, and how."""

    proposal: Proposal
    target: Target
    engine: Engine
    binary: TerraformBinary | None
    """None where no Terraform is installed."""
    environment: Mapping[str, str]
    """The user's environment; only an allowlist of it reaches what is replayed."""
    account: str = "123456789012"
    region: str = "us-east-1"
    seed: Path | None = None
    timeout: float = 1800.0
    """Seconds for everything that is run, together."""
    parallelism: int = DEFAULT_PARALLELISM
    variables: Variables = NO_VARIABLES
    """For the Terraform configurations of the target and of the change."""
    fast_waits: bool = False
    """Use a copy of the AWS provider whose pauses between status reads are short (docs/fast-waits.md)."""
    keep_clones: bool = True
    """Use clones that an earlier rehearsal has kept, and keep this one."""
    isolation: Backend
    """What encloses everything that is run of the target and of the change."""
    limits: Limits = field(default_factory=Limits)


def rehearse(request: RehearsalRequest, progress: Progress) -> Rehearsal:
    """Rehearse a change in a clone that exists for it alone.

    Raises:
        UsageError: the target or the change is not there.
        ConfigurationError: Terraform refuses the configuration, or its plan; with Terraform's own diagnostics.
        EngineError: the engine did not start, or died.
        MissingToolError: Terraform, a provider or the engine is not installed.
        TimeoutExpiredError: it took longer than `request.timeout`.
    """
    kept = NoticeKeeper(progress)
    source = read_target(request.target, kept)
    require_stacks(request.proposal, source)
    pace = Pace(baseline=request.fast_waits, change=request.fast_waits)
    try:
        first = _attempt(request, source, kept, pace)
    except PlanFailedInHasteError:
        kept.notice("Terraform failed with shortened waits: once more at ordinary speed, before it counts.")
        return _attempt(request, source, kept, Pace(baseline=True, change=False))
    if not first.waits_shortened or (_cloned(first) and (first.outcome.succeeded or would_come_at_any_speed(first))):
        return first
    if not first.announced:
        # A program is not repeated: what it does once is what is judged.
        return first
    kept.notice("The apply failed with shortened waits: once more at ordinary speed, before it counts.")
    return _attempt(request, source, kept, Pace(baseline=_cloned(first), change=False))


def _cloned(rehearsal: Rehearsal) -> bool:
    """Whether the baseline came up without an error."""
    return not any(gap.kind is GapKind.INCOMPLETE for gap in rehearsal.gaps)


def _attempt(request: RehearsalRequest, source: Source, progress: NoticeKeeper, pace: Pace) -> Rehearsal:
    with ExitStack() as stack:
        scratch = stack.enter_context(scratch_folder())
        recorder = stack.enter_context(Recorder())
        tools = _tools(request)
        session = Session(
            tools,
            scratch=scratch,
            recorder=recorder,
            isolation=stack.enter_context(tools.enclosing(scratch, recorder)),
            progress=progress,
            watch=Stopwatch(),
            pace=pace,
        )
        known = KnownStacks(deployed_in(source))
        changes = [_change(proposal, session, known, name) for name, proposal in _parts(request.proposal)]
        # Before there is a clone: what cannot be run at all, nothing is cloned for.
        versions = [change.prepare() for change in changes]
        directory = request.proposal.directory
        version = next(filter(None, versions), "")
        clone = stack.enter_context(stand_up(source, session, change_dir=directory, versions=version))
        return replace(_Stage(request, session, clone, changes).run(), aws_provider=(clone.aws_provider, version))


def _tools(request: RehearsalRequest) -> Tools:
    return Tools(
        engine=request.engine,
        binary=request.binary,
        environment=request.environment,
        place=Place(account=request.account, region=request.region),
        timeout=request.timeout,
        parallelism=request.parallelism,
        variables=request.variables,
        keep_clones=request.keep_clones,
        isolation=request.isolation,
        limits=request.limits,
    )


def _parts(proposal: Proposal) -> list[tuple[str, _Part]]:
    """Each change that is to be made, and what to call its copy; in a sequence, several may be of one kind."""
    if isinstance(proposal, SequenceProposal):
        return [(f"step-{number}", step) for number, step in enumerate(proposal.steps, start=1)]
    return [("command" if isinstance(proposal, CommandProposal) else "change", proposal)]


def _change(proposal: _Part, session: Session, known: KnownStacks, name: str) -> Change:
    match proposal:
        case TerraformProposal():
            return TerraformChange(proposal, session, name)
        case CommandProposal():
            return CommandChange(proposal, session, name)
        case CloudFormationProposal():
            return CloudFormationChange(proposal, session, known=known)
        case _:
            assert_never(proposal)


class _Stage:
    """One rehearsal under way: the clone, and what is replayed in it."""

    def __init__(self, request: RehearsalRequest, session: Session, clone: Clone, changes: Sequence[Change]) -> None:
        self._request = request
        self._session = session
        self._clone = clone
        self._changes = changes
        self._called = CalledScopes(clone.engine.endpoint, account=session.place.account)
        self._refusals = KnownRefusals(clone.engine.endpoint, account=session.place.account)
        session.recorder.answer_for_aws(self._refusals)

    def run(self) -> Rehearsal:
        """Go through the phases in order; the changes of a sequence one after the other, up to one that fails."""
        self._furnish()
        before, clone = self._look("before"), self._clone
        if len(self._changes) == 1:
            return self._part(self._changes[0], clone, before, ())
        if any(change.announces for change in self._changes):
            clone = with_noise(clone, self._session)
        parts: list[Rehearsal] = []
        start = len(self._session.recorder.calls)
        for change in self._changes:
            parts.append(self._step(change, clone, before, parts, start))
            if not parts[-1].outcome.succeeded:
                break
            before, clone = parts[-1].after, change.left(clone)
        whole = hashlib.sha256("\0".join(change.digest for change in self._changes).encode())
        not_run = [change.text(clone) for change in self._changes[len(parts) :]]
        return replace(joined(parts, not_run, self._folders()), digest=whole.hexdigest())

    def _folders(self) -> list[str]:
        """Where each change of the sequence lies, as seen from where the sequence is written down."""
        proposal = self._request.proposal
        steps = proposal.steps if isinstance(proposal, SequenceProposal) else ()
        return [os.path.relpath(step.directory, proposal.directory) for step in steps]

    def _step(
        self, change: Change, clone: Clone, before: Snapshot, earlier: Sequence[Rehearsal], start: int
    ) -> Rehearsal:
        """One change of a sequence: a rehearsal in what the ones before it have left, without their calls."""
        calls = self._session.recorder.calls
        others = frozenset(call.sequence for call in calls[start:])
        try:
            part = self._part(change, clone, before, others)
        except ConfigurationError as error:
            if not earlier:
                raise
            part = self._unplanned(earlier[-1], error, others)
        own = tuple(call.sequence for call in part.calls if call.sequence not in {each.sequence for each in calls})
        gaps = (*part.gaps, *change.doubts(clone, earlier))
        return replace(part, gaps=gaps, steps=part.steps or (step_of(change.text(clone), part.outcome, own),))

    def _unplanned(self, before: Rehearsal, error: ConfigurationError, others: frozenset[int]) -> Rehearsal:
        """A step that cannot be planned on what is there: data, as one that fails when it is applied."""
        return replace(
            before,
            before=before.after,
            state_before=before.state_after,
            plan=Plan(changes=()),
            outcome=failed_before(error.message),
            calls=self._calls_without(others),
            announced=True,
            steps=(),
            gaps=(),
        )

    def _calls_without(self, others: frozenset[int]) -> tuple[ApiCall, ...]:
        return tuple(call for call in self._session.recorder.calls if call.sequence not in others)

    def _part(self, change: Change, clone: Clone, before: Snapshot, others: Collection[int]) -> Rehearsal:
        """Announce, carry out, look again.

        Args:
            change: The change.
            clone: What it finds.
            before: The clone, looked at.
            others: Sequence numbers of the calls of changes before it.
        """
        session = self._session
        announced = change.announce(clone)
        state_before = change.state_before(clone)
        done = change.carry_out(clone, self._refusals)
        after = self._look("after")
        calls = self._calls_without(frozenset(others))
        return Rehearsal(
            engine=clone.engine.info,
            before=before,
            after=after,
            plan=announced.plan,
            noise=announced.noise,
            outcome=done.outcome,
            state_before=state_before,
            state_after=change.state_after(clone),
            calls=calls,
            gaps=(
                *clone.gaps,
                *mattering(clone.service_gaps, calls, announced.plan),
                *announced.gaps,
                *done.gaps,
                *self._doubts(change, announced, state_before),
            ),
            timings=session.watch.timings,
            notices=(*session.progress.notices, *self._pace_told(len(calls))),
            digest=change.digest,
            guarded_before=clone.guarded if announced.guarded is not None else frozenset(),
            guarded_after=announced.guarded or frozenset(),
            waits_shortened=self._waits_shortened,
            isolation=self._session.isolation.name,
            announced=change.announces,
            steps=done.steps,
            state_used=state_used(
                change.own_state,
                clone.lineage,
                History(session.cache),
                # What is read of a live account has no addresses of its own.
                comparable=clone.lineage is not None or clone.ledger is None,
            ),
            cloning=self._cloning(),
            declared=announced.declared,
        )

    @property
    def _waits_shortened(self) -> bool:
        return self._session.uses_terraform and self._session.terraform.waits_shortened

    def _pace_told(self, calls: int) -> tuple[str, ...]:
        if not self._waits_shortened:
            return ()
        text = "The provider's waits were shortened (docs/fast-waits.md); the rehearsal made {} API calls with them."
        return (text.format(calls),)

    def _furnish(self) -> None:
        """Put into the clone what the changes presuppose, and the user's data."""
        session, seed = self._session, self._request.seed
        session.recorder.phase("seed")
        for change in self._changes:
            change.furnish(self._clone)
        if seed is None:
            return
        session.progress.phase("Putting data into the clone")
        with session.watch.phase("seed"), session.watch.waiting():
            calls = read_seed(seed, region=session.place.region)
            plant(calls, endpoint=session.recorder.endpoint, account=session.place.account)

    def _look(self, moment: str) -> Snapshot:
        session, engine = self._session, self._clone.engine
        session.progress.phase(f"Reading the clone ({moment})")
        session.require(engine)
        with session.watch.phase(f"snapshot-{moment}"):
            called = self._called.of(session.recorder.scopes())
            scopes = frozenset[Scope]().union(*(change.scopes for change in self._changes))
            return take_snapshot(engine.endpoint, [*self._clone.scopes, *scopes, *called])

    def _doubts(self, change: Change, announced: Announced, state: tuple[StateInstance, ...]) -> tuple[Gap, ...]:
        ledger = self._clone.ledger
        if ledger is None:
            return ()
        wrote = any(by_another(call) for call in writes(self._session.recorder.calls))
        plan = announced.plan if change.announces else None
        return tuple(cloning_gaps(ledger, plan, state, others_wrote=wrote))

    def _cloning(self) -> Cloning:
        clone = self._clone
        entries = clone.ledger.entries if clone.ledger is not None else ()
        stands = {each.address: each for each in clone.stands}
        objects = tuple(
            ClonedObject(
                address=entry.address,
                type=entry.type,
                standing=entry.standing.value,
                reason=entry.reason,
                unknown=entry.unknown,
                differing=entry.differing,
                proof=entry.proof(measured=is_measured(clone.engine.info.name, entry.type)),
                real_id=stands[entry.address].real if entry.address in stands else "",
                clone_id=stands[entry.address].clone if entry.address in stands else "",
            )
            for entry in entries
        )
        if clone.lineage is None:
            return Cloning(warm=clone.warm, objects=objects)
        history = History(self._session.cache)
        newest = history.newest_serial(clone.lineage.lineage)
        history.saw(clone.lineage.lineage, clone.lineage.serial, at=time.time())
        return Cloning(
            warm=clone.warm,
            objects=objects,
            lineage=clone.lineage.lineage,
            serial=clone.lineage.serial,
            newest_serial=max(newest, clone.lineage.serial),
        )
