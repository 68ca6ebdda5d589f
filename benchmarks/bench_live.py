"""Measure readings of a live account: how much of it comes up in a clone as it was, and that nothing was written to it.

    python benchmarks/bench_live.py FOLDER [--var NAME=VALUE] [--json FILE]

"Production" is the configuration in FOLDER, applied to one engine and then read over its API alone, through a recorder
that counts the calls. The clone is made from that reading. A resource is equal where the inventory sees the same in
both, but for times: the clone was made later.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from diffing.compare import compare
from diffing.snapshot import Identity, Snapshot
from diffing.values import Value, freeze
from sandbox.cloning.clone import ClonedState, clone_from_state
from sandbox.cloning.tfstate import Instance, State, parse_state
from sandbox.cloning.workbench import Toolchain
from sandbox.engines.ministack import MiniStackEngine
from sandbox.executors.terraform.binary import find_terraform
from sandbox.executors.terraform.deadline import Deadline
from sandbox.executors.terraform.executor import TerraformExecutor
from sandbox.inventory.inventory import take_snapshot
from sandbox.inventory.join import SnapshotIndex
from sandbox.inventory.scope import Scope
from sandbox.isolation.choose import AUTOMATIC, isolation_named
from sandbox.live.account import known_services
from sandbox.live.gaps import Missing
from sandbox.live.reading import AccountReading, read_account
from sandbox.ports import SilentProgress
from sandbox.recorder.recorder import Recorder
from sandbox.rehearsal import StateInstance
from sandbox.scratch import scratch_folder
from sandbox.targets.target import LiveTarget

ACCOUNT = "123456789012"
REGION = "us-east-1"
PORT = 45_921
_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*")


def main() -> int:
    """Measure, print, and fail where anything but a read reached production."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--var", action="append", default=[])
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    environment = {name: value for name, value in os.environ.items() if name != "TF_CLI_CONFIG_FILE"}
    os.environ |= {"AWS_ACCESS_KEY_ID": ACCOUNT, "AWS_SECRET_ACCESS_KEY": "x"}
    tools = Toolchain(
        binary=find_terraform(None, environment),
        environment=environment,
        deadline=Deadline.after(900),
        isolation=isolation_named(AUTOMATIC),
    )
    with scratch_folder() as scratch:
        with MiniStackEngine().start(scratch / "fresh", public_port=PORT) as fresh:
            given = look(fresh.endpoint)
        with MiniStackEngine().start(scratch / "production", public_port=PORT) as engine, Recorder() as recorder:
            state = applied(arguments.folder, tuple(arguments.var), engine.endpoint, scratch / "p", environment)
            recorder.forward_to(engine.endpoint)
            start = time.perf_counter()
            reading = read_account(
                LiveTarget(regions=(REGION,)),
                tools=tools,
                scratch=scratch / "reading",
                progress=SilentProgress(),
                given=given,
                endpoint=recorder.endpoint,
            )
            seconds = time.perf_counter() - start
            arrived = Counter(call.kind.value for call in recorder.calls)
            before = look(engine.endpoint)
        start = time.perf_counter()
        with clone_from_state(
            parse_state(reading.state),
            engine=MiniStackEngine(),
            tools=tools,
            scratch=scratch / "clone",
            public_port=PORT,
            progress=SilentProgress(),
            account=ACCOUNT,
            region=REGION,
        ) as clone:
            cloned = time.perf_counter() - start
            after = look(clone.engine.endpoint)
    figures = report(reading, clone, arrived, {"read": seconds, "clone": cloned})
    figures |= compared(state, before, after)
    print(json.dumps(figures, indent=1))
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=1))
    return 1 if arrived.keys() - {"read"} else 0


def look(endpoint: str) -> Snapshot:
    """Read everything that an engine holds."""
    scopes = [
        Scope(service=service, region=REGION, access_key_id=ACCOUNT, account=ACCOUNT) for service in known_services()
    ]
    return take_snapshot(endpoint, scopes)


def applied(
    folder: Path, variables: tuple[str, ...], endpoint: str, scratch: Path, environment: Mapping[str, str]
) -> State:
    """Apply a configuration to an engine; only the table asks for its state."""
    terraform = TerraformExecutor(
        binary=find_terraform(None, environment),
        endpoint=endpoint,
        account=ACCOUNT,
        region=REGION,
        scratch=scratch,
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
        sys.exit(f"production did not come up: {[each for each in outcome.diagnostics if each.severity == 'error']}")
    return parse_state((workspace.root / "terraform.tfstate").read_bytes())


def report(
    reading: AccountReading, clone: ClonedState, arrived: Mapping[str, int], seconds: Mapping[str, float]
) -> dict[str, object]:
    """The figures of the reading and of the clone."""
    return {
        "calls that reached production": dict(arrived),
        "calls that did not leave": {f"{s}:{o} ({why.name})": n for (why, s, o), n in reading.refused.items()},
        "objects read": reading.objects,
        "types read": len({each.type for each in parse_state(reading.state).instances}),
        "gaps": Counter(each.kind.value for each in reading.gaps),
        "gaps but for unreadable": [
            f"{each.subject}: {each.reason}" for each in reading.gaps if each.kind is not Missing.UNREADABLE
        ],
        "placeholders": {address: list(parts) for address, parts in reading.unknown.items()},
        "repairs": [f"{each.address} {each.path or 'LEFT OUT'}: {each.reason[:160]}" for each in clone.repairs],
        "ledger": {str(standing): count for standing, count in clone.ledger.counts().items()},
        "ledger gaps": [f"{each.address}: {each.reason}" for each in clone.ledger.gaps],
        "seconds": {name: round(value, 1) for name, value in seconds.items()},
        "seconds by phase": {each.phase: round(each.seconds, 2) for each in (*reading.timings, *clone.timings)},
    }


def compared(state: State, before: Snapshot, after: Snapshot) -> dict[str, object]:
    """Which Terraform types of production are in the clone as they were."""
    comparison = compare(timeless(before), timeless(after))
    changed = {each.identity: each for each in comparison.changes}
    index = SnapshotIndex(before)
    found: defaultdict[str, set[str]] = defaultdict(set)
    for instance in (each for each in state.instances if each.managed):
        joined = index.join(as_instance(instance))
        standing = "not joined" if joined is None else status(joined.resource.identity, changed, after)
        found[instance.type].add(standing)
    order = ("missing", "not joined", "different", "equal")
    table = {name: next(each for each in order if each in standings) for name, standings in sorted(found.items())}
    differences = {
        str(identity): [f"{each.path}: {each.before!s:.80} -> {each.after!s:.80}" for each in change.attributes][:4]
        for identity, change in changed.items()
        if identity in before.resources and identity in after.resources
    }
    return {"types": Counter(table.values()), "table": table, "differences": differences}


def status(identity: Identity, changed: Iterable[Identity], after: Snapshot) -> str:
    """What became of one resource."""
    if identity not in after.resources:
        return "missing"
    return "different" if identity in changed else "equal"


def timeless(snapshot: Snapshot) -> Snapshot:
    """Without what tells when something was made."""
    return replace(
        snapshot,
        resources=MappingProxyType(
            {
                identity: replace(
                    each,
                    born=MappingProxyType({}),
                    digest="",
                    stakes=MappingProxyType({}),
                    attributes=MappingProxyType(
                        {name: without_times(value) for name, value in each.attributes.items()}
                    ),
                )
                for identity, each in snapshot.resources.items()
            }
        ),
    )


def without_times(value: Value) -> Value:
    """The same, with every time replaced by the word."""
    match value:
        case str():
            return "(a time)" if _TIME.fullmatch(value) else value
        case Mapping():
            return freeze({name: without_times(inner) for name, inner in value.items()})
        case tuple():
            return tuple(without_times(inner) for inner in value)
        case _:
            return value


def as_instance(instance: Instance) -> StateInstance:
    """An instance as the inventory joins it."""
    return StateInstance(
        address=instance.address,
        type=instance.type,
        provider=instance.provider.address,
        mode=instance.mode,
        attributes=MappingProxyType({name: freeze(value) for name, value in instance.attributes.items()}),
    )


if __name__ == "__main__":
    sys.exit(main())
