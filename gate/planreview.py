"""The use case beside the main one: judge a Terraform plan as it stands, by the same rules, without a clone.

Quick enough for a hook, and able to reject. What it approves is what the policy lets pass on the plan's word alone
(`unrehearsed`); everything in its report is computed, nothing proved. It loads nothing that a plan does not need.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from diffing.change import Action, Reversibility, StateDiff
from diffing.record import dataclass
from gate.policy.builtin import FILE_NAME, STRICT
from gate.policy.evaluate import evaluate
from gate.policy.reversibility import classified
from gate.policy.rule import Evidence
from gate.policy.settings import NOWHERE, Whereabouts
from gate.policy.tagging import PlannedTags
from gate.report.model import NOT_RUN, Proposal, Report, Target
from gate.verdict import Verdict
from gate.wiring import tool_version
from sandbox.executors.terraform.savedplan import Code, SavedPlan, read_saved_plan
from sandbox.rehearsal import ApplyOutcome, EngineInfo, Gap, GapKind, Timing
from sandbox.witnesses.planned import planned_changes

if TYPE_CHECKING:
    # Takes as long to load as the judgement of a small plan.
    from pathlib import Path

KIND = "plan"
AWS = "hashicorp/aws"
MOST_NAMES = 10
"""So many addresses are named in a notice."""

_RUNS_PROVISIONERS = frozenset({Action.CREATE, Action.REPLACE, Action.DELETE})


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRequest:
    """A plan to be judged."""

    content: bytes
    """``terraform show -json``."""
    source: str
    """Where it came from, for messages and the report."""
    folder: str | os.PathLike[str]
    """Where a policy may lie beside it."""
    policy: Path | None = None
    rego: Path | None = None
    """A folder with Rego policies that judge as well."""
    policy_environment: str = ""
    """The section of the policy to take; the one that the place matches where it is empty."""
    place: Whereabouts = NOWHERE
    """Where it would be applied, as far as that is known."""
    identified: bool = True
    """Whether the report names the plan's digest. Where nobody sees the whole report, nobody needs to wait for it."""


def review_plan(request: PlanRequest) -> Report:
    """Judge a plan as it stands.

    Raises:
        ConfigurationError: the plan or the policy cannot be read.
    """
    start = time.perf_counter()
    saved = read_saved_plan(request.content, name=request.source)
    read = time.perf_counter()
    # Nearly all can be taken back, and need no copy that says so.
    diff = classified(StateDiff(changes=planned_changes(saved.plan, presumed=Reversibility.REVERSIBLE)))
    gaps = tuple(sorted(dict.fromkeys(_gaps(saved)), key=lambda gap: (not gap.blocking, gap)))
    outcome = ApplyOutcome(succeeded=True)
    evidence = Evidence(
        diff=diff,
        gaps=gaps,
        outcome=outcome,
        calls=(),
        rehearsed=False,
        place=request.place,
        today=time.strftime("%Y-%m-%d", time.gmtime()),
        tags=PlannedTags(saved.plan.changes),
        made_first=frozenset(each.address for each in saved.plan.changes if each.create_before_destroy),
    )
    verdict = _judged(request, evidence)
    judged = time.perf_counter()
    report = Report(
        verdict=verdict,
        diff=diff,
        calls=(),
        gaps=gaps,
        outcome=outcome,
        timings=(
            Timing(phase="read", seconds=read - start, own=read - start),
            Timing(phase="judge", seconds=judged - read, own=judged - read),
        ),
        engine=EngineInfo(name="none", version=""),
        target=Target(kind=KIND, source=request.source, account="", region="", resources=saved.existing),
        proposal=Proposal(
            kind=KIND,
            source=request.source,
            digest=_digest(request.content) if request.identified or request.rego is not None else "",
            terraform_version=saved.plan.terraform_version,
        ),
        notices=tuple(_notices(saved)),
        isolation=NOT_RUN,
        waits=NOT_RUN,
        tool_version=tool_version(),
        created_at=time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime()),
    )
    if request.rego is None:
        return report
    from gate.rego import with_rego  # noqa: PLC0415 - an extra

    return with_rego(report, saved.plan.changes, request.rego)


def _digest(content: bytes) -> str:
    import hashlib  # noqa: PLC0415 - loads a large library

    return hashlib.sha256(content).hexdigest()


def _judged(request: PlanRequest, evidence: Evidence) -> Verdict:
    beside = os.path.join(request.folder, FILE_NAME)
    if request.policy is None and not request.policy_environment and not _is_there(beside):
        return evaluate(evidence, STRICT)
    # Without a file of policy there is nothing to look for in a target.
    from pathlib import Path  # noqa: PLC0415 - see above

    from gate.policy_source import Wanted, find_policies  # noqa: PLC0415 - see above
    from sandbox.targets.target import EmptyTarget  # noqa: PLC0415 - see above

    wanted = Wanted(place=request.place, environment=request.policy_environment)
    policies = find_policies(request.policy, change_dir=Path(request.folder), target=EmptyTarget(), wanted=wanted)
    return policies.judge(evidence)


def _is_there(path: str) -> bool:
    try:
        os.lstat(path)
    except FileNotFoundError:
        return False
    except OSError:
        # Whoever reads it will say what is wrong with it.
        return True
    return True


def _gaps(saved: SavedPlan) -> Iterator[Gap]:
    """What the plan leaves open."""
    if saved.plan.errored:
        yield _gap(KIND, "Terraform stopped planning at an error, so that changes are missing", GapKind.INCOMPLETE)
    if not saved.complete:
        reason = "it does not hold the whole change: it was narrowed (-target) or leaves something to a later run"
        yield _gap(KIND, reason, GapKind.INCOMPLETE)
    for address, reason in saved.deferred:
        yield _gap(address or KIND, f"left to a later run ({reason}): nobody can tell what it will be")
    for address, problem in saved.failed_checks:
        yield _gap(address, f"a condition that the configuration sets is not met: {problem}", GapKind.INCOMPLETE)
    for address in saved.invoked:
        yield _gap(address or KIND, "the apply invokes this action, and nothing of what it does was rehearsed")
    yield from _unread_code(saved)
    yield from _strangers(saved)


def _unread_code(saved: SavedPlan) -> Iterator[Gap]:
    """Programs that the apply runs: what they do is in no plan."""
    changing = [change for change in saved.plan.changes if change.action is not Action.NO_OP]
    if not changing:
        return
    if saved.code is None:
        yield _gap(KIND, "it comes without its configuration, so that nobody can tell which programs the apply runs")
        return
    if not saved.code:
        return
    from diffing.graph import without_keys  # noqa: PLC0415 - most configurations run no programs

    provisioned = {without_keys(change.address) for change in changing if change.action in _RUNS_PROVISIONERS}
    yield from (_code_gap(code) for code in saved.code if not code.provisioner or code.address in provisioned)


def _code_gap(code: Code) -> Gap:
    return _gap(code.address, f"{code.what} runs when this is applied, and nothing of what it does was rehearsed")


def _strangers(saved: SavedPlan) -> Iterator[Gap]:
    """Providers that call their resources as the AWS provider does, and are other programs."""
    changing = (change for change in saved.plan.changes if change.action is not Action.NO_OP)
    providers = {change.provider for change in changing if change.type.startswith("aws_")}
    for provider in sorted(providers):
        if "/".join(provider.split("/")[-2:]) not in {AWS, "aws"}:
            yield _gap(provider, "its resources are named like those of the AWS provider, and it is another program")


def _gap(subject: str, reason: str, kind: GapKind = GapKind.NOT_REHEARSED) -> Gap:
    return Gap(kind=kind, subject=subject, reason=reason)


def _notices(saved: SavedPlan) -> Iterator[str]:
    yield "Nothing was rehearsed: this is the plan's word alone."
    if saved.drifted:
        yield f"Changed outside Terraform since its last run: {_named(saved.drifted)}."
    imported = [change.address for change in saved.plan.changes if change.importing]
    if imported:
        yield f"Taken over into the state (import): {_named(imported)}."


def _named(addresses: Sequence[str]) -> str:
    more = f" and {len(addresses) - MOST_NAMES:,} more" if len(addresses) > MOST_NAMES else ""
    return ", ".join(addresses[:MOST_NAMES]) + more
