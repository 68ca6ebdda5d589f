"""How long it takes to review plans of 100, 1,000 and 10,000 changes, and how much memory, beside other reviewers.

Run ``python benchmarks/bench_review.py [--pyrrho PATH] [--checkov PATH] [--runs N] [PLAN…]`` from the top of the
repository. Each program is started afresh for every run, on the same files, one after the other in turn, start-up
included, its output thrown away; the best of the runs counts. Two kinds of plan of each size are made: of ordinary
resources with some forty attributes each, and of slim ones with one long text. Given plans are measured as well.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from review_plans import write_plan, write_slim_plan

SIZES = (100, 1_000, 10_000)
TOP = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What the best run of a program took."""

    seconds: float
    processor: float
    megabytes: float


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure sandtable review beside other reviewers of plans.")
    parser.add_argument("plans", nargs="*", type=Path, metavar="PLAN", help="plans to measure as well")
    parser.add_argument("--pyrrho", metavar="PATH", help="the program pyrrho")
    parser.add_argument("--checkov", metavar="PATH", help="the program checkov")
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    programs = {"sandtable": [sys.executable, "-m", "gate.cli.main", "review"]}
    if options.pyrrho:
        programs["pyrrho"] = [options.pyrrho]
    if options.checkov:
        programs["checkov"] = [options.checkov, "--compact", "--quiet", "--framework", "terraform_plan", "-f"]
    print(f"{'plan':<22}{'MB':>7}  {'program':<11}{'seconds':>9}{'processor':>11}{'peak MB':>9}")
    with tempfile.TemporaryDirectory() as folder:
        for plan in (*_made(Path(folder)), *options.plans):
            for name, figures in _measured(programs, plan, options.runs).items():
                size = plan.stat().st_size / 1e6
                print(
                    f"{plan.stem:<22}{size:>7.1f}  {name:<11}{figures.seconds:>9.3f}{figures.processor:>11.3f}"
                    f"{figures.megabytes:>9.1f}",
                    flush=True,
                )


def _made(folder: Path) -> Iterator[Path]:
    for size in SIZES:
        for kind, write in (("ordinary", write_plan), ("slim", write_slim_plan)):
            path = folder / f"{kind}-{size}.json"
            write(path, size)
            yield path


def _measured(programs: dict[str, list[str]], plan: Path, runs: int) -> dict[str, Figures]:
    """Run the programs in turn, so that whatever else the machine does meets all of them."""
    found: dict[str, list[Figures]] = {name: [] for name in programs}
    for _ in range(runs):
        for name, command in programs.items():
            found[name].append(_run([*command, str(plan)]))
    return {
        name: Figures(
            seconds=min(run.seconds for run in taken),
            processor=min(run.processor for run in taken),
            megabytes=max(run.megabytes for run in taken),
        )
        for name, taken in found.items()
    }


def _run(command: list[str]) -> Figures:
    started = time.perf_counter()
    process = subprocess.Popen(command, cwd=TOP, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in {0, 1, 2}:
        raise SystemExit(f"{' '.join(command)} failed with exit code {process.returncode}")
    return Figures(seconds=seconds, processor=usage.ru_utime + usage.ru_stime, megabytes=usage.ru_maxrss / 1024)


if __name__ == "__main__":
    main()
