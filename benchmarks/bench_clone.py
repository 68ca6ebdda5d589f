"""Measure clones made from a state: how much came up, what a plan of the original finds in them, and how long it took.

    python benchmarks/bench_clone.py FOLDER [--var NAME=VALUE] [--json FILE] [--reshape]

"Production" is the configuration in FOLDER, applied to one engine. What that engine shows for the untouched
configuration is the baseline: a clone is as good as it gets when the original configuration with the original state
plans exactly that against it. The clone is made from the state alone; it never sees FOLDER.

With --reshape, the ids of production are other ones than any engine gave out, in the forms that AWS gives them, before
the clone is made.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from diffing.change import Action
from diffing.values import thaw
from sandbox.cloning.clone import ClonedState, clone_from_state
from sandbox.cloning.ledger import Standing
from sandbox.cloning.tfstate import State, parse_state
from sandbox.cloning.workbench import Toolchain
from sandbox.engines.ministack import MiniStackEngine
from sandbox.executors.terraform.binary import find_terraform
from sandbox.executors.terraform.deadline import Deadline
from sandbox.executors.terraform.executor import TerraformExecutor
from sandbox.executors.terraform.workspace import Workspace
from sandbox.isolation.choose import AUTOMATIC, isolation_named
from sandbox.ports import SilentProgress
from sandbox.rehearsal import Plan
from sandbox.scratch import scratch_folder

ACCOUNT = "123456789012"
REGION = "us-east-1"
PRODUCTION_PORT = 45_911
CLONE_PORT = 45_912


@dataclass(frozen=True, kw_only=True)
class Production:
    """An applied configuration, and what its engine shows for it untouched."""

    terraform: TerraformExecutor
    workspace: Workspace
    state: State
    baseline: Plan
    seconds: float


def main() -> int:
    """Measure, print, and fail where the clone shows something beyond the baseline."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--var", action="append", default=[])
    parser.add_argument("--json", type=Path)
    parser.add_argument("--reshape", action="store_true")
    arguments = parser.parse_args()
    environment = {name: value for name, value in os.environ.items() if name != "TF_CLI_CONFIG_FILE"}
    with (
        scratch_folder() as scratch,
        production(arguments.folder, tuple(arguments.var), scratch / "production", environment) as real,
    ):
        tools = Toolchain(
            binary=find_terraform(None, environment),
            environment=environment,
            deadline=Deadline.after(900),
            isolation=isolation_named(AUTOMATIC),
        )
        shaped = reshaped if arguments.reshape else str
        state = parse_state(shaped(real.state.document.decode()).encode())
        (real.workspace.root / "terraform.tfstate").write_bytes(state.document)
        start = time.perf_counter()
        with clone_from_state(
            state,
            engine=MiniStackEngine(),
            tools=tools,
            scratch=scratch / "clone",
            public_port=CLONE_PORT,
            progress=SilentProgress(),
            account=ACCOUNT,
            region=REGION,
        ) as clone:
            seconds = time.perf_counter() - start
            found = real.terraform.plan(real.workspace, endpoint=clone.engine.endpoint)
            before = {address: shaped(text) for address, text in changes(real.baseline).items()}
            figures = report(real, clone, before, changes(found), seconds)
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=1))
    return 1 if figures["beyond the baseline"] else 0


@contextmanager
def production(
    folder: Path, variables: tuple[str, ...], scratch: Path, environment: dict[str, str]
) -> Iterator[Production]:
    """Apply a configuration to an engine of its own."""
    scratch.mkdir()
    start = time.perf_counter()
    with MiniStackEngine().start(scratch / "engine", public_port=PRODUCTION_PORT) as engine:
        terraform = TerraformExecutor(
            binary=find_terraform(None, environment),
            endpoint=engine.endpoint,
            account=ACCOUNT,
            region=REGION,
            scratch=scratch / "terraform",
            environment=environment,
            progress=SilentProgress(),
            deadline=Deadline.after(900),
            variables=variables,
            shorten_waits=True,
        )
        workspace = terraform.prepare("production", folder)
        terraform.init(workspace)
        outcome = terraform.apply_all(workspace)
        if not outcome.succeeded:
            sys.exit(
                f"production did not come up: {[each for each in outcome.diagnostics if each.severity == 'error']}"
            )
        seconds = time.perf_counter() - start
        state = parse_state((workspace.root / "terraform.tfstate").read_bytes())
        baseline = terraform.plan(workspace)
        yield Production(terraform=terraform, workspace=workspace, state=state, baseline=baseline, seconds=seconds)


def reshaped(text: str) -> str:
    """Other ids, one for each: of the same forms, but queues' URLs and databases' hosts as AWS has them."""

    def other(match: re.Match[str]) -> str:
        digest = hashlib.sha256(match[0].encode()).hexdigest()
        return "".join(
            digest[index % 64] if character.isalnum() else character for index, character in enumerate(match[0])
        )

    text = re.sub(r"http://127\.0\.0\.1:\d+/(\d{12})/", rf"https://sqs.{REGION}.amazonaws.com/\1/", text)
    uuid = r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"
    return re.sub(rf"{uuid}|(?<=-)(?<!ami-)[0-9a-f]{{17}}\b|(?<=-)[0-9a-f]{{8}}\b(?!-)", other, text)


def report(
    real: Production, clone: ClonedState, before: Mapping[str, str], after: Mapping[str, str], seconds: float
) -> dict[str, object]:
    """Print and return the figures."""
    managed = [each for each in real.state.instances if each.managed]
    beyond = sorted(address for address in after if after[address] != before.get(address))
    figures: dict[str, object] = {
        "instances": len(managed),
        "types": len({each.type for each in managed}),
        "data sources": len(real.state.instances) - len(managed),
        "ledger": {str(standing): count for standing, count in clone.ledger.counts().items()},
        "planned to change: production": len(before),
        "planned to change: clone": len(after),
        "beyond the baseline": beyond,
        "in the baseline only": sorted(before.keys() - after.keys()),
        "repairs": [f"{each.address} {each.path or 'LEFT OUT'}: {each.reason[:160]}" for each in clone.repairs],
        "gaps": [f"{each.address}: {each.reason}" for each in clone.ledger.gaps],
        "unknown parts": [f"{each.address}: {', '.join(each.unknown)}" for each in clone.ledger.unknown],
        "shared": list(clone.ledger.shared),
        "seconds": round(seconds, 1),
        "seconds by phase": {each.phase: round(each.seconds, 2) for each in clone.timings},
        "seconds for production": round(real.seconds, 1),
    }
    print(json.dumps(figures, indent=1))
    for address in beyond:
        print(f"\n{address}\n  production: {before.get(address)}\n  clone:      {after[address]}")
    counts = Counter(each.type for each in clone.ledger.entries if each.standing is Standing.GAP)
    print(f"\ntypes with gaps: {dict(counts)}")
    return figures


def changes(plan: Plan) -> dict[str, str]:
    """What a plan would change: action and every attribute that differs, before and after, by address."""
    return {
        change.address: f"{change.action.value} {differences(thaw(change.before), thaw(change.after))}"
        for change in plan.changes
        if change.mode == "managed" and change.action is not Action.NO_OP
    }


def differences(before: object, after: object) -> str:
    """The attributes that differ, as text."""
    if not isinstance(before, dict) or not isinstance(after, dict):
        return f"{before!r} -> {after!r}"
    names = sorted(name for name in {*before, *after} if before.get(name) != after.get(name))
    return "; ".join(f"{name}: {before.get(name)!r} -> {after.get(name)!r}" for name in names)


if __name__ == "__main__":
    sys.exit(main())
