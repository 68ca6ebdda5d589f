"""The one loop: clone, record, look, plan, apply, look again.

    clone(target) ─▶ before ─▶ noise (the unchanged baseline, planned again)
                          └──▶ plan of the change ─▶ apply ─▶ after

Every front door uses it. It observes; it does not judge.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from diffing.change import Action
from diffing.snapshot import Snapshot
from sandbox.clock import Stopwatch
from sandbox.errors import EngineError
from sandbox.executors.terraform.binary import TerraformBinary
from sandbox.executors.terraform.deadline import Deadline
from sandbox.executors.terraform.executor import TerraformExecutor
from sandbox.executors.terraform.run import TerraformFailedError
from sandbox.executors.terraform.workspace import Workspace
from sandbox.inventory.accounts import account_of
from sandbox.inventory.inventory import take_snapshot
from sandbox.inventory.scope import Scope
from sandbox.notices import NoticeKeeper
from sandbox.ports import Engine, Progress, RunningEngine
from sandbox.proposal import TerraformProposal
from sandbox.recorder.recorder import Recorder
from sandbox.refusals.known import KnownRefusals
from sandbox.rehearsal import ApplyOutcome, CallKind, Gap, GapKind, Plan, Rehearsal
from sandbox.scratch import scratch_folder
from sandbox.seed import plant, read_seed
from sandbox.targets.materialise import materialise
from sandbox.targets.target import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class RehearsalRequest:
    """What to rehearse, in what, and how."""

    proposal: TerraformProposal
    target: Target
    engine: Engine
    binary: TerraformBinary
    environment: Mapping[str, str]
    """The user's environment; only an allowlist of it reaches what is replayed."""
    account: str = "123456789012"
    region: str = "us-east-1"
    seed: Path | None = None
    timeout: float = 1800.0
    """Seconds for everything that Terraform does, together."""
    parallelism: int = 10
    fast_waits: bool = False
    """Use a copy of the AWS provider whose pauses between status reads are short (docs/fast-waits.md)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pace:
    """Which of the two configurations runs with shortened waits."""

    baseline: bool
    change: bool


class _PlanFailedInHasteError(Exception):
    """Terraform could not plan while waits were shortened: not yet anybody's fault."""


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
    pace = _Pace(baseline=request.fast_waits, change=request.fast_waits)
    try:
        first = _attempt(request, kept, pace)
    except _PlanFailedInHasteError:
        kept.notice("Terraform failed with shortened waits: once more at ordinary speed, before it counts.")
        return _attempt(request, kept, _Pace(baseline=True, change=False))
    if not first.waits_shortened or (_cloned(first) and (first.outcome.succeeded or _refused(first))):
        return first
    kept.notice("The apply failed with shortened waits: once more at ordinary speed, before it counts.")
    return _attempt(request, kept, _Pace(baseline=_cloned(first), change=False))


def _cloned(rehearsal: Rehearsal) -> bool:
    """Whether the baseline came up without an error."""
    return not any(gap.kind is GapKind.INCOMPLETE for gap in rehearsal.gaps)


def _refused(rehearsal: Rehearsal) -> bool:
    """Whether every error of the apply is one that AWS itself is known to give: that is not due to haste."""
    messages = {call.error_message for call in rehearsal.calls if call.refused_by and call.phase == "apply"}
    errors = [item for item in rehearsal.outcome.diagnostics if item.severity == "error"]
    return bool(errors) and all(
        any(message in f"{error.summary} {error.detail}" for message in messages) for error in errors
    )


def _attempt(request: RehearsalRequest, progress: NoticeKeeper, pace: _Pace) -> Rehearsal:
    watch = Stopwatch()
    with ExitStack() as stack:
        scratch = stack.enter_context(scratch_folder())
        recorder = stack.enter_context(Recorder())
        engine = stack.enter_context(_engine(request, scratch, recorder, watch, progress))
        return _Stage(
            request, scratch=scratch, recorder=recorder, engine=engine, progress=progress, watch=watch, pace=pace
        ).run()


@contextmanager
def _engine(
    request: RehearsalRequest, scratch: Path, recorder: Recorder, watch: Stopwatch, progress: Progress
) -> Iterator[RunningEngine]:
    progress.phase(f"Starting {request.engine.name}")
    with ExitStack() as stack:
        with watch.phase("engine"), watch.waiting():
            engine = stack.enter_context(request.engine.start(scratch / "engine", public_port=recorder.port))
        recorder.forward_to(engine.endpoint)
        yield engine


class _Stage:
    """One rehearsal under way: the clone, what is replayed in it, and the clock."""

    def __init__(
        self,
        request: RehearsalRequest,
        *,
        scratch: Path,
        recorder: Recorder,
        engine: RunningEngine,
        progress: NoticeKeeper,
        watch: Stopwatch,
        pace: _Pace,
    ) -> None:
        self._request = request
        self._scratch = scratch
        self._recorder = recorder
        self._engine = engine
        self._progress = progress
        self._pace = pace
        self._watch = watch
        self._refusals = KnownRefusals(engine.endpoint, account=request.account)
        recorder.answer_for_aws(self._refusals)
        self._gaps: list[Gap] = []
        self._accounts: dict[str, str] = {}
        self._terraform = TerraformExecutor(
            binary=request.binary,
            endpoint=recorder.endpoint,
            account=request.account,
            region=request.region,
            scratch=scratch / "terraform",
            environment=request.environment,
            progress=self._progress,
            deadline=Deadline.after(request.timeout),
            variables=request.proposal.variables,
            var_files=request.proposal.var_files,
            workspace=request.proposal.workspace,
            parallelism=request.parallelism,
            shorten_waits=pace.baseline or pace.change,
        )

    def run(self) -> Rehearsal:
        """Go through the phases in order."""
        baseline, change = self._workspaces()
        if baseline is not None:
            self._apply_baseline(baseline)
        self._plant_seed()
        before = self._look("before")
        noise, plan = self._plans(baseline, change)
        # Read after planning: plans say which attributes are secret.
        state_before = self._terraform.state(baseline) if baseline is not None else ()
        outcome = self._apply(change)
        after = self._look("after")
        return Rehearsal(
            engine=self._engine.info,
            before=before,
            after=after,
            plan=plan,
            noise=noise,
            outcome=outcome,
            state_before=state_before,
            state_after=self._terraform.state(change),
            calls=self._recorder.calls,
            gaps=tuple(self._gaps),
            timings=self._watch.timings,
            notices=(*self._progress.notices, *self._pace_told()),
            digest=change.digest,
            waits_shortened=self._terraform.waits_shortened,
        )

    def _pace_told(self) -> tuple[str, ...]:
        if not self._terraform.waits_shortened:
            return ()
        polled = len(self._recorder.calls)
        text = "The provider's waits were shortened (docs/fast-waits.md); the rehearsal made {} API calls with them."
        return (text.format(polled),)

    def _workspaces(self) -> tuple[Workspace | None, Workspace]:
        """Copy both configurations and let Terraform fetch what they need, side by side."""
        self._progress.phase("Preparing copies")
        directory = self._request.proposal.directory
        with self._watch.phase("copy"):
            source = materialise(self._request.target, change_dir=directory, scratch=self._scratch / "target")
            change = self._terraform.prepare("change", directory)
            baseline = self._terraform.prepare("baseline", source) if source is not None else None
        self._progress.phase("Installing providers (terraform init)")
        with self._watch.phase("init"), self._watch.waiting():
            self._terraform.init(change)
            if baseline is not None:
                self._terraform.init(baseline)
        for workspace, fast in ((change, self._pace.change), (baseline, self._pace.baseline)):
            if workspace is not None and not fast:
                self._terraform.use_ordinary_waits(workspace)
        return baseline, change

    def _apply_baseline(self, baseline: Workspace) -> None:
        self._progress.phase("Cloning the target (terraform apply of the baseline)")
        self._recorder.phase("baseline")
        with self._watch.phase("baseline"), self._watch.waiting():
            outcome = self._terraform.apply_all(baseline)
        self._require_engine()
        if outcome.succeeded:
            return
        errors = [item for item in outcome.diagnostics if item.severity == "error"]
        self._gaps += [
            Gap(
                kind=GapKind.INCOMPLETE,
                subject=error.address or "baseline",
                reason=f"it could not be cloned: {error.summary}",
            )
            for error in errors
        ] or [Gap(kind=GapKind.INCOMPLETE, subject="baseline", reason="the baseline could not be cloned completely")]

    def _plant_seed(self) -> None:
        if self._request.seed is None:
            return
        self._progress.phase("Putting data into the clone")
        self._recorder.phase("seed")
        with self._watch.phase("seed"), self._watch.waiting():
            calls = read_seed(self._request.seed, region=self._request.region)
            plant(calls, endpoint=self._recorder.endpoint, account=self._request.account)

    def _look(self, moment: str) -> Snapshot:
        self._progress.phase(f"Reading the clone ({moment})")
        self._require_engine()
        with self._watch.phase(f"snapshot-{moment}"):
            return take_snapshot(self._engine.endpoint, self._scopes())

    def _scopes(self) -> list[Scope]:
        return [
            Scope(
                service=scope.service,
                region=scope.region,
                access_key_id=scope.access_key_id,
                account=self._account_of(scope.access_key_id),
            )
            for scope in self._recorder.scopes()
        ]

    def _account_of(self, access_key_id: str) -> str:
        if access_key_id.isdigit():
            return access_key_id
        # Credentials of an assumed role: the engine knows whose they are.
        if access_key_id not in self._accounts:
            found = account_of(self._engine.endpoint, access_key_id) if access_key_id else ""
            self._accounts[access_key_id] = found or self._request.account
        return self._accounts[access_key_id]

    def _plans(self, baseline: Workspace | None, change: Workspace) -> tuple[Plan, Plan]:
        """Plan the unchanged baseline once more (what is in that plan is noise) and the change, side by side."""
        self._progress.phase("Planning the change")
        # For calls that follow a URL the engine handed out: those come in by the main port.
        self._recorder.phase("plan")
        with self._watch.phase("plan"), self._watch.waiting(), ThreadPoolExecutor(1) as pool:
            noise: Future[Plan] | None = None
            if baseline is not None:
                self._terraform.adopt_state(change, baseline)
                noise = pool.submit(
                    self._terraform.plan, baseline, endpoint=self._recorder.endpoint_for("noise"), quick_no_op=True
                )
            try:
                plan = self._terraform.plan(change, endpoint=self._recorder.endpoint_for("plan"))
                found = noise.result() if noise is not None else Plan(changes=())
            except TerraformFailedError as error:
                if self._pace.change and self._terraform.waits_shortened:
                    raise _PlanFailedInHasteError from error
                raise
        self._require_engine()
        return self._trusted_noise(found), plan

    def _trusted_noise(self, noise: Plan) -> Plan:
        """Code that runs while the change is planned may alter the clone; that is not the engine's noise."""
        wrote = [call for call in self._recorder.calls if call.phase == "plan" and call.kind is not CallKind.READ]
        if not wrote or all(change.action is Action.NO_OP for change in noise.changes):
            return noise
        self._gaps.append(
            Gap(
                kind=GapKind.NOISE,
                subject=f"{wrote[0].service}:{wrote[0].operation}",
                reason="planning the change wrote to the clone: the engine's noise cannot be told from its effects",
            )
        )
        return Plan(changes=())

    def _apply(self, change: Workspace) -> ApplyOutcome:
        self._progress.phase("Rehearsing the change (terraform apply)")
        self._recorder.phase("apply")
        with self._watch.phase("apply"), self._watch.waiting():
            outcome = self._terraform.apply_plan(change, stop=self._refusals.standstill)
        self._require_engine()
        return outcome

    def _require_engine(self) -> None:
        if not self._engine.alive():
            raise EngineError(
                f"The engine {self._request.engine.name} died during the rehearsal.\n{self._engine.log_tail()}",
                hint="Run it again; if it dies again, try the other engine (--engine moto or --engine ministack).",
            )
