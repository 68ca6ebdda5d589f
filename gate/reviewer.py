"""The use case: rehearse a change, reconcile what was seen, judge it, report it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from diffing.change import StateDiff
from gate.circumstances import WITHOUT, Circumstances, classified_changes, evidence_of
from gate.memory import memory_of
from gate.policy.dependents import dependencies_among
from gate.policy.settings import Whereabouts
from gate.policy_source import Policies, Wanted, find_policies
from gate.report.model import NOT_RUN, Report
from gate.report.model import Proposal as ReportedProposal
from gate.report.model import Target as ReportedTarget
from gate.retelling import engine_doubts, locations_told, region_called, steps_told
from gate.secondopinion import NAME, Side, Unavailable, compare, unavailable, with_second
from gate.verdict import Verdict
from gate.wiring import DEFAULT_ENGINE, EngineOptions, engine_named, tool_version
from sandbox.cloning.tfstate import read_state
from sandbox.cloudformation.assembly import is_assembly
from sandbox.errors import MissingToolError, SandtableError, UsageError
from sandbox.executors.terraform.binary import TerraformBinary, find_terraform
from sandbox.history import day_of
from sandbox.isolation.choose import AUTOMATIC, isolation_named
from sandbox.live.account import narrowed_target, place_of, stack_in
from sandbox.ports import Progress, SilentProgress
from sandbox.proposal import (
    DEFAULT_BUDGET,
    Budget,
    CloudFormationProposal,
    CommandProposal,
    Proposal,
    SequenceProposal,
    TerraformProposal,
)
from sandbox.rehearsal import ApplyOutcome, EngineInfo, Rehearsal, Timing
from sandbox.rehearse import RehearsalRequest, rehearse
from sandbox.session import Variables
from sandbox.targets.target import LiveStackTarget, LiveTarget, StackTarget, Target, parse_target
from sandbox.witnesses.reconcile import reconcile

DEFAULT_ACCOUNT = "123456789012"
DEFAULT_REGION = "us-east-1"
DEFAULT_TIMEOUT = 1800.0
ACCOUNT_DIGITS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewRequest:
    """Everything that a front door can ask for. Paths may be relative to the current folder."""

    change: Path
    target: str
    """As ``--target`` takes it: ``config:DIR``, ``git:REF[:DIR]``, ``tfstate:FILE``, ``snapshot:FILE``,
    ``cloudformation:TEMPLATE``, ``cloudformation-stack:[PROFILE:]NAME``, ``aws:PROFILE``, ``empty``."""
    command: tuple[str, ...] = ()
    """The program to rehearse, and its arguments, in the folder of the change; none for Terraform."""
    stacks: CloudFormationProposal | None = None
    """What to do with stacks; none for Terraform and programs."""
    sequence: SequenceProposal | None = None
    """Changes to rehearse one after the other; none for a change alone."""
    target_parameters: Path | None = None
    """Values of parameters for the target's templates, in a file; those of the change where there is none. Of a stack
    in a live account, values of its ``NoEcho`` parameters."""
    budget: Budget = DEFAULT_BUDGET
    """How much a program may call."""
    state: Path | None = None
    """The Terraform state that the change would be applied with, where it is not the target's own."""
    empty_state: bool = False
    """It would be applied with none."""
    keep_clones: bool = True
    """Use clones that an earlier rehearsal has kept, and keep this one."""
    engine: str = DEFAULT_ENGINE
    """As ``--engine`` takes it: a name, ``container:IMAGE``, ``endpoint:URL``."""
    engine_hosts: tuple[str, ...] = ()
    """Hosts, beside the loopback interface, where an engine may be."""
    reset_endpoint: bool = False
    """Empty the engine at the endpoint first; everything in it is lost."""
    second_opinion: str = ""
    """Another engine, as `engine` takes it, to rehearse the same change on; none where it is empty."""
    policy: Path | None = None
    history: bool = True
    """Take into account what earlier rehearsals of the target saw, and remember this one."""
    rego: Path | None = None
    """A folder with Rego policies that judge as well."""
    policy_environment: str = ""
    """The section of the policy to take; the one that the place matches where it is empty."""
    seed: Path | None = None
    terraform: Path | None = None
    account: str = DEFAULT_ACCOUNT
    region: str = DEFAULT_REGION
    regions: tuple[str, ...] = ()
    """Of a live account, all regions to read; none for the profile's own."""
    services: tuple[str, ...] = ()
    """Of a live account, the services to read, by botocore's names; none for all that are known."""
    tags: tuple[str, ...] = ()
    """Of a live account, ``KEY=VALUE``: only what has one of these, and what that needs."""
    variables: tuple[str, ...] = ()
    var_files: tuple[Path, ...] = ()
    workspace: str = "default"
    timeout: float = DEFAULT_TIMEOUT
    """Seconds for everything that is run, together."""
    parallelism: int = 10
    fast_waits: bool = True
    """Shorten the provider's waits inside the rehearsal (docs/fast-waits.md); False is ``--real-time``."""
    isolation: str = AUTOMATIC
    """What encloses the replayed code: ``bubblewrap``, ``auto`` for what works here, ``none`` for nothing."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """The user's environment variables; an allowlist of them reaches Terraform."""


def review(request: ReviewRequest, progress: Progress | None = None, *, policies: Policies | None = None) -> Report:
    """Rehearse and judge one change.

    Args:
        request: What, against what, and how.
        progress: Is told how far it is.
        policies: What judges, where a front door has found it out by itself; else it is found as docs/policy.md says.

    Raises:
        UsageError: the request itself is wrong.
        SandtableError: the rehearsal could not be carried out; its subclasses say why.
    """
    progress = progress or SilentProgress()
    _check(request)
    target = _target(request)
    if isinstance(target, LiveTarget | LiveStackTarget):
        request = _in_its_place(request, target)
    policies = policies or _policies(request, target)
    rejected = policies.misplaced(_known_place(request))
    if rejected is not None:
        return not_rehearsed(rejected, request)
    wanted = RehearsalRequest(
        proposal=_proposal(request),
        target=target,
        engine=engine_named(request.engine, _engine_options(request)),
        binary=_binary(request),
        environment=request.environment,
        account=request.account,
        region=request.region,
        seed=request.seed,
        timeout=request.timeout,
        parallelism=request.parallelism,
        fast_waits=request.fast_waits,
        variables=Variables(values=request.variables, files=request.var_files, workspace=request.workspace),
        keep_clones=request.keep_clones,
        isolation=isolation_named(request.isolation),
    )
    other = engine_named(request.second_opinion, _engine_options(request)) if request.second_opinion else None
    rehearsal = rehearse(wanted, progress)
    second = None if other is None else _on_another_engine(replace(wanted, engine=other), progress)
    progress.phase("Judging")
    return _remembering(request, target, policies, rehearsal, second)


def _policies(request: ReviewRequest, target: Target) -> Policies:
    wanted = Wanted(place=_place(request), environment=request.policy_environment)
    return find_policies(request.policy, change_dir=request.change, target=target, wanted=wanted)


def _remembering(
    request: ReviewRequest,
    target: Target,
    policies: Policies,
    rehearsal: Rehearsal,
    second: Rehearsal | Unavailable | None,
) -> Report:
    """Judge in the light of what earlier rehearsals of the target saw, and remember this one."""
    environment = request.environment if request.history else {}
    past = memory_of(
        target, label=request.target, change=request.change, place=_place(request), environment=environment
    )
    lineage, now = rehearsal.cloning.lineage, time.time()
    earlier = past.earlier(lineage=lineage, now=now)
    circumstances = Circumstances(place=_place(request), today=day_of(now), earlier=earlier)
    report = judge(request, rehearsal, policies, circumstances)
    if second is not None:
        report = with_second_opinion(report, second, policies, circumstances)
    if request.rego is not None:
        from gate.rego import with_rego  # noqa: PLC0415 - an extra

        report = with_rego(report, rehearsal.plan.changes, request.rego)
    seen = evidence_of(rehearsal, report.diff, report.gaps, circumstances)
    past.keep(seen, report.verdict.decision, lineage=lineage, now=now)
    return report


def _place(request: ReviewRequest) -> Whereabouts:
    return Whereabouts(account=request.account, region=request.region, workspace=request.workspace)


def _known_place(request: ReviewRequest) -> Whereabouts:
    """Where it would go, as far as that is known before a rehearsal: provider blocks may name their own region."""
    told = request.region != DEFAULT_REGION or request.target.startswith(("aws:", "cloudformation-stack:"))
    return _place(request) if told else replace(_place(request), region="")


def not_rehearsed(verdict: Verdict, request: ReviewRequest) -> Report:
    """The report about a change that the policy rejects for where it would go: nothing of it was run."""
    return Report(
        verdict=verdict,
        diff=StateDiff(changes=()),
        calls=(),
        gaps=(),
        outcome=ApplyOutcome(succeeded=True),
        timings=(),
        engine=EngineInfo(name="none", version=""),
        target=_reported_target(request, region=request.region, resources=0),
        proposal=ReportedProposal(kind=_kind(request), source=str(request.change), digest="", terraform_version=""),
        notices=("Nothing was rehearsed: the policy rejects where this would go.",),
        isolation=NOT_RUN,
        waits=NOT_RUN,
        tool_version=tool_version(),
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _reported_target(request: ReviewRequest, *, region: str, resources: int) -> ReportedTarget:
    return ReportedTarget(
        kind=request.target.partition(":")[0],
        source=request.target,
        account=request.account,
        region=region,
        resources=resources,
    )


def _on_another_engine(wanted: RehearsalRequest, progress: Progress) -> Rehearsal | Unavailable:
    """The same rehearsal once more. That it cannot be carried out there is an answer as well.

    One after the other, not side by side: each takes two cores, and an interrupted run has to end at once.
    """
    try:
        return rehearse(wanted, progress)
    except SandtableError as error:
        return Unavailable(engine=EngineInfo(name=wanted.engine.name, version=""), problem=error.message)


def with_second_opinion(
    report: Report, second: Rehearsal | Unavailable, policies: Policies, circumstances: Circumstances
) -> Report:
    """Add to a report what another engine showed, and what follows from it."""
    if isinstance(second, Unavailable):
        opinion, verdict = unavailable(second), None
    else:
        observed = reconcile(second)
        observed = replace(observed, diff=classified_changes(second, observed))
        verdict = policies.judge(evidence_of(second, observed.diff, observed.gaps, circumstances))
        opinion = compare(
            Side(
                engine=report.engine, diff=report.diff, gaps=report.gaps, outcome=report.outcome, verdict=report.verdict
            ),
            Side(engine=second.engine, diff=observed.diff, gaps=observed.gaps, outcome=second.outcome, verdict=verdict),
        )
    return replace(
        report,
        verdict=with_second(report.verdict, opinion, verdict),
        second_opinion=opinion,
        timings=(*report.timings, *_time_of(second)),
        notices=(*report.notices, *_notices_of(second, besides=report.notices)),
    )


def _time_of(second: Rehearsal | Unavailable) -> tuple[Timing, ...]:
    if isinstance(second, Unavailable):
        return ()
    seconds, own = (sum(getattr(item, name) for item in second.timings) for name in ("seconds", "own"))
    return (Timing(phase=NAME, seconds=seconds, own=own),)


def _notices_of(second: Rehearsal | Unavailable, *, besides: tuple[str, ...]) -> tuple[str, ...]:
    if isinstance(second, Unavailable):
        return ()
    return tuple(f"On {second.engine.name}: {text}" for text in second.notices if text not in besides)


def _target(request: ReviewRequest) -> Target:
    """The target; its stacks go by the name that the change gives, so that the two are compared."""
    target = parse_target(request.target)
    stack = request.stacks.stack if request.stacks is not None else ""
    if isinstance(target, LiveTarget) and stack:
        # Its stack is all of the account that an update of it works on.
        target = LiveStackTarget(stack=stack, profile=target.profile)
    if isinstance(target, LiveTarget):
        return _live(request, target)
    if request.services or request.tags or (len(request.regions) > 1 and not isinstance(target, LiveStackTarget)):
        raise UsageError(
            "Several regions, services and tags narrow a live account only.", hint="Write --target aws:PROFILE."
        )
    match target:
        case LiveStackTarget():
            return replace(stack_in(target, request.regions), parameters=request.target_parameters)
        case StackTarget():
            if request.sequence is not None and not is_assembly(target.template):
                stack = request.sequence.stack_before()
            given = next((each.parameters for each in _stacks(request) if stack in {"", each.stack}), None)
            return replace(target, stack=stack, parameters=request.target_parameters or given)
        case _:
            return target


def _stacks(request: ReviewRequest) -> tuple[CloudFormationProposal, ...]:
    if request.sequence is not None:
        return request.sequence.stacks
    return () if request.stacks is None else (request.stacks,)


def _live(request: ReviewRequest, target: LiveTarget) -> LiveTarget:
    if any(state is None for state in _states(request)):
        raise UsageError(
            "A live account does not tell the Terraform state of the change.",
            hint="Name it: --state FILE (terraform state pull > FILE), or --state none where there is none.",
        )
    return narrowed_target(target, regions=request.regions, services=request.services, tags=request.tags)


def _in_its_place(request: ReviewRequest, target: LiveTarget | LiveStackTarget) -> ReviewRequest:
    """The same request, in the account that the credentials belong to."""
    place = place_of(target)
    return replace(request, account=place.account, region=place.region)


def _proposal(request: ReviewRequest) -> Proposal:
    if request.sequence is not None:
        return request.sequence
    if request.stacks is not None:
        return request.stacks
    if request.command:
        return CommandProposal(command=request.command, directory=request.change, budget=request.budget)
    if request.empty_state:
        return TerraformProposal(directory=request.change, state=b"")
    state = read_state(str(request.state)).document if request.state is not None else None
    return TerraformProposal(directory=request.change, state=state)


def _binary(request: ReviewRequest) -> TerraformBinary | None:
    """The Terraform to use; a program may do without one."""
    try:
        return find_terraform(request.terraform, request.environment)
    except MissingToolError:
        if not _runs_terraform(request):
            return None
        raise


def _states(request: ReviewRequest) -> Iterator[bytes | str | Path | None]:
    """The state that each Terraform configuration of the change would be applied with; None where nobody says."""
    if request.sequence is not None:
        yield from (step.state for step in request.sequence.steps if isinstance(step, TerraformProposal))
    elif _runs_terraform(request):
        yield "" if request.empty_state else request.state


def _runs_terraform(request: ReviewRequest) -> bool:
    if request.sequence is not None:
        return any(isinstance(step, TerraformProposal) for step in request.sequence.steps)
    return not request.command and request.stacks is None


def _engine_options(request: ReviewRequest) -> EngineOptions:
    return EngineOptions(
        environment=request.environment,
        named_hosts=request.engine_hosts,
        reset=request.reset_endpoint,
        account=request.account,
        region=request.region,
    )


def judge(
    request: ReviewRequest, rehearsal: Rehearsal, policies: Policies, circumstances: Circumstances = WITHOUT
) -> Report:
    """Turn what a rehearsal observed into the report."""
    start = time.perf_counter()
    observed = reconcile(rehearsal)
    diff = classified_changes(rehearsal, observed)
    place = replace(circumstances.place, region=region_called(rehearsal, request.region))
    circumstances = replace(circumstances, place=place)
    verdict = policies.judge(evidence_of(rehearsal, diff, observed.gaps, circumstances))
    seconds = time.perf_counter() - start
    return Report(
        verdict=verdict,
        diff=diff,
        calls=rehearsal.calls,
        gaps=observed.gaps,
        outcome=rehearsal.outcome,
        timings=(*rehearsal.timings, Timing(phase="judge", seconds=seconds, own=seconds)),
        engine=rehearsal.engine,
        target=_reported_target(
            request,
            region=region_called(rehearsal, request.region),
            resources=sum(instance.mode == "managed" for instance in rehearsal.state_before),
        ),
        proposal=ReportedProposal(
            kind=_kind(request),
            source=_source(request, rehearsal),
            digest=rehearsal.digest,
            terraform_version=rehearsal.plan.terraform_version,
        ),
        notices=(*rehearsal.notices, *engine_doubts(rehearsal.engine.name, observed.diff)),
        clone=rehearsal.cloning,
        steps=tuple(steps_told(rehearsal, observed)),
        isolation=rehearsal.isolation,
        waits="shortened" if rehearsal.waits_shortened else "real",
        tool_version=tool_version(),
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
        dependencies=dependencies_among(rehearsal, diff.changes),
        locations=dict(locations_told(request.change, rehearsal, diff, verdict)),
    )


def _kind(request: ReviewRequest) -> str:
    if request.sequence is not None:
        return "steps"
    if request.stacks is not None:
        return "cloudformation"
    return "command" if request.command else "terraform"


def _source(request: ReviewRequest, rehearsal: Rehearsal) -> str:
    if request.sequence is not None:
        return ", then ".join(step.text for step in rehearsal.steps)
    if request.stacks is not None:
        deleted = "delete-stack" if request.stacks.delete else ""
        return ", then ".join(filter(None, [deleted, str(request.stacks.template or "")]))
    return rehearsal.steps[0].text if rehearsal.steps else str(request.change)


def _check(request: ReviewRequest) -> None:
    if not request.change.is_dir():
        hint = "Name the folder that the command is run in." if request.command else "Name the root module to rehearse."
        raise UsageError(f"There is no directory {request.change}.", hint=hint)
    if len(request.account) != ACCOUNT_DIGITS or not request.account.isdigit():
        raise UsageError(f"{request.account!r} is not an AWS account id.", hint="An account id has twelve digits.")
    if request.second_opinion and request.second_opinion == request.engine:
        raise UsageError(
            f"{request.engine} cannot give a second opinion on itself.", hint="Name another engine: docs/engines.md."
        )
    if not 0 < request.timeout < float("inf"):
        raise UsageError("--timeout must be a number of seconds above 0.", hint="The default is 1800.")
    if request.seed is not None and not request.seed.is_file():
        raise UsageError(f"There is no seed file {request.seed}.", hint="docs/seeds.md describes it.")
