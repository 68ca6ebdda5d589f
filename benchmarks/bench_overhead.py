"""Seconds per phase of a rehearsal, beside a bare `terraform apply` of the same two configurations on the same engine.

python benchmarks/bench_overhead.py [SCENARIO]
"""

from __future__ import annotations

import os
import sys
import time

from gate.reviewer import ReviewRequest, review
from gate.scenarios import Scenario, scenario_named
from gate.wiring import engine_named
from sandbox.executors.terraform.binary import find_terraform
from sandbox.executors.terraform.deadline import Deadline
from sandbox.executors.terraform.executor import TerraformExecutor
from sandbox.executors.terraform.workspace import Workspace
from sandbox.ports import SilentProgress
from sandbox.scratch import scratch_folder


def bare(scenario: Scenario) -> dict[str, float]:
    """Apply baseline and change with Terraform alone: no recorder, no snapshots, no second plan."""
    environment = dict(os.environ)
    seconds: dict[str, float] = {}
    with scratch_folder() as scratch, engine_named("ministack").start(scratch / "engine", public_port=1) as engine:
        terraform = TerraformExecutor(
            binary=find_terraform(None, environment),
            endpoint=engine.endpoint,
            account="123456789012",
            region="us-east-1",
            scratch=scratch / "terraform",
            environment=environment,
            progress=SilentProgress(),
            deadline=Deadline.after(1800),
        )
        baseline, change = terraform.prepare("baseline", scenario.before), terraform.prepare("change", scenario.change)
        for name, work in (
            ("init", lambda: (terraform.init(baseline), terraform.init(change))),
            ("apply of the baseline", lambda: terraform.apply_all(baseline)),
            ("apply of the change", lambda: (_adopt(terraform, change, baseline), terraform.apply_all(change))),
        ):
            start = time.perf_counter()
            work()
            seconds[name] = time.perf_counter() - start
    return seconds


def _adopt(terraform: TerraformExecutor, change: Workspace, baseline: Workspace) -> None:
    document = terraform.state_document(baseline)
    terraform.adopt_state(change, document, made_in=(str(baseline.root), str(baseline.top)))


def main() -> None:
    """Measure and print."""
    scenario = scenario_named(sys.argv[1] if len(sys.argv) > 1 else "acceptance")
    alone = bare(scenario)
    start = time.perf_counter()
    report = review(
        ReviewRequest(
            change=scenario.change,
            target=f"config:{scenario.before}",
            seed=scenario.seed,
            environment=dict(os.environ),
        )
    )
    whole = time.perf_counter() - start
    print(f"{scenario.name}: {report.target.resources} resources, {len(report.calls)} calls, waits {report.waits}")
    print("\nbare terraform on the same engine")
    for name, seconds in alone.items():
        print(f"  {name:<24}{seconds:8.2f} s")
    print(f"  {'sum':<24}{sum(alone.values()):8.2f} s")
    print("\nsandtable                    whole       own")
    for timing in report.timings:
        print(f"  {timing.phase:<24}{timing.seconds:8.2f} s{timing.own:8.2f} s")
    recorder = sum(call.overhead for call in report.calls)
    measured = sum(timing.seconds for timing in report.timings)
    own = sum(timing.own for timing in report.timings) + recorder + max(0.0, whole - measured)
    print(f"  {'recorder, all calls':<24}{'':>10}{recorder:8.2f} s")
    print(f"  {'outside the phases':<24}{'':>10}{whole - measured:8.2f} s")
    print(f"  {'sum':<24}{whole:8.2f} s{own:8.2f} s   own share {own / whole:.1%}")


if __name__ == "__main__":
    main()
