"""Measure how an engine treats a hundred resource types, and write its ledger and the page about it.

    python benchmarks/conformance.py ENGINE      # or: make conformance ENGINE=moto

The configuration in `benchmarks/conformance` is applied, planned again, applied with other values (``v=2``), planned
again, and destroyed; every step is Terraform's own, with the real AWS provider. What it says of each resource goes into
``sandbox/engines/ledger/ENGINE.json`` and, of all engines, into ``docs/fidelity.md``.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from diffing.change import Action
from diffing.normalize import changed_paths
from diffing.values import path_text
from gate.wiring import ENGINES, engine_named
from sandbox.changes.terraform import aws_version
from sandbox.conformance import OK, UNTRIED, Conduct, Ledger, parse_ledger
from sandbox.executors.terraform.binary import find_terraform
from sandbox.executors.terraform.deadline import Deadline
from sandbox.executors.terraform.executor import TerraformExecutor
from sandbox.executors.terraform.run import TerraformFailedError
from sandbox.executors.terraform.workspace import Workspace
from sandbox.ports import SilentProgress
from sandbox.rehearsal import ApplyOutcome, Diagnostic, Plan
from sandbox.scratch import scratch_folder

TOP = Path(__file__).resolve().parent.parent
CONFIGURATION = TOP / "benchmarks" / "conformance"
LEDGERS = TOP / "sandbox" / "engines" / "ledger"
PAGE = TOP / "docs" / "fidelity.md"
ACCOUNT, REGION, PORT = "123456789012", "us-east-1", 45_899
IMAGES = {"moto": "ami-03cf127a"}
"""A machine image that the engine has, where it lacks the configuration's own."""
LEFT_OUT: Mapping[str, Mapping[str, str]] = {
    "moto": {
        "aws_sfn_state_machine": "ValidateStateMachineDefinition fails, and with it every plan",
        "aws_elasticache_replication_group": "what was made cannot be read, and every later plan fails",
        "aws_elasticache_cluster": "deleting it never ends",
    }
}
"""What would spoil the measurement of all other types, by engine; told as failing."""
_LONGEST = 160


def main() -> int:
    """Measure one engine."""
    parser = argparse.ArgumentParser(description="Measure an engine's conformance.")
    parser.add_argument("engine", choices=sorted(ENGINES), nargs="?", help="without it, only the page is written")
    name = parser.parse_args().engine
    if name:
        ledger = measure(name)
        LEDGERS.mkdir(exist_ok=True)
        text = json.dumps(asdict(ledger) | {"types": {k: asdict(v) for k, v in ledger.types.items()}}, indent=1)
        (LEDGERS / f"{name}.json").write_text(text + "\n", encoding="utf-8")
        good = sum(each.create == OK for each in ledger.types.values())
        print(f"{name} {ledger.version}: {good} of {len(ledger.types)} types come up")
    files = sorted(LEDGERS.glob("*.json"))
    ledgers = [parse_ledger(json.loads(file.read_text(encoding="utf-8"))) for file in files]
    PAGE.write_text("\n".join(page(ledgers)) + "\n", encoding="utf-8")
    return 0


def measure(name: str) -> Ledger:
    """Go through the steps on a fresh engine."""
    with scratch_folder() as scratch, engine_named(name).start(scratch / "engine", public_port=PORT) as engine:
        left_out = LEFT_OUT.get(name, {})
        image = (f"ami={IMAGES[name]}",) if name in IMAGES else ()
        source = _without(left_out, scratch / "source")
        first, second = (
            _executor(engine.endpoint, scratch / step, (f"v={v}", *image)) for step, v in (("one", "1"), ("two", "2"))
        )
        workspace = first.prepare("suite", source)
        first.init(workspace)
        steps = _Steps(declared(source))
        steps.created(first.apply_all(workspace))
        steps.reread(_planned(first, workspace))
        changed = second.prepare("suite", source)
        second.init(changed)
        second.adopt_state(changed, first.state_document(workspace))
        steps.wanted(_planned(second, changed))
        steps.updated(second.apply_all(changed), lambda: _planned(second, changed))
        for file in changed.root.glob("*.tf"):
            if file.name != "main.tf":
                file.unlink()
        steps.deleted(second.apply_all(changed), {each.address for each in second.state(changed)})
        types = steps.conduct() | {kind: Conduct(create=reason) for kind, reason in left_out.items()}
        return Ledger(
            engine=name,
            version=engine.info.version,
            provider=aws_version(workspace),
            measured=datetime.now(UTC).date().isoformat(),
            types=dict(sorted(types.items())),
        )


def declared(source: Path) -> frozenset[str]:
    """The resource types in a configuration."""
    texts = (file.read_text(encoding="utf-8") for file in source.glob("*.tf"))
    return frozenset(kind for text in texts for kind in re.findall(r'^resource "(\w+)"', text, re.MULTILINE))


class _Steps:
    """What each step said, by type."""

    def __init__(self, types: Iterable[str]) -> None:
        self._create = dict.fromkeys(types, OK)
        self._reread: defaultdict[str, set[str]] = defaultdict(set)
        self._noise: set[str] = set()
        self._wanted: defaultdict[str, set[str]] = defaultdict(set)
        self._update = dict.fromkeys(types, UNTRIED)
        self._delete = dict.fromkeys(types, OK)

    def created(self, outcome: ApplyOutcome) -> None:
        self._fail(self._create, outcome)
        made = {kind_of(address) for address in outcome.applied}
        for kind, word in self._create.items():
            if word == OK and kind not in made:
                self._create[kind] = "what it depends on did not come up"

    def reread(self, plan: Plan) -> None:
        for change in plan.changes:
            if change.mode == "managed" and change.action is not Action.NO_OP:
                paths = (path_text(each.path) for each in changed_paths(change.before, change.after))
                self._reread[change.type] |= set(paths) or {"?"}
                self._noise.add(change.address)

    def wanted(self, plan: Plan) -> None:
        for change in plan.changes:
            if change.mode == "managed" and change.action is Action.UPDATE and change.address not in self._noise:
                self._wanted[change.type].add(change.address)
                self._update[change.type] = OK

    def updated(self, outcome: ApplyOutcome, again: object) -> None:
        self._fail(self._update, outcome)
        for change in again().changes:  # type: ignore[operator] - a plan, made only now
            known = change.address in self._wanted[change.type]
            if known and change.action is not Action.NO_OP and self._update[change.type] == OK:
                self._update[change.type] = "ignored"

    def deleted(self, outcome: ApplyOutcome, left: set[str]) -> None:
        self._fail(self._delete, outcome)
        for address in left:
            kind = kind_of(address)
            if self._delete.get(kind) == OK:
                self._delete[kind] = "left behind"

    def conduct(self) -> dict[str, Conduct]:
        return {
            kind: Conduct(
                create=word,
                reread=tuple(sorted(self._reread[kind])) if word == OK else (),
                update=self._update[kind] if word == OK else UNTRIED,
                delete=self._delete[kind] if word == OK else UNTRIED,
            )
            for kind, word in self._create.items()
        }

    def _fail(self, into: dict[str, str], outcome: ApplyOutcome) -> None:
        for item in outcome.diagnostics:
            if item.severity == "error" and kind_of(item.address) in into:
                into[kind_of(item.address)] = _reason(item)


def kind_of(address: str) -> str:
    """The type in a flat address."""
    return address.partition(".")[0]


def _reason(item: Diagnostic) -> str:
    text = " ".join(re.sub(r"[0-9a-f-]{12,}|\d{12}|[A-Za-z0-9+/]{40,}", "…", f"{item.summary} {item.detail}").split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _planned(terraform: TerraformExecutor, workspace: Workspace) -> Plan:
    try:
        return terraform.plan(workspace)
    except TerraformFailedError as error:
        sys.exit(f"the suite could not be planned: {error.message}")


def _executor(endpoint: str, scratch: Path, variables: tuple[str, ...]) -> TerraformExecutor:
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "XDG_CACHE_HOME") if name in os.environ}
    return TerraformExecutor(
        binary=find_terraform(None, environment),
        endpoint=endpoint,
        account=ACCOUNT,
        region=REGION,
        scratch=scratch,
        environment=environment,
        progress=SilentProgress(),
        deadline=Deadline.after(1800),
        variables=variables,
        shorten_waits=True,
    )


def _without(types: Iterable[str], folder: Path) -> Path:
    shutil.copytree(CONFIGURATION, folder)
    for file in folder.glob("*.tf"):
        text = file.read_text(encoding="utf-8")
        for kind in types:
            text = re.sub(rf'^resource "{kind}" .*?^}}\n', "", text, flags=re.MULTILINE | re.DOTALL)
        file.write_text(text, encoding="utf-8")
    return folder


def page(ledgers: Iterable[Ledger]) -> Iterator[str]:
    """The page about all engines that were measured."""
    ledgers = tuple(ledgers)
    yield "# Fidelity"
    yield ""
    yield (
        "How the engines treat resource types, measured by `make conformance ENGINE=…`: each is made by Terraform with "
        "the real AWS provider, planned again, changed in place, and destroyed. This page is generated."
    )
    yield ""
    for each in ledgers:
        ok = sum(row.create == OK for row in each.types.values())
        clean = sum(row.create == OK and not row.reread for row in each.types.values())
        tried = [row for row in each.types.values() if row.create == OK and row.update != UNTRIED]
        done = sum(row.update == OK for row in tried)
        yield (
            f"- **{each.engine} {each.version}**, provider {each.provider}, {each.measured}: {ok} of {len(each.types)} "
            f"types come up, {clean} of them plan nothing more, {done} of {len(tried)} updates take effect."
        )
    yield ""
    yield "A type that is not here is beyond what was measured: what a rehearsal shows of it is all that is known."
    yield ""
    yield "| type | " + " | ".join(each.engine for each in ledgers) + " |"
    yield "| --- |" + " --- |" * len(ledgers)
    for kind in sorted({kind for each in ledgers for kind in each.types}):
        yield f"| `{kind}` | " + " | ".join(_cell(each.types.get(kind)) for each in ledgers) + " |"


def _cell(row: Conduct | None) -> str:
    if row is None:
        return "not measured"
    if row.create != OK:
        return f"does not come up: {_safe(row.create)}"
    told = []
    if row.reread:
        told.append(f"reads back otherwise: {', '.join(f'`{name}`' for name in row.reread[:4])}")
    if row.update not in {OK, UNTRIED}:
        told.append("updates are ignored" if row.update == "ignored" else f"update fails: {_safe(row.update)}")
    if row.delete not in {OK, UNTRIED}:
        told.append(f"delete: {_safe(row.delete)}")
    return "; ".join(told) or "as AWS"


def _safe(text: str) -> str:
    return (
        re.sub(r"https?://\S+", "(address)", text)
        .replace("|", "/")
        .replace("<", "(")
        .replace(">", ")")
        .replace("`", "'")
    )


if __name__ == "__main__":
    sys.exit(main())
