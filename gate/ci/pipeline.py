"""The use case in a pipeline: compare two commits, rehearse every root that differs, join what came of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path, PurePosixPath

from diffing.change import Proof
from gate.callers import edited_callers
from gate.ci.basis import Basis, make_basis, nearest_policy
from gate.ci.coverage import uncovered
from gate.ci.joined import Joined, RootResult
from gate.ci.places import place_of
from gate.ci.requests import Assemblies, Parameters, request_for
from gate.ci.selection import ChangedRoot, Choice, Fate, changed_roots
from gate.ci.surroundings import read_surroundings
from gate.policy.builtin import FILE_NAME
from gate.policy.evaluate import ranked
from gate.policy.settings import Whereabouts
from gate.policy_source import Policies, Wanted, policies_of, policy_changed, read_file
from gate.report.model import Report
from gate.reviewer import ReviewRequest, review
from gate.verdict import Finding, Level, decide
from gate.wiring import tool_version
from sandbox.errors import SandtableError, UsageError
from sandbox.ports import Progress, SilentProgress
from sandbox.scratch import scratch_folder
from sandbox.targets.git import repository_of
from sandbox.targets.target import ConfigTarget

PIPELINE = "pipeline"
"""The name of what is said of a change in a repository; no rule of a policy, and not for one to change."""
MOST_NAMED = 20
"""So many files are named one by one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CiRequest:
    """A change in a repository."""

    repository: Path
    """Any folder of it."""
    each: ReviewRequest
    """How each root is rehearsed; its change and its target are found here."""
    base: str = ""
    """What the user names as the base; empty for what the pipeline says."""
    head: str = ""
    choice: Choice = field(default_factory=Choice)
    assemblies: Assemblies = field(default_factory=dict)
    """CDK app → its cloud assembly before and after."""
    parameters: Path | None = None
    """Values of parameters for templates, in a file."""
    environment: Mapping[str, str] = field(default_factory=dict)


def rehearse_changes(request: CiRequest, progress: Progress | None = None) -> Joined:
    """Rehearse every root that a change touches, and join the verdicts.

    Raises:
        UsageError: the request itself is wrong.
        SandtableError: it cannot even be told what changes. What befalls a single root is part of what is returned.
    """
    progress = progress or SilentProgress()
    around = read_surroundings(request.environment, base=request.base, head=request.head)
    repository = repository_of(request.repository.resolve())
    with scratch_folder() as scratch:
        basis = make_basis(repository, around.bases, around.head, scratch=scratch)
        request = _in_the_repository(request, basis)
        roots = changed_roots(basis.trees, request.choice)
        progress.notice(f"{len(basis.trees.changed)} files differ from {basis.base}; roots touched: {len(roots)}")
        findings = ranked(_about_the_change(basis, roots, request.choice))
        results = []
        for number, root in enumerate(roots, start=1):
            progress.phase(f"Root {number} of {len(roots)}: {root.path}")
            results.append(_rehearsed(request, basis, root, progress))
    return Joined(
        base=basis.base,
        base_commit=basis.tip_commit,
        start_commit=basis.start_commit,
        head_commit=basis.head_commit,
        results=tuple(results),
        findings=findings,
        files=len(basis.trees.changed),
        pull_request=around.pull_request,
        tool_version=tool_version(),
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _in_the_repository(request: CiRequest, basis: Basis) -> CiRequest:
    """The request with each file that it names where it counts.

    What judges, and what a clone is filled with, is read as the base branch has it; values, as each side has them.
    """
    for path in request.each.var_files:
        if path.is_absolute() and basis.inside(path) is not None:
            raise UsageError(
                f"The variable file {path} is of the repository, and may differ between base and change.",
                hint="Name it relative to each root module.",
            )
    parameters = None if request.parameters is None else basis.inside(request.parameters)
    choice = replace(request.choice, parameters="" if parameters is None else parameters.as_posix())
    return replace(request, each=_trusted(request, basis), choice=choice)


def _parameters(request: CiRequest, basis: Basis) -> Parameters:
    inside = request.choice.parameters
    if not inside:
        return Parameters(before=request.parameters, after=request.parameters)
    before, after = basis.trees.before / inside, basis.trees.after / inside
    return Parameters(before=before if before.exists() else after, after=after)


def _trusted(request: CiRequest, basis: Basis) -> ReviewRequest:
    policy, rego, seed = (
        None if path is None else basis.trusted(path)
        for path in (request.each.policy, request.each.rego, request.each.seed)
    )
    return replace(request.each, policy=policy, rego=rego, seed=seed)


def _rehearsed(request: CiRequest, basis: Basis, root: ChangedRoot, progress: Progress) -> RootResult:
    try:
        parameters = _parameters(request, basis)
        wanted = request_for(root, request.each, basis.trees, request.assemblies, parameters)
        report = review(wanted, progress, policies=_policies(request.each, basis, root))
    except SandtableError as error:
        problem, hint = (_without_scratch(text, basis) for text in (error.message, error.hint))
        return RootResult(root=root, problem=problem, hint=hint)
    top = basis.trees.before if root.fate is Fate.REMOVED else basis.trees.after
    addresses = {finding.address for finding in report.verdict.findings}
    places = {address: place_of(address, top, root.path, root.kind) for address in addresses}
    return RootResult(root=root, report=_as_in_the_repository(report, basis, root), places=places)


def _without_scratch(text: str, basis: Basis) -> str:
    """A message with the places that everybody knows."""
    for top in (basis.trees.before, basis.trees.after, basis.tip):
        for name in (str(top), str(top.resolve())):
            text = text.replace(f"{name}/", "").replace(name, ".")
    return text


def _policies(each: ReviewRequest, basis: Basis, root: ChangedRoot) -> Policies:
    place = Whereabouts(account=each.account, region=each.region, workspace=each.workspace)
    wanted = Wanted(place=place, environment=each.policy_environment)
    said = tuple(_about_the_root(basis, root))
    if each.policy is not None:
        return policies_of(None, read_file(each.policy), wanted=wanted, changed=said)
    old = ChangedRoot(path=root.before, kind=root.kind, fate=root.fate).folder if root.before else root.folder
    standing = nearest_policy(basis.tip, old, of="the base branch")
    asked = nearest_policy(basis.trees.after, root.folder, of="the change")
    return policies_of(asked, standing, wanted=wanted, changed=said)


def _about_the_root(basis: Basis, root: ChangedRoot) -> Iterator[Finding]:
    if root.fate is Fate.REMOVED:
        yield _finding(
            root.path,
            "the change removes this root: rehearsed is what its destruction would do, and whether it is destroyed or "
            "left behind with nothing that manages it, the repository does not say",
            "Destroy it in a change of its own, or let another root take over what it manages.",
        )
    if root.fate is Fate.MOVED:
        yield _finding(
            root.path,
            f"the change moves this root here from {root.before}: whether its state comes along, the repository does "
            "not say; rehearsed is that it does",
            "See that the backend's key stays, or that the state is moved.",
        )
    if (root.before or root.path) in _changed_since(basis):
        yield _finding(
            root.path,
            "the base branch has changed this root since: rehearsed is the change as it was made, not as it is merged",
            "Merge the base branch into it, or rebase it.",
        )


@lru_cache(maxsize=1)
def _changed_since(basis: Basis) -> frozenset[str]:
    """The roots that the base branch has changed since the change was made; the same for every root of one run."""
    roots = changed_roots(basis.since, Choice()) if basis.since.changed else ()
    return frozenset(path for root in roots for path in (root.path, root.before) if path)


def _about_the_change(basis: Basis, roots: tuple[ChangedRoot, ...], choice: Choice) -> Iterator[Finding]:
    trees = basis.trees
    yield from edited_callers(ConfigTarget(directory=trees.before), trees.after)
    for path in trees.paths:
        if PurePosixPath(path).name == FILE_NAME:
            yield policy_changed("the change edits, brings or removes this policy", address=path)
    files = uncovered(trees, roots, choice)
    remedy = "Look at it, or name the roots that it belongs to: sandtable ci --root, --var-file."
    for path in files[:MOST_NAMED]:
        yield _finding(
            path, "this file says what infrastructure is like, and no root that was rehearsed reads it", remedy
        )
    if len(files) > MOST_NAMED:
        yield _finding("", f"{len(files) - MOST_NAMED} more such files are read by no root that was rehearsed", remedy)


def _finding(address: str, message: str, remediation: str) -> Finding:
    return Finding(
        rule=PIPELINE,
        level=Level.REVIEW,
        address=address,
        message=message,
        proof=Proof.PROVED,
        remediation=remediation,
    )


def _as_in_the_repository(report: Report, basis: Basis, root: ChangedRoot) -> Report:
    """The report with the places that everybody knows: it was made from copies that are gone by now."""
    source = f"git:{basis.base}:{root.before}" if root.before else "empty"
    kind = source.partition(":")[0]
    return replace(
        report,
        target=replace(report.target, kind=kind, source=source),
        proposal=replace(report.proposal, source=root.path),
        verdict=replace(report.verdict, decision=decide(report.verdict.findings)),
    )
