"""How long it takes to review plans of 100, 1,000 and 10,000 changes, and how much memory, beside other reviewers.

Run ``python benchmarks/bench_review.py [--beside FOLDER] [--runs N] [PLAN…]`` from the top of the repository. Each
program is started afresh for every run, on the same files, one after the other in turn, start-up included, its output
thrown away; the best of the runs counts. Two kinds of plan of each size are made: of ordinary resources with some forty
attributes each, and of slim ones with one long text. Given plans are measured too.

checkov is left out above a thousand changes, where it takes minutes. Everything is compiled before it is measured, as
an installed package is: Python's own bytecode is kept in a folder of the benchmark's.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from review_plans import write_plan, write_slim_plan

SIZES = (100, 1_000, 10_000)
TOP = Path(__file__).resolve().parent.parent
BESIDE = {"sandtable": str(TOP), "pyrrho": "pyrrho==0.2.1", "checkov": "checkov"}
"""Programs, and what is installed for them."""
MOST_BYTES = {"checkov": 6_000_000}
"""Of larger plans, a program is not asked."""
LAUNCHER = """
import json, os, sys, time
started = time.perf_counter()
away = os.open(os.devnull, os.O_RDWR)
child = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ,
                        file_actions=[(os.POSIX_SPAWN_DUP2, away, stream) for stream in (0, 1, 2)])
_, status, usage = os.wait4(child, 0)
print(json.dumps([os.waitstatus_to_exitcode(status), time.perf_counter() - started,
                  usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024]))
"""
"""Starts a program and tells what it took. A process begins with the memory of the one that it was forked from as its
peak, so that this one has to be small."""


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
    parser.add_argument(
        "--sandtable",
        metavar="PATH",
        default=str(Path(sys.executable).parent / "sandtable"),
        help="the program; one installed from a wheel starts quicker than one installed to be edited",
    )
    parser.add_argument("--pyrrho", metavar="PATH", help="the program pyrrho")
    parser.add_argument("--checkov", metavar="PATH", help="the program checkov")
    parser.add_argument(
        "--beside", type=Path, metavar="FOLDER", help="install all three there, each by itself, where they are not yet"
    )
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    if options.beside is not None:
        for name, wanted in BESIDE.items():
            setattr(options, name, _installed(options.beside / name, name, wanted) or getattr(options, name))
    programs = {"sandtable": [options.sandtable, "review"]}
    if options.pyrrho:
        programs["pyrrho"] = [options.pyrrho]
    if options.checkov:
        programs["checkov"] = [options.checkov, "--compact", "--quiet", "--framework", "terraform_plan", "-f"]
    print(f"{'plan':<22}{'MB':>7}  {'program':<11}{'seconds':>9}{'processor':>11}{'peak MB':>9}")
    with tempfile.TemporaryDirectory() as folder:
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ["PYTHONPYCACHEPREFIX"] = str(Path(folder, "compiled"))
        for plan in (*_made(Path(folder)), *options.plans):
            for name, figures in _measured(programs, plan, options.runs).items():
                size = plan.stat().st_size / 1e6
                print(
                    f"{plan.stem:<22}{size:>7.1f}  {name:<11}{figures.seconds:>9.3f}{figures.processor:>11.3f}"
                    f"{figures.megabytes:>9.1f}",
                    flush=True,
                )


def _installed(folder: Path, program: str, wanted: str) -> str:
    """Install a package into an environment of its own, and return its program; nothing where that cannot be."""
    path = folder / "bin" / program
    if program == "sandtable" or not path.is_file():
        print(f"Installing {wanted} into {folder}", file=sys.stderr)
        done = subprocess.run([sys.executable, "-m", "venv", folder], check=False).returncode == 0 and (
            subprocess.run([folder / "bin" / "pip", "install", "-qq", wanted], check=False, cwd=TOP).returncode == 0
        )
        if not done:
            print(f"{program} could not be installed, and is left out", file=sys.stderr)
            return ""
    return str(path)


def _made(folder: Path) -> Iterator[Path]:
    for size in SIZES:
        for kind, write in (("ordinary", write_plan), ("slim", write_slim_plan)):
            path = folder / f"{kind}-{size}.json"
            write(path, size)
            yield path


def _measured(programs: dict[str, list[str]], plan: Path, runs: int) -> dict[str, Figures]:
    """Run the programs in turn, so that whatever else the machine does meets all of them."""
    asked = {name: command for name, command in programs.items() if plan.stat().st_size <= MOST_BYTES.get(name, 1e12)}
    found: dict[str, list[Figures]] = {name: [] for name in asked}
    for run in range(runs + 1):
        for name, command in asked.items():
            figures = _run([*command, str(plan)])
            # The first run compiles.
            found[name] += [figures] if run else []
    return {
        name: Figures(
            seconds=min(run.seconds for run in taken),
            processor=min(run.processor for run in taken),
            megabytes=max(run.megabytes for run in taken),
        )
        for name, taken in found.items()
    }


def _run(command: list[str]) -> Figures:
    launcher = [sys.executable, "-I", "-S", "-c", LAUNCHER, *command]
    told = json.loads(subprocess.run(launcher, cwd=TOP, check=True, capture_output=True).stdout)
    code, seconds, processor, megabytes = told
    if code not in {0, 1, 2}:
        raise SystemExit(f"{' '.join(command)} failed with exit code {code}")
    return Figures(seconds=seconds, processor=processor, megabytes=megabytes)


if __name__ == "__main__":
    main()
