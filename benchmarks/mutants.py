"""Mutate what the catalogue lets pass, and count how many of the mutants are caught.

    python benchmarks/mutants.py [--scenario NAME] [--sample N] [--out docs/mutants.md]

Each benign Terraform scenario's change is mutated (`mutation.py`), planned against the scenario's clone, and the plan
judged by the built-in policy. A mutant is *caught* where the verdict is not to approve, and a finding that is more than
a note was not there for the change as it is. What a plan does not give away is rehearsed before it counts as missed,
and so is every Nth that it does, to see that the rehearsal agrees.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from mutation import Kind, Mutant, Operator, is_of_the_change, mutants_of

from diffing.change import Action
from gate.planreview import PlanRequest, review_plan
from gate.report.model import Report
from gate.reviewer import DEFAULT_ACCOUNT, DEFAULT_REGION, ReviewRequest, review
from gate.scenarios import Scenario, scenarios
from gate.verdict import Decision, Level
from gate.wiring import DEFAULT_ENGINE, engine_named, tool_version
from sandbox.clones.clone import Clone
from sandbox.errors import SandtableError
from sandbox.executors.terraform.binary import find_terraform
from sandbox.executors.terraform.command import Reading
from sandbox.executors.terraform.run import TerraformFailedError
from sandbox.isolation.choose import AUTOMATIC, isolation_named
from sandbox.place import Place
from sandbox.ports import SilentProgress
from sandbox.preserve import held
from sandbox.session import Session, Tools
from sandbox.targets.target import parse_target

_TIMEOUT = 14_400.0
"""Seconds, for all mutants of a scenario."""
REASONS = {
    "aws_ecs_task_definition": "immutable: the next revision is registered, and services are moved to it in place",
    "aws_s3_bucket_lifecycle_configuration: abort_incomplete_multipart_upload": "what was uploaded in part is kept; "
    "nothing is lost",
}
"""Types, and blocks of types, whose renewal or removal is let pass on purpose (the must-pass list), and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One mutant, and what was said to it."""

    scenario: str
    mutant: Mutant
    plan: str
    """``invalid``, ``same`` (the plan is that of the change as it is), ``in place``, ``new`` (of what the change itself
    adds), or ``caught`` or ``missed``."""
    rehearsed: str = ""
    """What the rehearsal decided, where there was one."""

    @property
    def counts(self) -> bool:
        """Whether it is a mutant in the sense of the record."""
        return self.plan in {"caught", "missed"}

    @property
    def caught(self) -> bool:
        """By the plan, or else by the rehearsal."""
        return self.plan == "caught" or self.rehearsed in {"reject", "review"}


def main() -> int:
    """Mutate, judge, print, write."""
    parser = argparse.ArgumentParser(description="Mutants of the catalogue's benign changes.")
    parser.add_argument("--scenario", action="append", help="only this one (repeatable)")
    parser.add_argument("--sample", type=int, default=20, help="rehearse every Nth that a plan gives away as well")
    parser.add_argument("--once", action="store_true", help="of each type, each attribute and each block only once")
    parser.add_argument("--results", type=Path, help="keep what was measured there, and go on from what is there")
    parser.add_argument("--out", type=Path, help="write the page there")
    options = parser.parse_args()
    tried: list[Tried] = []
    for scenario in scenarios():
        if is_benign(scenario) and (not options.scenario or scenario.name in options.scenario):
            known = frozenset(each.mutant.kind for each in tried if each.plan != "invalid") if options.once else None
            tried += _without_new(scenario, _measured(scenario, known, options.sample, options.results))
            _progress(scenario, tried)
    page = "\n".join(_page(tried)) + "\n"
    print(page)
    if options.out:
        options.out.write_text(page, encoding="utf-8")
    return 0


def _measured(scenario: Scenario, known: frozenset[Kind] | None, sample: int, results: Path | None) -> list[Tried]:
    file = results / f"{scenario.name}.json" if results is not None else None
    if file is not None and file.is_file():
        return [
            Tried(**each | {"mutant": Mutant(**each["mutant"] | {"operator": Operator(each["mutant"]["operator"])})})
            for each in json.loads(file.read_text(encoding="utf-8"))
        ]
    tried = _rehearsed(scenario, list(tried_mutants(scenario, known=known)), sample)
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps([asdict(each) for each in tried], indent=1), encoding="utf-8")
    return tried


def _without_new(scenario: Scenario, tried: list[Tried]) -> list[Tried]:
    """Nothing is lost where something is left out of what the change itself adds."""
    before, change = (
        "\n".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.tf")))
        for folder in (scenario.before, scenario.change)
    )
    return [
        replace(each, plan="new") if before and each.counts and is_of_the_change(each.mutant, before, change) else each
        for each in tried
    ]


def is_benign(scenario: Scenario) -> bool:
    """Whether a scenario's change is one to mutate: Terraform's, let pass, and judged by the built-in policy."""
    tiered = (scenario.change / "sandtable.yaml").is_file()
    return scenario.kind == "terraform" and scenario.expect.decision == "approve" and not tiered


def tried_mutants(
    scenario: Scenario,
    *,
    only: Iterable[Operator] = tuple(Operator),
    known: frozenset[Kind] | None = None,
) -> Iterator[Tried]:
    """Plan every mutant of a scenario against its clone, and judge the plans.

    Args:
        scenario: What is mutated.
        only: The operators.
        known: Kinds to leave out, and of all others one mutant each; None for every mutant.
    """
    wanted = frozenset(only)
    with _Planner.over(scenario) as planner:
        plain = planner.judged()
        if plain is None:
            raise SystemExit(f"{scenario.name} does not plan")
        for path in sorted(planner.folder.glob("*.tf")):
            text = path.read_text(encoding="utf-8")
            mutants = [each for each in mutants_of(path.name, text) if each.operator in wanted]
            if known is not None:
                mutants = [each for each in {each.kind: each for each in mutants}.values() if each.kind not in known]
                known |= {each.kind for each in mutants}
            in_place = _in_place(planner, path, text, mutants)
            for mutant in mutants:
                if mutant in in_place:
                    yield Tried(scenario=scenario.name, mutant=mutant, plan="in place")
                    continue
                path.write_text(mutant.applied_to(text), encoding="utf-8")
                yield Tried(scenario=scenario.name, mutant=mutant, plan=_outcome(mutant, planner.judged(), plain))
            path.write_text(text, encoding="utf-8")


def _in_place(planner: _Planner, path: Path, text: str, mutants: list[Mutant]) -> frozenset[Mutant]:
    """Literals that Terraform changes in place, found by one plan with all of them changed.

    It names the attributes that force a replacement. Where that plan does not come about, each is tried by itself.
    """
    values = [each for each in mutants if each.operator is Operator.VALUE]
    mutated = text
    for each in values:
        mutated = each.applied_to(mutated)
    path.write_text(mutated, encoding="utf-8")
    report = planner.judged() if values else None
    if report is None:
        return frozenset()
    forced = {(change.address, path[0]) for change in report.diff.changes for path in change.replace_paths}
    updated = {change.address for change in report.diff.changes if change.action in {Action.UPDATE, Action.REPLACE}}
    return frozenset(
        each for each in values if each.address in updated and (each.address, each.attribute) not in forced
    )


def _outcome(mutant: Mutant, found: Report | None, plain: Report) -> str:
    if found is None:
        return "invalid"
    if found.diff == plain.diff and not _unseen(mutant):
        return "same"
    remade = _remade(found) - _remade(plain)
    if mutant.operator is Operator.VALUE and not remade:
        return "in place"
    new = _objections(found) - _objections(plain)
    return "caught" if new and found.verdict.decision is not Decision.APPROVE else "missed"


def _unseen(mutant: Mutant) -> bool:
    """Whether it changes what no plan shows."""
    return "prevent_destroy" in mutant.where or mutant.where.endswith(": lifecycle")


def _remade(report: Report) -> set[str]:
    return {change.address for change in report.diff.changes if change.action.destroys}


def _objections(report: Report) -> set[tuple[str, str, str]]:
    findings = report.verdict.findings
    return {(each.rule, each.address, each.message) for each in findings if each.level is not Level.NOTE}


def _rehearsed(scenario: Scenario, tried: list[Tried], every: int) -> list[Tried]:
    """Rehearse what was missed, and every Nth of what was caught."""
    caught = 0
    done = []
    for each in tried:
        caught += each.plan == "caught"
        sampled = every > 0 and each.plan == "caught" and caught % every == 0
        decision = _rehearse(scenario, each.mutant) if each.plan == "missed" or sampled else ""
        done.append(replace(each, rehearsed=decision))
    return done


def _rehearse(scenario: Scenario, mutant: Mutant) -> str:
    with tempfile.TemporaryDirectory(prefix="stm-") as name:
        folder = Path(name) / "change"
        shutil.copytree(scenario.change, folder)
        file = folder / mutant.file
        file.write_text(mutant.applied_to(file.read_text(encoding="utf-8")), encoding="utf-8")
        request = ReviewRequest(
            change=folder,
            target=scenario.target,
            seed=scenario.seed,
            history=False,
            isolation=isolation_named(AUTOMATIC).name,
            environment=dict(os.environ),
        )
        try:
            return review(request).verdict.decision.value
        except SandtableError as error:
            return f"failed: {error.message.splitlines()[0]}"


class _Planner:
    """Plans a copy of a scenario's change, as it stands at the moment, against a clone of its environment."""

    def __init__(self, clone: Clone, session: Session, change: Path) -> None:
        self._session = session
        self._workspace = session.terraform.prepare("mutant", change)
        session.terraform.init(self._workspace)
        session.terraform.adopt_state(self._workspace, clone.state, made_in=clone.made_in)
        session.recorder.phase("plan")

    @classmethod
    @contextmanager
    def over(cls, scenario: Scenario) -> Iterator[_Planner]:
        """Stand the clone up."""
        tools = Tools(
            engine=engine_named(DEFAULT_ENGINE),
            binary=find_terraform(None, os.environ),
            environment=dict(os.environ),
            place=Place(account=DEFAULT_ACCOUNT, region=DEFAULT_REGION),
            timeout=_TIMEOUT,
            isolation=isolation_named(AUTOMATIC),
        )
        target = parse_target(scenario.target)
        with held(target, tools, SilentProgress(), seed=scenario.seed, fast_waits=True) as (clone, session):
            yield cls(clone, session, scenario.change)

    @property
    def folder(self) -> Path:
        """The copy: what is written there is planned."""
        return self._workspace.root

    def judged(self) -> Report | None:
        """The verdict on the plan; None where it does not plan."""
        endpoint = self._session.recorder.endpoint_for("plan")
        try:
            text = self._session.terraform.plan_document(
                self._workspace, endpoint=endpoint, reading=Reading.AS_RECORDED
            )
        except TerraformFailedError:
            return None
        return review_plan(PlanRequest(content=text.encode(), source="mutant", folder=Path("/nowhere")))


def _progress(scenario: Scenario, tried: list[Tried]) -> None:
    own = Counter(each.plan for each in tried if each.scenario == scenario.name)
    print(f"{scenario.name:<32}{dict(own)}", file=sys.stderr, flush=True)
    for each in tried:
        if each.scenario == scenario.name and each.plan == "missed":
            print(f"    {each.mutant.where}: {each.rehearsed}", file=sys.stderr, flush=True)


def _page(tried: list[Tried]) -> Iterator[str]:
    counted = [each for each in tried if each.counts]
    caught = sum(each.caught for each in counted)
    on_purpose = sum(not each.caught and bool(_reason(each)) for each in counted)
    yield "# Mutants"
    yield ""
    yield (
        f"What sandtable {tool_version()} said to mutants of the changes that the [catalogue](../fixtures/README.md) "
        "lets pass, on ministack. Written by `make mutants`."
    )
    yield ""
    yield (
        f"**{caught} of {len(counted)} caught ({_share(caught, len(counted))}).** Of the {len(counted) - caught} "
        f"others, {on_purpose} lose nothing (the reason is beside each); without those it is "
        f"{_share(caught, len(counted) - on_purpose)}. A mutant has one create-only attribute changed, one "
        "block taken out or one protection turned off. It is caught where the verdict is no longer to approve, for a "
        "reason that was not there before. Left out are mutants that Terraform does not plan "
        f"({_number(tried, 'invalid')}), whose plan is the same ({_number(tried, 'same')}), literals that change "
        f"in place ({_number(tried, 'in place')}), and what the change itself adds ({_number(tried, 'new')})."
    )
    yield ""
    yield f"Mutated: {', '.join(f'`{name}`' for name in sorted({each.scenario for each in tried}))}."
    yield ""
    yield "| what was done | mutants | caught |"
    yield "| --- | --- | --- |"
    for operator in Operator:
        own = [each for each in counted if each.mutant.operator is operator]
        yield f"| {_SAID[operator]} | {len(own)} | {sum(each.caught for each in own)} |"
    yield ""
    yield from _agreement(counted)
    yield from _missed(counted)


_SAID = {
    Operator.VALUE: "a create-only attribute changed",
    Operator.BLOCK: "a block taken out",
    Operator.PROTECTION: "a protection turned off",
}


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "none"


def _reason(tried: Tried) -> str:
    _, type_, what = tried.mutant.kind
    return REASONS.get(type_) or REASONS.get(f"{type_}: {what}", "")


def _number(tried: list[Tried], plan: str) -> int:
    return sum(each.plan == plan for each in tried)


def _agreement(counted: list[Tried]) -> Iterator[str]:
    sampled = [each for each in counted if each.plan == "caught" and each.rehearsed]
    agreed = sum(each.rehearsed in {"reject", "review"} for each in sampled)
    behind = sum(each.plan == "missed" and each.caught for each in counted)
    yield (
        f"{behind} of those caught were shown by the rehearsal only. Of those that the plan gave away, {len(sampled)} "
        f"were rehearsed as well; the rehearsal caught {agreed} of them."
    )
    yield ""


def _missed(counted: list[Tried]) -> Iterator[str]:
    missed = [each for each in counted if not each.caught]
    if not missed:
        return
    yield "| not caught | in | rehearsal | why |"
    yield "| --- | --- | --- | --- |"
    for each in missed:
        where, why = each.mutant.where, _reason(each)
        yield f"| `{where}` | `{each.scenario}` | {each.rehearsed} | {why} |"


if __name__ == "__main__":
    sys.exit(main())
