"""Rehearse the whole catalogue on every engine that carries it, and tell what was caught, missed and falsely blocked.

    python benchmarks/verdicts.py [--engine NAME] [--out docs/verdicts.md]

A scenario that must be rejected is *caught* where it is rejected and every address that it names is, *missed* where it
is approved. A scenario that must pass is *falsely blocked* where it is rejected. Everything decided as review is
counted apart, whether or not that is what the scenario asks for.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from gate.scenarios import Scenario, scenarios
from gate.wiring import tool_version

EXIT_CODES = {0: "approve", 1: "reject", 2: "review"}
CLASSES = {
    "S1": "deleted and made anew",
    "S2": "destroyed with an old state",
    "S3": "applied without the state",
    "S4": "deleted by id, out of scope",
    "S6": "renamed through a default",
    "S7": "lost inside an update",
    "S8": "template shrinks",
    "S9": "create-only property",
    "S10": "protection off, then delete",
    "S11": "refused by AWS",
    "S12": "bucket that is not empty",
    "S13": "refactored without moved",
    "S15": "the wrong place",
    "S16": "takes what is outside the state",
    "S17": "takes its own access",
    "S18": "clean-up by pattern",
    "S19": "the state is worked on",
    "S20": "references that lead nowhere",
    "S21": "data destroyed with no delete",
    "S23": "code that reaches out",
    "S24": "markup in names",
    "S25": "hidden behind the plan",
    "S26": "a loop of calls",
    "S27": "opened to the world",
    "pass": "must pass",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One scenario on one engine."""

    scenario: Scenario
    engine: str
    decision: str
    complete: bool
    """Every change that the scenario names was told, with its action."""
    seconds: float

    @property
    def outcome(self) -> str:
        """In one word."""
        wanted = self.scenario.expect.decision
        if self.decision == "review":
            return "review"
        if wanted == "approve":
            return "passed" if self.decision == "approve" else "falsely blocked"
        if self.decision == "approve":
            return "missed"
        return "caught" if self.complete else "caught in part"


def main() -> int:
    """Run, print, write."""
    parser = argparse.ArgumentParser(description="The record of verdicts over the catalogue.")
    parser.add_argument("--engine", action="append", help="only this engine (repeatable)")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--out", type=Path, help="write the page there")
    options = parser.parse_args()
    cases = [
        (scenario, engine)
        for scenario in scenarios()
        for engine in scenario.engines
        if not options.engine or engine in options.engine
    ]
    with ThreadPoolExecutor(options.jobs) as pool:
        runs = list(pool.map(lambda case: _run(*case), cases))
    page = "\n".join(_page(runs)) + "\n"
    print(page)
    if options.out:
        options.out.write_text(page, encoding="utf-8")
    return sum(run.outcome in {"missed", "falsely blocked", "caught in part"} for run in runs)


def _run(scenario: Scenario, engine: str) -> Run:
    started = time.perf_counter()
    done = subprocess.run(
        [
            *(sys.executable, "-m", "gate.cli.main", "demo", scenario.name, "--cold"),
            *("--engine", engine, "--format", "json", "--quiet"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.perf_counter() - started
    decision = EXIT_CODES.get(done.returncode, f"failed ({done.returncode})")
    told = _told(done.stdout)
    wanted = dict(scenario.expect.changes)
    print(f"{scenario.name:<36}{engine:<11}{decision:<9}{seconds:6.1f} s", file=sys.stderr, flush=True)
    return Run(
        scenario=scenario,
        engine=engine,
        decision=decision,
        complete=all(told.get(address) == action for address, action in wanted.items()),
        seconds=seconds,
    )


def _told(stdout: str) -> dict[str, str]:
    try:
        changes = json.loads(stdout)["diff"]["changes"]
    except ValueError:
        return {}
    return {item["address"]: item["action"] for item in changes}


def _page(runs: Iterable[Run]) -> Iterator[str]:
    runs = list(runs)
    engines = sorted({run.engine for run in runs})
    yield "# Verdicts"
    yield ""
    yield (
        f"What sandtable {tool_version()} said to every bundled [scenario](../fixtures/README.md), on "
        f"{' and '.join(engines)}, cold, two at a time on two cores. Written by `make verdicts`."
    )
    yield ""
    yield "| | caught | caught in part | missed | passed | falsely blocked | review |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for name, of_class in sorted(_by_class(runs).items(), key=lambda pair: _order(pair[0])):
        yield _row(f"{name} {CLASSES.get(name, '')}".strip(), of_class)
    yield _row("**all**", runs)
    yield ""
    yield "| scenario | engine | asked for | decided | seconds |"
    yield "| --- | --- | --- | --- | --- |"
    for run in runs:
        wanted = run.scenario.expect.decision
        decided = run.decision if run.decision == wanted else f"**{run.decision}**"
        yield f"| `{run.scenario.name}` | {run.engine} | {wanted} | {decided} | {run.seconds:.1f} |"
    yield ""
    yield f"Python {platform.python_version()}, {platform.system()} {platform.machine()}."


def _by_class(runs: Iterable[Run]) -> dict[str, list[Run]]:
    found: defaultdict[str, list[Run]] = defaultdict(list)
    for run in runs:
        found[run.scenario.catalogue.partition(" ")[0].rstrip(",")].append(run)
    return found


def _order(name: str) -> tuple[int, int, str]:
    number = name.removeprefix("S")
    return (0, int(number), "") if number.isdigit() else (1, 0, name)


def _row(title: str, runs: Iterable[Run]) -> str:
    counted = [run.outcome for run in runs]
    kinds = ("caught", "caught in part", "missed", "passed", "falsely blocked", "review")
    return f"| {title} | " + " | ".join(str(counted.count(kind) or "") for kind in kinds) + " |"


if __name__ == "__main__":
    sys.exit(main())
